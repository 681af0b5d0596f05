"""Bundles for tests: the default one, and smaller ones cut from it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import models
from models.bundle import load_bundle, save_bundle
from models.cox import CoxHazard
from models.forest import LEAF, ForestHazard, Trees
from models.outcomes import HAZARDS
from models.subgroup_effects import SubgroupEffects

DEFAULT_FOLDER = Path(models.__file__).parent / "bundles" / "jcog1017-synthetic"

#: Keys of the manifest that `save_bundle` adds by itself.
_ADDED = ("format", "population", "files")


@cache
def default_bundle():
    """Return the bundle of the repository."""
    return load_bundle(DEFAULT_FOLDER)


@cache
def small_bundle(members=20):
    """Return the default bundle with its first members only."""
    bundle = default_bundle()
    hazards = {
        name: CoxHazard(
            hazard.coefficients[:, :members], hazard.arm[:members], hazard.baseline[:, :members]
        )
        for name, hazard in bundle.hazards.items()
    }
    forests = {name: _first_members(forest, members) for name, forest in bundle.forests.items()}
    effects = bundle.subgroup_effects
    effects = SubgroupEffects(effects.interactions[:, :members], effects.centre, effects.means)
    manifest = {**bundle.manifest, "members": members}
    return replace(
        bundle, hazards=hazards, forests=forests, subgroup_effects=effects, manifest=manifest
    )


@cache
def cox_bundle(members=20):
    """Return a small bundle without forests and effects by subgroups."""
    bundle = without_subgroup_effects(small_bundle(members))
    return replace(bundle, forests={}, manifest={**bundle.manifest, "kind": ["cox"]})


def without_subgroup_effects(bundle):
    """Return a bundle as those were that held no effects by subgroups."""
    manifest = {name: value for name, value in bundle.manifest.items() if name != "effects"}
    return replace(bundle, subgroup_effects=None, manifest=manifest)


def _first_members(forest, members):
    """Return a forest with the trees of its first members only."""
    trees = forest.trees
    taken = len(trees.sizes) // forest.members * members
    nodes = trees.sizes[:taken].sum()
    leaves = (trees.feature[:nodes] == LEAF).sum()
    cut = {"sizes": trees.sizes[:taken], "values": trees.values[:leaves]}
    for name in ("feature", "threshold", "left", "right"):
        cut[name] = getattr(trees, name)[:nodes]
    return ForestHazard(Trees(**cut), forest.factor[:members], forest.kept, forest.unit)


def small_manifest(members=3, **changes):
    """Return the manifest of a small bundle as it is given to `save_bundle`."""
    kept = {k: v for k, v in small_bundle(members).manifest.items() if k not in _ADDED}
    return {**kept, **changes}


def save_small(folder, members=3, **changes):
    """Write a small bundle; changes replace the parts of a `Bundle`."""
    parts = {"manifest": small_manifest(members), "card": "# A small bundle\n"}
    save_bundle(folder, replace(small_bundle(members), **{**parts, **changes}))
    return folder


def described_cohort(**changes):
    """Return what a manifest says of a real cohort."""
    return {
        "patients": 500,
        "events": dict.fromkeys(HAZARDS, 100),
        "data_digest": "sha256:" + "0" * 64,
        "rows_digest": "sha256:" + "1" * 64,
        "randomised": False,
        "effect_of_surgery": "published",
        "median_follow_up": 40.5,
        "last_month": 72,
        **changes,
    }


def cohort_bundle(members=3, **changes):
    """Return a small bundle that calls itself trained on a real cohort."""
    bundle = cox_bundle(members)
    cohort = {"training_data": "cohort", "cohort": described_cohort(**changes)}
    return replace(bundle, manifest={**bundle.manifest, **cohort})


def recalibrated_bundle(members=3, **changes):
    """Return a small synthetic bundle that calls itself recalibrated."""
    bundle = cox_bundle(members)
    origin = {
        "recalibration": described_cohort(effect_of_surgery="parent", **changes),
        "parent": {
            "id": bundle.id,
            "version": "0.1.0",
            "digest": bundle.digest,
            "rows_digests": [],
        },
    }
    return replace(bundle, manifest={**bundle.manifest, **origin})
