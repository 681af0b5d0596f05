"""From patients to predictions, in order, in scope or not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.assess import Question, assess
from models.caveats import caveats_for
from models.eligibility import check_eligibility
from models.patient import read_patient
from models.prediction import predict
from models.subgroups import subgroups_of
from models.table import table_of
from tests.support.bundles import small_bundle
from tests.support.examples import examples
from tests.support.patients import any_messages, patient_of

QUESTION = Question((12, 48), 0.9)
TYPICAL, TOO_OLD, NOT_KNOWN = patient_of(), patient_of(age=85), patient_of(ecog_ps=None)


def predict_all(*patients):
    return predict(patients, small_bundle(), QUESTION)


def test_no_patients_give_no_predictions():
    assert predict_all() == []


def test_only_patients_out_of_scope_give_no_figures():
    assert [each.estimates for each in predict_all(TOO_OLD, TOO_OLD)] == [None, None]


def test_predictions_come_in_order():
    patients = (TOO_OLD, TYPICAL, NOT_KNOWN, TOO_OLD)
    assert [each.patient for each in predict_all(*patients)] == list(patients)


def test_status_says_who_is_out_of_scope():
    statuses = [each.status for each in predict_all(TOO_OLD, TYPICAL, NOT_KNOWN)]
    assert statuses == ["out_of_scope", "ok", "ok"]


def test_out_of_scope_has_reasons_and_nothing_else():
    (prediction,) = predict_all(TOO_OLD)
    assert prediction.eligibility.reasons
    assert (prediction.caveats, prediction.subgroups) == ((), ())


@pytest.mark.parametrize("side", ["estimate", "lower", "upper"])
def test_figures_are_those_of_assess(side):
    (prediction,) = predict_all(TYPICAL)
    expected = getattr(assess(table_of([TYPICAL]), small_bundle(), QUESTION), side)[0]
    assert np.array_equal(getattr(prediction.estimates, side), expected)


def test_figures_have_a_place_for_each_outcome_arm_and_horizon():
    (prediction,) = predict_all(TYPICAL)
    assert prediction.estimates.lower.shape == (4, 3, 2)


def test_prediction_carries_its_bundle_and_question():
    (prediction,) = predict_all(TYPICAL)
    assert prediction.bundle is small_bundle()
    assert prediction.question == QUESTION


def test_prediction_carries_the_caveats_and_subgroups_of_the_patient():
    (prediction,) = predict_all(NOT_KNOWN)
    expected = caveats_for(NOT_KNOWN, small_bundle(), QUESTION.horizons)
    assert prediction.caveats == tuple(expected)
    assert prediction.subgroups == subgroups_of(NOT_KNOWN)


@examples(15)
@given(st.lists(any_messages(), min_size=1, max_size=6))
def test_a_prediction_does_not_depend_on_the_others(messages):
    patients = [read_patient(message) for message in messages]
    for patient, together in zip(patients, predict_all(*patients), strict=True):
        (alone,) = predict_all(patient)
        assert together.status == alone.status
        assert together.eligibility == check_eligibility(patient)
        assert together.caveats == alone.caveats
        if alone.estimates is not None:
            assert np.array_equal(together.estimates.estimate, alone.estimates.estimate)
            assert np.array_equal(together.estimates.upper, alone.estimates.upper)
