"""``equipoise score``: a list from a file to a file."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pytest
from click.testing import CliRunner

from models.bundle import load_bundle
from service.bundles import default_folder
from service.cli import main
from service.lists.outputs import Outputs
from tests.support.bundles import save_small, small_manifest

from .helpers import (
    CSV,
    JSON,
    NDJSON,
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    ULCERATED,
    body_of,
    csv_text,
    equipoise,
    ndjson_text,
    post_list,
    with_values,
)

SECRET = "Jane-Secret-4711"
FEW = ("--horizons", "12")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["score", *map(str, arguments)])


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def write(folder, rows, name="patients.csv"):
    text = ndjson_text(rows) if name.endswith(("ndjson", "jsonl")) else csv_text(rows)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def check_refused(result, said):
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert said in result.output
    assert "Traceback" not in result.output


def test_one_rejected_row_is_told_in_the_singular(folder):
    write(folder, [README_PATIENT, REJECTED])
    result = run("patients.csv", "--out", "scored.csv", *FEW)
    assert result.exit_code == 1
    assert result.stderr == "1 row was rejected.\n"


def thousand_lines():
    """Return a CSV of 1,000 rows; every hundredth is broken, each in its own way."""
    columns = ["row_id", "age", "menopausal_status", "ecog_ps", "clinical_t", "clinical_n",
               "er_status", "her2_status", "metastatic_sites"]  # fmt: skip
    broken = {
        0: "{id},200,pre,0,T1,N0,positive,negative,bone",
        100: "{id},47,pre,0,T9,N0,positive,negative,bone",
        200: "{id},47,pre,0,T1,N0,positive,negative",
        300: "{id},47,pre,0,T1,N0,positive,negative,bone,more",
        400: '{id},47,pre,0,T1,N0,positive,negative,"bone',
        500: "{id},47,pre,0,T1,N0,positive,negative,toe",
        600: "{id},,,0,T1,N0,positive,negative,bone",
        700: "{id},NaN,pre,0,T1,N0,positive,negative,bone",
        800: "{id},47,pre,6,T1,N0,positive,negative,bone",
        900: "{id},47,peri,0,T1,N0,positive,negative,bone",
    }
    sites = ["bone", "lung", "liver;bone", "soft_tissue"]
    lines = [",".join(columns)]
    for number in range(1000):
        age = 30 + number % 50
        good = (
            f"{{id}},{age},{'pre' if age < 50 else 'post'},{number % 2},T{1 + number % 4},"
            f"N{number % 3},positive,{'positive' if number % 3 else 'negative'},"
            f"{sites[number % 4]}"
        )
        lines.append(broken.get(number, good).format(id=f"r{number}"))
    return lines, broken


def test_a_thousand_rows_with_ten_broken_ones(folder):
    lines, broken = thousand_lines()
    (folder / "patients.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = equipoise(
        *("score", "patients.csv", "--out", "scored.csv", "--rejects", "rejects.csv", *FEW),
        cwd=folder,
    )
    assert result.returncode == 1
    assert result.stdout == b""
    assert result.stderr == b"10 rows were rejected.\n"
    rows = table((folder / "scored.csv").read_text(encoding="utf-8"))
    assert len(rows) == 1000
    unreadable = {400}  # with an unclosed quote, no cell can be trusted, not even the row_id
    expected = ["" if number in unreadable else f"r{number}" for number in range(1000)]
    assert [row["row_id"] for row in rows] == expected
    rejected = [number for number, row in enumerate(rows) if row["status"] == "rejected"]
    assert rejected == sorted(broken)
    for number, row in enumerate(rows):
        assert bool(row["errors"]) == (number in broken)
        assert bool(row["overall_survival_difference_12"]) == (number not in broken)
    assert len((folder / "rejects.csv").read_text(encoding="utf-8").splitlines()) == 11
    rejects = table((folder / "rejects.csv").read_text(encoding="utf-8"))
    assert [int(row["line"]) for row in rejects] == [number + 2 for number in sorted(broken)]
    assert all(row["message"] and row["accepted"] and row["code"] for row in rejects)


def test_all_fine_is_exit_0_and_quiet(folder):
    write(folder, [README_PATIENT, ULCERATED])
    result = equipoise("score", "patients.csv", "--out", "scored.csv", *FEW, cwd=folder)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    rows = table((folder / "scored.csv").read_text(encoding="utf-8"))
    assert [row["status"] for row in rows] == ["ok", "ok"]


def test_out_of_scope_is_a_result_and_no_reject(folder):
    path = write(folder, [OUT_OF_SCOPE])
    result = run(path, "--out", "scored.csv", "--rejects", "rejects.csv")
    assert result.exit_code == 0, result.output
    (row,) = table((folder / "scored.csv").read_text(encoding="utf-8"))
    assert row["status"] == "out_of_scope"
    assert row["reasons"] == "age_outside_trial;performance_status_outside_trial"
    assert (folder / "rejects.csv").read_text() == "line,row_id,field,code,message,accepted\n"


def test_a_row_with_two_problems_has_two_lines_among_the_rejects(folder):
    path = write(folder, [with_values(age=200, clinical_t="T9", row_id="a")])
    assert run(path, "--out", "scored.csv", "--rejects", "rejects.csv").exit_code == 1
    rejects = table((folder / "rejects.csv").read_text(encoding="utf-8"))
    assert [(row["row_id"], row["field"]) for row in rejects] == [
        ("a", "age"),
        ("a", "clinical_t"),
    ]


def test_the_command_gives_the_apis_figures(folder, client):
    rows = [README_PATIENT, OUT_OF_SCOPE, ULCERATED, REJECTED]
    result = run(write(folder, rows))
    over_http = post_list(client, CSV, body_of(CSV, rows))
    assert result.stdout == over_http.text


def test_ndjson_goes_in_and_out(folder, client):
    rows = [{**README_PATIENT, "row_id": "a"}, OUT_OF_SCOPE, REJECTED]
    path = write(folder, rows, "patients.ndjson")
    result = run(path, "--format", "ndjson", "--out", "scored.ndjson")
    assert result.exit_code == 1
    scored = (folder / "scored.ndjson").read_text(encoding="utf-8")
    assert scored == post_list(client, NDJSON, ndjson_text(rows)).text


@pytest.mark.parametrize("name", ["patients.ndjson", "patients.jsonl"])
def test_ndjson_is_known_by_its_name(folder, name):
    result = run(write(folder, [README_PATIENT], name), *FEW)
    assert result.exit_code == 0, result.output
    assert [row["status"] for row in table(result.stdout)] == ["ok"]


def test_a_broken_ndjson_line_is_rejected_alone(folder):
    good = json.dumps(README_PATIENT)
    (folder / "patients.ndjson").write_text(f"{good}\n{{\n{good}\n", encoding="utf-8")
    result = run("patients.ndjson", *FEW, "--rejects", "rejects.csv")
    assert result.exit_code == 1
    assert [row["status"] for row in table(result.stdout)] == ["ok", "rejected", "ok"]
    (reject,) = table((folder / "rejects.csv").read_text(encoding="utf-8"))
    assert (reject["line"], reject["code"]) == ("2", "malformed_json")


def test_minus_is_standard_input_and_output(folder):
    text = csv_text([README_PATIENT, OUT_OF_SCOPE])
    result = equipoise("score", "-", "--out", "-", *FEW, cwd=folder, stdin=text.encode())
    assert (result.returncode, result.stderr) == (0, b"")
    rows = table(result.stdout.decode())
    assert [row["status"] for row in rows] == ["ok", "out_of_scope"]
    assert names(folder) == []


def test_the_output_is_standard_output_unless_it_is_named(folder):
    result = run(write(folder, [README_PATIENT]), *FEW)
    assert [row["status"] for row in table(result.stdout)] == ["ok"]
    assert names(folder) == ["patients.csv"]


def test_options_are_honoured(folder, client):
    path = write(folder, [README_PATIENT])
    result = run(
        path, "--horizons", "60,12", "--level", "0.8", "--model", "cox", "--effect", "overall"
    )
    query = "?horizons_months=60,12&interval_level=0.8"
    assert (
        result.stdout == post_list(client, CSV, body_of(CSV, [README_PATIENT]), query=query).text
    )


def test_help_says_what_each_option_accepts():
    text = " ".join(run("--help").output.split())
    for option in (
        "--model [cox|forest] Which kind of model",
        "--effect [overall|pooled|subgroup|learned|all] Effect of surgery",
        "--horizons MONTHS Whole months after the decision, 1 to 96, separated by commas.",
        "--level LEVEL Level of the intervals, 0.80 to 0.99.",
        "--format [csv|ndjson|parquet|arrow] What the results are",
        "--shape [wide|long] A line a row, or a line a figure.",
    ):
        assert option in text


def test_another_bundle_can_be_used(folder):
    shutil.copytree(default_folder(), folder / "bundle")
    result = run(write(folder, [README_PATIENT]), "--bundle", "bundle", *FEW)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "options",
    [
        {"model": "forest"},
        {"effect": "subgroup"},
        {"model": "forest", "effect": "subgroup"},
        {"model": "forest", "effect": "learned"},
        {"model": "forest", "effect": "pooled"},
        {"effect": "all"},
    ],
    ids=lambda options: " ".join(options.values()),
)
@pytest.mark.parametrize("kind", [CSV, NDJSON])
def test_every_model_and_effect_is_scored_as_over_http(folder, client, kind, options):
    rows = [README_PATIENT, ULCERATED, OUT_OF_SCOPE]
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    form = "csv" if kind == CSV else "ndjson"
    result = run(write(folder, rows), "--format", form, *FEW, *arguments)
    assert result.exit_code == 0, result.output
    query = "?horizons_months=12&" + "&".join(f"{n}={v}" for n, v in options.items())
    assert result.stdout == post_list(client, CSV, body_of(CSV, rows), kind, query).text


# Exit code 2, and nothing written


BAD_INPUTS = {
    "unknown column": (b"age,grade,menopausal_status\n47,3,pre\n", "There is no field 'grade'"),
    "identifier": (b"age,name\n47,Jane\n", "identifies a person"),
    "repeated column": (b"age,age\n47,48\n", "stands twice"),
    "no needed column": (b"ecog_ps\n0\n", "neither a column age nor menopausal_status"),
    "empty file": (b"", "The CSV is empty"),
    "header not UTF-8": (b"age,\xff\n47,1\n", "not UTF-8"),
}
BAD_ARGUMENTS = {
    "model": (("--model", "magic"), "'magic'"),
    "effect": (("--effect", "miracle"), "'miracle'"),
    "learned by the Cox model": (("--effect", "learned"), "is the forest's own"),
    "horizon 0": (("--horizons", "0"), "0 months"),
    "horizon 200": (("--horizons", "200"), "200 months"),
    "horizon 12.5": (("--horizons", "12.5"), "12.5"),
    "no horizon": (("--horizons", ""), "''"),
    "level": (("--level", "2"), "2 is out of range"),
    "level as text": (("--level", "high"), "'high'"),
    "format": (("--format", "xml"), "'xml'"),
    "option": (("--colour", "red"), "--colour"),
    "bundle": (("--bundle", "nowhere"), "The bundle is refused"),
    "rejects in no folder": (("--rejects", "nowhere/rejects.csv"), "nowhere"),
}


@pytest.mark.parametrize(("content", "said"), BAD_INPUTS.values(), ids=BAD_INPUTS.keys())
def test_unreadable_input_is_exit_2_and_leaves_old_files(folder, content, said):
    (folder / "patients.csv").write_bytes(content)
    for name in ("scored.csv", "rejects.csv"):
        (folder / name).write_text("old", encoding="utf-8")
    before = names(folder)
    check_refused(run("patients.csv", "--out", "scored.csv", "--rejects", "rejects.csv"), said)
    assert names(folder) == before, "no temporary file is left"
    assert (folder / "scored.csv").read_text() == "old"
    assert (folder / "rejects.csv").read_text() == "old"


@pytest.mark.parametrize(("content", "said"), BAD_INPUTS.values(), ids=BAD_INPUTS.keys())
def test_unreadable_input_writes_nothing_to_standard_output(folder, content, said):
    (folder / "patients.csv").write_bytes(content)
    result = run("patients.csv")
    check_refused(result, said)
    assert result.stdout == ""


@pytest.mark.parametrize(("arguments", "said"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS.keys())
def test_a_bad_option_is_exit_2_and_nothing_is_written(folder, arguments, said):
    path = write(folder, [README_PATIENT])
    check_refused(run(path, "--out", "scored.csv", *arguments), said)
    assert names(folder) == ["patients.csv"]


@pytest.mark.parametrize("name", ["nowhere.csv", "."])
def test_an_input_that_cannot_be_opened_is_exit_2(folder, name):
    check_refused(run(name, "--out", "scored.csv"), name)
    assert names(folder) == []


def test_an_output_in_no_folder_is_exit_2_and_named_as_it_was_given(folder):
    path = write(folder, [README_PATIENT])
    result = run(path, "--out", "nowhere/scored.csv")
    check_refused(result, "nowhere/scored.csv")
    assert ".equipoise-" not in result.output


@pytest.mark.parametrize("option", ["--out", "--rejects"])
def test_an_output_that_is_a_folder_is_exit_2_and_leaves_nothing(folder, option):
    path = write(folder, [README_PATIENT])
    (folder / "taken").mkdir()
    more = () if option == "--out" else ("--out", "scored.csv")
    assert run(path, *FEW, *more, option, "taken").exit_code == 2
    assert names(folder) == ["patients.csv", "taken"]


def _append(path):
    path.write_bytes(path.read_bytes() + b" ")


DAMAGES = {
    "altered arrays": lambda folder: _append(folder / "arrays.npz"),
    "altered card": lambda folder: _append(folder / "card.md"),
    "a file more": lambda folder: (folder / "more.pkl").write_bytes(b""),
    "a file less": lambda folder: (folder / "card.md").unlink(),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "manifest cut": lambda folder: (folder / "manifest.json").write_text("{"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_bundle_is_exit_2_and_nothing_is_written(folder, damage):
    path = write(folder, [README_PATIENT])
    shutil.copytree(default_folder(), folder / "bundle")
    damage(folder / "bundle")
    result = run(path, "--bundle", "bundle", "--out", "scored.csv")
    check_refused(result, "The bundle is refused")
    assert names(folder) == ["bundle", "patients.csv"]


@pytest.mark.parametrize(
    ("kind", "out"),
    [
        ("csv", "scored.csv"),
        ("csv", "-"),
        ("ndjson", "scored.ndjson"),
        ("ndjson", "-"),
    ],
)
def test_a_bundle_without_forests_is_not_asked_for_one_and_nothing_is_written(folder, kind, out):
    path = write(folder, [README_PATIENT])
    save_small(folder / "bundle", forests={}, manifest=small_manifest(kind=["cox"]))
    asked = ("--bundle", "bundle", "--model", "forest")
    result = run(path, *asked, "--out", out, "--format", kind)
    check_refused(result, "holds no forest")
    assert result.stdout == ""
    assert names(folder) == ["bundle", "patients.csv"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("patients.csv", "--out", "patients.csv"),
        ("patients.csv", "--out", "./patients.csv"),
        ("patients.csv", "--rejects", "patients.csv"),
        ("patients.csv", "--out", "same.csv", "--rejects", "same.csv"),
        ("patients.csv", "--out", "link.csv"),
    ],
)
def test_input_output_and_rejects_must_differ(folder, arguments):
    path = write(folder, [README_PATIENT])
    before = path.read_text(encoding="utf-8")
    (folder / "link.csv").symlink_to(path)
    check_refused(run(*arguments), "different files")
    assert path.read_text(encoding="utf-8") == before


def test_results_and_rejects_do_not_share_standard_output(folder):
    path = write(folder, [README_PATIENT, REJECTED])
    assert run(path, "--out", "-", "--rejects", "-").exit_code == 2


def test_a_run_that_breaks_off_leaves_the_old_file(folder, monkeypatch):
    def break_off(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Outputs, "write", break_off)
    path = write(folder, [README_PATIENT] * 2)
    (folder / "scored.csv").write_text("old", encoding="utf-8")
    check_refused(run(path, "--out", "scored.csv", *FEW), "No space left")
    assert (folder / "scored.csv").read_text() == "old"
    assert names(folder) == ["patients.csv", "scored.csv"]


def test_an_unexpected_error_leaves_no_temporary_file(folder, monkeypatch):
    def break_off(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Outputs, "write", break_off)
    path = write(folder, [README_PATIENT])
    assert run(path, "--out", "scored.csv", "--rejects", "rejects.csv").exit_code != 0
    assert names(folder) == ["patients.csv"]


def test_an_output_may_be_read_by_whom_any_new_file_may(folder):
    run(write(folder, [README_PATIENT]), "--out", "scored.csv", *FEW)
    (folder / "plain").write_text("", encoding="utf-8")
    modes = {(folder / name).stat().st_mode for name in ("scored.csv", "plain")}
    assert len(modes) == 1


def test_an_old_output_is_replaced(folder):
    (folder / "scored.csv").write_text("old", encoding="utf-8")
    assert run(write(folder, [README_PATIENT]), "--out", "scored.csv", *FEW).exit_code == 0
    assert "old" not in (folder / "scored.csv").read_text(encoding="utf-8")


# Unknown columns and identifiers


def test_extra_columns_can_be_left_out_unread(folder):
    path = write(folder, [with_values(name=SECRET, grade=3)])
    result = run(path, "--ignore-extra-columns", *FEW, "--rejects", "rejects.csv")
    assert result.exit_code == 0, result.output
    plain = run(write(folder, [README_PATIENT]), *FEW)
    assert result.stdout == plain.stdout
    assert SECRET not in result.output + (folder / "rejects.csv").read_text(encoding="utf-8")


def test_an_identifiers_value_is_told_to_nobody(folder):
    path = write(folder, [with_values(name=SECRET)])
    result = run(path, "--out", "scored.csv", "--rejects", "rejects.csv")
    check_refused(result, "identifies a person")
    assert SECRET not in result.output
    assert names(folder) == ["patients.csv"]


def test_an_identifier_in_an_ndjson_row_rejects_it_and_is_told_to_nobody(folder):
    path = write(folder, [README_PATIENT, with_values(mrn=SECRET)], "patients.ndjson")
    result = run(path, "--out", "scored.csv", "--rejects", "rejects.csv", *FEW)
    assert result.exit_code == 1
    for name in ("scored.csv", "rejects.csv"):
        assert SECRET not in (folder / name).read_text(encoding="utf-8")
    assert SECRET not in result.output


def test_an_ndjson_row_id_that_is_no_text_of_unicode_stops_no_list(folder):
    good = json.dumps(README_PATIENT)
    odd = json.dumps({**README_PATIENT, "row_id": "odd"}).replace("odd", "\\ud800")
    (folder / "patients.ndjson").write_text(f"{good}\n{odd}\n{good}\n", encoding="utf-8")
    result = run("patients.ndjson", "--out", "scored.csv", *FEW)
    assert result.exit_code == 1, result.output
    rows = table((folder / "scored.csv").read_text(encoding="utf-8"))
    assert [row["status"] for row in rows] == ["ok", "rejected", "ok"]


def test_a_row_id_of_any_letters_is_passed_through(folder):
    path = write(folder, [{**README_PATIENT, "row_id": 'ä"乳,癌'}])
    run(path, "--out", "scored.csv", *FEW)
    (row,) = table((folder / "scored.csv").read_text(encoding="utf-8"))
    assert row["row_id"] == 'ä"乳,癌'


def test_a_list_of_json_is_not_taken_for_a_csv(folder):
    (folder / "patients.json").write_bytes(body_of(JSON, [README_PATIENT]))
    assert run("patients.json", "--out", "scored.csv").exit_code == 2
    assert names(folder) == ["patients.json"]


def test_the_shipped_bundle_is_the_default():
    assert load_bundle(default_folder()).id == "jcog1017-synthetic"
