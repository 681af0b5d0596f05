"""Which names `equipoise score` takes, and what it leaves alone."""

from __future__ import annotations

import json
import os
import socket
import stat

import pytest
from click.testing import CliRunner

from service.cli import main
from service.lists.outputs import Part

from .helpers import OUT_OF_SCOPE, README_PATIENT, csv_text

FEW = ("--horizons", "12")
ROWS = csv_text([{**README_PATIENT, "row_id": "a"}, {**OUT_OF_SCOPE, "row_id": "b"}])


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["score", *map(str, arguments)])


def check_refused(result, said):
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert said in result.output


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# What is no file


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as found:
        found.bind(path.name)


def make_link_to_a_pipe(path):
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


@pytest.mark.parametrize("make", [make_pipe, make_socket, make_link_to_a_pipe])
@pytest.mark.parametrize(
    "arguments",
    [
        ("--out", "place.csv"),
        ("--out", "out.csv", "--rejects", "place.csv"),
        ("--out", "out.csv", "--summary", "place.json"),
    ],
)
def test_what_is_no_file_is_refused_and_stays(folder, make, arguments):
    path = folder / arguments[-1]
    make(path)
    before, kind = names(folder), stat.S_IFMT(path.stat().st_mode)
    check_refused(run("list.csv", *arguments, *FEW), "a device or a pipe, not a file")
    assert names(folder) == before
    assert stat.S_IFMT(path.stat().st_mode) == kind


@pytest.mark.parametrize("ending", [".part", ".part.json", ".about.json"])
def test_no_pipe_is_replaced_by_what_stands_beside_results(folder, ending):
    os.mkfifo(f"out.csv{ending}")
    check_refused(run("list.csv", "--out", "out.csv", *FEW), f"out.csv{ending}")
    assert names(folder) == ["list.csv", f"out.csv{ending}"]


def test_a_part_refuses_what_is_no_file(folder):
    os.mkfifo("out.csv")
    with pytest.raises(OSError, match="not a file"):
        Part("out.csv")
    assert names(folder) == ["list.csv", "out.csv"]


def test_a_folder_in_the_place_of_a_note_is_told_before_anything_is_scored(folder):
    (folder / "out.csv.about.json").mkdir()
    check_refused(run("list.csv", "--out", "out.csv", *FEW), "out.csv.about.json")
    assert names(folder) == ["list.csv", "out.csv.about.json"]


# Links


def test_links_that_lead_nowhere_or_in_a_circle_are_told(folder):
    (folder / "a.csv").symlink_to("b.csv")
    (folder / "b.csv").symlink_to("a.csv")
    (folder / "c.csv").symlink_to("none/there.csv")
    check_refused(run("list.csv", "--out", "a.csv", *FEW), "a.csv: Too many levels")
    check_refused(run("list.csv", "--out", "c.csv", *FEW), "none/there.csv")


@pytest.mark.parametrize("stands", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_replaced(folder, stands):
    there = folder / "there"
    there.mkdir()
    for name in ("out.csv", "no.csv", "sum.json"):
        (folder / f"link-{name}").symlink_to(there / name)
        if stands:
            (there / name).write_text("old", encoding="utf-8")
    places = ["--out", "link-out.csv", "--rejects", "link-no.csv", "--summary", "link-sum.json"]
    result = run("list.csv", *places, *FEW)
    assert result.exit_code == 0, result.output
    assert all((folder / f"link-{name}").is_symlink() for name in ("out.csv", "no.csv"))
    assert names(there) == ["no.csv", "out.csv", "out.csv.about.json", "sum.json"]
    assert (there / "out.csv").read_text("utf-8").startswith("row_id,")
    assert names(folder) == ["link-no.csv", "link-out.csv", "link-sum.json", "list.csv", "there"]


# Names that a run needs for itself


@pytest.mark.parametrize(
    "arguments",
    [
        ("--out", "q.csv", "--summary", "q.csv.about.json"),
        ("--out", "q.csv", "--summary", "q.csv.part.json"),
        ("--out", "q.csv", "--rejects", "q.csv.part"),
        ("--out", "q.csv", "--rejects", "./q.csv.about.json"),
        ("--out", "q.csv", "--rejects", "q.csv.about.json.draft"),
        ("--rejects", "no.csv", "--summary", "no.csv.part.json"),
        ("--out", "no.csv.part", "--format", "csv", "--rejects", "no.csv"),
    ],
)
def test_names_that_a_run_needs_for_itself_are_refused(folder, arguments):
    check_refused(run("list.csv", *arguments, *FEW), "needs for itself")
    assert names(folder) == ["list.csv"]


def test_names_that_a_run_needs_are_those_beside_what_a_link_leads_to(folder):
    (folder / "link.csv").symlink_to("q.csv")
    check_refused(run("list.csv", "--out", "link.csv", "--rejects", "q.csv.part"), "for itself")
    assert names(folder) == ["link.csv", "list.csv"]


@pytest.mark.parametrize("ending", [".part", ".part.json", ".about.json", ".part.before"])
def test_an_input_that_is_named_like_what_a_run_writes_is_not_overwritten(folder, ending):
    name = f"q.csv{ending}"
    (folder / name).write_text(ROWS, encoding="utf-8")
    check_refused(run(name, "--out", "q.csv", *FEW), "needs for itself")
    assert (folder / name).read_text(encoding="utf-8") == ROWS
    assert names(folder) == ["list.csv", name]


def test_an_input_among_the_parts_of_other_machines_is_refused(folder):
    (folder / "q.csv.parts").mkdir()
    (folder / "q.csv.parts" / "list.csv").write_text(ROWS, encoding="utf-8")
    way = ("--scheduler", "tcp://127.0.0.1:9")
    check_refused(run("q.csv.parts/list.csv", "--out", "q.csv", *way), "needs for itself")


# Endings


@pytest.mark.parametrize(
    "name",
    ["x.xlsx", "x.json", "x.bz2", "x.csv.xz", "x.tsv", "x.feather", "x.tsv.gz", "x.part"],
)
def test_endings_that_are_not_written_are_refused(folder, name):
    result = run("list.csv", "--out", name, *FEW)
    check_refused(result, ".csv, .ndjson, .jsonl, .parquet, .arrow")
    assert "--format" in result.output
    assert names(folder) == ["list.csv"]


@pytest.mark.parametrize("name", ["x", "x.gz", "X.CSV", "a.b/x"])
def test_a_name_without_an_ending_is_a_csv(folder, name):
    (folder / "a.b").mkdir()
    result = run("list.csv", "--out", name, *FEW)
    assert result.exit_code == 0, result.output
    about = json.loads((folder / f"{name}.about.json").read_text("utf-8"))
    assert about["format"] == ("csv.gz" if name.endswith(".gz") else "csv")


def test_what_is_asked_for_is_written_under_any_name(folder):
    assert run("list.csv", "--out", "x.txt", "--format", "csv", *FEW).exit_code == 0
    assert (folder / "x.txt").read_text("utf-8").startswith("row_id,")


@pytest.mark.parametrize("more", [(), ("--format", "parquet")])
@pytest.mark.parametrize("name", ["x.parquet.gz", "x.parquet.zst"])
def test_columns_are_not_compressed_twice(folder, more, name):
    check_refused(run("list.csv", "--out", name, *more, *FEW), "compressed inside")
    assert names(folder) == ["list.csv"]


@pytest.mark.parametrize("name", ["no.csv.gz", "no.parquet", "no.ndjson"])
def test_rejects_are_what_their_name_says(folder, name):
    check_refused(run("list.csv", "--out", "x.csv", "--rejects", name, *FEW), "plain CSV")
    assert names(folder) == ["list.csv"]


# NDJSON holds the whole answer


@pytest.mark.parametrize(
    "asked",
    [
        ("--shape", "long"),
        ("--outcomes", "overall_survival"),
        ("--arms", "difference"),
        ("--digits", "2"),
    ],
)
@pytest.mark.parametrize("place", [("--out", "x.ndjson"), ("--format", "ndjson")])
def test_what_ndjson_does_not_heed_is_refused(folder, asked, place):
    check_refused(run("list.csv", *place, *asked, *FEW), "NDJSON holds the whole answer")
    assert names(folder) == ["list.csv"]


def test_what_stands_beside_ndjson_claims_no_choice(folder):
    asked = ("--shape", "wide", "--digits", "4")
    assert run("list.csv", "--out", "x.ndjson", *asked, *FEW).exit_code == 0
    about = json.loads((folder / "x.ndjson.about.json").read_text("utf-8"))
    assert "chosen" not in about
    assert "shape" not in about
    assert about["format"] == "ndjson"
