"""Bundles for tests: the default one, and smaller ones cut from it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import models
from models.bundle import CoxHazard, load_bundle, save_bundle

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
    return replace(bundle, hazards=hazards, manifest={**bundle.manifest, "members": members})


def save_small(folder, members=3, **changes):
    """Write a small bundle; changes replace the parts that `save_bundle` takes."""
    bundle = small_bundle(members)
    parts = {
        "manifest": {k: v for k, v in bundle.manifest.items() if k not in _ADDED},
        "hazards": bundle.hazards,
        "population": bundle.population,
        "card": "# A small bundle\n",
    }
    save_bundle(folder, **{**parts, **changes})
    return folder
