"""From members to an estimate and its limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.intervals import (
    summarise,
    summarise_completions,
    summarise_once,
    weighted_quantiles,
)
from tests.support.examples import examples

UNIT = st.floats(0, 1).map(lambda value: round(value, 6))
MEMBERS = arrays(float, st.tuples(st.just(3), st.integers(2, 40)), elements=UNIT)
PROBABILITIES = np.array([0.0, 0.025, 0.25, 0.5, 0.9, 0.975, 1.0])
LEVELS = st.floats(0.8, 0.99)


@st.composite
def completions(draw):
    """Draw members of shape (completions, times, members), and the completions' weights."""
    shape = (draw(st.integers(1, 4)), 2, draw(st.integers(2, 12)))
    weights = draw(arrays(float, shape[0], elements=st.floats(0.01, 1)))
    return draw(arrays(float, shape, elements=UNIT)), weights / weights.sum()


def test_mean_and_quantiles_by_hand():
    found = summarise(np.array([[0.0, 0.1, 0.2, 0.3, 0.4]]), 0.8)
    assert found.estimate == pytest.approx([0.2])
    assert found.lower == pytest.approx([0.04])
    assert found.upper == pytest.approx([0.36])


def test_skew_members_still_have_a_band_around_their_mean():
    found = summarise(np.array([0.0] * 99 + [1.0]), 0.9)
    assert found.upper == pytest.approx(0.01)


@examples(60)
@given(MEMBERS, LEVELS)
def test_limits_are_numpys_quantiles_around_the_mean(members, level):
    found = summarise(members, level)
    lower, upper = np.quantile(members, [(1 - level) / 2, (1 + level) / 2], axis=-1)
    mean = members.mean(axis=-1)
    assert found.lower == pytest.approx(np.minimum(lower, mean), abs=1e-15)
    assert found.upper == pytest.approx(np.maximum(upper, mean), abs=1e-15)


@examples(60)
@given(MEMBERS, LEVELS)
def test_only_members_that_nobody_needs_are_sorted(members, level):
    before = members.copy()
    found = summarise(members, level)
    assert np.array_equal(members, before)
    again = summarise_once(members, level)
    assert np.array_equal(members, np.sort(before, axis=-1))
    for side in ("estimate", "lower", "upper"):
        assert np.array_equal(getattr(again, side), getattr(found, side))


@examples(60)
@given(MEMBERS, LEVELS)
def test_band_contains_the_estimate(members, level):
    found = summarise(members, level)
    assert (found.lower <= found.estimate).all()
    assert (found.estimate <= found.upper).all()


@examples(60)
@given(MEMBERS, LEVELS, LEVELS)
def test_wider_level_gives_a_band_that_is_not_narrower(members, one, other):
    narrow, wide = (summarise(members, level) for level in sorted([one, other]))
    assert (wide.lower <= narrow.lower).all()
    assert (wide.upper >= narrow.upper).all()


@examples(60)
@given(MEMBERS)
def test_equal_weights_give_type_7(members):
    weights = np.full(members.shape[1], 0.37)
    expected = np.quantile(members, PROBABILITIES, axis=-1)
    assert weighted_quantiles(members, weights, PROBABILITIES) == pytest.approx(expected)


@examples(60)
@given(MEMBERS)
def test_scale_of_the_weights_does_not_matter(members):
    weights = np.linspace(1, 2, members.shape[1])
    one, other = (
        weighted_quantiles(members, factor * weights, PROBABILITIES) for factor in (1, 50)
    )
    assert one == pytest.approx(other)


def test_quantiles_stand_on_the_first_axis():
    found = weighted_quantiles(np.zeros((2, 3, 5)), np.ones(5), PROBABILITIES)
    assert found.shape == (len(PROBABILITIES), 2, 3)


@examples(60)
@given(MEMBERS)
def test_quantiles_lie_between_the_smallest_and_the_largest(members):
    weights = np.linspace(1, 3, members.shape[1])
    found = weighted_quantiles(members, weights, PROBABILITIES)
    assert (found >= members.min(axis=-1) - 1e-12).all()
    assert (found <= members.max(axis=-1) + 1e-12).all()


@examples(60)
@given(MEMBERS)
def test_quantiles_rise_with_the_probability(members):
    weights = np.linspace(3, 1, members.shape[1])
    found = weighted_quantiles(members, weights, PROBABILITIES)
    assert (np.diff(found, axis=0) >= -1e-12).all()


def test_a_smaller_value_never_gives_a_larger_quantile():
    """Bands are monotone in time only if quantiles are monotone in the members."""
    weights = np.array([0.8, 0.1, 0.1])
    before = weighted_quantiles(np.array([[0.5, 0.5, 1.0]]), weights, np.array([0.9]))
    after = weighted_quantiles(np.array([[0.5, 0.4999, 1.0]]), weights, np.array([0.9]))
    assert after <= before


@examples(100)
@given(MEMBERS, st.data())
def test_quantiles_are_monotone_in_the_members(members, data):
    shape = members.shape
    weights = data.draw(arrays(float, shape[1], elements=st.floats(0.01, 1)))
    larger = members + data.draw(arrays(float, shape, elements=UNIT))
    low, high = (weighted_quantiles(each, weights, PROBABILITIES) for each in (members, larger))
    assert (low <= high + 1e-9).all()


@examples(60)
@given(MEMBERS, LEVELS)
def test_one_completion_of_weight_one_is_no_completion(members, level):
    plain = summarise(members, level)
    completed = summarise_completions(members[None], np.ones(1), level)
    assert completed.estimate == pytest.approx(plain.estimate)
    assert completed.lower == pytest.approx(plain.lower)
    assert completed.upper == pytest.approx(plain.upper)


@examples(60)
@given(completions(), LEVELS)
def test_band_is_never_narrower_than_the_mean_width(case, level):
    members, weights = case
    found = summarise_completions(members, weights, level)
    each = summarise(members, level)
    mean_width = np.tensordot(weights, each.upper - each.lower, 1)
    assert (found.upper - found.lower >= mean_width - 1e-12).all()


@examples(60)
@given(completions(), LEVELS)
def test_band_over_completions_contains_the_estimate(case, level):
    found = summarise_completions(*case, level)
    assert (found.lower <= found.estimate).all()
    assert (found.estimate <= found.upper).all()


@examples(60)
@given(completions(), LEVELS)
def test_estimate_is_the_weighted_mean(case, level):
    members, weights = case
    expected = sum(w * each.mean(axis=-1) for w, each in zip(weights, members, strict=True))
    assert summarise_completions(members, weights, level).estimate == pytest.approx(expected)


@examples(60)
@given(completions(), LEVELS, LEVELS)
def test_wider_level_over_completions_is_not_narrower(case, one, other):
    narrow, wide = (summarise_completions(*case, level) for level in sorted([one, other]))
    assert (wide.lower <= narrow.lower + 1e-12).all()
    assert (wide.upper >= narrow.upper - 1e-12).all()


def test_order_of_the_completions_does_not_matter_where_members_are_equal():
    members = np.array([[0.0, 0.0, 0.1, 0.5], [0.0, 0.1, 0.5, 0.5], [0.0, 0.0, 0.0, 0.5]])
    weights = np.array([0.1, 0.3, 0.6])
    one = summarise_completions(members, weights, 0.8)
    other = summarise_completions(members[::-1], weights[::-1], 0.8)
    assert one.lower == pytest.approx(other.lower)
    assert one.upper == pytest.approx(other.upper)


def test_order_of_equal_values_does_not_matter():
    values = np.array([[0.0, 0.0, 0.0, 1.0]])
    at = np.array([0.8])
    one = weighted_quantiles(values, np.array([0.1, 0.1, 0.6, 0.2]), at)
    other = weighted_quantiles(values, np.array([0.6, 0.1, 0.1, 0.2]), at)
    assert one == pytest.approx(other)


@examples(40)
@given(completions(), LEVELS)
def test_figures_do_not_depend_on_the_times_beside_them(case, level):
    members, weights = case
    both = summarise_completions(members, weights, level)
    for time in (0, 1):
        alone = summarise_completions(members[:, time : time + 1], weights, level)
        for side in ("estimate", "lower", "upper"):
            assert np.array_equal(getattr(alone, side)[0], getattr(both, side)[time])
