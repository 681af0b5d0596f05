"""Training the synthetic bundle: ensemble, card, files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models.bundle import ARRAYS, CARD, MANIFEST, Bundle, save_bundle
from models.design_matrix import TERM_NAMES
from models.evidence import targets_digest
from models.outcomes import COX, FOREST, SUBGROUP_EFFECT
from training.card import averages, model_card
from training.cohort import REFERENCE_SEED
from training.covariate_sampling import population_blocks
from training.ensemble import fit_ensemble, stack_cox, stack_member_forests
from training.reference import matched_cohorts
from training.subgroup_effects import subgroup_effects
from training.truth import sample_patients

BUNDLE_ID = "jcog1017-synthetic"
BUNDLE_VERSION = "0.8.0"
DEFAULT_MEMBERS = 200
DEFAULT_SEED = 20250704

_RECORDED_PACKAGES = ("numpy", "scipy", "scikit-survival", "scikit-learn", "joblib")


def foreign_files(folder: Path) -> list[str]:
    """Return what stands in a folder and would make a bundle in it be refused."""
    if not folder.exists():
        return []
    names = sorted(path.name for path in folder.iterdir())
    return [name for name in names if name not in (MANIFEST, ARRAYS, CARD)]


def train_synthetic(
    folder: Path,
    *,
    seed: int = DEFAULT_SEED,
    members: int = DEFAULT_MEMBERS,
    jobs: int = -1,
    on_member: Callable[[], None] = lambda: None,
) -> None:
    """Train the bundle on virtual trials and write it.

    Parameters
    ----------
    folder : Path
        The bundle's folder.
    seed, members, jobs : int
        As `training.ensemble.fit_ensemble`.
    on_member : callable
        Called after each member, for a progress bar.
    """
    fitted = []
    for member in fit_ensemble(seed, members, jobs):
        fitted.append(member)
        on_member()
    manifest: dict[str, Any] = {
        "id": BUNDLE_ID,
        "version": BUNDLE_VERSION,
        "kind": [COX, FOREST],
        "training_data": "synthetic",
        "seed": seed,
        "members": members,
        "terms": list(TERM_NAMES),
        "effects": [SUBGROUP_EFFECT],
        "targets_digest": targets_digest(),
        "packages": {name: version(name) for name in _RECORDED_PACKAGES},
    }
    patients = sample_patients(np.random.default_rng(REFERENCE_SEED))
    draft = Bundle(
        manifest,
        digest="",
        hazards=stack_cox([member.cox for member in fitted]),
        population=population_blocks(),
        card="",
        forests=stack_member_forests(fitted, patients.design),
        subgroup_effects=subgroup_effects(matched_cohorts(), members, seed),
    )
    card = model_card(draft, averages(draft, patients, [member.death for member in fitted]))
    save_bundle(folder, replace(draft, card=card))
