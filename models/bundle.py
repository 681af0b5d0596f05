"""The bundle: a folder of plain arrays and texts that holds everything a prediction needs.

Layout of format 2 (`FORMAT`; a change of meaning needs a new number)::

    manifest.json   what it is, how it was made, sha-256 of every other file
    arrays.npz      coefficients, baselines, forests, subgroup effects and the population (read
                    without pickles)
    card.md         the model card

A manifest may name further ``effects`` whose arrays the bundle holds; without the key, as in
bundles made before there were any, it holds none of them. It has ``cohort``, ``recalibration``
and ``parent`` only when real patients had a part in it.

Loading audits first: the files must be exactly those of the manifest, with its digests, and
the arrays exactly those of the format, before anything is constructed.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.analyses import EVERY_ANALYSIS, Analysis
from models.covariates import TABLE_COVARIATES
from models.cox import CoxHazard, CoxModels, side_by_side
from models.design_matrix import TERM_NAMES
from models.errors import BundleRefused, Problem
from models.forest import ForestHazard
from models.forest_arrays import (
    PARTS,
    Stored,
    forest_arrays,
    forest_fault,
    forest_shapes,
    read_forest,
)
from models.language import N_, _
from models.outcomes import COX, FOREST, HAZARDS, LAST_HORIZON, SUBGROUP_EFFECT
from models.population import Block
from models.subgroup_effects import MODIFIER_PAIRS, SubgroupEffects
from models.table import FloatArray

FORMAT = 2
MANIFEST = "manifest.json"
ARRAYS = "arrays.npz"
CARD = "card.md"

#: The keys of a manifest and the type of each.
MANIFEST_KINDS: dict[str, type] = {
    "format": int,
    "id": str,
    "version": str,
    "kind": list,
    "training_data": str,
    "seed": int,
    "members": int,
    "terms": list,
    "population": list,
    "targets_digest": str,
    "packages": dict,
    "files": dict,
}
#: The keys that a manifest may have beside them: further effects whose arrays it holds, and,
#: only when real patients had a part in it, the cohort that it was trained on, the one that it
#: was recalibrated on, and the bundle that was recalibrated.
OPTIONAL_MANIFEST_KINDS: dict[str, type] = {
    "effects": list,
    "cohort": dict,
    "recalibration": dict,
    "parent": dict,
}
#: What is said of a cohort: counts and digests, no patient.
COHORT_KINDS: dict[str, type] = {
    "patients": int,
    "events": dict,
    "data_digest": str,
    "rows_digest": str,
    "randomised": bool,
    "effect_of_surgery": str,
    "median_follow_up": float,
    "last_month": int,
}
#: Where the effect of surgery comes from: the cohort's arms, published figures (drawn once a
#: member), or the bundle that was recalibrated.
EFFECT_SOURCES: tuple[str, ...] = ("cohort", "published", "parent")
#: What is said of the bundle that was recalibrated; ``rows_digests`` are those of all patients who
#: had a part in it or in its own parents.
PARENT_KINDS: dict[str, type] = {"id": str, "version": str, "digest": str, "rows_digests": list}
#: What a bundle can have been fitted to: simulated trials, or the patients of a real cohort.
TRAINING_DATA: tuple[str, ...] = ("synthetic", "cohort")
#: Arrays by name, as `arrays.npz` has them.
Arrays = dict[str, NDArray[Any]]
_FOREST_PREFIX = "forest."
_COX_PARTS = ("coefficients", "arm", "baseline")
_SUBGROUP_PARTS = ("interactions", "centre", "means")
_LARGEST_FILE = 20 * 2**20
#: What a bundle may hold: the Cox models alone, or the forests beside them.
_KINDS = ([COX], [COX, FOREST])
#: Which effects it may hold arrays of.
_EFFECTS: tuple[list[str], ...] = ([], [SUBGROUP_EFFECT])
#: What reading a hostile archive may raise.
_UNREADABLE = (
    *(ValueError, OSError, EOFError, KeyError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True, eq=False)
class Bundle:
    """A verified bundle; what is made of it is kept under the object itself.

    Attributes
    ----------
    manifest : dict
        As in ``manifest.json``.
    digest : str
        ``sha256:`` and the digest of the manifest, which holds those of all other files.
    hazards : dict
        `CoxHazard` by name, for each of `models.outcomes.HAZARDS`.
    population : tuple of Block
        What unknown covariates are averaged over.
    card : str
        The model card, Markdown.
    forests : dict
        `ForestHazard` by the same names, or empty when ``kind`` names no forest.
    subgroup_effects : SubgroupEffects or None
        ``None`` when ``effects`` does not name them.
    """

    manifest: dict[str, Any]
    digest: str
    hazards: dict[str, CoxHazard]
    population: tuple[Block, ...]
    card: str
    forests: dict[str, ForestHazard] = field(default_factory=dict)
    subgroup_effects: SubgroupEffects | None = None

    @cached_property
    def cox(self) -> CoxModels:
        """The Cox models side by side, as they are scored."""
        return side_by_side(self.hazards)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The models that can be asked for, the default first."""
        return tuple(self.manifest["kind"])

    @cached_property
    def held(self) -> tuple[Analysis, ...]:
        """The analyses that can be answered, in the order of `EVERY_ANALYSIS`."""
        lacking = {SUBGROUP_EFFECT} if self.subgroup_effects is None else set()
        return tuple(
            each
            for each in EVERY_ANALYSIS
            if each.model in self.kinds and each.effect not in lacking
        )

    @property
    def id(self) -> str:
        """The bundle's name."""
        return str(self.manifest["id"])

    @property
    def version(self) -> str:
        """The bundle's semantic version."""
        return str(self.manifest["version"])

    @property
    def training_data(self) -> str:
        """``synthetic`` or ``cohort``."""
        return str(self.manifest["training_data"])

    @property
    def cohort(self) -> dict[str, Any] | None:
        """The real cohort that the baselines come from, or ``None`` when there is none."""
        found: dict[str, Any] | None = self.manifest.get(
            "recalibration", self.manifest.get("cohort")
        )
        return found

    @property
    def rows_digests(self) -> tuple[str, ...]:
        """Digests of all patients who had a part in it or in the bundles that it comes from."""
        own = [self.manifest[key] for key in ("cohort", "recalibration") if key in self.manifest]
        before = self.manifest.get("parent", {}).get("rows_digests", [])
        found = [*before, *(each["rows_digest"] for each in own)]
        return tuple(dict.fromkeys(map(str, found)))

    @property
    def last_month(self) -> int:
        """The last month that the bundle has figures for.

        A real cohort knows nothing beyond its own follow-up.
        """
        cohort = self.cohort
        return LAST_HORIZON if cohort is None else int(cohort["last_month"])


def save_bundle(folder: Path, bundle: Bundle) -> None:
    """Write a bundle, byte for byte the same for the same contents.

    Parameters
    ----------
    folder : Path
        Created when it does not exist; files of the same names are replaced.
    bundle : Bundle
        Its manifest has no ``format``, ``population`` and ``files``, which are made here; its
        digest is not looked at.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = _stored_arrays(bundle)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    files = {ARRAYS: buffer.getvalue(), CARD: bundle.card.encode()}
    manifest = {
        "format": FORMAT,
        **bundle.manifest,
        "population": [list(block.fields) for block in bundle.population],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    files[MANIFEST] = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    for name, data in files.items():
        (folder / name).write_bytes(data)


def _stored_arrays(bundle: Bundle) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    for name, hazard in bundle.hazards.items():
        for part in _COX_PARTS:
            arrays[f"{name}.{part}"] = getattr(hazard, part).astype("<f4")
    for number, block in enumerate(bundle.population):
        arrays[f"population.{number}.cells"] = block.cells.astype("<f4")
        arrays[f"population.{number}.weights"] = block.weights.astype("<f4")
    for name, forest in bundle.forests.items():
        for part, stored in forest_arrays(forest).items():
            arrays[f"{_FOREST_PREFIX}{name}.{part}"] = stored
    if bundle.subgroup_effects is not None:
        for part in _SUBGROUP_PARTS:
            arrays[f"subgroup.{part}"] = getattr(bundle.subgroup_effects, part).astype("<f4")
    return arrays


def load_bundle(folder: Path) -> Bundle:
    """Return the bundle in a folder, verified.

    Raises
    ------
    BundleRefused
        If a file is missing, added, altered or too large, or the format is not known.
    """
    manifest_bytes = _read_file(folder, MANIFEST)
    manifest = _read_manifest(manifest_bytes)
    files = _read_verified(folder, manifest["files"])
    arrays = _read_arrays(files[ARRAYS], _array_shapes(manifest))
    _check_meaning(arrays, manifest)
    hazards = {
        name: CoxHazard(*(arrays[f"{name}.{part}"] for part in _COX_PARTS)) for name in HAZARDS
    }
    population = tuple(
        Block(
            tuple(fields),
            arrays[f"population.{number}.cells"],
            _normalised(arrays[f"population.{number}.weights"]),
        )
        for number, fields in enumerate(manifest["population"])
    )
    forests = {
        name: read_forest(_parts(arrays, name)) for name in HAZARDS if FOREST in manifest["kind"]
    }
    effects = (
        SubgroupEffects(*(arrays[f"subgroup.{part}"] for part in _SUBGROUP_PARTS))
        if _has_subgroup_effects(manifest)
        else None
    )
    digest = "sha256:" + hashlib.sha256(manifest_bytes).hexdigest()
    return Bundle(manifest, digest, hazards, population, _text(files[CARD]), forests, effects)


def _has_subgroup_effects(manifest: dict[str, Any]) -> bool:
    return SUBGROUP_EFFECT in manifest.get("effects", [])


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _refuse("bundle_damaged", N_("{file} is no text."), file=CARD) from None


def _refuse(code: str, message: str, **places: object) -> BundleRefused:
    """Return the refusal with a marked sentence, its places filled."""
    return BundleRefused([Problem("", code, _(message).format(**places))])


def _read_file(folder: Path, name: str) -> bytes:
    path = folder / name
    if name == MANIFEST and not path.exists():
        message = N_("There is no bundle in {folder}: no {file}. A folder is meant, not an id.")
        raise _refuse("bundle_damaged", message, folder=str(folder), file=name)
    try:
        if path.is_symlink() or path.stat().st_size > _LARGEST_FILE:
            raise _refuse("bundle_damaged", N_("{file} is a link or too large."), file=name)
        return path.read_bytes()
    except OSError as error:
        raise _refuse(
            "bundle_damaged",
            N_("{file} cannot be read: {reason}."),
            file=name,
            reason=error.strerror,
        ) from None


def _read_manifest(data: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(data)
    except ValueError:
        raise _refuse("bundle_damaged", N_("{file} is not JSON."), file=MANIFEST) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _refuse("bundle_format", N_("The bundle's format is not {format}."), format=FORMAT)
    required = set(manifest) - set(OPTIONAL_MANIFEST_KINDS)
    if required != set(MANIFEST_KINDS):
        odd = ", ".join(sorted(required ^ set(MANIFEST_KINDS)))
        raise _refuse("bundle_format", N_("The manifest lacks or adds: {names}."), names=odd)
    kinds = {**MANIFEST_KINDS, **OPTIONAL_MANIFEST_KINDS}
    wrong = [name for name in manifest if type(manifest[name]) is not kinds[name]]
    if wrong or not all(isinstance(fields, list) for fields in manifest["population"]):
        raise _refuse(
            "bundle_format",
            N_("Of another type: {names}."),
            names=", ".join(wrong) or "population",
        )
    if manifest["kind"] not in _KINDS:
        raise _refuse(
            "bundle_format", N_("The bundle holds other models: {names}."), names=manifest["kind"]
        )
    if manifest.get("effects", []) not in _EFFECTS:
        raise _refuse(
            "bundle_format",
            N_("The bundle holds other effects: {names}."),
            names=manifest["effects"],
        )
    if manifest["training_data"] not in TRAINING_DATA:
        raise _refuse(
            "bundle_format", N_("Of other training data: {name}."), name=manifest["training_data"]
        )
    if manifest["terms"] != list(TERM_NAMES):
        raise _refuse("bundle_format", N_("The bundle was fitted on other covariates."))
    names = [str(name) for fields in manifest["population"] for name in fields]
    if sorted(names) != sorted(TABLE_COVARIATES) or manifest["members"] < 1:
        raise _refuse("bundle_format", N_("No members, or a population of other covariates."))
    _check_origin(manifest)
    return manifest


def _check_origin(manifest: dict[str, Any]) -> None:
    """Refuse a manifest whose cohorts and parent do not fit its training data and each other."""
    if ("cohort" in manifest) != (manifest["training_data"] == "cohort"):
        raise _refuse("bundle_format", N_("Training data and cohort do not agree."))
    if ("recalibration" in manifest) != ("parent" in manifest):
        raise _refuse("bundle_format", N_("A recalibration needs a parent, and a parent it."))
    if "parent" in manifest and not _is_parent(manifest["parent"]):
        raise _refuse("bundle_format", N_("The parent is not named as the format asks for."))
    cohorts = [manifest[name] for name in ("cohort", "recalibration") if name in manifest]
    if not all(map(_is_cohort, cohorts)):
        raise _refuse("bundle_format", N_("The cohort is not described as the format asks for."))
    if cohorts and manifest["kind"] != [COX]:
        raise _refuse("bundle_format", N_("A bundle of a real cohort holds the Cox models alone."))


def _has_kinds(found: dict[str, Any], kinds: dict[str, type]) -> bool:
    return set(found) == set(kinds) and all(type(found[k]) is kind for k, kind in kinds.items())


def _is_parent(found: dict[str, Any]) -> bool:
    return _has_kinds(found, PARENT_KINDS) and all(
        isinstance(digest, str) for digest in found["rows_digests"]
    )


def _is_cohort(found: dict[str, Any]) -> bool:
    if not _has_kinds(found, COHORT_KINDS):
        return False
    counts = list(found["events"].values())
    return (
        set(found["events"]) == set(HAZARDS)
        and all(type(count) is int and count >= 0 for count in counts)
        and found["patients"] > 0
        and found["effect_of_surgery"] in EFFECT_SOURCES
        and found["median_follow_up"] > 0
        and 1 <= found["last_month"] <= LAST_HORIZON
    )


def _read_verified(folder: Path, digests: dict[str, str]) -> dict[str, bytes]:
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    if present != set(digests) or set(digests) != {ARRAYS, CARD}:
        wrong = ", ".join(sorted(present ^ set(digests))) or ", ".join(sorted(digests))
        raise _refuse(
            "bundle_damaged", N_("The files are not those of the format: {names}."), names=wrong
        )
    files = {name: _read_file(folder, name) for name in digests}
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != digests[name]:
            raise _refuse(
                "bundle_damaged", N_("{file} is not the file that was published."), file=name
            )
    return files


def _array_shapes(manifest: dict[str, Any]) -> dict[str, tuple[int | None, ...]]:
    members = manifest["members"]
    shapes: dict[str, tuple[int | None, ...]] = {}
    for name in HAZARDS:
        shapes[f"{name}.coefficients"] = (len(TERM_NAMES), members)
        shapes[f"{name}.arm"] = (members,)
        shapes[f"{name}.baseline"] = (LAST_HORIZON + 1, members)
    for number, fields in enumerate(manifest["population"]):
        shapes[f"population.{number}.cells"] = (None, len(fields))
        shapes[f"population.{number}.weights"] = (None,)
    if FOREST in manifest["kind"]:
        for name in HAZARDS:
            for part, shape in forest_shapes(members).items():
                shapes[f"{_FOREST_PREFIX}{name}.{part}"] = shape
    if _has_subgroup_effects(manifest):
        shapes["subgroup.interactions"] = (len(MODIFIER_PAIRS), members)
        shapes["subgroup.centre"] = (len(MODIFIER_PAIRS),)
        shapes["subgroup.means"] = (2 * len(MODIFIER_PAIRS), len(MODIFIER_PAIRS))
    return shapes


def _read_arrays(data: bytes, shapes: dict[str, tuple[int | None, ...]]) -> Arrays:
    try:
        with np.lib.npyio.NpzFile(io.BytesIO(data), allow_pickle=False) as stored:
            if set(stored.files) != set(shapes):
                raise _refuse("bundle_format", N_("The arrays are not those of the format."))
            arrays = {name: _numbers(name, stored[name]) for name in shapes}
    except _UNREADABLE:
        raise _refuse("bundle_damaged", N_("{file} cannot be read."), file=ARRAYS) from None
    for name, array in arrays.items():
        wanted = shapes[name]
        fits = array.ndim == len(wanted) and all(
            size in (None, given) for size, given in zip(wanted, array.shape, strict=True)
        )
        if not fits or not np.isfinite(array).all():
            raise _refuse(
                "bundle_format", N_("{name} has another shape, or is not finite."), name=name
            )
    return arrays


def _numbers(name: str, stored: object) -> NDArray[Any]:
    """Return an array as it is worked with: in double precision, but a forest as it is stored."""
    if not isinstance(stored, np.ndarray) or stored.dtype.kind not in "fiu":
        raise ValueError("not an array of real numbers")
    return stored if name.startswith(_FOREST_PREFIX) else stored.astype(np.float64)


def _check_meaning(arrays: Arrays, manifest: dict[str, Any]) -> None:
    for name, array in arrays.items():
        if name.endswith(".baseline") and (array[0].any() or (np.diff(array, axis=0) < 0).any()):
            raise _refuse("bundle_format", N_("{name} is no cumulative hazard."), name=name)
        if name.endswith(".weights"):
            cells = arrays[name.replace(".weights", ".cells")]
            if len(array) != len(cells) or (array < 0).any() or not array.sum() > 0:
                raise _refuse(
                    "bundle_format", N_("{name} are no weights of the cells."), name=name
                )
    if _has_subgroup_effects(manifest):
        _check_shares(arrays)
    for name in HAZARDS if FOREST in manifest["kind"] else ():
        fault = forest_fault(_parts(arrays, name), manifest["members"])
        if fault:
            raise _refuse(
                "bundle_format",
                N_("The forest of {name} is damaged: {fault}."),
                name=name,
                fault=fault,
            )


def _check_shares(arrays: Arrays) -> None:
    """Refuse centres and means that no trial has.

    They are shares of the second subgroup of a pair, which is nobody of the first.
    """
    centre, means = arrays["subgroup.centre"], arrays["subgroup.means"]
    halves = not np.diag(means[::2]).any() and (np.diag(means[1::2]) == 1).all()
    shares = min(centre.min(), means.min()) >= 0 and max(centre.max(), means.max()) <= 1
    if not (halves and shares):
        raise _refuse("bundle_format", N_("The subgroups' centre and means are no shares."))


def _parts(arrays: Arrays, name: str) -> Stored:
    """Return the stored parts of a forest."""
    return {part: arrays[f"{_FOREST_PREFIX}{name}.{part}"] for part in PARTS}


def _normalised(weights: FloatArray) -> FloatArray:
    total: FloatArray = weights / weights.sum()
    return total
