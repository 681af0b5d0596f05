"""Survival under the effect of the four earlier trials."""

import math

import numpy as np
import pytest

from models.analyses import Analysis
from models.assess import (
    Question,
    assess,
    assess_with_pooled,
    pooled_member_survivals,
)
from models.bundle import load_bundle
from models.design_matrix import design_matrix
from models.evidence.interactions import standard_error
from models.forest import at_months, member_hazards
from models.outcomes import FOREST, MODELS, OVERALL_EFFECT
from models.pooled import pooled_figure, pooled_log_ratios
from models.table import table_of
from service.bundles import default_folder
from tests.support.patients import patient_of

QUESTION = Question((12, 48, 96), 0.95)


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(default_folder())


def test_the_ratio_is_the_published_one():
    figure = pooled_figure()
    assert (figure.estimate, figure.interval, figure.level) == (0.97, (0.72, 1.29), 0.95)


def test_members_have_the_published_mean_and_spread():
    ratios = pooled_log_ratios(1000)
    assert ratios.mean() == pytest.approx(math.log(0.97), abs=0.002)
    assert ratios.std() == pytest.approx(standard_error((0.72, 1.29), 0.95), rel=0.02)


def test_members_are_the_same_each_time_and_cannot_be_changed():
    assert np.array_equal(pooled_log_ratios(200), pooled_log_ratios(200))
    with pytest.raises(ValueError, match="read-only"):
        pooled_log_ratios(200)[0] = 0


def test_a_members_ratio_has_nothing_to_do_with_its_prognosis(bundle):
    hazard = bundle.hazards["death"]
    ratios = pooled_log_ratios(len(hazard.arm))
    for other in (hazard.arm, hazard.baseline[60], *hazard.coefficients):
        assert abs(np.corrcoef(ratios, other)[0, 1]) < 0.2


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("changes", [{}, {"ecog_ps": None, "clinical_n": None}])
def test_the_models_own_figures_are_those_without_the_pooled_ones(bundle, changes, model):
    table, analysis = table_of([patient_of(**changes)]), Analysis(model, OVERALL_EFFECT)
    alone = assess(table, bundle, QUESTION, analysis)
    own, _ = assess_with_pooled(table, bundle, QUESTION, analysis)
    for side in ("estimate", "lower", "upper"):
        assert np.array_equal(getattr(own, side), getattr(alone, side)), side


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("changes", [{}, {"ecog_ps": None, "clinical_n": None}])
def test_survival_without_surgery_is_the_models_own(bundle, changes, model):
    table, analysis = table_of([patient_of(**changes)]), Analysis(model, OVERALL_EFFECT)
    own, pooled = assess_with_pooled(table, bundle, QUESTION, analysis)
    assert pooled.estimate.shape == (1, 2, 3, 3)
    assert np.array_equal(pooled.estimate[:, 0, 0], own.estimate[:, 0, 0])
    assert np.array_equal(pooled.lower[:, 0, 0], own.lower[:, 0, 0])


@pytest.mark.parametrize("model", MODELS)
def test_the_difference_is_smaller_than_the_trials_own_and_its_interval_holds_zero(bundle, model):
    table, analysis = table_of([patient_of()]), Analysis(model, OVERALL_EFFECT)
    own, pooled = assess_with_pooled(table, bundle, QUESTION, analysis)
    assert np.all(np.abs(pooled.estimate[0, 0, 2]) < own.estimate[0, 0, 2])
    assert np.all(pooled.lower[0, 0, 2] < 0)
    assert np.all(pooled.upper[0, 0, 2] > 0)


def test_survival_with_surgery_is_that_of_the_ratio_member_by_member(bundle):
    table = table_of([patient_of()])
    hazard = bundle.hazards["death"]
    log_ratio = design_matrix(table)[0] @ hazard.coefficients
    cumulative = hazard.baseline[48] * np.exp(log_ratio)
    expected = np.exp(-cumulative * np.exp(pooled_log_ratios(len(cumulative)))).mean()
    _, pooled = assess_with_pooled(table, bundle, QUESTION)
    assert pooled.estimate[0, 0, 1, 1] == pytest.approx(expected, abs=1e-12)


def test_the_forests_survival_with_surgery_is_that_of_the_ratio_member_by_member(bundle):
    table = table_of([patient_of()])
    covariates = np.append(design_matrix(table), [[0.0]], axis=1)
    cumulative = at_months(member_hazards(bundle.forests["death"], covariates), np.array([48]))
    ratios = np.exp(pooled_log_ratios(cumulative.shape[-1]))
    expected = np.exp(-cumulative[0, 0] * ratios).mean()
    _, pooled = assess_with_pooled(table, bundle, QUESTION, Analysis(FOREST, OVERALL_EFFECT))
    assert pooled.estimate[0, 0, 1, 1] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("age", [30, 44, 60, 75])
def test_nobody_is_more_often_without_local_progression_than_alive(bundle, model, age):
    table = table_of([patient_of(age=age, ecog_ps=1, metastatic_sites=["distant_nodes"])])
    question = Question((36, 60, 96), 0.95)
    own, pooled = assess_with_pooled(table, bundle, question, Analysis(model, OVERALL_EFFECT))
    for side in ("estimate", "lower", "upper"):
        overall, without_progression = getattr(pooled, side)[0, :, :2]
        assert (without_progression <= overall + 1e-12).all(), side
        assert (without_progression <= getattr(own, side)[0, 1, :2] + 1e-12).all(), side


@pytest.mark.parametrize("model", MODELS)
def test_members_are_those_of_the_estimates(bundle, model):
    table, analysis = table_of([patient_of()]), Analysis(model, OVERALL_EFFECT)
    _, pooled = assess_with_pooled(table, bundle, QUESTION, analysis)
    found = pooled_member_survivals(design_matrix(table), bundle, QUESTION.horizons, analysis)
    assert found.mean(axis=-1) == pytest.approx(pooled.estimate, abs=1e-12)
    assert (found[:, 1, :2] <= found[:, 0, :2]).all()
