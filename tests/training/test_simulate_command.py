import pytest
from click.testing import CliRunner

import training.cohort
from tests.training.conftest import OTHER_SEED
from training.cohort import REFERENCE_SEED
from training.cohort_csv import cohort_csv
from training.commands.simulate import simulate
from training.reference import reference_csv


@pytest.fixture
def drawn(monkeypatch, reference_cohort, other_cohort):
    """Take the cohorts that other tests have drawn, and note which seeds are asked for."""
    seeds = []
    known = {REFERENCE_SEED: reference_cohort, OTHER_SEED: other_cohort}

    def simulate_cohort(seed):
        seeds.append(seed)
        return known[seed]

    monkeypatch.setattr(training.cohort, "simulate_cohort", simulate_cohort)
    return seeds


def run(*arguments):
    return CliRunner().invoke(simulate, arguments)


def test_without_a_seed_it_is_the_shipped_cohort(drawn, tmp_path):
    result = run("--out", str(tmp_path / "cohort.csv"))
    assert result.exit_code == 0
    assert (tmp_path / "cohort.csv").read_text("utf-8") == reference_csv()
    assert drawn == []


def test_rebuild_draws_the_reference_cohort_afresh(drawn, tmp_path):
    result = run("--rebuild", "--out", str(tmp_path / "cohort.csv"))
    assert result.exit_code == 0
    assert (tmp_path / "cohort.csv").read_text("utf-8") == reference_csv()
    assert drawn == [REFERENCE_SEED]


def test_a_seed_gives_another_cohort(drawn, tmp_path, other_cohort):
    result = run("--seed", str(OTHER_SEED), "--out", str(tmp_path / "cohort.csv"))
    assert result.exit_code == 0
    written = (tmp_path / "cohort.csv").read_text("utf-8")
    assert written == cohort_csv(other_cohort, OTHER_SEED)


def test_a_dash_is_standard_output_and_nothing_else_is_there():
    result = run("--out", "-")
    assert result.exit_code == 0
    assert result.stdout == reference_csv()


def test_check_prints_published_beside_reached(drawn):
    result = run("--check")
    assert result.exit_code == 0
    (line,) = (each for each in result.stdout.splitlines() if "OS median, not offered" in each)
    assert line.split()[-3:-1] == ["68.700", f"{float(line.split()[-2]):.3f}"]
    assert len(result.stdout.splitlines()) == 15


def test_check_leaves_standard_output_to_the_cohort(drawn):
    result = run("--check", "--out", "-")
    assert result.exit_code == 0
    assert result.stdout == reference_csv()
    assert "OS hazard ratio" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("--seed", "3"), ("--rebuild",)])
def test_nothing_to_do_is_a_mistake_of_usage(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "--out" in result.stderr


@pytest.mark.parametrize("seed", ["-1", "many"])
def test_a_seed_that_is_no_seed_is_a_mistake_of_usage(seed):
    assert run("--seed", seed, "--out", "-").exit_code == 2


def test_help_has_an_example():
    assert "equipoise simulate --seed 7" in run("--help").stdout


def test_a_place_that_cannot_be_written_is_told_without_a_traceback(tmp_path):
    result = run("--out", str(tmp_path / "absent" / "cohort.csv"))
    assert result.exit_code == 2
    assert "cohort.csv" in result.stderr
