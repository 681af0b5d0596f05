from dataclasses import asdict

import numpy as np
import pytest

from tests.training import paper
from tests.training.conftest import OTHER_SEED
from training.cohort import compare, simulate_cohort
from training.expectation import expected_survival
from training.statistics import headline


@pytest.fixture(params=["reference_cohort", "other_cohort"])
def cohort(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def found(cohort):
    return headline(cohort.patients.arm, cohort.outcomes)


def test_the_same_seed_gives_the_same_cohort(other_cohort):
    again = simulate_cohort(OTHER_SEED)
    for name, column in asdict(other_cohort.outcomes).items():
        assert np.array_equal(column, getattr(again.outcomes, name))
    assert np.array_equal(other_cohort.patients.design, again.patients.design)


def test_other_seeds_give_other_cohorts(reference_cohort, other_cohort):
    first, second = reference_cohort.outcomes, other_cohort.outcomes
    assert not np.array_equal(first.os_months, second.os_months)


def test_the_arms_have_205_and_202_patients(cohort):
    assert np.bincount(cohort.patients.arm.astype(int)).tolist() == [205, 202]


def test_hazard_ratios_are_near_the_published_ones(found):
    assert found.os_hr == pytest.approx(paper.OS_HAZARD_RATIO, abs=0.03)
    assert found.lrfs_hr == pytest.approx(paper.LRFS_HAZARD_RATIO, abs=0.03)


def test_medians_are_near_the_published_ones(found):
    assert found.os_medians == pytest.approx(paper.OS_MEDIANS, abs=2.5)
    assert found.lrfs_medians == pytest.approx(paper.LRFS_MEDIANS, abs=2.5)


def test_four_year_proportions_are_near_the_published_ones(found):
    assert found.ulceration == pytest.approx(paper.ULCERATION, abs=0.015)
    assert found.bleeding == pytest.approx(paper.BLEEDING, abs=0.015)


def test_deaths_are_near_the_published_ones(found):
    assert found.deaths.sum() == pytest.approx(sum(paper.DEATHS), abs=8)


def test_follow_up_is_near_the_published_one(found):
    assert found.follow_up_quartiles == pytest.approx(paper.FOLLOW_UP_QUARTILES, abs=3)


def test_the_comparison_holds_every_figure_of_the_headline(cohort, found):
    rows = {row.name: row for row in compare(cohort)}
    assert len(rows) == 14
    assert rows["deaths"].published == 221
    assert rows["deaths"].reached == found.deaths.sum()
    assert rows["OS median, offered surgery"].published == 74.9
    assert rows["OS median, offered surgery"].reached == found.os_medians[1]
    assert rows["bleeding by 48 months, not offered surgery"].published == 55 / 205
    assert rows["follow-up, upper quartile"].reached == found.follow_up_quartiles[2]


def test_subgroup_effects_of_fig_3_are_shown_on_average(patients, truth):
    # One cohort of 407 cannot show them all; the truth that it is drawn from does. Only the
    # difference in each pair is solved for, so the level of both may be a little off.
    log_hr = expected_survival([truth.death], patients, truth.follow_up).log_hazard_ratios[1:]
    printed = np.log([ratio for _, *halves in paper.SUBGROUPS for _, ratio in halves])
    assert log_hr == pytest.approx(printed, abs=0.1)
    assert log_hr[1::2] - log_hr[::2] == pytest.approx(printed[1::2] - printed[::2], abs=1e-3)
