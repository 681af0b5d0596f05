"""Walks down trees that were written by hand, and the way from trees to members and months."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.design_matrix import design_matrix
from models.forest import KNOTS, LEAF, ForestHazard, Trees, at_months, member_hazards, tree_hazards
from tests.models import reference
from tests.support.bundles import default_bundle
from tests.support.examples import examples
from tests.support.patients import complete_messages, table_from

#: The hazard at the first knot by which a leaf is told; at the k-th knot it is k times that.
LOW, HIGH, OPERATED, ALONE, OTHER = 0.01, 0.02, 0.03, 0.04, 0.05


def leaf_hazards(*firsts):
    return np.outer(firsts, np.arange(1, len(KNOTS) + 1))


#: Columns x and arm. First tree: x up to 0.5 is low, above it is looked at the arm. Second: one
#: leaf. Third: the arm, its nodes in another order.
BY_HAND = Trees(
    sizes=np.array([5, 1, 3]),
    feature=np.array([0, LEAF, 1, LEAF, LEAF, LEAF, 1, LEAF, LEAF]),
    threshold=np.array([0.5, 0, 0.5, 0, 0, 0, 0.5, 0, 0]),
    left=np.array([1, 0, 3, 0, 0, 0, 2, 0, 0]),
    right=np.array([2, 0, 4, 0, 0, 0, 1, 0, 0]),
    values=leaf_hazards(LOW, HIGH, OPERATED, ALONE, OPERATED, OTHER),
)


def first_hazards(trees, *row):
    """Return every tree's hazard at the first knot."""
    return tree_hazards(trees, np.array([row], dtype=float))[0, :, 0].tolist()


@pytest.mark.parametrize(
    ("row", "reached"),
    [
        ((0.0, 0), [LOW, ALONE, OTHER]),
        ((0.5, 0), [LOW, ALONE, OTHER]),
        ((0.6, 0), [HIGH, ALONE, OTHER]),
        ((0.6, 1), [OPERATED, ALONE, OPERATED]),
        ((-9.0, 1), [LOW, ALONE, OPERATED]),
    ],
)
def test_a_walk_ends_at_the_leaf_known_by_hand(row, reached):
    assert first_hazards(BY_HAND, *row) == reached


def test_a_leaf_has_a_hazard_at_each_knot():
    found = tree_hazards(BY_HAND, np.array([[0.6, 1.0]]))
    assert found.shape == (1, 3, len(KNOTS))
    assert found[0, 0] == pytest.approx(OPERATED * np.arange(1, 25))


def test_knots_are_every_four_months_up_to_the_last():
    assert KNOTS.tolist() == list(range(4, 97, 4))


def test_no_rows_reach_no_leaf():
    assert tree_hazards(BY_HAND, np.empty((0, 2))).shape == (0, 3, len(KNOTS))


@pytest.mark.parametrize(
    ("value", "reached"),
    [
        (0.7, LOW),  # above the threshold in double precision, equal to it in single
        (np.nextafter(np.float32(0.7), np.float32(1)), HIGH),
        (np.nextafter(np.float32(0.7), np.float32(0)), LOW),
    ],
)
def test_thresholds_are_compared_in_single_precision(value, reached):
    threshold = float(np.float32(0.7))
    assert threshold < 0.7
    thresholds = np.where(BY_HAND.feature == 0, threshold, BY_HAND.threshold)
    assert first_hazards(replace(BY_HAND, threshold=thresholds), value, 0)[0] == reached


@examples(20)
@given(complete_messages(), st.sampled_from([0.0, 1.0]))
def test_walks_are_those_of_the_reference(message, arm):
    trees = default_bundle().forests["death"].trees
    covariates = np.append(design_matrix(table_from([message])), [[arm]], axis=1)
    wanted = reference.reached_leaves(trees, [reference.single(x) for x in covariates[0]])
    assert np.array_equal(tree_hazards(trees, covariates)[0], wanted)


# From trees to members


def forest_of(firsts, factor, kept):
    """Return a forest of trees that are one leaf each, as many for each member."""
    ones = np.zeros(len(firsts))
    trees = Trees(
        sizes=np.ones(len(firsts), dtype=int),
        feature=np.full(len(firsts), LEAF),
        threshold=ones,
        left=ones.astype(int),
        right=ones.astype(int),
        values=leaf_hazards(*firsts),
    )
    both_arms = np.repeat(np.array(factor, dtype=float)[:, None], 2, axis=1)
    return ForestHazard(trees, both_arms, kept)


def members_of(forest):
    """Return every member's hazard at the first knot."""
    return member_hazards(forest, np.zeros((1, 2)))[0, :, 0]


def test_a_members_hazard_is_the_mean_of_its_own_trees():
    forest = forest_of([0.1, 0.3, 0.5, 0.9], factor=[1, 1], kept=1.0)
    assert members_of(forest) == pytest.approx([0.2, 0.7])


def test_a_members_hazard_is_times_its_own_factor():
    forest = forest_of([0.1, 0.3, 0.5, 0.9], factor=[2, 0.5], kept=1.0)
    assert members_of(forest) == pytest.approx([0.4, 0.35])


def test_each_arm_has_a_factor_of_its_own():
    forest = forest_of([0.1, 0.3], factor=[1, 1], kept=1.0)
    forest = ForestHazard(forest.trees, np.array([[2.0, 0.5], [1.0, 3.0]]), 1.0)
    without, surgery = member_hazards(forest, np.array([[0.0, 0.0], [0.0, 1.0]]))[:, :, 0]
    assert without == pytest.approx([0.2, 0.3])
    assert surgery == pytest.approx([0.05, 0.9])


@pytest.mark.parametrize(
    ("kept", "expected"),
    [(1.0, [0.2, 0.3, 0.7]), (0.5, [0.3, 0.35, 0.55]), (0.0, [0.4, 0.4, 0.4])],
)
def test_members_are_pulled_to_the_mean_by_what_is_not_kept(kept, expected):
    assert members_of(forest_of([0.2, 0.3, 0.7], [1, 1, 1], kept)) == pytest.approx(expected)


def test_members_are_pulled_to_the_mean_of_what_the_factors_have_scaled():
    assert members_of(forest_of([0.2, 0.2], [1, 3], 0.5)) == pytest.approx([0.3, 0.5])


def test_each_patient_has_a_mean_of_her_own():
    forest = ForestHazard(BY_HAND, np.ones((3, 2)), 0.0)
    found = member_hazards(forest, np.array([[0.0, 0.0], [0.6, 1.0]]))[:, :, 0]
    low, high = np.mean([LOW, ALONE, OTHER]), np.mean([OPERATED, ALONE, OPERATED])
    assert found == pytest.approx(np.array([[low] * 3, [high] * 3]))


@pytest.mark.parametrize("kept", [0.0, 0.4, 1.0])
def test_pulled_hazards_never_fall(kept):
    rng = np.random.default_rng(1)
    forest = forest_of([1.0] * 12, rng.uniform(0.5, 2, 6), kept)
    values = np.cumsum(rng.exponential(size=(12, len(KNOTS))), axis=1)
    forest = replace(forest, trees=replace(forest.trees, values=values))
    found = member_hazards(forest, np.zeros((1, 2)))
    assert found.min() > 0
    assert np.diff(found, axis=-1).min() >= 0


# From knots to months


CROOKED = np.array([[np.arange(1.0, 25.0) ** 2, np.arange(1.0, 25.0)]])


@pytest.mark.parametrize(
    ("month", "first", "second"),
    [
        (1, 0.25, 0.25),
        (2, 0.5, 0.5),
        (3, 0.75, 0.75),
        (4, 1, 1),
        (5, 1.75, 1.25),
        (6, 2.5, 1.5),
        (8, 4, 2),
        (92, 529, 23),
        (93, 540.75, 23.25),
        (95, 564.25, 23.75),
        (96, 576, 24),
    ],
)
def test_months_lie_on_lines_between_the_knots_from_zero(month, first, second):
    found = at_months(CROOKED, np.array([month]))
    assert found.shape == (1, 1, 2)
    assert found[0, 0] == pytest.approx([first, second])


def test_a_knot_has_its_very_value():
    assert np.array_equal(at_months(CROOKED, KNOTS), np.swapaxes(CROOKED, 1, 2))


def test_months_are_answered_in_the_order_asked():
    forwards = at_months(CROOKED, np.arange(1, 97))
    assert np.array_equal(at_months(CROOKED, np.arange(96, 0, -1)), forwards[:, ::-1])


@pytest.mark.parametrize("month", range(1, 97))
def test_a_month_does_not_depend_on_the_others(month):
    alone = at_months(CROOKED, np.array([month]))
    assert np.array_equal(alone[:, 0], at_months(CROOKED, np.arange(1, 97))[:, month - 1])


def test_months_never_fall():
    assert np.diff(at_months(CROOKED, np.arange(1, 97)), axis=1).min() > 0
