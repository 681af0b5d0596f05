"""The study of matched cohorts, from cohorts that are there."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import training
import training.matching.folder
from models.design_matrix import TERM_NAMES, TERMS
from studies.__main__ import main
from studies.matched import effects_table, measure_cohorts, nearness_table
from training.cohort import REFERENCE_SEED
from training.matching.cohort import EFFECT_STEPS
from training.priors import priors

COHORT_CSV = Path(training.__file__).parent / "reference" / "cohort.csv"
PAGE = Path(__file__).parents[2] / "docs" / "studies" / "matched-cohorts.md"


@pytest.fixture
def folder(tmp_path):
    """Return a folder with two cohorts, of which one has its seconds noted."""
    for seed in (1, 2):
        shutil.copy(COHORT_CSV, tmp_path / f"cohort-{seed:04d}.csv")
    (tmp_path / "cohort-0001.seconds").write_text("92.6\n", encoding="utf-8")
    return tmp_path


def cells(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_cohorts_are_measured_and_the_reference_comes_first(folder):
    found = measure_cohorts(folder, [1, 2])
    assert [each.seed for each in found] == [REFERENCE_SEED, 1, 2]
    _, _, first, second, third = cells(nearness_table(found))
    assert first[0] == f"{REFERENCE_SEED} (reference)"
    assert first[1:7] == second[1:7] == third[1:7]
    assert first[4:7] == ["147 of 147", "0", "yes"]
    assert [row[-1] for row in (first, second, third)] == ["not noted", "93", "not noted"]


def test_effects_stand_beside_their_priors(folder):
    found = measure_cohorts(folder, [1])
    shifted = [found[0], found[1]._replace(effects=found[0].effects + 0.2)]
    rows = cells(effects_table(shifted))[2:]
    assert len(rows) == len(TERMS)
    prior = priors()["death"]
    for row, term, own, mean in zip(rows, TERMS, found[0].effects, prior.mean, strict=True):
        assert row[0] == term.label
        assert row[1] == f"{own + 0.1:+.2f}"
        assert row[2] == f"{np.std([0, 0.2], ddof=1):.2f}"
        assert row[4] == f"{mean:+.2f}"
        assert row[-1] == (f"{EFFECT_STEPS[term.name]:g}" if term.name in EFFECT_STEPS else "no")
    assert set(EFFECT_STEPS) <= set(TERM_NAMES)


def test_only_what_is_missing_is_searched_for(folder, monkeypatch, reference_cohort, tmp_path):
    asked = []

    def matched_cohort(seed, on_progress):
        asked.append(seed)
        return reference_cohort

    monkeypatch.setattr(training.matching.folder, "matched_cohort", matched_cohort)
    out = tmp_path / "docs" / "page.md"
    for _ in range(2):
        arguments = ["matched", "--seeds", "3", "--work", str(folder), "--out", str(out)]
        assert CliRunner().invoke(main, arguments).exit_code == 0
    assert asked == [3]
    assert (folder / "cohort-0003.csv").read_text("utf-8") == COHORT_CSV.read_text("utf-8")
    assert float((folder / "cohort-0003.seconds").read_text("utf-8")) >= 0
    text = out.read_text("utf-8")
    assert "--seeds 3`" in text
    assert nearness_table(measure_cohorts(folder, [1, 2, 3])) in text


def test_the_page_shows_the_shipped_cohort():
    (line,) = nearness_table(measure_cohorts(Path(), [])).splitlines()[2:]
    shown = line.rpartition(" | ")[0]  # but for the seconds, which are not the cohort's
    assert shown in PAGE.read_text("utf-8")
