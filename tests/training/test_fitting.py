"""Cox models against Newton's method on Efron's partial likelihood, written out."""

import numpy as np
import pytest

from models.outcomes import HAZARDS, LAST_HORIZON
from tests.support.cox import fit_cox
from training.fitting import MONTHS, hazard_events
from training.simulation import (
    CENSORED,
    DIED_FIRST,
    EVENT,
    independent_uniforms,
    simulate_outcomes,
)

SEEDS = (1, 2, 3, 4)
LOCAL = ("local_progression", "ulceration", "bleeding")


def tied_data(seed, size=90):
    """Return random covariates, arm, times with many ties, and 0, 1, 2 for what ended them."""
    rng = np.random.default_rng(seed)
    design = np.column_stack([rng.normal(size=size), rng.random(size) < 0.4])
    arm = (rng.random(size) < 0.5).astype(float)
    months = np.ceil(rng.exponential(20 * np.exp(-0.5 * design[:, 0] + 0.6 * arm)))
    return design, arm, np.minimum(months, 40), rng.choice([0, 1, 2], p=[0.2, 0.5, 0.3], size=size)


def efron(beta, columns, months, event):
    """Return the gradient and information of Efron's log partial likelihood, term by term."""
    ratio = np.exp(columns @ beta)
    gradient, information = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
    for month in np.unique(months[event]):
        at_risk, dying = months >= month, event & (months == month)
        deaths = dying.sum()
        for earlier in range(deaths):
            # Of those who die at this time, a part is no longer at risk.
            weight = ratio * (at_risk - dying * earlier / deaths)
            mean = weight @ columns / weight.sum()
            second = (columns * weight[:, None]).T @ columns / weight.sum()
            gradient += columns[dying].mean(axis=0) - mean
            information += second - np.outer(mean, mean)
    return gradient, information


def newton(columns, months, event):
    """Return the maximum of the log partial likelihood."""
    beta = np.zeros(columns.shape[1])
    for _ in range(20):
        gradient, information = efron(beta, columns, months, event)
        beta = beta + np.linalg.solve(information, gradient)
    assert np.abs(gradient).max() < 1e-9
    return beta


def breslow(beta, columns, months, event):
    """Return Breslow's cumulative baseline hazard at months 0 to 96."""
    ratio = np.exp(columns @ beta)
    jumps = [(time, 1 / ratio[months >= time].sum()) for time in months[event]]
    return np.array([sum(size for time, size in jumps if time <= month) for month in MONTHS])


def own_fit(design, arm, months, event):
    columns = np.column_stack([design, arm])
    beta = newton(columns, months, event)
    return beta, breslow(beta, columns, months, event)


@pytest.mark.parametrize("seed", SEEDS)
def test_coefficients_maximise_efrons_partial_likelihood(seed):
    design, arm, months, kind = tied_data(seed)
    fit = fit_cox(design, arm, months, kind == EVENT)
    beta, _ = own_fit(design, arm, months, kind == EVENT)
    assert [*fit.coefficients, fit.arm] == pytest.approx(beta, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_baseline_is_breslows_without_surgery_at_whole_months(seed):
    design, arm, months, kind = tied_data(seed)
    fit = fit_cox(design, arm, months, kind == EVENT)
    _, baseline = own_fit(design, arm, months, kind == EVENT)
    assert fit.baseline == pytest.approx(baseline, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_baseline_starts_at_zero_and_never_falls(seed):
    design, arm, months, kind = tied_data(seed)
    baseline = fit_cox(design, arm, months, kind == EVENT).baseline
    assert len(baseline) == LAST_HORIZON + 1
    assert baseline[0] == 0
    assert (np.diff(baseline) >= 0).all()


@pytest.fixture(scope="module")
def trial(patients, truth):
    rng = np.random.default_rng(6)
    return patients, simulate_outcomes(patients, truth, independent_uniforms(patients, rng))


@pytest.fixture(scope="module")
def hazards(trial):
    return hazard_events(trial[1])


def local_events(outcomes):
    """Return time, event and death without it of each local outcome."""
    relapsed = (outcomes.lrfs_event == EVENT) & (outcomes.lrfs_months < outcomes.os_months)
    relapsed |= (outcomes.lrfs_event == EVENT) & (outcomes.os_event == CENSORED)
    died = (outcomes.lrfs_event == EVENT) & ~relapsed
    ulcer, bleed = outcomes.ulceration_event, outcomes.bleeding_event
    return {
        "local_progression": (outcomes.lrfs_months, relapsed, died),
        "ulceration": (outcomes.ulceration_months, ulcer == EVENT, ulcer == DIED_FIRST),
        "bleeding": (outcomes.bleeding_months, bleed == EVENT, bleed == DIED_FIRST),
    }


def test_there_are_times_and_events_of_each_hazard_of_the_bundle(hazards):
    assert set(hazards) == set(HAZARDS)


def assert_events(found, months, event):
    assert np.array_equal(found[0], months)
    assert np.array_equal(found[1], event)


def test_death_counts_all_deaths(trial, hazards):
    outcomes = trial[1]
    assert_events(hazards["death"], outcomes.os_months, outcomes.os_event == EVENT)


@pytest.mark.parametrize("name", LOCAL)
def test_a_local_hazard_censors_deaths_and_death_without_it_the_event(trial, hazards, name):
    months, event, died = local_events(trial[1])[name]
    assert event.any()
    assert died.any()
    assert_events(hazards[name], months, event)
    assert_events(hazards[f"death_without_{name}"], months, died)
