"""Hazard ratios, medians, log-rank tests and incidences of the reference cohort against R."""

import numpy as np
import pytest
from sksurv.compare import compare_survival
from sksurv.nonparametric import kaplan_meier_estimator, nelson_aalen_estimator
from sksurv.util import Surv

from models.curves import cumulative_incidence, survival
from models.outcomes import ARMS
from tests.oracles.conftest import COHORT_CSV
from tests.oracles.running import coefficients, run_r
from tests.support.cox import fit_cox
from training.simulation import DIED_FIRST, EVENT
from training.statistics import hazard_ratio, headline, median

SAME = 1e-6
HORIZONS = np.array([12.0, 48.0, 60.0])
SURVIVALS = ("os", "lrfs")
INCIDENCES = ("ulceration", "bleeding")

#: exp(-Nelson-Aalen) is above the product limit, because exp(-d/n) is above 1 - d/n: by about S
#: times half the sum of (d/n)^2. Where nobody is censored that is (1 - S) / (2 x number of
#: patients), with the 202 of an arm below 0.0025; censoring before 60 months adds a little. An
#: incidence, a share of 1 - S, is off by no more.
PRODUCT_LIMIT = 0.003


@pytest.fixture(scope="module")
def r():
    return run_r("cohort.R", COHORT_CSV)


def of_arm(cohort, source, arm):
    """Return times and what ended them, of one arm and outcome."""
    rows = cohort.arm == ARMS.index(arm)
    months = getattr(cohort.outcomes, f"{source}_months")[rows]
    return months, getattr(cohort.outcomes, f"{source}_event")[rows]


def at(horizons, times, values, start):
    """Return a step function at some times."""
    return np.concatenate([[start], values])[np.searchsorted(times, horizons, side="right")]


@pytest.mark.parametrize("source", SURVIVALS)
def test_hazard_ratio_is_that_of_coxph(r, cohort, source):
    months = getattr(cohort.outcomes, f"{source}_months")
    event = getattr(cohort.outcomes, f"{source}_event") == EVENT
    expected = r.value(source, "hazard ratio")
    assert hazard_ratio(cohort.arm, months, event) == pytest.approx(expected, abs=SAME)


def test_the_design_matrix_is_the_one_that_r_makes_from_the_columns(r, cohort):
    months, event = cohort.hazards()["death"]
    fit = fit_cox(cohort.design, cohort.arm, months, event)
    coded_in_r = r.values("os", "coefficient")
    assert coefficients(fit) == pytest.approx(coded_in_r, abs=SAME)


@pytest.mark.parametrize("source", SURVIVALS)
def test_log_rank_test_is_that_of_survdiff(r, cohort, source):
    months = getattr(cohort.outcomes, f"{source}_months")
    event = getattr(cohort.outcomes, f"{source}_event") == EVENT
    chi_squared, p = compare_survival(Surv.from_arrays(event, months), cohort.arm)
    assert chi_squared == pytest.approx(r.value(source, "log-rank chi squared"), abs=SAME)
    assert p == pytest.approx(r.value(source, "log-rank p"), rel=SAME)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("source", SURVIVALS)
def test_median_and_its_log_log_limits_are_those_of_survfit(r, cohort, source, arm):
    # A curve that stays at exactly one half would give R the middle of the step and us its
    # start; none does here.
    months, kind = of_arm(cohort, source, arm)
    assert median(months, kind == EVENT) == pytest.approx(r.value(source, "median", arm), abs=SAME)
    times, _, limits = kaplan_meier_estimator(kind == EVENT, months, conf_type="log-log")
    for name, limit in zip(("lower", "upper"), limits, strict=True):
        own = times[np.flatnonzero(limit <= 0.5)[0]]
        assert own == pytest.approx(r.value(source, f"median, {name}", arm), abs=SAME)


def test_headline_has_the_figures_of_r(r, cohort):
    found = headline(cohort.arm, cohort.outcomes)
    for source in SURVIVALS:
        own = getattr(found, f"{source}_hr"), getattr(found, f"{source}_medians")
        assert own[0] == pytest.approx(r.value(source, "hazard ratio"), abs=SAME)
        assert own[1] == pytest.approx(r.values(source, "median"), abs=SAME)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("source", SURVIVALS)
def test_survival_is_exp_of_minus_nelson_aalen_and_near_kaplan_meier(r, cohort, source, arm):
    months, kind = of_arm(cohort, source, arm)
    own = survival(at(HORIZONS, *nelson_aalen_estimator(kind == EVENT, months), 0.0))
    assert own == pytest.approx(r.values(source, "exp(-Nelson-Aalen)", arm), abs=SAME)
    assert own == pytest.approx(r.values(source, "Kaplan-Meier", arm), abs=PRODUCT_LIMIT)


def nelson_aalen(cohort, source, arm):
    """Return times and the cause-specific cumulative hazards of the event and of death."""
    months, kind = of_arm(cohort, source, arm)
    times, event = nelson_aalen_estimator(kind == EVENT, months)
    same_times, death = nelson_aalen_estimator(kind == DIED_FIRST, months)
    assert np.array_equal(times, same_times)
    wanted = times <= HORIZONS[-1]
    return times[wanted], event[wanted], death[wanted]


def incidences(event, death):
    """Return the incidence of the event and of death without it, each against the other."""
    event, death = event[:, None], death[:, None]
    return cumulative_incidence(event, death)[:, 0], cumulative_incidence(death, event)[:, 0]


def product_limit(event, death):
    """Return the hazards for which exp(-H) is the product limit, their shares kept."""
    steps = np.diff(np.column_stack([event, death]), axis=0, prepend=0.0)
    leaving = steps.sum(axis=1)
    factor = np.divide(-np.log1p(-leaving), leaving, out=np.ones_like(leaving), where=leaving > 0)
    return np.cumsum(steps * factor[:, None], axis=0).T


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("source", INCIDENCES)
def test_cause_specific_hazards_are_nelson_aalens(r, cohort, source, arm):
    times, *hazards = nelson_aalen(cohort, source, arm)
    for cause, hazard in zip(("event", "death"), hazards, strict=True):
        expected = r.values(source, f"Nelson-Aalen, {cause}", arm)
        assert at(HORIZONS, times, hazard, 0.0) == pytest.approx(expected, abs=SAME)


@pytest.mark.parametrize("estimator", ["cuminc", "multi-state"])
@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("source", INCIDENCES)
def test_incidence_from_product_limit_hazards_is_aalen_johansens(
    r, cohort, source, arm, estimator
):
    times, *hazards = nelson_aalen(cohort, source, arm)
    own = incidences(*product_limit(*hazards))
    for cause, incidence in zip(("event", "death"), own, strict=True):
        expected = r.values(source, f"{estimator}, {cause}", arm)
        assert at(HORIZONS, times, incidence, 0.0) == pytest.approx(expected, abs=SAME)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("source", INCIDENCES)
def test_incidence_from_nelson_aalen_hazards_is_near_aalen_johansens(r, cohort, source, arm):
    # Not the same method: event-free survival is exp(-H) and not the product limit.
    times, *hazards = nelson_aalen(cohort, source, arm)
    for cause, incidence in zip(("event", "death"), incidences(*hazards), strict=True):
        expected = r.values(source, f"cuminc, {cause}", arm)
        assert at(HORIZONS, times, incidence, 0.0) == pytest.approx(expected, abs=PRODUCT_LIMIT)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("source", INCIDENCES)
def test_incidence_on_whole_months_as_it_is_served_is_near_aalen_johansens(r, cohort, source, arm):
    # In a month of a few events their order is lost: the shares are those of the month.
    months = np.arange(1.0, HORIZONS[-1] + 1)
    times, *hazards = nelson_aalen(cohort, source, arm)
    monthly = [at(months, times, hazard, 0.0) for hazard in hazards]
    for cause, incidence in zip(("event", "death"), incidences(*monthly), strict=True):
        expected = r.values(source, f"cuminc, {cause}", arm)
        assert at(HORIZONS, months, incidence, 0.0) == pytest.approx(expected, abs=PRODUCT_LIMIT)
