"""The figures of an evaluation against scikit-survival, plain formulas and known truths."""

import numpy as np
import pytest
from scipy.stats import chi2, kstest
from sksurv.metrics import (
    brier_score,
    concordance_index_ipcw,
    cumulative_dynamic_auc,
    integrated_brier_score,
)
from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator
from sksurv.util import Surv

from training.evaluation.calibration import (
    by_groups,
    calibrate_at,
    cloglog,
    d_calibration,
    d_statistic,
    smoothed,
)
from training.evaluation.decisions import THRESHOLDS, decision_curve
from training.evaluation.discrimination import auc, brier, integrated_brier, uno_c
from training.evaluation.observed import (
    CannotCompute,
    Observed,
    censoring_months,
    happened_by,
    observed_risk,
)

SAME = 1e-10
MONTHS = np.array([12.0, 24.0, 36.0, 60.0])


class Drawn:
    """Patients with exponential times and their true risks.

    Events fall on whole months and censorings between, so that no event is tied to a censoring:
    there scikit-survival counts the censored as gone and we do not.
    """

    def __init__(self, seed, size=700, strength=1.0, rate=1 / 40):
        rng = np.random.default_rng(seed)
        self.index = rng.normal(size=size)
        hazard = rate * np.exp(strength * self.index)
        time = np.ceil(rng.exponential(1 / hazard))
        end = np.ceil(rng.uniform(5, 110, size)) + 0.5
        self.event = time <= end
        self.months = np.minimum(time, end)
        self.hazard = hazard
        self.seen = Observed(self.months, self.event.astype(float))
        self.theirs = Surv.from_arrays(self.event, self.months)
        self.risks = 1 - np.exp(-np.outer(hazard, MONTHS))


@pytest.fixture(scope="module", params=range(3))
def drawn(request):
    return Drawn(request.param)


# Without competing deaths they are scikit-survival's.


def test_auc_is_scikit_survivals(drawn):
    ours = [auc(r, drawn.seen, m) for r, m in zip(drawn.risks.T, MONTHS, strict=True)]
    theirs, _ = cumulative_dynamic_auc(drawn.theirs, drawn.theirs, drawn.risks, MONTHS)
    assert ours == pytest.approx(theirs, abs=SAME)


def test_auc_counts_ties_half(drawn):
    coarse = np.round(drawn.risks, 1)
    ours = [auc(r, drawn.seen, m) for r, m in zip(coarse.T, MONTHS, strict=True)]
    theirs, _ = cumulative_dynamic_auc(drawn.theirs, drawn.theirs, coarse, MONTHS)
    assert ours == pytest.approx(theirs, abs=SAME)


def test_brier_is_scikit_survivals(drawn):
    ours = [brier(r, drawn.seen, m) for r, m in zip(drawn.risks.T, MONTHS, strict=True)]
    _, theirs = brier_score(drawn.theirs, drawn.theirs, 1 - drawn.risks, MONTHS)
    assert ours == pytest.approx(theirs, abs=SAME)


def test_integrated_brier_is_scikit_survivals(drawn):
    theirs = integrated_brier_score(drawn.theirs, drawn.theirs, 1 - drawn.risks, MONTHS)
    assert integrated_brier(drawn.risks, drawn.seen, MONTHS) == pytest.approx(theirs, abs=SAME)


@pytest.mark.parametrize("digits", [1, 12])
def test_uno_c_is_scikit_survivals(drawn, digits):
    risk = np.round(drawn.risks[:, 3], digits)
    theirs = concordance_index_ipcw(drawn.theirs, drawn.theirs, risk, tau=60)[0]
    assert uno_c(risk, drawn.seen, 60) == pytest.approx(theirs, abs=SAME)


def test_observed_risk_is_kaplan_meiers(drawn):
    times, survival = kaplan_meier_estimator(drawn.event, drawn.months)
    expected = 1 - np.concatenate([[1.0], survival])[np.searchsorted(times, MONTHS, side="right")]
    assert observed_risk(drawn.seen, MONTHS) == pytest.approx(expected, abs=SAME)


# With competing deaths.


@pytest.fixture(scope="module")
def competing():
    rng = np.random.default_rng(9)
    index = rng.normal(size=4000)
    event = rng.exponential(80 / np.exp(0.8 * index))
    death = rng.exponential(60, 4000)
    end = rng.uniform(5, 110, 4000)
    months = np.minimum(np.minimum(event, death), end)
    status = np.where(months == event, 1.0, np.where(months == death, 2.0, 0.0))
    rate = np.exp(0.8 * index) / 80
    total = rate + 1 / 60
    risk = rate / total * (1 - np.exp(-total * 36))
    return Observed(months, status), risk, (event, death)


def test_observed_risk_is_aalen_johansens(competing):
    seen, _, _ = competing
    times, incidence = cumulative_incidence_competing_risks(seen.status.astype(int), seen.months)
    reached = np.searchsorted(times, MONTHS, side="right") - 1
    assert observed_risk(seen, MONTHS) == pytest.approx(incidence[1][reached], abs=SAME)


def test_figures_are_those_of_the_uncensored(competing):
    seen, risk, (event, death) = competing
    happened = (event <= 36) & (event < death)
    full = Observed(np.minimum(event, death), np.where(event < death, 1.0, 2.0))
    assert auc(risk, seen, 36) == pytest.approx(auc(risk, full, 36), abs=0.015)
    assert brier(risk, seen, 36) == pytest.approx(np.mean((happened - risk) ** 2), abs=0.01)


def test_those_who_died_first_are_controls(competing):
    _, risk, (event, death) = competing
    happened = (event <= 36) & (event < death)
    full = Observed(np.minimum(event, death), np.where(event < death, 1.0, 2.0))
    above = (risk[happened][:, None] > risk[~happened]).mean()
    assert auc(risk, full, 36) == pytest.approx(above, abs=SAME)


def test_true_incidences_are_calibrated(competing):
    seen, risk, _ = competing
    found = calibrate_at(risk, seen, 36)
    assert found.intercept == pytest.approx(0, abs=0.1)
    assert found.slope == pytest.approx(1, abs=0.12)


# Weights.


def test_weights_stand_for_everybody(competing):
    seen, _, _ = competing
    _, weights = happened_by(seen, 36)
    assert weights.mean() == pytest.approx(1, abs=0.01)
    assert not weights[(seen.status == 0) & (seen.months <= 36)].any()


def test_an_event_comes_before_a_censoring_of_the_same_time():
    seen = Observed(np.array([1.0, 1.0, 2.0, 3.0]), np.array([1.0, 0.0, 1.0, 1.0]))
    event, weights = happened_by(seen, 2.5)
    # Two of the three who were left were uncensored after month 1.
    assert weights == pytest.approx([1.0, 0.0, 1.5, 1.5])
    assert list(event) == [1, 0, 1, 0]


def test_whoever_is_censored_at_the_month_was_free_of_the_event_through_it():
    seen = Observed(np.array([1.0, 2.0, 3.0, 5.0, 5.0]), np.array([0.0, 1.0, 0.0, 0.0, 1.0]))
    event, weights = happened_by(seen, 5)
    # G(5-) = 4/5 * 2/3 where the censored of months 1 and 3 left.
    assert weights == pytest.approx([0, 5 / 4, 0, 15 / 8, 15 / 8])
    assert list(event) == [0, 1, 0, 0, 1]


def test_nobody_beyond_is_told():
    seen = Observed(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    with pytest.raises(CannotCompute, match="nobody was observed until month 5"):
        happened_by(seen, 5)


# Calibration.


@pytest.fixture(scope="module")
def many():
    return Drawn(5, size=8000)


def distorted(risk, level=1.0, slope=1.0):
    """Return risks whose cumulative hazard is another."""
    return 1 - np.exp(-level * np.exp(slope * cloglog(risk)))


def test_true_risks_are_calibrated(many):
    found = calibrate_at(many.risks[:, 2], many.seen, 36)
    assert found.intercept == pytest.approx(0, abs=0.05)
    assert found.slope == pytest.approx(1, abs=0.05)
    assert found.ici < 0.015


def test_a_hazard_half_as_high_is_an_intercept_of_log_two(many):
    found = calibrate_at(distorted(many.risks[:, 2], level=0.5), many.seen, 36)
    assert found.intercept == pytest.approx(np.log(2), abs=0.05)
    assert found.slope == pytest.approx(1, abs=0.05)
    assert found.ici > 0.1


def test_an_index_twice_as_strong_is_a_slope_of_one_half(many):
    found = calibrate_at(distorted(many.risks[:, 2], slope=2.0), many.seen, 36)
    assert found.slope == pytest.approx(0.5, abs=0.03)


def test_the_smoothed_line_undoes_a_distortion(many):
    wrong = distorted(many.risks[:, 2], level=0.6, slope=1.4)
    levels = np.quantile(wrong, [0.1, 0.5, 0.9])
    true = np.quantile(many.risks[:, 2], [0.1, 0.5, 0.9])
    assert smoothed(wrong, many.seen, 36, levels) == pytest.approx(true, abs=0.03)


def test_groups_of_true_risks_lie_on_the_line(many):
    found = by_groups(many.risks[:, 2], many.seen, 36)
    assert found.observed == pytest.approx(found.predicted, abs=0.06)


def test_equal_predictions_have_no_slope(many):
    with pytest.raises(CannotCompute):
        calibrate_at(np.full(8000, 0.3), many.seen, 36)


def test_no_event_has_no_calibration():
    seen = Observed(np.linspace(40, 60, 50), np.zeros(50))
    with pytest.raises(CannotCompute):
        calibrate_at(np.linspace(0.1, 0.9, 50), seen, 36)


# D-calibration.


def exact(seed, longest=110, size=1000):
    """Return survival at the end of observation and at censoring, and whether it was the event."""
    rng = np.random.default_rng(seed)
    hazard = np.exp(rng.normal(size=size)) / 40
    time, end = rng.exponential(1 / hazard), rng.uniform(5, longest, size)
    return np.exp(-hazard * np.minimum(time, end)), time <= end, np.exp(-hazard * end)


def p_value(survival, ended, at_censoring, seed=1):
    return d_calibration(
        survival, ended, np.tile(at_censoring, (20, 1)), np.random.default_rng(seed)
    )


@pytest.mark.parametrize("longest", [25, 110])
def test_p_values_of_the_truth_are_uniform(longest):
    p_values = [p_value(*exact(seed, longest, 300), seed) for seed in range(100)]
    assert kstest(p_values, "uniform").pvalue > 0.001
    assert 0.01 <= np.mean(np.array(p_values) < 0.1) <= 0.2


def test_wrong_distributions_are_seen():
    survival, ended, at_censoring = exact(1)
    assert p_value(survival**0.6, ended, at_censoring**0.6) < 0.01


def test_wrong_distributions_are_seen_under_censoring_where_chi_squared_sees_none():
    simulated, plain = [], []
    for seed in range(20):
        survival, ended, at_censoring = exact(seed, longest=25, size=600)
        wrong, at_censoring = survival**0.75, at_censoring**0.75
        simulated.append(p_value(wrong, ended, at_censoring, seed))
        plain.append(chi2.sf(d_statistic(wrong, ended), 9))
    assert np.mean(np.array(simulated) < 0.05) > 0.5
    assert np.mean(np.array(plain) < 0.05) < 0.2


def test_unseen_censoring_comes_after_the_event_and_as_often_as_seen():
    rng = np.random.default_rng(2)
    time, end = rng.exponential(40, 4000), rng.uniform(5, 80, 4000)
    seen = Observed(np.minimum(time, end), (time <= end).astype(float))
    drawn = censoring_months(seen, 80.0, rng)
    censored = seen.status == 0
    assert np.array_equal(drawn[censored], end[censored])
    assert (drawn[~censored] >= seen.months[~censored]).all()
    assert np.quantile(drawn, [0.25, 0.5, 0.75]) == pytest.approx(
        np.quantile(end, [0.25, 0.5, 0.75]), abs=2.5
    )


def test_a_censored_patient_is_spread_below_her_survival():
    survival = np.array([0.25])
    # 0.4 of a patient in each of the two lowest bins, 0.2 in the third; a tenth is expected.
    counts = np.array([0.4, 0.4, 0.2, *np.zeros(7)])
    assert d_statistic(survival, np.array([False])) == pytest.approx(
        ((counts - 0.1) ** 2 / 0.1).sum()
    )


# Decision curves.


def test_without_censoring_it_is_the_published_formula():
    rng = np.random.default_rng(3)
    risk = rng.random(500)
    time = np.where(rng.random(500) < risk, 10.0, 100.0)
    found = decision_curve(risk, Observed(time, np.ones(500)), 36)
    for place, threshold in enumerate(THRESHOLDS):
        picked, happened = risk >= threshold, time == 10.0
        hits, false = (picked & happened).sum(), (picked & ~happened).sum()
        odds = threshold / (1 - threshold)
        assert found.model[place] == pytest.approx(hits / 500 - false / 500 * odds)
        everybody = happened.mean() - (~happened).mean() * odds
        assert found.everybody[place] == pytest.approx(everybody)


def test_censoring_hardly_moves_it(many):
    found = decision_curve(many.risks[:, 2], many.seen, 36)
    risk = many.risks[:, 2]
    for place, threshold in enumerate(THRESHOLDS):
        picked = risk >= threshold
        share = (risk * picked).mean() - ((1 - risk) * picked).mean() * threshold / (1 - threshold)
        assert found.model[place] == pytest.approx(share, abs=0.02 / (1 - threshold))
