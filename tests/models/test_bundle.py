"""A bundle is written the same each time and read only when nothing of it is in doubt."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from models.analyses import EVERY_ANALYSIS
from models.bundle import ARRAYS, CARD, MANIFEST, load_bundle
from models.covariates import TABLE_COVARIATES
from models.cox import CoxHazard
from models.design_matrix import TERM_NAMES
from models.errors import BundleRefused
from models.evidence import targets_digest
from models.outcomes import HAZARDS, LAST_HORIZON
from models.population import Block
from tests.support.bundles import (
    DEFAULT_FOLDER,
    cohort_bundle,
    described_cohort,
    recalibrated_bundle,
    save_small,
    small_bundle,
    small_manifest,
)


@pytest.fixture
def folder(tmp_path):
    return save_small(tmp_path / "small")


def manifest_of(folder):
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def write_manifest(folder, manifest):
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def change_manifest(folder, **changes):
    write_manifest(folder, {**manifest_of(folder), **changes})


def put(folder, name, data):
    """Replace a file and its digest: what somebody does who forges a bundle."""
    (folder / name).write_bytes(data)
    files = {**manifest_of(folder)["files"], name: hashlib.sha256(data).hexdigest()}
    change_manifest(folder, files=files)


def arrays_of(folder):
    with np.load(folder / ARRAYS) as stored:
        return {name: stored[name] for name in stored.files}


def put_arrays(folder, arrays, allow_pickle=False):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=allow_pickle, **arrays)
    put(folder, ARRAYS, buffer.getvalue())


def change_arrays(folder, **changes):
    names = {name.replace("__", "."): value for name, value in changes.items()}
    put_arrays(folder, {**arrays_of(folder), **names})


def refusal_of(folder):
    with pytest.raises(BundleRefused) as caught:
        load_bundle(folder)
    (problem,) = caught.value.problems
    return problem.code


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# What is written can be read.


@pytest.mark.parametrize("part", ["coefficients", "arm", "baseline"])
@pytest.mark.parametrize("name", HAZARDS)
def test_hazards_come_back(folder, name, part):
    written = getattr(small_bundle(3).hazards[name], part)
    assert np.array_equal(getattr(load_bundle(folder).hazards[name], part), written)


def test_a_bundle_without_forests_is_read_as_one(tmp_path):
    folder = save_small(tmp_path / "cox", forests={}, manifest=small_manifest(kind=["cox"]))
    bundle = load_bundle(folder)
    assert (bundle.kinds, bundle.forests) == (("cox",), {})


@pytest.mark.parametrize("part", ["interactions", "centre", "means"])
def test_effects_by_subgroups_come_back(folder, part):
    written = getattr(small_bundle(3).subgroup_effects, part)
    assert np.array_equal(getattr(load_bundle(folder).subgroup_effects, part), written)


def test_a_bundle_as_they_were_before_effects_by_subgroups_is_read(tmp_path):
    folder = save_small(tmp_path / "older", **without_effects())
    bundle = load_bundle(folder)
    assert "effects" not in manifest_of(folder)
    assert bundle.subgroup_effects is None
    assert bundle.held == tuple(each for each in EVERY_ANALYSIS if each.effect != "subgroup")


def without_effects():
    """Return the parts of a small bundle that holds no effects by subgroups."""
    manifest = {name: value for name, value in small_manifest().items() if name != "effects"}
    return {"subgroup_effects": None, "manifest": manifest}


def test_a_bundle_holds_what_can_be_answered(folder):
    assert load_bundle(folder).held == EVERY_ANALYSIS


def test_population_comes_back(folder):
    blocks = zip(small_bundle(3).population, load_bundle(folder).population, strict=True)
    for written, read in blocks:
        assert read.fields == written.fields
        assert np.array_equal(read.cells, written.cells)
        assert read.weights == pytest.approx(written.weights, rel=1e-6)


def test_weights_of_a_block_add_up_to_one(folder):
    for block in load_bundle(folder).population:
        assert block.weights.sum() == pytest.approx(1, abs=1e-15)


def test_card_comes_back(folder):
    assert load_bundle(folder).card == "# A small bundle\n"


def test_name_and_version_come_from_the_manifest(folder):
    bundle = load_bundle(folder)
    manifest = manifest_of(folder)
    assert (bundle.id, bundle.version) == (manifest["id"], manifest["version"])
    assert bundle.training_data == "synthetic"


def test_digest_is_that_of_the_manifest(folder):
    expected = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    assert load_bundle(folder).digest == f"sha256:{expected}"


def test_the_same_contents_are_the_same_bytes(folder, tmp_path):
    assert files_of(save_small(tmp_path / "again")) == files_of(folder)


def test_saving_again_in_place_changes_nothing(folder):
    before = files_of(folder)
    save_small(folder)
    assert files_of(folder) == before


def test_another_card_is_another_digest(folder, tmp_path):
    other = save_small(tmp_path / "other", card="# Another card\n")
    assert load_bundle(other).digest != load_bundle(folder).digest


# What is damaged is refused.


@pytest.mark.parametrize("name", [ARRAYS, CARD])
@pytest.mark.parametrize("place", [0, 10, -1])
def test_an_altered_byte_is_refused(folder, name, place):
    data = bytearray((folder / name).read_bytes())
    data[place] ^= 1
    (folder / name).write_bytes(bytes(data))
    assert refusal_of(folder) == "bundle_damaged"


@pytest.mark.parametrize("name", [ARRAYS, CARD, MANIFEST])
def test_a_missing_file_is_refused(folder, name):
    (folder / name).unlink()
    assert refusal_of(folder) == "bundle_damaged"


@pytest.mark.parametrize("name", [ARRAYS, CARD])
def test_a_shortened_file_is_refused(folder, name):
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    assert refusal_of(folder) == "bundle_damaged"


def test_a_missing_folder_is_refused(tmp_path):
    assert refusal_of(tmp_path / "nowhere") == "bundle_damaged"


@pytest.mark.parametrize("name", ["model.pkl", ".hidden", "card.md.bak"])
def test_an_additional_file_is_refused(folder, name):
    (folder / name).write_text("more", encoding="utf-8")
    assert refusal_of(folder) == "bundle_damaged"


def test_an_additional_folder_is_refused(folder):
    (folder / "more").mkdir()
    assert refusal_of(folder) == "bundle_damaged"


def test_an_additional_file_of_the_manifest_is_refused(folder):
    put(folder, "model.pkl", b"more")
    assert refusal_of(folder) == "bundle_damaged"


@pytest.mark.parametrize("name", [ARRAYS, CARD, MANIFEST])
def test_a_symbolic_link_is_refused(folder, tmp_path, name):
    target = tmp_path / "elsewhere"
    (folder / name).rename(target)
    (folder / name).symlink_to(target)
    assert refusal_of(folder) == "bundle_damaged"


def test_a_file_that_is_too_large_is_refused(folder):
    with (folder / CARD).open("wb") as file:
        file.truncate(21 * 2**20)
    assert refusal_of(folder) == "bundle_damaged"


# What is not known is refused.


@pytest.mark.parametrize("data", [b"", b"not JSON", b"\xff\xfe", b"{"])
def test_a_manifest_that_is_no_json_is_refused(folder, data):
    (folder / MANIFEST).write_bytes(data)
    assert refusal_of(folder) == "bundle_damaged"


@pytest.mark.parametrize("manifest", [[], "bundle", None, 1, {}])
def test_a_manifest_that_is_no_object_of_the_format_is_refused(folder, manifest):
    write_manifest(folder, manifest)
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("number", [0, 1, 3, "2", None])
def test_an_unknown_format_is_refused(folder, number):
    change_manifest(folder, format=number)
    assert refusal_of(folder) == "bundle_format"


def test_an_unknown_key_of_the_manifest_is_refused(folder):
    change_manifest(folder, loader="os.system")
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("key", ["id", "members", "files", "terms"])
def test_a_missing_key_of_the_manifest_is_refused(folder, key):
    write_manifest(folder, {k: v for k, v in manifest_of(folder).items() if k != key})
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize(
    "terms", [[], list(TERM_NAMES)[::-1], [*TERM_NAMES, "grade"], None], ids=str
)
def test_other_terms_are_refused(folder, terms):
    change_manifest(folder, terms=terms)
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize(
    "changes",
    [
        {"files": None},
        {"files": [ARRAYS, CARD]},
        {"files": {ARRAYS: 1, CARD: 2}},
        {"population": None},
        {"population": 5},
        {"population": [1, 2, 3, 4, 5, 6]},
        {"members": None},
        {"members": "three"},
        {"members": -3},
    ],
    ids=str,
)
def test_a_manifest_of_other_types_is_refused(folder, changes):
    change_manifest(folder, **changes)
    assert refusal_of(folder) in ("bundle_damaged", "bundle_format")


@pytest.mark.parametrize(
    "kind", [[], ["forest"], ["forest", "cox"], ["cox", "cox"], ["cox", "forest", "tree"], [1]]
)
def test_a_bundle_of_other_models_is_refused(folder, kind):
    change_manifest(folder, kind=kind)
    assert refusal_of(folder) == "bundle_format"


def test_a_bundle_of_other_training_data_is_refused(folder):
    change_manifest(folder, training_data="hearsay")
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize(
    "effects",
    [None, "subgroup", ["pooled"], ["subgroup", "subgroup"], [1], {"subgroup": 1}],
    ids=str,
)
def test_a_bundle_of_other_effects_is_refused(folder, effects):
    change_manifest(folder, effects=effects)
    assert refusal_of(folder) == "bundle_format"


def test_effects_that_the_manifest_does_not_name_are_refused(folder):
    change_manifest(folder, effects=[])
    assert refusal_of(folder) == "bundle_format"


def test_effects_that_are_missing_are_refused(tmp_path):
    folder = save_small(tmp_path / "bare", subgroup_effects=None)
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize(
    "damage",
    [
        {"interactions": np.zeros((8, 4))},
        {"interactions": np.full((8, 3), np.inf)},
        {"centre": np.zeros(7)},
        {"centre": np.full(8, 1.5)},
        {"centre": np.full(8, -0.1)},
        {"means": np.zeros((16, 8))},
        {"means": np.ones((16, 8))},
    ],
    ids=" ".join,
)
def test_effects_that_no_trial_has_are_refused(tmp_path, damage):
    effects = replace(small_bundle(3).subgroup_effects, **damage)
    folder = save_small(tmp_path / "damaged", subgroup_effects=effects)
    assert refusal_of(folder) == "bundle_format"


def test_forests_that_the_manifest_does_not_name_are_refused(folder):
    change_manifest(folder, kind=["cox"])
    assert refusal_of(folder) == "bundle_format"


def test_forests_that_are_missing_are_refused(tmp_path):
    folder = save_small(tmp_path / "bare", forests={})
    assert refusal_of(folder) == "bundle_format"


def test_a_population_of_other_covariates_is_refused(folder):
    fields = manifest_of(folder)["population"]
    change_manifest(folder, population=[*fields[:1], ["grade"], *fields[2:]])
    assert refusal_of(folder) == "bundle_format"


def test_a_population_without_a_covariate_is_refused(tmp_path):
    population = small_bundle(3).population[:-1]
    folder = save_small(tmp_path / "less", population=population)
    assert refusal_of(folder) == "bundle_format"


def test_a_block_without_weight_is_refused(tmp_path):
    first, *others = small_bundle(3).population
    empty = Block(first.fields, first.cells, np.zeros(len(first.weights)))
    folder = save_small(tmp_path / "weightless", population=(empty, *others))
    assert refusal_of(folder) == "bundle_format"


def test_a_negative_weight_is_refused(tmp_path):
    first, *others = small_bundle(3).population
    weights = first.weights.copy()
    weights[0] = -0.5
    negative = Block(first.fields, first.cells, weights)
    folder = save_small(tmp_path / "negative", population=(negative, *others))
    assert refusal_of(folder) == "bundle_format"


def test_a_block_with_a_weight_too_few_is_refused(tmp_path):
    first, *others = small_bundle(3).population
    shorter = Block(first.fields, first.cells, first.weights[:-1])
    folder = save_small(tmp_path / "shorter", population=(shorter, *others))
    assert refusal_of(folder) == "bundle_format"


def test_a_bundle_without_members_is_refused(tmp_path):
    hazards = {
        name: CoxHazard(hazard.coefficients[:, :0], hazard.arm[:0], hazard.baseline[:, :0])
        for name, hazard in small_bundle(3).hazards.items()
    }
    manifest = small_manifest(members=0, kind=["cox"])
    folder = save_small(tmp_path / "empty", hazards=hazards, manifest=manifest, forests={})
    assert refusal_of(folder) == "bundle_format"


# Arrays are plain numbers of the format's shapes, or the bundle is refused.


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["death.arm", "death.coefficients", "population.0.weights"])
def test_numbers_that_are_not_finite_are_refused(folder, name, value):
    array = arrays_of(folder)[name]
    array.flat[0] = value
    put_arrays(folder, {**arrays_of(folder), name: array})
    assert refusal_of(folder) == "bundle_format"


def test_a_cumulative_hazard_that_falls_is_refused(folder):
    baseline = arrays_of(folder)["death.baseline"]
    change_arrays(folder, death__baseline=baseline[::-1])
    assert refusal_of(folder) == "bundle_format"


def test_pickled_objects_are_refused(folder):
    array = np.array([{"a": 1}] * 3, dtype=object)
    put_arrays(folder, {**arrays_of(folder), "death.arm": array}, allow_pickle=True)
    assert refusal_of(folder) == "bundle_damaged"


def test_texts_are_refused(folder):
    change_arrays(folder, death__arm=np.array(["a", "b", "c"]))
    assert refusal_of(folder) in ("bundle_damaged", "bundle_format")


def test_complex_numbers_are_refused(folder):
    change_arrays(folder, death__arm=np.array([1j, 2j, 3j]))
    assert refusal_of(folder) in ("bundle_damaged", "bundle_format")


@pytest.mark.parametrize(
    "array",
    [np.zeros(2), np.zeros((3, 1)), np.zeros(()), np.zeros((3, 3))],
    ids=lambda array: str(array.shape),
)
def test_another_shape_is_refused(folder, array):
    change_arrays(folder, death__arm=array)
    assert refusal_of(folder) == "bundle_format"


def test_a_shorter_baseline_is_refused(folder):
    baseline = arrays_of(folder)["death.baseline"]
    change_arrays(folder, death__baseline=baseline[:LAST_HORIZON])
    assert refusal_of(folder) == "bundle_format"


def test_a_missing_array_is_refused(folder):
    arrays = arrays_of(folder)
    del arrays["death.arm"]
    put_arrays(folder, arrays)
    assert refusal_of(folder) == "bundle_format"


def test_an_additional_array_is_refused(folder):
    change_arrays(folder, more=np.zeros(3))
    assert refusal_of(folder) == "bundle_format"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip file"])
def test_arrays_that_are_no_archive_are_refused(folder, data):
    put(folder, ARRAYS, data)
    assert refusal_of(folder) == "bundle_damaged"


def test_a_single_array_in_place_of_an_archive_is_refused(folder):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    put(folder, ARRAYS, buffer.getvalue())
    assert refusal_of(folder) == "bundle_damaged"


def rewrite_archive(folder, name, change):
    """Write the archive again with one member's name or bytes changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(folder / ARRAYS) as old, zipfile.ZipFile(buffer, "w") as new:
        for member in old.namelist():
            data = old.read(member)
            new.writestr(*(change(data) if member == name else (member, data)))
    put(folder, ARRAYS, buffer.getvalue())


@pytest.mark.parametrize(
    "change",
    [
        lambda data: ("death.arm.npy", b"not an array"),
        lambda data: ("death.arm.npy", b""),
        lambda data: ("death.arm.npy", data[:-4]),
        lambda data: ("death.arm", b"not an array"),
    ],
    ids=["no array", "nothing", "shortened", "no suffix, no array"],
)
def test_an_archive_with_a_strange_member_is_refused(folder, change):
    rewrite_archive(folder, "death.arm.npy", change)
    assert refusal_of(folder) in ("bundle_damaged", "bundle_format")


def test_an_archive_whose_compressed_bytes_are_broken_is_refused(folder):
    data = bytearray((folder / ARRAYS).read_bytes())
    with zipfile.ZipFile(folder / ARRAYS) as archive:
        start = archive.infolist()[0].header_offset
    for place in range(start + 60, start + 120):
        data[place] = 0xFF
    put(folder, ARRAYS, bytes(data))
    assert refusal_of(folder) == "bundle_damaged"


def test_a_card_that_is_no_text_is_refused(folder):
    put(folder, CARD, b"\xff\xfe card")
    assert refusal_of(folder) == "bundle_damaged"


# What a manifest says of real patients.


def write_like(folder, bundle):
    kept = {k: v for k, v in bundle.manifest.items() if k not in ("format", "population", "files")}
    return save_small(folder, 3, forests={}, subgroup_effects=None, manifest=kept)


@pytest.mark.parametrize("effect", ["published", "cohort"])
def test_a_bundle_of_a_cohort_is_read(tmp_path, effect):
    bundle = load_bundle(write_like(tmp_path / "c", cohort_bundle(effect_of_surgery=effect)))
    assert bundle.training_data == "cohort"
    assert bundle.cohort == described_cohort(effect_of_surgery=effect)
    assert bundle.last_month == 72


def test_a_recalibrated_bundle_is_read(tmp_path):
    bundle = load_bundle(write_like(tmp_path / "r", recalibrated_bundle(last_month=50)))
    assert bundle.training_data == "synthetic"
    assert bundle.manifest["parent"]["version"] == "0.1.0"
    assert bundle.last_month == 50


def test_the_cohort_of_a_recalibration_counts_before_that_of_the_training(tmp_path):
    both = cohort_bundle().manifest | {
        k: v
        for k, v in recalibrated_bundle(last_month=30).manifest.items()
        if k in ("recalibration", "parent")
    }
    bundle = load_bundle(write_like(tmp_path / "b", replace(cohort_bundle(), manifest=both)))
    assert bundle.last_month == 30


def test_a_synthetic_bundle_has_no_cohort(folder):
    bundle = load_bundle(folder)
    assert bundle.cohort is None
    assert bundle.last_month == LAST_HORIZON


@pytest.mark.parametrize(
    "changes",
    [
        {"cohort": described_cohort()},
        {"training_data": "cohort"},
        {"training_data": "cohort", "cohort": None},
        {"training_data": "cohort", "cohort": {}},
        {"training_data": "cohort", "cohort": described_cohort(patients=0)},
        {"training_data": "cohort", "cohort": described_cohort(patients=1.5)},
        {"training_data": "cohort", "cohort": described_cohort(patients=True)},
        {"training_data": "cohort", "cohort": described_cohort(randomised="yes")},
        {"training_data": "cohort", "cohort": described_cohort(events={"death": 3})},
        {"training_data": "cohort", "cohort": described_cohort(last_month=0)},
        {"training_data": "cohort", "cohort": described_cohort(last_month=97)},
        {"training_data": "cohort", "cohort": described_cohort(median_follow_up=0.0)},
        {"training_data": "cohort", "cohort": described_cohort(effect_of_surgery="hope")},
        {"training_data": "cohort", "cohort": {**described_cohort(), "rows": []}},
        {"recalibration": described_cohort()},
        {"parent": {"id": "a", "version": "1.0.0", "digest": "sha256:0"}},
        {"recalibration": described_cohort(), "parent": {"id": "a", "version": "1.0.0"}},
        {"recalibration": described_cohort(), "parent": {"id": 1, "version": "1", "digest": "x"}},
        {"recalibration": {}, "parent": {"id": "a", "version": "1.0.0", "digest": "sha256:0"}},
    ],
    ids=str,
)
def test_origins_that_do_not_fit_are_refused(tmp_path, changes):
    folder = save_small(tmp_path / "odd", forests={}, manifest=small_manifest(kind=["cox"]))
    load_bundle(folder)
    change_manifest(folder, **changes)
    assert refusal_of(folder) == "bundle_format"


def test_events_that_are_no_counts_are_refused(tmp_path):
    folder = write_like(tmp_path / "c", cohort_bundle())
    for count in (-1, 2.5, "3", None):
        events = {**described_cohort()["events"], "death": count}
        change_manifest(folder, cohort=described_cohort(events=events))
        assert refusal_of(folder) == "bundle_format"


def test_a_bundle_of_a_cohort_with_forests_is_refused(folder):
    change_manifest(folder, training_data="cohort", cohort=described_cohort())
    assert refusal_of(folder) == "bundle_format"


# The bundle of the repository.


def test_default_bundle_loads():
    assert load_bundle(DEFAULT_FOLDER).id == DEFAULT_FOLDER.name


def test_default_bundle_is_small():
    assert sum(path.stat().st_size for path in DEFAULT_FOLDER.iterdir()) <= 5 * 10**6


def test_default_bundle_says_that_it_is_synthetic():
    bundle = load_bundle(DEFAULT_FOLDER)
    assert bundle.training_data == "synthetic"
    assert "synthetic" in bundle.card


def test_default_bundle_has_every_covariate_once():
    fields = [name for block in load_bundle(DEFAULT_FOLDER).population for name in block.fields]
    assert sorted(fields) == sorted(TABLE_COVARIATES)


def test_default_bundle_starts_without_hazard_and_never_falls():
    for hazard in load_bundle(DEFAULT_FOLDER).hazards.values():
        assert (hazard.baseline[0] == 0).all()
        assert (np.diff(hazard.baseline, axis=0) >= 0).all()


def test_default_bundle_was_made_from_the_present_targets():
    assert manifest_of(DEFAULT_FOLDER)["targets_digest"] == targets_digest()


def test_default_bundle_holds_plain_numbers_of_few_bytes():
    kinds = {array.dtype.str for array in arrays_of(DEFAULT_FOLDER).values()}
    assert kinds == {"<f4", "<u2", "|u1", "|i1"}


def test_default_bundle_holds_both_models():
    bundle = load_bundle(DEFAULT_FOLDER)
    assert bundle.kinds == ("cox", "forest")
    assert tuple(bundle.forests) == tuple(bundle.hazards) == HAZARDS
