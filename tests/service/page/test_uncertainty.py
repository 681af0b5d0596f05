"""Sentences on what is uncertain have the bundle's own figures, and none where it has none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from models.evidence import figure
from models.options import Options
from models.outcomes import POOLED_EFFECT
from models.patient import read_patient
from models.prediction import predict
from service.page.measured import SHIFTED, read_coverage, read_held
from service.page.uncertainty import (
    cox_intervals,
    forest_intervals,
    ratio_words,
    served_ratio,
)
from tests.service.helpers import README_PATIENT
from tests.support.bundles import cohort_bundle


def predicted(bundle, options=None):
    return predict([read_patient(README_PATIENT)], bundle, options or Options())[0]


def with_ratio(bundle, ratio):
    """Return a bundle whose members all have one hazard ratio of death."""
    death = bundle.hazards["death"]
    arm = np.full_like(death.arm, math.log(ratio))
    hazards = {**bundle.hazards, "death": replace(death, arm=arm)}
    return replace(bundle, hazards=hazards, digest=f"ratio {ratio}")


def test_the_cox_intervals_have_the_rate_of_shifted_assumptions(bundle):
    coverage = read_coverage(bundle.card)
    share = coverage.setting(SHIFTED).together.share
    assert f"{share} instead of {coverage.level} of the intervals" in cox_intervals(bundle)


def test_the_forests_have_the_rate_of_the_card(bundle):
    held = read_held(bundle.card)
    assert f"{held.forest} of patients, instead of {held.level}" in forest_intervals(bundle)
    assert held.cox not in forest_intervals(bundle)


def test_a_card_without_figures_gives_no_figure(bundle):
    bare = replace(bundle, card="# A card\n\n## What it predicts\n\nNothing.\n")
    assert cox_intervals(bare) == "They hold only as far as the assumptions do."
    assert forest_intervals(bare) == "The forest's intervals are too narrow."


def test_the_ratio_is_that_of_the_card_and_the_printed_one_stands_beside_it(bundle):
    ratio = f"{served_ratio(bundle):.2f}"
    assert f"death {ratio}, local progression" in bundle.card
    told = ratio_words(predicted(bundle))
    printed = figure("os.hr.stratified").estimate
    assert f"ratio is {ratio}, a little further from 1 than the trial's {printed}" in told
    assert "at all times; the authors saw the difference increase late (Discussion)" in told


@pytest.mark.parametrize("ratio", [0.86, 0.93, 1.1])
def test_a_ratio_that_is_no_further_from_1_is_not_called_so(bundle, ratio):
    told = ratio_words(predicted(with_ratio(bundle, ratio)))
    assert "further from 1" not in told
    assert "at all times" in told


def test_nothing_is_said_of_another_effect(bundle):
    assert ratio_words(predicted(bundle, Options(effect=POOLED_EFFECT))) == ""
    assert ratio_words(predicted(cohort_bundle())) == ""
