import csv
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import training.matching.cohort
import training.matching.folder
import training.reference
from tests.training.conftest import OTHER_SEED
from training.cohort import REFERENCE_SEED
from training.cohort_csv import cohort_csv
from training.commands.simulate import simulate
from training.reference import reference_csv

ROOT = Path(__file__).parents[2]


@pytest.fixture
def drawn(monkeypatch, reference_cohort, other_cohort):
    """Put cohorts in the place of the search, and note which seeds are asked for."""
    seeds = []

    def matched_cohort(seed, on_progress):
        seeds.append(seed)
        on_progress(0.5)
        on_progress(1.0)
        return reference_cohort if seed == REFERENCE_SEED else other_cohort

    monkeypatch.setattr(training.matching.cohort, "matched_cohort", matched_cohort)
    monkeypatch.setattr(training.matching.folder, "matched_cohort", matched_cohort)
    return seeds


def run(*arguments):
    return CliRunner().invoke(simulate, arguments)


def test_without_a_seed_it_is_the_shipped_cohort(drawn, tmp_path):
    result = run("--out", str(tmp_path / "cohort.csv"))
    assert result.exit_code == 0
    assert (tmp_path / "cohort.csv").read_text("utf-8") == reference_csv()
    assert drawn == []


def test_rebuild_searches_for_the_reference_cohort_afresh(drawn, tmp_path):
    result = run("--rebuild", "--out", str(tmp_path / "cohort.csv"))
    assert result.exit_code == 0
    assert (tmp_path / "cohort.csv").read_text("utf-8") == reference_csv()
    assert drawn == [REFERENCE_SEED]


def test_a_seed_gives_another_cohort(drawn, tmp_path, other_cohort):
    result = run("--seed", str(OTHER_SEED), "--out", str(tmp_path / "cohort.csv"))
    assert result.exit_code == 0
    assert (tmp_path / "cohort.csv").read_text("utf-8") == cohort_csv(other_cohort)


def test_a_dash_is_standard_output_and_nothing_else_is_there():
    result = run("--out", "-")
    assert result.exit_code == 0
    assert result.stdout == reference_csv()


def test_check_reads_the_shipped_cohort_and_finds_no_difference(drawn):
    result = run("--check")
    assert result.exit_code == 0, result.output
    assert drawn == []
    name = ["OS", "median,", "not", "offered", "surgery"]
    lines = [line.split() for line in result.stdout.splitlines()]
    (line,) = (line for line in lines if line[:-3] == name)
    assert line[-3] == "68.7"
    assert float(line[-2]) == pytest.approx(68.7, abs=0.05)
    assert line[-1] == "yes"
    assert "Counts: 147 of 147 exact." in result.stdout
    assert "of 48 ratios and limits identical in print" in result.stdout
    assert "Difference" not in result.stdout


def test_check_ends_with_1_where_the_shipped_cohort_lost_a_death(monkeypatch):
    rows = list(csv.DictReader(io.StringIO(reference_csv())))
    next(row for row in rows if row["os_event"] == "1")["os_event"] = "0"
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    monkeypatch.setattr(training.reference, "reference_csv", text.getvalue)
    result = run("--check")
    assert result.exit_code == 1
    assert "Difference: Deaths, " in result.stdout


def test_check_says_what_a_cohort_cannot_hold():
    assert "distant progression in the first 3 months" in run("--check").stdout


def test_check_ends_with_1_where_it_finds_a_difference(drawn):
    result = run("--seed", str(OTHER_SEED), "--check")
    assert result.exit_code == 1
    assert "Difference: OS hazard ratio" in result.stdout


def test_check_leaves_standard_output_to_the_cohort():
    result = run("--check", "--out", "-")
    assert result.exit_code == 0
    assert result.stdout == reference_csv()
    assert "OS hazard ratio" in result.stderr


def test_a_set_of_cohorts_is_written_and_not_made_again(drawn, tmp_path):
    folder = tmp_path / "cohorts"
    assert run("--cohorts", "2", "--out", str(folder)).exit_code == 0
    assert run("--cohorts", "3", "--out", str(folder)).exit_code == 0
    assert drawn == [1, 2, 3]
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["cohort-0001.csv", "cohort-0002.csv", "cohort-0003.csv"]


def test_a_set_that_breaks_off_keeps_what_is_finished(drawn, monkeypatch, tmp_path):
    finished = training.matching.folder.matched_cohort

    def interrupted(seed, on_progress):
        if seed == 2:
            raise KeyboardInterrupt
        return finished(seed, on_progress)

    monkeypatch.setattr(training.matching.folder, "matched_cohort", interrupted)
    result = run("--cohorts", "3", "--out", str(tmp_path))
    assert result.exit_code == 130
    assert result.stderr.strip() == f"Interrupted: what is finished stays in {tmp_path}."
    assert [path.name for path in tmp_path.iterdir()] == ["cohort-0001.csv"]


def test_ctrl_c_ends_a_search_with_a_sentence_and_without_a_file(tmp_path):
    out = tmp_path / "cohort.csv"
    out.write_text("old", encoding="utf-8")
    arguments = ["simulate", "--seed", "3", "--out", str(out)]
    # A process started in the background of a shell would ignore the signal.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += f"from service.cli import main; main({arguments!r})"
    seen, terminal = os.openpty()  # on a terminal the bar tells when the search has begun
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stderr=terminal, start_new_session=True
    ) as process:
        os.close(terminal)
        told = read_until(seen, b"Seed 3")
        process.send_signal(signal.SIGINT)
        told += read_until(seen, None)
        os.close(seen)
    assert process.returncode == 130
    assert b"Interrupted: nothing was written." in told
    assert b"Traceback" not in told
    assert [path.name for path in tmp_path.iterdir()] == ["cohort.csv"]
    assert out.read_text(encoding="utf-8") == "old"


def read_until(terminal, word):
    """Return what a terminal shows until a word, or until its other end is closed."""
    told = b""
    while word is None or word not in told:
        try:
            some = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            some = b""
        if not some:
            assert word is None, told
            break
        told += some
    return told


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--seed", "3"),
        ("--rebuild",),
        ("--cohorts", "2"),
        ("--cohorts", "2", "--out", "-"),
        ("--cohorts", "2", "--seed", "3", "--out", "x"),
    ],
)
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
