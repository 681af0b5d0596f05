"""What a patient's influence is, and what overlapping subgroups have in common."""

from functools import cache

import numpy as np
import pytest

from models.evidence import interaction_of, pairs
from training.cohort_csv import read_cohort
from training.influence import (
    hazard_ratio_influence,
    interaction_correlation,
    interaction_covariance,
    interaction_influence,
)
from training.reference import reference_csv
from training.statistics import hazard_ratio

RESAMPLES = 600


@cache
def reference_cohort():
    return read_cohort(reference_csv())


def survival_of(cohort):
    return cohort.patients.arm, cohort.outcomes.os_months, cohort.outcomes.os_event


@cache
def influence():
    return hazard_ratio_influence(*survival_of(reference_cohort()))


def test_influences_add_up_to_nothing():
    assert influence().sum() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("patient", range(0, 407, 37))
def test_an_influence_is_the_change_without_the_patient(patient):
    arm, months, event = survival_of(reference_cohort())
    others = np.arange(len(arm)) != patient
    change = np.log(hazard_ratio(arm, months, event == 1)) - np.log(
        hazard_ratio(arm[others], months[others], event[others] == 1)
    )
    # A first-order approximation: a patient of much influence is met less closely.
    assert influence()[patient] == pytest.approx(change, rel=0.2, abs=3e-4)
    assert abs(change) > 1e-4


def test_squared_influences_are_the_variance():
    # With arms of equal size each death carries a quarter of information.
    deaths = reference_cohort().outcomes.os_event.sum()
    assert (influence() ** 2).sum() == pytest.approx(4 / deaths, rel=0.1)


def test_patients_with_the_same_times_have_the_same_influence():
    arm = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    months = np.array([1.0, 2.0, 2.0, 2.0, 3.0, 4.0])
    event = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 1.0])
    found = hazard_ratio_influence(arm, months, event)
    assert found[1] == pytest.approx(found[3])
    order = np.array([3, 5, 0, 2, 1, 4])
    turned = hazard_ratio_influence(arm[order], months[order], event[order])
    assert turned == pytest.approx(found[order])


@cache
def correlation():
    return interaction_correlation([reference_cohort()])


def test_who_is_in_one_subgroup_of_a_pair_has_no_influence_on_the_other():
    cohort = reference_cohort()
    found = interaction_influence(cohort)
    assert found.shape == (407, 8)
    first = cohort.patients.members[6] == 1  # premenopausal
    arm, months, event = (column[first] for column in survival_of(cohort))
    assert found[first, 3] == pytest.approx(-hazard_ratio_influence(arm, months, event))


def test_correlations_are_symmetric_and_positive_definite():
    found = correlation()
    assert np.array_equal(found, found.T)
    assert np.diag(found) == pytest.approx(np.ones(8))
    assert np.linalg.eigvalsh(found).min() > 0.1


def test_subgroups_that_share_patients_share_errors():
    names = [pair.id for pair in pairs()]
    organs, bone, menopause = (names.index(name) for name in ("organs", "bone_only", "menopause"))
    assert correlation()[organs, bone] > 0.3
    assert abs(correlation()[menopause, organs]) < 0.25


def test_several_cohorts_count_alike():
    cohort = reference_cohort()
    assert interaction_correlation([cohort, cohort]) == pytest.approx(correlation(), abs=1e-15)


def test_variances_are_those_of_the_printed_interactions():
    covariance = interaction_covariance(correlation())
    for place, pair in enumerate(pairs()):
        lower, upper = interaction_of(pair).interval
        error = np.log(upper / lower) / (2 * 1.959964)
        assert np.sqrt(covariance[place, place]) == pytest.approx(error, rel=1e-6)
    spread = np.sqrt(np.diag(covariance))
    assert covariance / np.outer(spread, spread) == pytest.approx(correlation())


def resampled_contrasts():
    """Return the eight contrasts of bootstrap samples of the cohort, shape (resamples, pairs)."""
    cohort = reference_cohort()
    arm, months, event = survival_of(cohort)
    members = cohort.patients.members == 1
    rng = np.random.default_rng(20250704)
    found = []
    for _ in range(RESAMPLES):
        rows = rng.integers(len(arm), size=len(arm))
        log_hr = [
            np.log(hazard_ratio(arm[chosen], months[chosen], event[chosen] == 1))
            for chosen in (rows[member[rows]] for member in members)
        ]
        found.append(np.array(log_hr[1::2]) - np.array(log_hr[::2]))
    return np.array(found)


def test_a_bootstrap_of_the_cohort_gives_the_same_correlations():
    resampled = np.corrcoef(resampled_contrasts(), rowvar=False)
    error = (1 - correlation() ** 2) / np.sqrt(RESAMPLES)  # of a correlation, by the delta method
    apart = np.abs(resampled - correlation())[np.triu_indices(8, 1)]
    # A margin for what a bootstrap of 37 patients adds to the linear approximation.
    assert (apart < 4 * error[np.triu_indices(8, 1)] + 0.05).all()
    assert np.sqrt((apart**2).mean()) < 0.06
