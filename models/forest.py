"""Random survival forests as plain arrays: trees, and a cumulative hazard at each leaf.

A member of the ensemble is a few trees grown on one virtual trial. Its cumulative hazard is the
mean over its trees, times a factor with which it agrees with its trial as a whole. The spread
over members holds the chance of growing so few trees, too; that part was measured when the
forest was grown and is taken out: every member is pulled towards the members' mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray

IntArray = NDArray[np.int64]

#: Months at which the leaves hold cumulative hazards; straight lines between, from zero.
KNOTS = np.arange(4, 97, 4)

#: The mark of a leaf among the features of the nodes.
LEAF = -1


@dataclass(frozen=True)
class ForestHazard:
    """The forests of one cause-specific hazard, member by member.

    Attributes
    ----------
    feature : array, shape (members, trees, nodes)
        Column of the design matrix (the arm last) that a node looks at; -1 is a leaf.
    threshold : array, shape (members, trees, nodes)
        Values up to it go left.
    left, right : arrays, shape (members, trees, nodes)
        The next node; of a leaf, `left` is its number among the tree's leaves.
    values : array, shape (members, trees, leaves, knots)
        Cumulative hazard (Nelson-Aalen) at `KNOTS`.
    factor : array, shape (members,)
        Expected over observed events of the trial, inverted.
    kept : float
        Share of a member's deviation from the mean that is kept (0 to 1).
    """

    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    values: FloatArray
    factor: FloatArray
    kept: float

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.factor)


def tree_hazards(forest: ForestHazard, design: FloatArray) -> FloatArray:
    """Return every tree's cumulative hazard at `KNOTS`.

    Parameters
    ----------
    design : array, shape (rows, terms + 1)
        The design matrix with the arm (0 or 1) as its last column.

    Returns
    -------
    array, shape (rows, members, trees, knots)
        Cumulative hazards.
    """
    # Thresholds were found on single-precision values, so these must be compared.
    single = design.astype(np.float32).astype(np.float64)
    member, tree = _every_tree(forest)
    hazards = [forest.values[member, tree, _leaves(forest, row)] for row in single]
    return np.stack(hazards)


def member_hazards(forest: ForestHazard, design: FloatArray) -> FloatArray:
    """Return every member's cumulative hazard at `KNOTS`, the chance of few trees taken out.

    Parameters
    ----------
    design : array, shape (rows, terms + 1)
        The design matrix with the arm (0 or 1) as its last column.

    Returns
    -------
    array, shape (rows, members, knots)
        Cumulative hazards, not decreasing.
    """
    raw = tree_hazards(forest, design).mean(axis=2) * forest.factor[:, None]
    mean = raw.mean(axis=1, keepdims=True)
    pulled: FloatArray = mean + forest.kept * (raw - mean)
    return pulled


def at_months(hazards: FloatArray, months: NDArray[np.intp]) -> FloatArray:
    """Return cumulative hazards at whole months from those at `KNOTS`.

    Parameters
    ----------
    hazards : array, shape (rows, members, knots)
    months : array of int, shape (months,)

    Returns
    -------
    array, shape (rows, months, members)
        Straight lines between the knots, zero at month 0.
    """
    unit = np.eye(len(KNOTS) + 1)[:, 1:]
    corners = np.concatenate([[0], KNOTS])
    weights = np.array([np.interp(months, corners, column) for column in unit.T])
    return np.ascontiguousarray(np.swapaxes(hazards @ weights, 1, 2))


def _every_tree(forest: ForestHazard) -> tuple[IntArray, IntArray]:
    """Return indices that reach all trees, shapes (members, 1) and (1, trees)."""
    member, tree = np.ogrid[: forest.members, : forest.feature.shape[1]]
    return member, tree


def _leaves(forest: ForestHazard, row: FloatArray) -> IntArray:
    """Return the number of the leaf that a row reaches in every tree, (members, trees)."""
    member, tree = _every_tree(forest)
    node = np.zeros(forest.feature.shape[:2], dtype=np.int64)
    while True:
        feature = forest.feature[member, tree, node]
        at_leaf = feature == LEAF
        if at_leaf.all():
            return forest.left[member, tree, node]
        goes_left = row[feature] <= forest.threshold[member, tree, node]
        following = np.where(
            goes_left, forest.left[member, tree, node], forest.right[member, tree, node]
        )
        node = np.where(at_leaf, node, following)
