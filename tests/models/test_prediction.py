"""From patients to predictions, in order, in scope or not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analyses import DEFAULT_ANALYSIS, Analysis
from models.assess import Question, assess, assess_with_pooled
from models.caveats import Case, caveats_for
from models.eligibility import check_eligibility
from models.errors import InvalidInput
from models.options import Options
from models.outcomes import (
    ALL_EFFECTS,
    COX,
    EFFECTS,
    FOREST,
    LEARNED_EFFECT,
    OVERALL_EFFECT,
    POOLED_EFFECT,
    SUBGROUP_EFFECT,
)
from models.patient import read_patient
from models.prediction import predict
from models.subgroups import subgroups_of
from models.table import table_of
from tests.support.bundles import (
    cohort_bundle,
    cox_bundle,
    small_bundle,
    without_subgroup_effects,
)
from tests.support.examples import examples
from tests.support.patients import any_messages, patient_of

#: Whatever can be asked for: the forest's own effect is none of the Cox model's.
ASKED = [
    {"model": model, "effect": effect}
    for model in (COX, FOREST)
    for effect in EFFECTS
    if (model, effect) != (COX, LEARNED_EFFECT)
]
WITH_FOREST = [each for each in ASKED if {FOREST, ALL_EFFECTS} & set(each.values())]
OPTIONS = Options((12, 48), interval_level=0.9)
QUESTION = Question((12, 48), 0.9)
TYPICAL, TOO_OLD, NOT_KNOWN = patient_of(), patient_of(age=85), patient_of(ecog_ps=None)


def predict_all(*patients):
    return predict(patients, small_bundle(), OPTIONS)


def ask(**options):
    """Return the prediction for the typical patient with other options."""
    (prediction,) = predict([TYPICAL], small_bundle(), replace(OPTIONS, **options))
    return prediction


def sides(estimates):
    return {name: getattr(estimates, name) for name in ("estimate", "lower", "upper")}


def assert_same(one, other):
    for name, figures in sides(one).items():
        assert np.array_equal(figures, sides(other)[name]), name


def test_no_patients_give_no_predictions():
    assert predict_all() == []


def test_only_patients_out_of_scope_give_no_figures():
    predictions = predict_all(TOO_OLD, TOO_OLD)
    assert [(each.in_scope, each.analyses, each.listed) for each in predictions] == [
        (False, {}, ()),
        (False, {}, ()),
    ]


def test_who_is_out_of_scope_is_shown_no_figures():
    (prediction,) = predict_all(TOO_OLD)
    with pytest.raises(KeyError):
        _ = prediction.shown
    with pytest.raises(KeyError):
        _ = prediction.pooled_survival
    assert prediction.disagreement is None


@pytest.mark.parametrize("effect", EFFECTS)
def test_no_analysis_is_listed_for_whom_the_trial_does_not_speak_about(effect):
    options = replace(OPTIONS, model=FOREST, effect=effect)
    (prediction,) = predict([TOO_OLD], small_bundle(), options)
    assert (prediction.analyses, prediction.listed) == ({}, ())


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
    assert np.array_equal(getattr(prediction.shown, side), expected)


def test_figures_have_a_place_for_each_outcome_arm_and_horizon():
    (prediction,) = predict_all(TYPICAL)
    assert prediction.shown.lower.shape == (4, 3, 2)


def test_prediction_carries_its_bundle_and_options():
    (prediction,) = predict_all(TYPICAL)
    assert prediction.bundle is small_bundle()
    assert prediction.options is OPTIONS


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_every_analysis_has_the_figures_of_assess(asked):
    prediction = ask(**asked)
    table = table_of([TYPICAL])
    assert set(prediction.listed) <= set(prediction.analyses)
    for analysis, found in prediction.analyses.items():
        if analysis.effect != POOLED_EFFECT:
            expected = assess(table, small_bundle(), QUESTION, analysis)
            for name, figures in sides(found).items():
                assert np.array_equal(figures, sides(expected)[name][0]), (analysis, name)


@pytest.mark.parametrize("model", [COX, FOREST])
@pytest.mark.parametrize("patient", [TYPICAL, NOT_KNOWN], ids=["known", "open"])
def test_the_pooled_effect_changes_survival_and_caps_what_is_without_local_progression(
    model, patient
):
    options = replace(OPTIONS, model=model, effect=POOLED_EFFECT)
    (prediction,) = predict([patient], small_bundle(), options)
    pooled = prediction.shown
    overall = prediction.analyses[Analysis(model, OVERALL_EFFECT)]
    _, survival = assess_with_pooled(
        table_of([patient]), small_bundle(), QUESTION, Analysis(model, OVERALL_EFFECT)
    )
    for name, figures in sides(pooled).items():
        assert np.array_equal(figures[:2], sides(survival)[name][0]), name
        assert np.array_equal(figures[2:], sides(overall)[name][2:]), name
        assert (figures[1, :2] <= sides(overall)[name][1, :2] + 1e-12).all(), name
        assert np.array_equal(figures[0, 0], sides(overall)[name][0, 0]), name
        assert not np.isclose(figures[0, 1:], sides(overall)[name][0, 1:]).any(), name


@pytest.mark.parametrize("model", [COX, FOREST])
def test_pooled_survival_is_that_of_the_asked_model(model):
    prediction = ask(model=model)
    pooled = prediction.analyses[Analysis(model, POOLED_EFFECT)]
    for name, figures in sides(prediction.pooled_survival).items():
        assert np.array_equal(figures, sides(pooled)[name][0]), name


@pytest.mark.parametrize("effect", [OVERALL_EFFECT, LEARNED_EFFECT, ALL_EFFECTS])
def test_the_forest_is_shown_under_the_whole_trials_effect(effect):
    expected = assess(
        table_of([TYPICAL]), small_bundle(), QUESTION, Analysis(FOREST, OVERALL_EFFECT)
    )
    shown = ask(model=FOREST, effect=effect).shown
    for name, figures in sides(shown).items():
        assert np.array_equal(figures, sides(expected)[name][0]), name


def test_the_default_asks_nothing_of_the_forest():
    assert {each.model for each in ask().analyses} == {COX}


@pytest.mark.parametrize("effect", [OVERALL_EFFECT, POOLED_EFFECT])
def test_the_default_model_has_nothing_to_disagree_with(effect):
    assert ask(effect=effect).disagreement is None


@pytest.mark.parametrize("asked", WITH_FOREST, ids=str)
def test_disagreement_is_forest_minus_cox_under_the_whole_trials_effect(asked):
    prediction = ask(**asked)
    forest, cox = (
        assess(table_of([TYPICAL]), small_bundle(), QUESTION, Analysis(model, OVERALL_EFFECT))
        for model in (FOREST, COX)
    )
    assert np.array_equal(prediction.disagreement, forest.estimate[0] - cox.estimate[0])
    assert np.abs(prediction.disagreement).max() > 1e-3


@pytest.mark.parametrize("patients", [[TYPICAL], [TOO_OLD], []], ids=["in", "out", "none"])
def test_a_bundle_without_forests_refuses_to_predict_by_one(patients):
    with pytest.raises(InvalidInput) as caught:
        predict(patients, cox_bundle(), replace(OPTIONS, model=FOREST))
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("model", "not_accepted")
    assert problem.accepted.startswith("one of cox")


@pytest.mark.parametrize("patients", [[TYPICAL], [TOO_OLD], []], ids=["in", "out", "none"])
@pytest.mark.parametrize("model", [COX, FOREST])
def test_a_bundle_without_effects_by_subgroups_refuses_them(patients, model):
    bundle = without_subgroup_effects(small_bundle())
    with pytest.raises(InvalidInput) as caught:
        predict(patients, bundle, replace(OPTIONS, model=model, effect=SUBGROUP_EFFECT))
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("effect", "not_accepted")
    learned = "learned, " if model == FOREST else ""
    assert problem.accepted == f"one of overall, pooled, {learned}all, or another bundle"


@pytest.mark.parametrize("model", [COX, FOREST])
def test_the_effect_by_subgroups_moves_survival_and_nothing_local(model):
    prediction = ask(model=model, effect=SUBGROUP_EFFECT)
    overall, moved = (
        prediction.analyses[Analysis(model, effect)]
        for effect in (OVERALL_EFFECT, SUBGROUP_EFFECT)
    )
    for name, figures in sides(moved).items():
        assert np.array_equal(figures[:, 0], sides(overall)[name][:, 0]), name
        assert not np.isclose(figures[0, 1:], sides(overall)[name][0, 1:]).any(), name
        assert np.array_equal(figures[2:], sides(overall)[name][2:]), name


@pytest.mark.parametrize("patients", [[], [patient_of()]], ids=["nobody", "one"])
def test_a_bundle_of_a_cohort_refuses_months_beyond_its_patients(patients):
    bundle = cohort_bundle(last_month=50)
    with pytest.raises(InvalidInput) as caught:
        predict(patients, bundle, Options((12, 50, 51, 60)))
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("horizons_months", "out_of_range")
    assert "observed for 50 months; nothing is known of month 51, 60" in problem.message
    assert problem.accepted == "whole months from 1 to 50"
    assert len(predict(patients, bundle, Options((12, 50)))) == len(patients)


def test_a_lacking_model_and_a_late_month_are_told_together():
    with pytest.raises(InvalidInput) as caught:
        predict([], cohort_bundle(last_month=50), Options((60,), model=FOREST))
    assert [problem.field for problem in caught.value.problems] == ["model", "horizons_months"]


def test_a_bundle_without_forests_lists_the_effects_of_its_own_model():
    (prediction,) = predict([TYPICAL], cox_bundle(), replace(OPTIONS, effect=ALL_EFFECTS))
    assert prediction.listed == (DEFAULT_ANALYSIS, Analysis(COX, POOLED_EFFECT))
    assert prediction.disagreement is None


def test_prediction_carries_the_caveats_and_subgroups_of_the_patient():
    (prediction,) = predict_all(NOT_KNOWN)
    expected = caveats_for(Case(NOT_KNOWN, small_bundle(), OPTIONS))
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
        assert together.analyses.keys() == alone.analyses.keys()
        for analysis, figures in alone.analyses.items():
            assert_same(together.analyses[analysis], figures)
