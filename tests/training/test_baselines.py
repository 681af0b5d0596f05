import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.baselines import Baseline

slopes = st.floats(0.2, 4)
levels = st.floats(-4, 2)
months = st.floats(0.01, 500)


@st.composite
def baselines(draw):
    knots = sorted(draw(st.lists(st.floats(50, 120), max_size=3, unique=True)))
    return Baseline(draw(levels), tuple(draw(slopes) for _ in range(len(knots) + 1)), tuple(knots))


@given(baselines(), months)
def test_months_at_undoes_cumulative(baseline, month):
    hazard = baseline.cumulative(np.array([month]))
    assert baseline.months_at(hazard) == pytest.approx([month], rel=1e-6)


@given(baselines(), months)
def test_cumulative_undoes_months_at(baseline, month):
    hazard = baseline.cumulative(np.array([month]))
    again = baseline.cumulative(baseline.months_at(hazard))
    assert again == pytest.approx(hazard, rel=1e-6)


@given(baselines(), months, st.floats(1.01, 10))
def test_the_cumulative_hazard_rises(baseline, month, later):
    first, second = baseline.cumulative(np.array([month, month * later]))
    assert 0 < first < second


def test_one_slope_is_a_weibull_hazard():
    # H(t) = 0.5 (t / 48)^1.4; at 24 months 0.5 x 2^-1.4 = 0.189465.
    baseline = Baseline(np.log(0.5), (1.4,))
    found = baseline.cumulative(np.array([24.0, 48.0, 96.0]))
    assert found == pytest.approx([0.189465, 0.5, 1.319508], rel=1e-5)


def test_slope_one_is_a_constant_hazard():
    baseline = Baseline(np.log(0.48), (1.0,))
    assert baseline.cumulative(np.array([1.0, 10.0, 100.0])) == pytest.approx([0.01, 0.1, 1.0])


def test_the_slope_bends_at_the_knots():
    # Up to 54 months H = t / 48 (slope 1); beyond, it grows with the square of time.
    baseline = Baseline(0.0, (1.0, 2.0), (54.0,))
    found = baseline.cumulative(np.array([24.0, 54.0, 108.0]))
    assert found == pytest.approx([0.5, 1.125, 4.5])


def test_time_zero_has_no_hazard():
    assert Baseline(0.0, (1.0,)).cumulative(np.array([0.0])) == pytest.approx([0.0], abs=1e-6)
