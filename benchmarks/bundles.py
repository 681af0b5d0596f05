"""Bundles with fewer or more members than the shipped one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.bundle import Bundle
from models.cox import CoxHazard
from models.forest import LEAF, ForestHazard, Trees
from models.table import FloatArray


def with_members(bundle: Bundle, members: int) -> Bundle:
    """Return a bundle with so many members, the shipped ones again and again."""
    hazards = {
        name: CoxHazard(
            _repeated(hazard.coefficients, members),
            _repeated(hazard.arm, members),
            _repeated(hazard.baseline, members),
        )
        for name, hazard in bundle.hazards.items()
    }
    forests = {name: _forest_of(forest, members) for name, forest in bundle.forests.items()}
    manifest = {**bundle.manifest, "members": members}
    return replace(
        bundle, hazards=hazards, forests=forests, subgroup_effects=None, manifest=manifest
    )


def _repeated(values: FloatArray, members: int) -> FloatArray:
    return np.ascontiguousarray(values[..., np.arange(members) % values.shape[-1]])


def _forest_of(forest: ForestHazard, members: int) -> ForestHazard:
    """Return a forest of whole copies and the trees of the first members of one more."""
    whole, rest = divmod(members, forest.members)
    trees = forest.trees
    taken = len(trees.sizes) // forest.members * rest
    nodes = int(trees.sizes[:taken].sum())
    leaves = int((trees.feature[:nodes] == LEAF).sum())

    def part(name: str, end: int) -> FloatArray:
        values = getattr(trees, name)
        return np.concatenate([values] * whole + [values[:end]])

    of_nodes = {name: part(name, nodes) for name in ("feature", "threshold", "left", "right")}
    return ForestHazard(
        Trees(sizes=part("sizes", taken), values=part("values", leaves), **of_nodes),
        forest.factor[np.arange(members) % forest.members],
        forest.kept,
        forest.unit,
    )
