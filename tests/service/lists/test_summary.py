"""A scored list summed up: the numbers of the scored list itself, and a page that stands alone."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter

import pytest
from click.testing import CliRunner

from models.caveats import STOP, caveat_texts
from models.errors import PROBLEM_CODES
from models.language import JAPANESE, _, speaking
from models.outcomes import DIFFERENCE, OUTCOMES, SHOWN_ARMS
from models.rounding import percent
from models.texts import INTENDED_USE
from service.bundles import default_folder
from service.cli import main
from service.lists import inputs
from service.lists import run as run_module
from service.lists import summary as summary_module
from service.lists.columns import Chosen
from service.lists.contents import CsvReader
from service.lists.layouts import WIDE
from service.lists.progress import Progress
from service.lists.results import Task
from service.lists.rows import read_header
from service.lists.summary import means
from service.lists.tally import Tally
from tests.service.helpers import (
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    ULCERATED,
    Page,
    csv_text,
    with_values,
)

FEW = ["--horizons", "48,12"]
MIXED = [
    *[{**README_PATIENT, "row_id": "a"}] * 3,
    {**OUT_OF_SCOPE, "row_id": "b"},
    {**with_values(age=85), "row_id": "c"},
    {**REJECTED, "row_id": "d"},
    {**with_values(age="old", clinical_n="N9"), "row_id": "e"},
    {**ULCERATED, "row_id": "f"},
    {**with_values(clinical_n=None, age=62, menopausal_status="post"), "row_id": "g"},
    {**with_values(clinical_n=None, er_status=None), "row_id": "h"},
    {**OUT_OF_SCOPE, "clinical_n": None, "row_id": "i"},
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["score", "list.csv", *map(str, arguments)])


def summed(folder, rows, *arguments):
    """Return the numbers and the rows of the scored list."""
    (folder / "list.csv").write_text(csv_text(rows), encoding="utf-8")
    result = run("--out", "scored.csv", "--summary", "sum.json", *FEW, *arguments)
    assert result.exit_code in (0, 1), result.output
    scored = list(csv.DictReader(io.StringIO((folder / "scored.csv").read_text("utf-8"))))
    return json.loads((folder / "sum.json").read_text("utf-8")), scored


def page(folder, rows, *arguments):
    """Return the page's text."""
    (folder / "list.csv").write_text(csv_text(rows), encoding="utf-8")
    result = run("--out", "scored.csv", "--summary", "sum.html", *FEW, *arguments)
    assert result.exit_code in (0, 1), result.output
    return (folder / "sum.html").read_text("utf-8")


def counted(rows, column):
    """Return how often each code stands in a column of a scored list."""
    return Counter(code for row in rows for code in row[column].split(";") if code)


def by_code(part):
    return {each["code"]: each["rows"] for each in part}


def mean_of(rows, name):
    cells = [row[name] for row in rows if row[name]]
    return len(cells), (round(sum(map(float, cells)) / len(cells), 4) if cells else None)


# The numbers


@pytest.mark.parametrize("effect", ["overall", "pooled", "all"])
def test_means_are_those_of_the_scored_list(folder, effect):
    numbers, rows = summed(folder, MIXED, "--effect", effect)
    shown = "pooled" if effect == "pooled" else "overall"
    told = {}
    for each in numbers["figures"]:
        stem = f"{each['outcome']}_{each['arm']}"
        name = f"{stem}_{each['month']}"
        if each["effect"] != shown:
            other = "pooled" if each["effect"] == "pooled" else f"cox_{each['effect']}"
            name = f"{stem}_{other}_{each['month']}"
        told[name] = each
    assert len(told) == len(numbers["figures"])
    wanted = [
        f"{outcome.name}_{arm}_{month}"
        for outcome in OUTCOMES
        for arm in SHOWN_ARMS
        for month in (48, 12)
    ]
    other = "cox_overall" if effect == "pooled" else "pooled"
    wanted += [f"overall_survival_difference_{other}_{month}" for month in (48, 12)]
    assert list(told) == wanted
    for name, each in told.items():
        count, mean = mean_of(rows, name)
        assert each["rows"] == count
        assert each["mean"] == pytest.approx(mean, abs=0.00011), name
        # Patients' own errors average out: the mean is about as sure as they are, or surer.
        (_, lower), (_, upper) = (mean_of(rows, f"{name}_{side}") for side in ("lower", "upper"))
        assert lower - 0.01 <= each["lower"] <= each["mean"] <= each["upper"] <= upper + 0.01
    assert told["local_ulceration_difference_48"]["rows"] == 5
    assert told["local_bleeding_difference_48"]["rows"] == 6


def test_the_summary_does_not_depend_on_what_the_list_shows(folder):
    numbers, _rows = summed(folder, MIXED)
    for arguments in (
        ["--digits", "2"],
        ["--outcomes", "local_bleeding", "--arms", "difference"],
        ["--shape", "long"],
        ["--format", "ndjson"],
        ["--processes", "2"],
    ):
        (folder / "sum.json").unlink()
        run("--out", "other", "--summary", "sum.json", *FEW, *arguments)
        assert json.loads((folder / "sum.json").read_text("utf-8")) == numbers, arguments


def test_codes_are_counted_as_in_the_scored_list(folder):
    numbers, rows = summed(folder, MIXED)
    assert numbers["counts"] == {"rows": 11, "ok": 6, "out_of_scope": 3, "rejected": 2}
    in_scope = [row for row in rows if row["status"] == "ok"]
    for part, column, told in (
        ("reasons", "reasons", rows),
        ("errors", "errors", rows),
        ("caveats", "caveats", in_scope),
        ("applicability", "applicability", in_scope),
        ("assumed", "assumed", in_scope),
    ):
        assert by_code(numbers[part]) == counted(told, column), part
        assert numbers[part], part
    assert by_code(numbers["assumed"])["clinical_n"] == 2
    assert all(each["text"] == PROBLEM_CODES[each["code"]] for each in numbers["errors"])


def test_caveats_have_their_texts_the_most_pressing_first(folder):
    numbers, _rows = summed(folder, MIXED)
    severities = [each["severity"] for each in numbers["caveats"]]
    assert severities == sorted(severities, key=["stop", "warning", "info"].index)
    told = {each["code"]: each for each in numbers["caveats"]}
    assert (
        told["synthetic_training_data"]["text"]
        == (caveat_texts()["synthetic_training_data"]["text"])
    )
    synthetic, unknown = told["synthetic_training_data"], told["unknown_values"]
    assert (synthetic["rows"], synthetic["rows_in_these_words"]) == (6, 6)
    assert synthetic["other_wordings"] == 0
    # Each of the two has her own words, because they differ in what is not known.
    assert (unknown["rows"], unknown["rows_in_these_words"]) == (2, 1)
    assert unknown["other_wordings"] == 1


def test_it_says_what_it_was_made_from(folder, bundle):
    numbers, _rows = summed(folder, MIXED, "--level", "0.9")
    content = (folder / "list.csv").read_bytes()
    assert numbers["input"] == {
        "name": "list.csv",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert numbers["model"]["digest"] == bundle.digest
    assert numbers["model"]["training_data"] == "synthetic"
    assert numbers["intended_use"] == INTENDED_USE
    assert numbers["interval_level"] == 0.9
    assert "its interval is that of the mean" in numbers["means"]


def test_the_same_list_gives_the_same_bytes(folder):
    first = page(folder, MIXED)
    assert page(folder, MIXED) == first


@pytest.mark.parametrize(
    "rows",
    [[REJECTED] * 2, [OUT_OF_SCOPE] * 2, [OUT_OF_SCOPE, REJECTED]],
    ids=["rejected", "out of scope", "both"],
)
def test_a_list_without_figures_has_no_means(folder, rows):
    numbers, _rows = summed(folder, rows)
    assert numbers["figures"] == numbers["caveats"] == numbers["assumed"] == []
    assert sum(each["rows"] for each in numbers["errors"]) == rows.count(REJECTED)
    text = page(folder, rows)
    assert "No patient of this list is in scope" in text
    assert "primary endpoint was not met" in text
    assert "simulated patients" in text
    assert "<svg" not in text
    assert ("Why patients are out of scope" in text) == (OUT_OF_SCOPE in rows)
    assert ("What is wrong with the rejected rows" in text) == (REJECTED in rows)


def test_figures_that_are_withheld_for_all_are_told_so(folder):
    numbers, _rows = summed(folder, [ULCERATED])
    assert not any(each["outcome"] == "local_ulceration" for each in numbers["figures"])
    assert "These figures are withheld for all patients." in page(folder, [ULCERATED])


def test_of_nothing_there_are_no_means(bundle):
    header = read_header([b"age"])
    task = Task(default_folder(), bundle.digest, None, Chosen(), WIDE, "csv", CsvReader(header))
    assert means(task, Tally()) == []


def test_a_tally_comes_back_from_a_note(folder, monkeypatch):
    seen = []
    add = Progress.add

    def noting(progress, block, results):
        add(progress, block, results)
        noted = json.loads(json.dumps(progress.as_dict()))
        seen.append(Progress.from_dict(noted).as_dict() == progress.as_dict())

    monkeypatch.setattr(Progress, "add", noting)
    summed(folder, MIXED)
    assert seen == [True]


# The page


class _Answer:
    def __init__(self, text):
        self.text = text


def test_the_page_tells_the_numbers(folder):
    numbers, _rows = summed(folder, MIXED)
    text = page(folder, MIXED)
    cells = [[cell.strip() for cell in row] for row in Page(_Answer(text)).rows]
    shown = [each for each in numbers["figures"] if each["month"] == 48]
    of_survival = [each for each in shown if each["outcome"] == OUTCOMES[0].name]
    (row, *_others) = [row for row in cells if row[0] == "48"]
    for cell, each in zip(row[1:], of_survival, strict=True):
        for key in ("mean", "lower", "upper"):
            assert str(abs(percent(each[key]))) in re.findall(r"\d+", cell)
        assert ("point" in cell) == (each["arm"] == DIFFERENCE)
    for part in ("reasons", "errors", "assumed"):
        for each in numbers[part]:
            assert [each["text"], str(each["rows"]), each["code"]] in cells
    flat = " ".join(re.sub(r"<[^>]*>", "", text).split())
    assert "Patients without these figures: 1." in flat
    assert numbers["input"]["sha256"] in flat
    assert numbers["model"]["digest"] in flat
    assert numbers["means"].replace("'", "&#39;") in flat
    assert INTENDED_USE in flat


def test_what_must_be_cleared_up_stands_before_the_figures(folder):
    unclear = with_values(eligibility={})
    text = page(folder, [unclear])
    stops = [code for code, row in caveat_texts().items() if row["severity"] == STOP]
    assert stops
    place = text.index('<li class="stop">')
    assert place < text.index("Mean predicted risks")
    assert '<li class="stop">' not in text[text.index("Mean predicted risks") :]


def test_the_page_stands_alone(folder):
    told = Page(_Answer(page(folder, MIXED)))
    assert told.urls() == []
    assert {"script", "link", "img", "iframe"} & {tag for tag, _ in told.tags} == set()
    assert not any(name in attrs for _, attrs in told.tags for name in ("style", "onload"))
    text = (folder / "sum.html").read_text("utf-8")
    assert "@import" not in text
    assert "url(http" not in text
    assert len(told.named("svg")) == 2 * len(OUTCOMES)
    assert "benefit" not in text.lower()


@pytest.mark.parametrize("effect", ["overall", "all"])
def test_exploratory_figures_are_not_averaged(folder, effect):
    text = page(folder, MIXED, "--effect", effect)
    assert ("Exploratory figures are not averaged" in text) == (effect == "all")


def test_a_name_of_a_file_does_nothing_on_the_page(folder):
    name = "<b>list & co.csv"
    (folder / name).write_text(csv_text([README_PATIENT]), encoding="utf-8")
    result = CliRunner().invoke(
        main, ["score", name, "--out", "scored.csv", "--summary", "sum.html", *FEW]
    )
    assert result.exit_code == 0, result.output
    text = (folder / "sum.html").read_text("utf-8")
    assert "<b>" not in text
    assert "&lt;b&gt;list &amp; co.csv" in text


def test_it_is_in_japanese(folder):
    text = page(folder, MIXED, "--language", JAPANESE)
    assert '<html lang="ja">' in text
    assert "予測リスクの平均" in text
    assert "平均（患者6人）" in text
    numbers, _rows = summed(folder, MIXED, "--language", JAPANESE)
    with speaking(JAPANESE):
        assert numbers["means"] == _(summary_module.MEANING) != summary_module.MEANING
        for each in numbers["errors"]:
            assert each["text"] == _(PROBLEM_CODES[each["code"]]) != PROBLEM_CODES[each["code"]]
    english, _rows = summed(folder, MIXED)
    assert numbers["figures"] == english["figures"]
    without = re.sub(r"<style>.*?</style>|<code>.*?</code>|<bdi>.*?</bdi>", "", text, flags=re.S)
    assert not re.search(r">[^<]*\b(the|patients|figures)\b[^<]*<", without)


# When it is written


def test_the_numbers_can_come_with_results_on_standard_output(folder):
    (folder / "list.csv").write_text(csv_text(MIXED), encoding="utf-8")
    result = run("--summary", "sum.json", *FEW)
    assert result.exit_code == 1
    assert result.stdout.startswith("row_id,")
    assert sorted(path.name for path in folder.iterdir()) == ["list.csv", "sum.json"]


@pytest.mark.parametrize("name", ["sum", "sum.csv", "-", "sum.html.gz"])
def test_another_ending_is_refused(folder, name):
    (folder / "list.csv").write_text(csv_text(MIXED), encoding="utf-8")
    result = run("--out", "scored.csv", "--summary", name)
    assert result.exit_code == 2
    assert ".html or .json" in result.output
    assert [path.name for path in folder.iterdir()] == ["list.csv"]


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("age\n", []),
        (csv_text(MIXED), ["--strict"]),
        (csv_text(MIXED), ["--out", "nowhere/scored.csv"]),
    ],
)
def test_a_run_that_fails_writes_none_and_leaves_the_old_one(folder, text, arguments):
    (folder / "list.csv").write_text(text, encoding="utf-8")
    (folder / "sum.html").write_text("old", encoding="utf-8")
    result = run("--out", "scored.csv", "--summary", "sum.html", *FEW, *arguments)
    assert result.exit_code in (1, 2)
    assert (folder / "sum.html").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["list.csv", "sum.html"]


def test_a_place_that_cannot_be_written_is_told_before_anything_is_scored(folder, monkeypatch):
    (folder / "list.csv").write_text(csv_text(MIXED), encoding="utf-8")
    monkeypatch.setattr(Task, "results", None)
    result = run("--out", "scored.csv", "--summary", "nowhere/sum.html", *FEW)
    assert result.exit_code == 2
    assert "nowhere/sum.html" in result.output
    assert [path.name for path in folder.iterdir()] == ["list.csv"]


def test_a_run_that_goes_on_counts_all_rows(folder, monkeypatch):
    rows = [with_values(age=25 + place % 50, row_id=str(place)) for place in range(90)]
    wanted, _rows = summed(folder, rows)
    for name in ("scored.csv", "sum.json"):
        (folder / name).unlink()
    blocks = inputs.blocks_of_lines
    monkeypatch.setattr(
        inputs, "blocks_of_lines", lambda lines, reader, first, _: blocks(lines, reader, first, 20)
    )
    monkeypatch.setattr(run_module, "_NOTE_EVERY", -1.0)
    results, calls = Task.results, []

    def failing(task, contents):
        calls.append(contents)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        return results(task, contents)

    monkeypatch.setattr(Task, "results", failing)
    assert run("--out", "scored.csv", "--summary", "sum.json", *FEW).exit_code == 2
    assert not (folder / "sum.json").exists()
    monkeypatch.setattr(Task, "results", results)
    result = run("--out", "scored.csv", "--summary", "sum.json", "--resume", *FEW)
    assert result.exit_code == 0, result.output
    assert json.loads((folder / "sum.json").read_text("utf-8")) == wanted
    assert not list(folder.glob("*.part*"))
