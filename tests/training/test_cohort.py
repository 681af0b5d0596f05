import numpy as np
import pytest

from tests.training import paper
from training.expectation import expected_survival
from training.statistics import headline


@pytest.fixture
def found(reference_cohort):
    return headline(reference_cohort.patients.arm, reference_cohort.outcomes)


def test_other_seeds_give_other_cohorts(reference_cohort, other_cohort):
    first, second = reference_cohort.outcomes, other_cohort.outcomes
    assert not np.array_equal(first.os_months, second.os_months)


def test_the_arms_have_205_and_202_patients(reference_cohort):
    assert np.bincount(reference_cohort.patients.arm.astype(int)).tolist() == [205, 202]


def test_hazard_ratios_are_the_published_ones(found):
    assert found.os_hr == pytest.approx(paper.OS_HAZARD_RATIO, abs=0.0005)
    assert found.lrfs_hr == pytest.approx(paper.LRFS_HAZARD_RATIO, abs=0.005)


def test_medians_are_the_published_ones(found):
    assert found.os_medians == pytest.approx(paper.OS_MEDIANS, abs=0.05)
    assert found.lrfs_medians == pytest.approx(paper.LRFS_MEDIANS, abs=0.5)


def test_four_year_proportions_are_the_published_ones(found):
    assert found.ulceration == pytest.approx(paper.ULCERATION)
    assert found.bleeding == pytest.approx(paper.BLEEDING)


def test_deaths_are_the_published_ones(found):
    assert tuple(found.deaths) == paper.DEATHS


def test_follow_up_is_the_published_one(found):
    assert found.follow_up_quartiles == pytest.approx(paper.FOLLOW_UP_QUARTILES, abs=0.5)


def test_subgroup_effects_of_fig_3_are_shown_on_average(patients, truth):
    # Only the difference in each pair is solved for, so the level of both may be a little off.
    log_hr = expected_survival([truth.death], patients, truth.follow_up).log_hazard_ratios[1:]
    printed = np.log([ratio for _, *halves in paper.SUBGROUPS for _, ratio in halves])
    assert log_hr == pytest.approx(printed, abs=0.1)
    assert log_hr[1::2] - log_hr[::2] == pytest.approx(printed[1::2] - printed[::2], abs=1e-3)
