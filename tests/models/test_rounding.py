"""Four decimals for machines, whole percent for people."""

import math
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.rounding import for_machines, percent
from tests.support.examples import examples

SIGNED = st.floats(-1, 1)


def machine(value):
    return float(for_machines(np.array([value]))[0])


@pytest.mark.parametrize(
    ("probability", "whole"),
    [
        (0.0, 0),
        (1.0, 100),
        (0.125, 12),
        (0.135, 14),
        (0.115, 12),
        (0.005, 0),
        (0.015, 2),
        (0.1251, 13),
        (0.1249, 12),
        (0.12499999, 12),
        (0.9949, 99),
        (0.995, 100),
        (-0.125, -12),
        (-0.135, -14),
        (-0.005, 0),
        (-0.0, 0),
    ],
)
def test_percent_is_rounded_half_to_even(probability, whole):
    assert percent(probability) == whole


@pytest.mark.parametrize(
    ("value", "rounded"), [(0.12344, 0.1234), (0.12346, 0.1235), (0.00004, 0), (1.0, 1.0)]
)
def test_machines_get_four_decimals(value, rounded):
    assert machine(value) == rounded


@pytest.mark.parametrize("value", [-0.0, -0.00001, 0.0])
def test_zero_has_no_sign(value):
    assert math.copysign(1, machine(value)) == 1


def test_shape_is_kept():
    assert for_machines(np.zeros((2, 3))).shape == (2, 3)


@examples(200)
@given(SIGNED)
@example(0.01495)
@example(0.05495)
@example(0.08505)
def test_people_see_the_machines_figure_in_whole_percent(value):
    four_decimals = Decimal(f"{machine(value):.4f}")
    expected = (four_decimals * 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    assert percent(value) == int(expected)


@examples(200)
@given(SIGNED)
def test_sign_of_a_difference_only_turns_the_figure(value):
    assert percent(-value) == -percent(value)


@examples(200)
@given(SIGNED, SIGNED)
def test_rounding_keeps_the_order(one, other):
    low, high = sorted([one, other])
    assert percent(low) <= percent(high)
    assert machine(low) <= machine(high)


@examples(200)
@given(SIGNED)
def test_rounding_twice_is_rounding_once(value):
    assert machine(machine(value)) == machine(value)
