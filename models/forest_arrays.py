"""How a bundle keeps forests: small integers, and hazards in 16 bits.

A forest of ``name`` is the arrays ``forest.{name}.{part}``::

    sizes      nodes of each tree, one member's trees after the other's
    feature    covariate of each node, -1 at a leaf
    threshold  values up to it go left
    left, right  the next node within the tree
    steps      what each leaf's cumulative hazard gains from knot to knot, in units
    unit       the largest cumulative hazard of all leaves over 65535
    factor     one a member and arm
    kept       share of the members' deviations that is not the chance of few trees
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.design_matrix import TERM_NAMES
from models.forest import KNOTS, LEAF, ForestHazard, Trees
from models.outcomes import ARMS

#: A forest's parts as they are stored, by name.
Stored = Mapping[str, NDArray[Any]]

PARTS = ("sizes", "feature", "threshold", "left", "right", "steps", "unit", "factor", "kept")
_LARGEST = 2**16 - 1
_LARGEST_TREE = 2**8

#: Far more than any cumulative hazard or factor that a trial gives; keeps products finite.
_ABSURD = 1e3

_WHOLE = ("sizes", "feature", "left", "right", "steps")


def forest_arrays(forest: ForestHazard) -> dict[str, NDArray[np.generic]]:
    """Return a forest as it is stored, by part.

    Raises
    ------
    ValueError
        If a tree has more nodes than are foreseen.
    """
    trees = forest.trees
    if trees.sizes.max() > _LARGEST_TREE:
        raise ValueError(f"a tree has more than {_LARGEST_TREE} nodes")
    hazards = trees.values * forest.unit
    # Rounded up, so that the largest value still fits in 16 bits.
    unit = np.nextafter(np.float32(hazards.max() / _LARGEST), np.float32(np.inf))
    whole = np.rint(hazards / np.float64(unit))
    return {
        "sizes": trees.sizes.astype("<u2"),
        "feature": trees.feature.astype("i1"),
        "threshold": trees.threshold.astype("<f4"),
        "left": trees.left.astype("u1"),
        "right": trees.right.astype("u1"),
        "steps": np.diff(whole, axis=1, prepend=0.0).astype("<u2"),
        "unit": np.array([unit], dtype="<f4"),
        "factor": forest.factor.astype("<f4"),
        "kept": np.array([forest.kept], dtype="<f4"),
    }


def read_forest(arrays: Stored) -> ForestHazard:
    """Return a forest from its stored parts, which `forest_fault` has found whole.

    Its numbers stay as small as they are stored.
    """
    trees = Trees(
        sizes=arrays["sizes"].astype(np.int64),
        feature=arrays["feature"],
        threshold=arrays["threshold"],
        left=arrays["left"],
        right=arrays["right"],
        # Fits, as no leaf's steps add up to more.
        values=np.cumsum(arrays["steps"].astype(np.uint16), axis=1, dtype=np.uint16),
    )
    factor = arrays["factor"].astype(np.float64)
    kept, unit = (float(arrays[part][0]) for part in ("kept", "unit"))
    return ForestHazard(trees, factor, kept, unit)


def forest_shapes(members: int) -> dict[str, tuple[int | None, ...]]:
    """Return the shape of each part; ``None`` is any size."""
    shapes: dict[str, tuple[int | None, ...]] = dict.fromkeys(PARTS, (None,))
    return {
        **shapes,
        "steps": (None, len(KNOTS)),
        "unit": (1,),
        "factor": (members, len(ARMS)),
        "kept": (1,),
    }


def forest_fault(arrays: Stored, members: int) -> str:
    """Return what is wrong with the stored parts of a forest; ``""`` when nothing is.

    Every walk down a tree must end at a leaf that has a hazard: children stand behind their
    parent within the tree, and there are as many leaves as rows of hazards.
    """
    if not all(_is_whole(arrays[part]) for part in _WHOLE):
        return "numbers that must be whole"
    sizes = arrays["sizes"].astype(np.int64)
    nodes = len(arrays["feature"])
    if len(sizes) == 0 or len(sizes) % members or (sizes < 1).any() or sizes.sum() != nodes:
        return "the trees' sizes"
    if any(len(arrays[part]) != nodes for part in ("threshold", "left", "right")):
        return "the number of nodes"
    feature = arrays["feature"]
    is_leaf = feature == LEAF
    known = np.isin(feature, np.arange(LEAF, len(TERM_NAMES) + 1))
    if not known.all() or is_leaf.sum() != len(arrays["steps"]):
        return "the nodes' covariates"
    within = np.arange(nodes) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    size = np.repeat(sizes, sizes)
    for part in ("left", "right"):
        child = arrays[part]
        if ((child <= within) | (child >= size))[~is_leaf].any() or child[is_leaf].any():
            return "the nodes' order"
    return _hazard_fault(arrays)


def _is_whole(numbers: NDArray[Any]) -> bool:
    return numbers.dtype.kind != "f" or bool((numbers == np.rint(numbers)).all())


def _hazard_fault(arrays: Stored) -> str:
    steps, unit, factor = arrays["steps"], float(arrays["unit"][0]), arrays["factor"]
    if (steps < 0).any() or (steps.sum(axis=1) > _LARGEST).any():
        return "the steps of the hazards"
    if not 0 < unit * _LARGEST < _ABSURD or not ((factor > 0) & (factor < _ABSURD)).all():
        return "the size of the hazards"
    if not 0 <= arrays["kept"][0] <= 1:
        return "the share that is kept"
    return ""
