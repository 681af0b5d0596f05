"""Curve arithmetic: by hand, against fine integration, and as properties."""

import math
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import models.curves
from models.curves import CompetingRisks, cumulative_incidence, incidences_at, survival
from tests.support.examples import examples

STEPS = st.lists(
    st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)).map(
        lambda s: (round(s[0], 6), round(s[1], 6))
    ),
    min_size=1,
    max_size=24,
)


def column(values):
    """Return values as one member's curve, shape (months, 1)."""
    return np.asarray(values, dtype=float)[:, None]


def hazards(steps):
    return tuple(column(np.cumsum([step[side] for step in steps])) for side in (0, 1))


def by_fine_integration(steps, slices=2000):
    """Add up hazard x event-free survival at the middle of many slices of each month."""
    cumulative = incidence = 0.0
    found = []
    for event, competing in steps:
        for place in range(slices):
            middle = cumulative + (event + competing) * (place + 0.5) / slices
            incidence += event / slices * math.exp(-middle)
        cumulative += event + competing
        found.append(incidence)
    return found


def test_survival_by_hand():
    assert survival(np.array([0.0, math.log(2), math.log(4)])) == pytest.approx([1, 0.5, 0.25])


def test_two_cells_by_hand():
    # First month: half leave, a third of them with the event. Second: half of the rest, all.
    half = math.log(2)
    event = column([half / 3, half / 3 + half])
    competing = column([half * 2 / 3, half * 2 / 3])
    assert cumulative_incidence(event, competing)[:, 0] == pytest.approx([1 / 6, 1 / 6 + 1 / 4])


def test_without_competing_death_incidence_is_one_minus_survival():
    event = column([0.1, 0.3, 0.7])
    incidence = cumulative_incidence(event, np.zeros_like(event))
    assert incidence == pytest.approx(1 - survival(event))


def test_without_the_event_there_is_no_incidence():
    competing = column([0.1, 0.3, 0.7])
    assert cumulative_incidence(np.zeros_like(competing), competing).tolist() == [[0], [0], [0]]


def test_without_any_hazard_there_is_no_incidence():
    nothing = column([0, 0])
    assert cumulative_incidence(nothing, nothing).tolist() == [[0], [0]]


def test_leading_axes_do_not_matter():
    event, competing = hazards([(0.1, 0.2), (0.3, 0.1)])
    alone = cumulative_incidence(event, competing)
    stacked = cumulative_incidence(np.stack([event] * 3), np.stack([competing] * 3))
    assert np.array_equal(stacked, np.stack([alone] * 3))


@examples(15)
@given(st.lists(st.tuples(st.floats(0, 0.3), st.floats(0, 0.3)), min_size=1, max_size=4))
def test_agrees_with_fine_integration_of_piecewise_constant_hazards(steps):
    incidence = cumulative_incidence(*hazards(steps))[:, 0]
    assert incidence.tolist() == pytest.approx(by_fine_integration(steps), abs=1e-7)


@examples(80)
@given(STEPS)
def test_incidence_is_a_probability(steps):
    incidence = cumulative_incidence(*hazards(steps))
    assert incidence.min() >= 0
    assert incidence.max() <= 1


@examples(80)
@given(STEPS)
def test_incidence_never_falls(steps):
    incidence = cumulative_incidence(*hazards(steps))
    assert (np.diff(incidence, axis=0) >= 0).all()


@examples(80)
@given(STEPS)
def test_incidence_competing_incidence_and_survival_add_up_to_one(steps):
    event, competing = hazards(steps)
    total = (
        cumulative_incidence(event, competing)
        + cumulative_incidence(competing, event)
        + survival(event + competing)
    )
    assert total == pytest.approx(np.ones_like(total), abs=1e-12)


@examples(80)
@given(STEPS)
def test_competing_death_can_only_lower_incidence(steps):
    event, competing = hazards(steps)
    alone = cumulative_incidence(event, np.zeros_like(event))
    assert (cumulative_incidence(event, competing) <= alone + 1e-12).all()


@examples(80)
@given(STEPS)
def test_survival_is_a_probability_that_never_rises(steps):
    curve = survival(hazards(steps)[0])
    assert ((curve > 0) & (curve <= 1)).all()
    assert (np.diff(curve, axis=0) <= 0).all()


RATIOS = st.floats(0.05, 20)


@examples(80)
@given(STEPS, RATIOS, RATIOS)
def test_scaled_curves_have_the_incidence_of_their_products(steps, event_ratio, competing_ratio):
    event, competing = hazards(steps)
    curves = (np.vstack([np.zeros((1, 1)), curve])[None] for curve in (event, competing))
    ratios = np.array([[event_ratio]]), np.array([[competing_ratio]])
    months = np.arange(1, len(steps) + 1)
    found = incidences_at(CompetingRisks.of(*curves), *ratios, months)[0]
    expected = cumulative_incidence(event * event_ratio, competing * competing_ratio)
    assert found == pytest.approx(expected, rel=0, abs=1e-12)


@examples(40)
@given(STEPS, st.sampled_from([1, 2, 5, 11, 12, 13, 30]), st.randoms())
def test_blocks_of_months_and_their_order_change_nothing(steps, block, random):
    curves = [np.vstack([np.zeros((1, 1)), curve])[None] for curve in hazards(steps)]
    risks, ratios = CompetingRisks.of(*curves), np.array([[1.5]])
    months = np.arange(1, len(steps) + 1)
    whole = incidences_at(risks, ratios, 2 * ratios, months)
    some = np.array(random.sample(months.tolist(), random.randint(1, len(months))))
    with patch.object(models.curves, "_YEAR", block), patch.object(models.curves, "_CELLS", 0):
        found = incidences_at(risks, ratios, 2 * ratios, some)
    assert np.array_equal(found, whole[:, some - 1])


@pytest.mark.parametrize(
    ("members", "years"), [(1, 208), (20, 10), (100, 2), (200, 1), (1000, 1), (10**6, 1)]
)
def test_whole_years_are_worked_on_together(members, years):
    cells_of_a_month = 2 * 2 * members
    assert models.curves._years_together(cells_of_a_month) == years


def test_each_arm_and_lane_has_its_own_ratios():
    curve = np.array([0.0, 0.1, 0.3, 0.4])
    risks = CompetingRisks.of(np.stack([curve, 2 * curve]).T[None], np.stack([curve] * 2).T[None])
    event, competing = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    found = incidences_at(risks, event, competing, np.array([3, 1]))
    for arm in (0, 1):
        for lane, twice in enumerate((1, 2)):
            hazard = column(curve[1:])
            expected = cumulative_incidence(
                hazard * twice * event[arm, lane], hazard * competing[arm, lane]
            )
            assert found[arm, :, lane] == pytest.approx(expected[[2, 0], 0], abs=1e-15)
