"""Sentences that stand on every output, and words that stand on none."""

from pathlib import Path

import pytest

import models
from models import texts
from models.analyses import (
    DEFAULT_ANALYSIS,
    FOREST_ANALYSIS,
    FOREST_SUBGROUP_ANALYSIS,
    SUBGROUP_ANALYSIS,
)

PACKAGE = Path(models.__file__).parent
FILES = sorted(
    path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".toml", ".md", ".json"}
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_promises_a_benefit(path):
    assert "benefit" not in path.read_text(encoding="utf-8").lower()


def test_intended_use_is_that_of_the_contract():
    assert texts.INTENDED_USE == (
        "Research and education for health professionals. Not assessed, cleared or CE-marked as "
        "a medical device; not for clinical decisions until it is."
    )


@pytest.mark.parametrize(
    "words",
    [
        "average risk of women with these recorded covariates",
        "not the range for one woman",
        "newer drugs or other countries",
        "the sampling error of a trial of this size as the model sees it",
        "the error of the effect of surgery once",
    ],
)
def test_interval_meaning_says_what_it_is_and_is_not(words):
    assert words in texts.INTERVAL_MEANING


@pytest.mark.parametrize(
    "words", ["decision about surgery", "three months", "not diagnosis", "our assumption"]
)
def test_time_origin_is_the_decision(words):
    assert words in texts.TIME_ORIGIN


@pytest.mark.parametrize(
    "words",
    ["29 of 202", "of 205 not offered it 7 had it early and 40 later", "intention to treat"],
)
def test_arms_are_offers(words):
    assert words in texts.ARMS_ARE_POLICIES


@pytest.mark.parametrize("words", ["10.1038/s41416-025-03097-z", "CC BY 4.0", "not involved"])
def test_credit_is_given(words):
    assert words in texts.CREDIT


@pytest.mark.parametrize(
    ("analysis", "further"),
    [
        (DEFAULT_ANALYSIS, ""),
        (FOREST_ANALYSIS, f" {texts.FOREST_INTERVALS}"),
        (SUBGROUP_ANALYSIS, f" {texts.SUBGROUP_INTERVALS}"),
        (FOREST_SUBGROUP_ANALYSIS, f" {texts.FOREST_INTERVALS} {texts.SUBGROUP_INTERVALS}"),
    ],
    ids=str,
)
def test_intervals_mean_more_where_the_forest_or_subgroups_are_shown(analysis, further):
    assert texts.interval_meaning({analysis}) == texts.INTERVAL_MEANING + further
