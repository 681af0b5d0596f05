"""The first lines of a result: they say what the figures say, and no more."""

from __future__ import annotations

import pytest

from models.options import Options
from models.outcomes import DIFFERENCE, PTR, SYSTEMIC_THERAPY
from models.patient import read_patient
from models.prediction import predict
from service.answers import outcomes_part
from service.page.lead import _local_verdict, _side, lead_of
from service.page.words import band_words, count_words
from tests.service.helpers import README_PATIENT, ULCERATED


def prediction_of(patient, bundle):
    return predict([read_patient(patient)], bundle, Options())[0]


@pytest.fixture(scope="module")
def prediction(bundle):
    return prediction_of(README_PATIENT, bundle)


def test_survival_is_not_clearly_different_and_local_control_clearly_better(prediction):
    survival, local = lead_of(prediction, 48).findings
    assert survival.verdict == "not clearly different"
    assert local.verdict == "clearly better when offered surgery"


@pytest.mark.parametrize(("month", "place"), [(12, 0), (48, 3), (60, 4)])
def test_the_sentences_hold_the_figures_of_their_month(prediction, month, place):
    part = outcomes_part(prediction)
    survival, local = lead_of(prediction, month).findings
    alive = part["overall_survival"]
    for arm in (SYSTEMIC_THERAPY, PTR):
        assert count_words(alive[arm], place) in survival.sentence
        for name in ("local_ulceration", "local_bleeding"):
            assert count_words(part[name][arm], place) in local.sentence
    assert band_words(alive[DIFFERENCE], place, signed=True) in survival.sentence


def test_what_is_withheld_is_not_spoken_of(bundle):
    _survival, local = lead_of(prediction_of(ULCERATED, bundle), 48).findings
    assert "Ulceration" not in local.sentence
    assert "Bleeding" in local.sentence


def test_the_first_sentences_say_what_the_model_learned_from(prediction):
    lead = lead_of(prediction, 48)
    assert "simulated patients" in lead.what
    assert "did not live clearly longer" in lead.what
    assert any("407 patients" in text for text in lead.uncertain)
    assert any("95% intervals" in text for text in lead.uncertain)


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
