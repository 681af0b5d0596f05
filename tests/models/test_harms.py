"""Harms of surgery as the trial counted them."""

import pytest

from models.evidence import figure
from models.harms import HARMS
from models.outcomes import ARMS, PTR, SYSTEMIC_THERAPY

ANSWERS = {harm.code: harm.as_dict() for harm in HARMS}


def test_early_progression_is_counted_in_both_arms():
    answer = ANSWERS["early_distant_progression"]
    assert (answer[SYSTEMIC_THERAPY]["events"], answer[SYSTEMIC_THERAPY]["n"]) == (38, 205)
    assert (answer[PTR]["events"], answer[PTR]["n"]) == (66, 202)


@pytest.mark.parametrize(
    ("code", "events"),
    [("complications_grade_2_or_more", 11), ("complications_grade_3_or_more", 2)],
)
def test_complications_are_counted_among_those_operated_on(code, events):
    assert (ANSWERS[code][PTR]["events"], ANSWERS[code][PTR]["n"]) == (events, 173)


@pytest.mark.parametrize(
    "code", ["complications_grade_2_or_more", "complications_grade_3_or_more"]
)
def test_who_is_not_operated_on_has_no_complications_of_it(code):
    assert SYSTEMIC_THERAPY not in ANSWERS[code]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.code)
def test_every_figure_exists_at_the_level_that_is_said(harm):
    for name in harm.figures.values():
        assert figure(name).level == harm.as_dict()["interval_level"]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.code)
def test_estimate_lies_in_its_interval(harm):
    for arm in set(harm.figures) & set(ARMS):
        row = harm.as_dict()[arm]
        lower, upper = row["interval"]
        assert lower < row["estimate"] < upper


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.code)
def test_text_is_a_sentence(harm):
    assert harm.text.endswith(".")


def test_codes_are_distinct():
    assert len(ANSWERS) == len(HARMS)
