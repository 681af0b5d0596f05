import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from models.analyses import Analysis
from models.assess import Question, assess
from models.bundle import load_bundle
from models.design_matrix import TERMS
from models.evidence import pairs
from models.outcomes import FOREST, HAZARDS, LEARNED_EFFECT, OVERALL_EFFECT
from models.table import select_rows
from models.texts import INTENDED_USE, INTERVAL_MEANING
from tests.training import paper
from tests.training.conftest import TRAINED_MEMBERS, TRAINING_SEED
from training.cohort import REFERENCE_SEED
from training.commands.train import train
from training.covariate_sampling import population_blocks
from training.ensemble import stack_cox, stack_member_forests
from training.population_average import capped_share
from training.priors import priors
from training.reference import matched_cohorts
from training.subgroup_effects import subgroup_effects
from training.targets import published_targets
from training.train import train_synthetic
from training.truth import sample_patients

FILES = {"manifest.json", "arrays.npz", "card.md"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Train twice with the same seed; return both folders and what was told of progress."""
    progress = []
    written = []
    for name in ("first", "second"):
        folder = tmp_path_factory.mktemp(name) / "bundle"
        train_synthetic(
            folder,
            seed=TRAINING_SEED,
            members=TRAINED_MEMBERS,
            jobs=2,
            on_member=lambda name=name: progress.append(name),
        )
        written.append(folder)
    return *written, progress


@pytest.fixture(scope="module")
def bundle(folders):
    return load_bundle(folders[0])


def test_training_twice_gives_the_same_bytes(folders):
    first, second, _ = folders
    assert {path.name for path in first.iterdir()} == FILES
    assert {path.name for path in second.iterdir()} == FILES
    for name in FILES:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_each_member_is_told_of(folders):
    assert folders[2] == ["first"] * TRAINED_MEMBERS + ["second"] * TRAINED_MEMBERS


def test_the_bundle_holds_the_ensemble(bundle, members):
    stacked = stack_cox([member.cox for member in members])
    assert tuple(bundle.hazards) == HAZARDS
    for name, hazard in bundle.hazards.items():
        for part in ("coefficients", "arm", "baseline"):
            wanted = getattr(stacked[name], part).astype(np.float32)
            assert np.array_equal(getattr(hazard, part), wanted), f"{name}.{part}"


def test_the_bundle_holds_the_forests(bundle, members, patients):
    stacked = stack_member_forests(members, patients.design)
    assert tuple(bundle.forests) == HAZARDS
    for name, forest in bundle.forests.items():
        wanted = stacked[name]
        for part in ("sizes", "feature", "left", "right"):
            found = getattr(forest.trees, part)
            assert np.array_equal(found, getattr(wanted.trees, part)), f"{name} {part}"
        assert forest.trees.threshold == pytest.approx(wanted.trees.threshold, rel=1e-6)
        assert forest.factor == pytest.approx(wanted.factor, rel=1e-6)
        assert forest.kept == pytest.approx(wanted.kept, rel=1e-6)


@pytest.mark.parametrize("effect", [OVERALL_EFFECT, LEARNED_EFFECT])
def test_the_served_figures_are_those_of_the_forests_as_they_were_grown(
    bundle, members, patients, effect
):
    grown = replace(bundle, forests=stack_member_forests(members, patients.design))
    table = select_rows(patients.table, slice(0, 20))
    question = Question(tuple(range(1, 97)), 0.95)
    for side in ("estimate", "lower", "upper"):
        served, exact = (
            getattr(assess(table, each, question, Analysis(FOREST, effect)), side)
            for each in (bundle, grown)
        )
        assert np.abs(served - exact).max() < 1e-4, side


def test_the_bundle_holds_the_effects_by_subgroups_of_the_shipped_cohort(bundle):
    wanted = subgroup_effects(matched_cohorts(), TRAINED_MEMBERS, TRAINING_SEED)
    assert bundle.manifest["effects"] == ["subgroup"]
    for part in ("interactions", "centre", "means"):
        found = getattr(bundle.subgroup_effects, part)
        assert np.array_equal(found, getattr(wanted, part).astype(np.float32)), part


def test_the_card_has_every_subgroup_as_printed_and_as_served(bundle):
    overall = published_targets().os_log_hr
    groups = [group for pair in pairs() for group in pair.subgroups]
    for group, shifts in zip(groups, bundle.subgroup_effects.of_subgroups, strict=True):
        printed = group.estimate / np.exp(overall)
        start = f"| {group.label} | {printed:.2f} | {np.exp(shifts.mean()):.2f} | "
        assert start in bundle.card


def test_the_bundle_holds_the_population(bundle):
    for found, wanted in zip(bundle.population, population_blocks(), strict=True):
        assert found.fields == wanted.fields
        assert np.array_equal(found.cells, wanted.cells.astype(np.float32))
        assert found.weights == pytest.approx(wanted.weights, abs=1e-7)


def test_the_manifest_says_how_it_was_made(bundle):
    manifest = bundle.manifest
    assert manifest["training_data"] == "synthetic"
    assert (manifest["seed"], manifest["members"]) == (TRAINING_SEED, TRAINED_MEMBERS)
    assert manifest["kind"] == ["cox", "forest"]
    assert set(manifest["packages"]) >= {"numpy", "scipy", "scikit-survival"}


def test_nothing_in_the_bundle_names_a_place_or_a_time(folders):
    manifest = json.loads((folders[0] / "manifest.json").read_text("utf-8"))
    assert str(folders[0].parent) not in json.dumps(manifest)
    assert not {"created", "date", "host", "path"} & set(manifest)


def test_the_card_says_what_it_is_and_what_it_is_for(bundle):
    assert "Training data: synthetic" in bundle.card
    assert f"made from {TRAINED_MEMBERS} virtual trials of 407 patients" in bundle.card
    assert INTENDED_USE in bundle.card
    assert INTERVAL_MEANING in bundle.card


def test_the_card_puts_the_published_figures_beside_the_served(bundle):
    start = bundle.card.index("| figure | published | limits | Cox | limits | forest |")
    table = bundle.card[start:].split("\n\n")[0].splitlines()[2:]
    published = [line.split("|")[2].strip() for line in table]
    months = [f"{value:.1f}" for value in (*paper.OS_MEDIANS, *paper.LRFS_MEDIANS)]
    shares = [f"{value:.1%}" for value in (*paper.ULCERATION, *paper.BLEEDING)]
    assert published == months + shares


def test_the_card_says_that_the_limits_of_the_medians_are_narrow(bundle):
    assert "| 68.7 | 55.7 to 81.1 |" in bundle.card
    assert "| 74.9 | 65.7 to 95.4 |" in bundle.card
    assert "narrower than the printed ones" in bundle.card


def test_the_card_says_where_local_relapse_free_survival_is_capped(bundle):
    table = sample_patients(np.random.default_rng(REFERENCE_SEED)).table
    card = " ".join(bundle.card.split())
    capped = capped_share(bundle, table)
    # Death without local progression has the hazard of death: the cap is never needed. In the
    # first months both are often equal because nothing happened.
    assert capped[:, 11:].max() == 0
    often = f"need it in at most {capped.max():.1%}" if capped.max() else "never need it"
    assert f"the Cox models under the whole trial's effect {often}" in card
    for model, effect in (("forest", "overall"), ("cox", "subgroup"), ("cox", "pooled")):
        share = capped_share(bundle, table, Analysis(model, effect))
        cells = [f"{share[arm, month]:.0%}" for month in (59, 95) for arm in (0, 1)]
        assert f", effect `{effect}` | {' | '.join(cells)} |" in card


def test_a_folder_with_other_files_is_refused_before_training(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    result = CliRunner().invoke(train, ["--out", str(tmp_path), "--members", "2"])
    assert result.exit_code == 2
    assert "notes.txt" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_no_processes_are_refused(tmp_path):
    result = CliRunner().invoke(train, ["--out", str(tmp_path / "x"), "--jobs", "0"])
    assert result.exit_code == 2


@pytest.mark.parametrize("hazard", ["death", "progression", "complication"])
def test_the_card_has_each_prior(bundle, hazard):
    prior = priors()[hazard]
    for number, term in enumerate(TERMS):
        mean, sd = prior.mean[number], prior.sd[number]
        error = prior.error[number, number]
        held = "" if np.isinf(error) else f"{np.sqrt(error):.2f}"
        row = f"| {term.label} | {mean:+.2f} | {sd:.2f} | {held} | {prior.sources[number]} |"
        assert row in bundle.card


def foreign_package(folder, name):
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(f"raise ImportError('a foreign {name}')\n")


def test_the_command_works_beside_foreign_packages_of_the_same_names(tmp_path):
    for name in ("models", "service", "training"):
        foreign_package(tmp_path, name)
    command = Path(sys.executable).with_name("equipoise")
    done = subprocess.run(
        [command, "train", "--members", "2", "--out", "x"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Wrote x.\n"
    assert done.stderr == ""
    assert load_bundle(tmp_path / "x").manifest["members"] == 2


@pytest.mark.parametrize(
    "arguments", [(), ("--out", "x", "--members", "1"), ("--out", "x", "--seed", "-1")]
)
def test_a_mistake_of_usage_trains_nothing(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(train, arguments).exit_code == 2
    assert list(tmp_path.iterdir()) == []
