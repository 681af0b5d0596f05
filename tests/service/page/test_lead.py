"""The first lines of a result: they say what the figures say, and no more."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from models.evidence import figure
from models.options import Options
from models.outcomes import ARM_LABELS, DIFFERENCE, FOREST
from models.patient import read_patient
from models.prediction import predict
from service.answers import outcomes_part
from service.page.lead import _local_verdict, _side, lead_of
from service.page.uncertainty import cox_intervals, forest_intervals, ratio_words
from service.page.words import band_words, time_words
from tests.service.helpers import README_PATIENT, ULCERATED


def prediction_of(patient, bundle):
    return predict([read_patient(patient)], bundle, Options())[0]


@pytest.fixture(scope="module")
def prediction(bundle):
    return prediction_of(README_PATIENT, bundle)


def test_survival_is_not_clearly_different_and_local_control_clearly_better(prediction):
    survival, local, harm = lead_of(prediction, 48).findings
    assert survival.verdict == "not clearly different, which does not mean equal."
    assert local.verdict == "clearly better when offered surgery."
    assert "18.5% of those not offered surgery and 32.7% of those offered" in harm.verdict


def test_the_harm_has_its_difference_with_an_interval(prediction):
    """38 of 205 and 66 of 202: 14.1 points, standard error 4.27 by hand."""
    (*_others, harm) = lead_of(prediction, 48).findings
    assert "about 14 points (95% interval 6 to 23, our Wald interval" in harm.verdict
    printed = figure("early_distant_progression.ptr_plus_systemic_therapy").p
    assert f"p {printed} in the paper" in harm.verdict
    assert "open label" in harm.verdict
    assert "The paper prints the shares that had not progressed." in harm.verdict


@pytest.mark.parametrize(("month", "place"), [(12, 0), (48, 3), (60, 4)])
def test_the_table_holds_the_figures_of_its_month(prediction, month, place):
    part = outcomes_part(prediction)
    lead = lead_of(prediction, month)
    names = ("overall_survival", "local_ulceration", "local_bleeding")
    for name, row in zip(names, lead.rows, strict=True):
        assert row.cells == tuple(
            band_words(part[name][arm], place, signed=arm == DIFFERENCE) for arm in ARM_LABELS
        )
    assert time_words(month) in lead.caption.lower()
    assert "95% interval" in lead.caption


def test_what_is_withheld_is_not_spoken_of(bundle):
    lead = lead_of(prediction_of(ULCERATED, bundle), 48)
    assert [row.label for row in lead.rows] == ["Alive", "Bleeding from the primary site"]
    questions = [finding.question for finding in lead.findings]
    assert questions[1] == "Local control (bleeding; ulceration not judged)"


def test_both_complications_are_named_where_both_are_judged(prediction):
    assert lead_of(prediction, 48).findings[1].question == "Local control (ulceration, bleeding)"


def test_a_difference_that_does_not_add_up_is_marked(prediction):
    lead = lead_of(prediction, 48)
    for row in lead.rows:
        none, surgery, difference = (
            int(re.match(r"[+−]?\d+", cell)[0].replace("−", "-")) for cell in row.cells
        )
        assert row.adds_up == (surgery - none == difference)
    assert not replace(lead, rows=(replace(lead.rows[0], adds_up=False),)).adds_up


def test_intervals_are_told_by_the_model_that_is_shown(bundle):
    (forest,) = predict([read_patient(README_PATIENT)], bundle, Options(model=FOREST))
    told = " ".join(lead_of(forest, 48).uncertain)
    assert forest_intervals(bundle) in told
    assert cox_intervals(bundle) not in told
    assert "wide" not in told


def test_a_second_model_stands_first(prediction):
    assert lead_of(prediction, 48, "Another says so.").uncertain[0] == "Another says so."
    assert all(lead_of(prediction, 48).uncertain)


def test_the_first_sentences_say_whom_and_what_from(prediction):
    whom, source = lead_of(prediction, 48).what
    assert "stage IV" in whom
    assert "simulated (invented) patients" in source
    assert "surgery did not clearly prolong survival" in source


def test_what_was_entered_is_recognised(prediction):
    entered = lead_of(prediction, 48).entered
    assert "Age: 47" in entered
    assert "Clinical T: T4" in entered
    assert "Triple negative" not in entered, "it follows from the others"


def test_what_is_uncertain_holds_the_trials_own_result(prediction):
    survival, *others = lead_of(prediction, 48).uncertain
    assert "0.86 (407 patients; 90% interval, as it was reported, 0.69 to 1.07)" in survival
    assert ratio_words(prediction) in survival
    assert any("(95%)" in text and cox_intervals(prediction.bundle) in text for text in others)
    assert any("29 of 202" in text for text in others), "an offer is not an operation"


def test_no_sentence_of_the_first_lines_is_long(prediction):
    lead = lead_of(prediction, 48)
    verdicts = [finding.verdict for finding in lead.findings]
    for text in (*lead.what, *lead.uncertain, *verdicts, lead.judged):
        for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", text):
            assert len(sentence.split()) <= 25, sentence


@pytest.mark.parametrize(
    ("sides", "verdict"),
    [
        ([-1, -1], "clearly better when offered surgery"),
        ([-1], "clearly better when offered surgery"),
        ([-1, 0], "better when offered surgery, but not clearly in everything shown"),
        ([0, 0], "not clearly different"),
        ([0, 1], "not clearly different"),
    ],
)
def test_the_verdict_on_local_control_needs_every_interval(sides, verdict):
    assert _local_verdict(sides) == verdict


@pytest.mark.parametrize(
    ("limits", "side"),
    [((-0.02, 0.1), 0), ((0.004, 0.1), 0), ((0.006, 0.1), 1), ((-0.2, -0.01), -1)],
)
def test_a_limit_that_is_shown_as_0_is_no_clear_difference(limits, side):
    lower, upper = limits
    band = {"estimate": [(lower + upper) / 2], "lower": [lower], "upper": [upper]}
    assert _side({DIFFERENCE: band}, 0) == side
