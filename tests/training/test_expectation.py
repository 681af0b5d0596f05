"""The expectations against brute force: the same patients, many times over."""

from dataclasses import replace

import numpy as np
import pytest

from training.expectation import EDGES, expected_incidence, expected_survival
from training.simulation import EVENT, independent_uniforms, simulate_outcomes
from training.truth import Patients

COPIES = 400
#: How many standard errors of the simulation are tolerated.
ERRORS = 4.0


def copies_of(patients):
    return Patients(
        {name: np.tile(column, COPIES) for name, column in patients.table.items()},
        np.tile(patients.arm, COPIES),
        np.tile(patients.design, (COPIES, 1)),
        np.tile(patients.members, COPIES),
        np.tile(patients.modifiers, (COPIES, 1)),
    )


@pytest.fixture(scope="module")
def crowd(patients):
    return copies_of(patients)


@pytest.fixture(scope="module")
def outcomes(crowd, truth):
    rng = np.random.default_rng(17)
    return simulate_outcomes(crowd, truth, independent_uniforms(crowd, rng))


@pytest.fixture(scope="module")
def uncensored(crowd, truth):
    """Return outcomes of the same truth when nobody's observation ends before 132 months."""
    endless = replace(truth, follow_up=replace(truth.follow_up, beyond_60=1, beyond_80=1))
    endless = replace(endless, follow_up=replace(endless.follow_up, beyond_96=1))
    rng = np.random.default_rng(18)
    return simulate_outcomes(crowd, endless, independent_uniforms(crowd, rng))


@pytest.fixture(scope="module")
def survival(patients, truth):
    return expected_survival([truth.death], patients, truth.follow_up)


@pytest.fixture(scope="module")
def relapse_free(patients, truth):
    return expected_survival([truth.death, truth.progression], patients, truth.follow_up)


def log_hazard_ratio(arm, months, event):
    """Return Cox's log hazard ratio of the arm, and its standard error, by Newton's steps."""
    order = np.argsort(-months, kind="stable")
    arm, event = arm[order], event[order]
    surgery, none = np.cumsum(arm), np.cumsum(1 - arm)
    ratio = 0.0
    for _ in range(20):
        share = surgery * np.exp(ratio) / (surgery * np.exp(ratio) + none)
        information = (share * (1 - share))[event].sum()
        ratio += (arm - share)[event].sum() / information
    return ratio, information**-0.5


def assert_shares(found, expected, size):
    """Compare proportions among `size` patients with what is expected of them."""
    error = np.sqrt(expected * (1 - expected) / size)
    assert np.abs(np.asarray(found) - expected).max() < ERRORS * error.max()


@pytest.mark.parametrize("arm", [0, 1])
def test_survival_curves(survival, uncensored, crowd, arm):
    rows, months = crowd.arm == arm, (12, 36, 60, 84, 96)
    found = [(uncensored.os_months[rows] > month).mean() for month in months]
    assert_shares(found, np.interp(months, EDGES, survival.curves[arm]), rows.sum())


@pytest.mark.parametrize("arm", [0, 1])
def test_relapse_free_curves(relapse_free, uncensored, crowd, arm):
    rows, months = crowd.arm == arm, (6, 12, 36, 60, 84, 96)
    found = [(uncensored.lrfs_months[rows] > month).mean() for month in months]
    assert_shares(found, np.interp(months, EDGES, relapse_free.curves[arm]), rows.sum())


def test_deaths_by_subgroup_and_arm(survival, outcomes, crowd):
    died = outcomes.os_event == EVENT
    groups = np.vstack([np.ones(len(died)), crowd.members])
    for group, deaths in zip(groups, survival.events, strict=True):
        for arm in (0, 1):
            rows = (group == 1) & (crowd.arm == arm)
            size = rows.sum()
            assert_shares(died[rows].mean(), deaths[arm] * COPIES / size, size)


def test_relapses_and_deaths(relapse_free, outcomes, crowd):
    for arm in (0, 1):
        rows = crowd.arm == arm
        expected = relapse_free.events[0, arm] * COPIES / rows.sum()
        assert_shares((outcomes.lrfs_event[rows] == EVENT).mean(), expected, rows.sum())


def test_log_hazard_ratios_of_all_and_of_each_subgroup(survival, outcomes, crowd):
    groups = np.vstack([np.ones(len(crowd.arm)), crowd.members]) == 1
    for rows, expected in zip(groups, survival.log_hazard_ratios, strict=True):
        died = outcomes.os_event[rows] == EVENT
        found, error = log_hazard_ratio(crowd.arm[rows], outcomes.os_months[rows], died)
        assert abs(found - expected) < ERRORS * error


def test_log_hazard_ratio_of_relapse_free_survival(relapse_free, outcomes, crowd):
    ended = outcomes.lrfs_event == EVENT
    found, error = log_hazard_ratio(crowd.arm, outcomes.lrfs_months, ended)
    assert abs(found - relapse_free.log_hazard_ratios[0]) < ERRORS * error


@pytest.mark.parametrize("name", ["ulceration", "bleeding"])
@pytest.mark.parametrize("month", [12, 48, 96])
def test_incidence_with_death_competing(patients, truth, uncensored, crowd, name, month):
    expected = expected_incidence(getattr(truth, name), truth.death, patients, month)
    event, months = (getattr(uncensored, f"{name}_{part}") for part in ("event", "months"))
    for arm in (0, 1):
        rows = crowd.arm == arm
        found = ((event[rows] == EVENT) & (months[rows] <= month)).mean()
        assert_shares(found, expected[arm], rows.sum())


def test_curves_start_at_one_and_fall(survival, relapse_free):
    for expected in (survival, relapse_free):
        assert expected.curves[:, 0] == pytest.approx([1, 1], abs=1e-3)
        assert (np.diff(expected.curves, axis=1) < 0).all()
    assert (relapse_free.curves <= survival.curves).all()


def test_subgroups_of_a_pair_add_up_to_all(survival):
    for pair in range(8):
        both = survival.events[1 + 2 * pair] + survival.events[2 + 2 * pair]
        assert both == pytest.approx(survival.events[0])
