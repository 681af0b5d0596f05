"""Interactions computed from the two rows of a pair."""

import math

import pytest

from models.evidence import interaction_of, pairs
from models.evidence.figures import Pair, Subgroup
from models.evidence.interactions import bonferroni, holm, standard_error

BY_ID = {pair.id: interaction_of(pair) for pair in pairs()}

P = {
    "menopause": 0.017,
    "organs": 0.064,
    "her2": 0.13,
    "liver": 0.19,
    "er": 0.52,
    "bone_only": 0.52,
    "performance_status": 0.93,
    "triple_negative": 0.98,
}

#: First over second, as the two rows stand in Fig. 3.
RATIOS = {
    "menopause": (0.50, 0.28, 0.88),
    "organs": (0.60, 0.35, 1.03),
    "her2": (0.60, 0.31, 1.17),
    "liver": (0.65, 0.34, 1.24),
}


def subgroup(estimate, interval):
    return Subgroup("code", "label", {}, estimate, interval, (1, 1), (2, 2))


def pair(*ratios):
    return Pair("id", "label", tuple(subgroup(*row) for row in ratios))


def test_every_pair_is_known():
    assert set(BY_ID) == set(P)


@pytest.mark.parametrize("name", P)
def test_p_is_the_published_rounding(name):
    decimals = 3 if P[name] < 0.1 else 2
    assert round(BY_ID[name].p, decimals) == P[name]


@pytest.mark.parametrize("name", RATIOS)
def test_ratio_of_ratios_is_the_published_rounding(name):
    row = BY_ID[name]
    assert (row.ratio, *row.interval) == pytest.approx(RATIOS[name], abs=0.0051)


@pytest.mark.parametrize("name", P)
def test_interval_excludes_one_when_p_is_small(name):
    lower, upper = BY_ID[name].interval
    assert (lower > 1 or upper < 1) == (BY_ID[name].p < 0.05)


def test_standard_error_by_hand():
    limits = (math.exp(-1.959964), math.exp(1.959964))
    assert standard_error(limits, 0.95) == pytest.approx(1, abs=1e-6)


def test_standard_error_depends_on_the_level():
    limits = (math.exp(-1.644854), math.exp(1.644854))
    assert standard_error(limits, 0.90) == pytest.approx(1, abs=1e-6)


def test_equal_effects_do_not_interact():
    row = interaction_of(pair((0.8, (0.6, 1.067)), (0.8, (0.6, 1.067))))
    assert (row.ratio, row.p) == (1, 1)


def test_order_of_the_rows_inverts_the_ratio():
    rows = ((0.5, (0.3, 0.83)), (1.0, (0.75, 1.33)))
    one, other = interaction_of(pair(*rows)), interaction_of(pair(*reversed(rows)))
    assert one.ratio * other.ratio == pytest.approx(1)
    assert one.p == pytest.approx(other.p)


@pytest.mark.parametrize("name", P)
def test_corrected_p_is_larger_and_holms_between(name):
    row = BY_ID[name]
    assert row.p <= row.p_holm <= row.p_bonferroni <= 1
    assert row.p_bonferroni == pytest.approx(min(1, 8 * row.p))


def test_the_smallest_p_is_bonferronis_by_holm():
    row = BY_ID["menopause"]
    assert row.p_holm == row.p_bonferroni == pytest.approx(0.138, abs=0.001)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1, 1]


def test_bonferroni_by_hand():
    assert bonferroni([0.01, 0.6]) == [0.02, 1]
