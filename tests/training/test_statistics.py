import numpy as np
import pytest

from training.simulation import Outcomes
from training.statistics import hazard_ratio, headline, median


def test_median_is_where_the_curve_falls_to_one_half():
    # Survival: 1 - 1/4 at 10, then censored, then half of the rest at 30: 0.375.
    months = np.array([10.0, 20.0, 30.0, 40.0])
    assert median(months, np.array([True, False, True, True])) == 30


def test_median_is_the_first_time_with_exactly_one_half_alive():
    assert median(np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, True)) == 2


def test_median_that_is_not_reached_is_not_a_number():
    assert np.isnan(median(np.array([1.0, 2.0, 3.0]), np.array([True, False, False])))


def test_hazard_ratio_solves_the_score_equation_by_hand():
    # Deaths at 1 (surgery), 2 (none), 3 (surgery); one of each arm lives on. With ratio r the
    # score is 2 - 2r/(2r+... ) at each time: 2 = 3r/(3r+2) + 2r/(2r+2) + 2r/(2r+1).
    arm = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    months = np.array([1.0, 2.0, 3.0, 4.0, 4.0])
    event = np.array([True, True, True, False, False])
    r = hazard_ratio(arm, months, event)
    assert 3 * r / (3 * r + 2) + 2 * r / (2 * r + 2) + 2 * r / (2 * r + 1) == pytest.approx(2)


def test_headline_counts_by_arm_and_by_four_years():
    arm = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    months = np.array([12.0, 50.0, 60.0, 24.0, 60.0, 70.0])
    died = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    ulcer_months = np.array([6.0, 49.0, 60.0, 24.0, 48.0, 70.0])
    ulcer = np.array([1.0, 1.0, 0.0, 2.0, 1.0, 2.0])
    found = headline(arm, Outcomes(months, died, months, died, ulcer_months, ulcer, months, died))
    assert found.deaths.tolist() == [2, 2]
    # 49 months is too late, 48 is not, and a death first is no ulceration.
    assert found.ulceration == pytest.approx([1 / 3, 1 / 3])
    assert found.bleeding == pytest.approx([1 / 3, 1 / 3])
    assert found.os_medians.tolist() == [50, 70]
    assert found.follow_up_quartiles == pytest.approx(np.quantile(months, [0.25, 0.5, 0.75]))
