"""Random survival forests as plain arrays: trees, and a cumulative hazard at each leaf.

A member of the ensemble is a few trees grown on one virtual trial. Its cumulative hazard is the
mean over its trees, times a factor with which each arm agrees with its trial as a whole. The
spread over members holds the chance of growing so few trees, too; that part was measured when the
forest was grown and is taken out: every member is pulled towards the members' mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray

#: Whole numbers of any width.
IntArray = NDArray[Any]

#: Months at which the leaves hold cumulative hazards; straight lines between, from zero.
KNOTS = np.arange(4, 97, 4)

#: The mark of a leaf among the features of the nodes.
LEAF = -1


@dataclass(frozen=True)
class Trees:
    """Trees one after the other, each a run of nodes of which the first is its root.

    Attributes
    ----------
    sizes : array of int, shape (trees,)
        Number of nodes of each tree.
    feature : array of int, shape (nodes,)
        Column of the design matrix (the arm last) that a node looks at; -1 is a leaf.
    threshold : array, shape (nodes,)
        Values up to it go left; 0 at a leaf.
    left, right : arrays of int, shape (nodes,)
        Number of the next node within its tree; 0 at a leaf.
    values : array, shape (leaves, knots)
        Cumulative hazard (Nelson-Aalen) at `KNOTS`, leaves in the order of the nodes; in units
        of `ForestHazard.unit`.
    """

    sizes: IntArray
    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    values: NDArray[Any]

    @cached_property
    def walk(self) -> Walk:
        """How a patient walks down all the trees at once."""
        roots = np.cumsum(self.sizes) - self.sizes
        offset = np.repeat(roots, self.sizes)
        nodes = np.arange(len(self.feature))
        at_leaf = self.feature == LEAF
        left, right = (
            np.where(at_leaf, nodes, side.astype(np.intp) + offset)
            for side in (self.left, self.right)
        )
        leaf = np.cumsum(at_leaf) - 1
        feature = np.where(at_leaf, 0, self.feature).astype(np.intp)
        return Walk(roots, feature, self.threshold.astype(np.float64), left, right, leaf)


@dataclass(frozen=True)
class Walk:
    """The nodes of all trees in one row, so that each step is the same for every tree.

    Attributes
    ----------
    roots : array of int, shape (trees,)
        Number of each tree's first node.
    feature : array of int, shape (nodes,)
        As in `Trees`, but 0 at a leaf.
    threshold : array, shape (nodes,)
        As in `Trees`, in double precision.
    left, right : arrays of int, shape (nodes,)
        Number of the next node; a leaf is its own.
    leaf : array of int, shape (nodes,)
        Row among the values, at a leaf.
    """

    roots: IntArray
    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    leaf: IntArray


@dataclass(frozen=True)
class ForestHazard:
    """The forests of one cause-specific hazard, member by member.

    Attributes
    ----------
    trees : Trees
        As many for each member, one member after the other.
    factor : array, shape (members, arms)
        Observed over expected events in each arm of the virtual trial.
    kept : float
        Share of a member's deviation from the mean that is kept (0 to 1).
    unit : float
        Cumulative hazard that is one in the trees' values.
    """

    trees: Trees
    factor: FloatArray
    kept: float
    unit: float = 1.0

    @property
    def members(self) -> int:
        """Number of members."""
        return len(self.factor)


def tree_hazards(trees: Trees, design: FloatArray) -> NDArray[Any]:
    """Return every tree's cumulative hazard at `KNOTS`.

    Parameters
    ----------
    design : array, shape (rows, terms + 1)
        The design matrix with the arm (0 or 1) as its last column.

    Returns
    -------
    array, shape (rows, trees, knots)
        Cumulative hazards, in the units of the trees' values.
    """
    # Thresholds were found on single-precision values, so these must be compared.
    single = design.astype(np.float32).astype(np.float64)
    leaves = np.empty((len(design), len(trees.sizes)), dtype=np.int64)
    for row, covariates in enumerate(single):
        leaves[row] = _leaves(trees, covariates)
    # Measured to be quicker than `take` for rows of few small numbers.
    found: NDArray[Any] = trees.values[leaves]
    return found


def _leaves(trees: Trees, covariates: FloatArray) -> IntArray:
    """Return which leaf of each tree one patient comes to, shape (trees,)."""
    walk = trees.walk
    # Every node is asked at once, so that walking is no more than looking up.
    goes_left = covariates.take(walk.feature) <= walk.threshold
    following = np.where(goes_left, walk.left, walk.right)
    node = walk.roots
    while True:
        below = following.take(node)
        if (below == node).all():
            return walk.leaf.take(node)
        node = below


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
    # Widened first: numpy is slower at it while it adds.
    by_tree = tree_hazards(forest.trees, design).astype(np.float64)
    by_member = by_tree.reshape(len(design), forest.members, -1, len(KNOTS))
    in_arm = design[:, -1].astype(np.int64)
    raw = by_member.mean(axis=2) * (forest.unit * forest.factor.T[in_arm, :, None])
    mean = raw.mean(axis=1, keepdims=True)
    pulled: FloatArray = mean + forest.kept * (raw - mean)
    return pulled


def at_months(hazards: FloatArray, months: NDArray[np.intp]) -> FloatArray:
    """Return cumulative hazards at whole months from those at `KNOTS`.

    Parameters
    ----------
    hazards : array, shape (..., members, knots)
    months : array of int, shape (months,)

    Returns
    -------
    array, shape (..., months, members)
        Straight lines between the knots, zero at month 0.
    """
    *leading, members, knots = hazards.shape
    corners = np.zeros((*leading, knots + 1, members))
    corners[..., 1:, :] = np.swapaxes(hazards, -1, -2)
    after = np.searchsorted(KNOTS, months)
    width = np.diff(KNOTS, prepend=0)[after]
    share = (KNOTS[after] - months) / width
    slope = (corners[..., 1:, :] - corners[..., :-1, :])[..., after, :]
    slope *= share[:, None]
    at: FloatArray = corners[..., after + 1, :]
    at -= slope
    return at
