"""A list gives the same bytes however it is cut, whoever scores it, and whatever it came in."""

from __future__ import annotations

import csv
import gzip
import io
import json
import pickle
import re
from functools import partial

import polars
import pyarrow
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
import zstandard
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.patients import csv_list
from models.bundle import load_bundle
from models.options import Options
from models.outcomes import OUTCOMES, SHOWN_ARMS
from service.bundles import default_folder
from service.cli import main
from service.commands import score as score_module
from service.lists import profiles as profiles_module
from service.lists.blocks import blocks_of_lines, lines_of
from service.lists.columns import Chosen
from service.lists.contents import CsvReader, JsonReader, Wrong
from service.lists.kinds import KINDS
from service.lists.layouts import LONG, WIDE
from service.lists.profiles import Profiles
from service.lists.results import Task, with_bundle
from service.lists.rows import LONGEST_LINE, csv_rows, read_header
from service.lists.scoring import score_rows
from service.lists.tables import csv_lines
from service.lists.writers import CsvWriter, RejectsWriter
from tests.service.helpers import OUT_OF_SCOPE, README_PATIENT, REJECTED, ULCERATED, csv_text

FEW = ["--horizons", "12,48"]
OPTIONS = Options((12, 48))


@pytest.fixture(scope="module")
def bundle():
    return load_bundle(default_folder())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["score", *map(str, arguments)])


def scored(lines, bundle, rows=7, **more):
    """Return what the engine writes for lines: results and rejects."""
    reader = CsvReader(read_header(lines))
    task = Task(default_folder(), bundle.digest, OPTIONS, Chosen(), WIDE, "csv", reader, **more)
    with_bundle(task, bundle)
    out, rejects = io.BytesIO(), io.BytesIO()
    writer, rejected = CsvWriter(out, task.layout), RejectsWriter(rejects)
    writer.start()
    rejected.start()
    found = Profiles(task, most=60_000)
    for block in blocks_of_lines([lines[1:]], reader, 2, rows):
        results = found.look_up(block.contents).wait()
        writer.write(block, results)
        rejected.write(block, results)
    return out.getvalue(), rejects.getvalue()


MIXED = csv_text(
    [
        {**README_PATIENT, "row_id": "a"},
        {**OUT_OF_SCOPE, "row_id": 'b,"quoted"'},
        {**REJECTED, "row_id": "c"},
        {**ULCERATED, "row_id": "患者"},
        {**README_PATIENT, "row_id": "d"},
        {**README_PATIENT, "row_id": "x" * 201},
    ]
).encode()


@pytest.mark.property
@given(
    chosen=st.lists(st.integers(0, 8), min_size=1, max_size=30),
    rows=st.integers(1, 31),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_row_does_not_depend_on_its_neighbours_or_its_block(bundle, chosen, rows):
    header, *lines = MIXED.splitlines()
    lines += [b"", b"e,1,2,3", b'f,"47']
    taken = [header, *(lines[place] for place in chosen)]
    found, rejects = scored(taken, bundle, rows)
    one_by_one = list(csv_lines(score_rows(csv_rows(taken), bundle, OPTIONS), bundle, OPTIONS))
    assert found.decode() == "".join(one_by_one)
    told = {int(row["line"]) for row in csv.DictReader(io.StringIO(rejects.decode()))}
    assert told == {row.line for row in csv_rows(taken) if row.patient is None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("summarised", [True, False])
def test_a_result_comes_back_from_another_process_as_it_was(bundle, kind, summarised):
    lines = MIXED.splitlines()
    reader = CsvReader(read_header(lines))
    task = Task(default_folder(), bundle.digest, OPTIONS, Chosen(), WIDE, kind, reader, summarised)
    (block,) = blocks_of_lines([lines[1:5]], reader, 2, 7)
    results = with_bundle(task, bundle).results(block.contents)
    again = pickle.loads(pickle.dumps(results))
    assert repr(again) == repr(results)
    assert [each.size for each in again] == [each.size for each in results]


def test_results_that_were_forgotten_are_made_again(bundle, monkeypatch):
    lines = csv_list(60, 20).splitlines()
    assert scored(lines, bundle) == scored(lines, bundle, 60)


def test_several_processes_write_the_same_bytes(folder, monkeypatch):
    monkeypatch.setattr(profiles_module, "ALONE", 10)
    (folder / "list.csv").write_bytes(csv_list(400, 300))
    for processes in (1, 2):
        result = run("list.csv", "--out", f"{processes}.csv", "--processes", processes, *FEW)
        assert result.exit_code == 0, result.output
    assert (folder / "1.csv").read_bytes() == (folder / "2.csv").read_bytes()


def test_a_killed_process_changes_nothing(folder, monkeypatch, bundle):
    monkeypatch.setattr(profiles_module, "ALONE", 0)
    lines = csv_list(200, 150).splitlines()
    reader = CsvReader(read_header(lines))
    task = Task(default_folder(), bundle.digest, OPTIONS, Chosen(), WIDE, "csv", reader)
    contents = [reader.split(0, line)[1] for line in lines[1:]]
    with Profiles(task, 2) as alone, Profiles(task, 1) as steady:
        pending = alone.look_up(contents)
        for process in list(alone._pool._processes.values()):
            process.kill()
        assert [each.tails for each in pending.wait()] == [
            each.tails for each in steady.look_up(contents).wait()
        ]


# Dialects and formats


def written(rows, delimiter=",", quoting=csv.QUOTE_MINIMAL, quote='"', end="\n"):
    text = io.StringIO()
    csv.writer(
        text, delimiter=delimiter, quoting=quoting, quotechar=quote, lineterminator=end
    ).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", " "])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("quote", ['"', "'"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_dialect_is_read_as_the_usual_one(folder, delimiter, quoting, quote, end):
    if quote == "'" and quoting == csv.QUOTE_MINIMAL:
        quote = '"'  # nothing in such a file says that it has other quotes
    rows = list(csv.reader(io.StringIO(MIXED.decode())))
    (folder / "usual.csv").write_bytes(MIXED)
    text = written(rows, delimiter, quoting, quote, end)
    (folder / "other.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    for name in ("usual", "other"):
        run(f"{name}.csv", "--out", f"{name}-scored.csv", "--rejects", f"{name}-no.csv", *FEW)
    for made in ("scored", "no"):
        files = [folder / f"{name}-{made}.csv" for name in ("usual", "other")]
        usual, other = (file.read_bytes() for file in files)
        assert usual == other


PLAIN = csv_text(
    [
        {**README_PATIENT, "row_id": "a"},
        {**OUT_OF_SCOPE, "row_id": "b"},
        {**REJECTED, "row_id": "c"},
        {**ULCERATED, "row_id": "d"},
    ]
)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_packed_texts_are_unpacked_and_written(folder, pack):
    (folder / "plain.csv").write_text(PLAIN, encoding="utf-8")
    (folder / "packed").write_bytes(pack(PLAIN[:90].encode()) + pack(PLAIN[90:].encode()))
    ending = "gz" if pack is gzip.compress else "zst"
    run("plain.csv", "--out", "plain-scored.csv", *FEW)
    run("packed", "--out", f"scored.csv.{ending}", *FEW)
    packed = (folder / f"scored.csv.{ending}").read_bytes()
    if ending == "gz":
        text = gzip.decompress(packed)
    else:
        text = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True).read()
    assert text == (folder / "plain-scored.csv").read_bytes()


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_a_packed_text_that_breaks_off_is_refused(folder, ending):
    packed = {"gz": gzip.compress, "zst": zstandard.compress}[ending](PLAIN.encode() * 5)
    (folder / "cut.csv").write_bytes(packed[: len(packed) // 2])
    result = run("cut.csv", "--out", "scored.csv", *FEW)
    assert result.exit_code == 2
    assert "damaged" in result.output or "header" in result.output
    assert not (folder / "scored.csv").exists()


def table_of(text):
    """Return a CSV as a table with numbers, flags and lists, as a database gives it."""
    rows = list(csv.DictReader(io.StringIO(text)))
    columns = {}
    for name in rows[0]:
        cells = [row[name] or None for row in rows]
        if name == "metastatic_sites":
            columns[name] = [cell.split(";") if cell else None for cell in cells]
        elif all(cell in (None, "true", "false") for cell in cells):
            columns[name] = [None if cell is None else cell == "true" for cell in cells]
        elif all(cell is None or cell.isdecimal() for cell in cells):
            columns[name] = [None if cell is None else int(cell) for cell in cells]
        else:
            columns[name] = cells
    return pyarrow.table(columns)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream", "strings", "nested"])
def test_columns_are_read_like_a_csv_with_the_same_cells(folder, kind):
    table = table_of(PLAIN)
    if kind == "strings":
        table = pyarrow.csv.read_csv(
            io.BytesIO(PLAIN.encode()),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(table.column_names, pyarrow.string())
            ),
        )
    if kind == "nested":
        facts = [name for name in table.column_names if name.startswith("eligibility.")]
        record = pyarrow.StructArray.from_arrays(
            [table.column(name).combine_chunks() for name in facts],
            [name.removeprefix("eligibility.") for name in facts],
        )
        table = table.drop_columns(facts).append_column("eligibility", record)
    name = "list.arrow" if kind in ("arrow", "stream") else "list.parquet"
    if kind == "arrow":
        with pyarrow.ipc.new_file(name, table.schema) as writer:
            writer.write_table(table, max_chunksize=2)
    elif kind == "stream":
        with pyarrow.ipc.new_stream(name, table.schema) as writer:
            writer.write_table(table)
    else:
        pyarrow.parquet.write_table(table, name)
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    run("list.csv", "--out", "usual.csv", *FEW)
    result = run(name, "--out", "other.csv", *FEW)
    assert (folder / "usual.csv").read_text() == (folder / "other.csv").read_text(), result.output


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("shape", [WIDE, LONG])
def test_columns_hold_what_the_csv_says(folder, kind, shape):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    run("list.csv", "--shape", shape, "--out", "scored.csv", *FEW)
    run("list.csv", "--shape", shape, "--out", f"scored.{kind}", *FEW)
    if kind == "parquet":
        table = pyarrow.parquet.read_table("scored.parquet")
    else:
        table = pyarrow.ipc.open_stream("scored.arrow").read_all()
    rows = list(csv.DictReader(io.StringIO((folder / "scored.csv").read_text("utf-8"))))
    assert table.column_names == list(rows[0])
    assert table.num_rows == len(rows)
    for name in table.column_names:
        for cell, value in zip([row[name] for row in rows], table[name].to_pylist(), strict=True):
            told = cell if isinstance(value, str) else (float(cell) if cell else None)
            assert value == told, name


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_line_that_names_the_separator_is_no_row(folder, rows, end):
    lines = PLAIN.splitlines()[: rows + 1]
    (folder / "plain.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "named.csv").write_text("sep=,\n" + "\n".join(lines) + end, encoding="utf-8")
    for name in ("plain", "named"):
        run(f"{name}.csv", "--out", f"{name}-scored.csv", *FEW)
    scored = [(folder / f"{name}-scored.csv").read_bytes() for name in ("plain", "named")]
    assert scored[0] == scored[1]


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_a_row_id_with_a_line_break_is_rejected_in_columns_too(folder, kind):
    table = polars.DataFrame(
        {"row_id": ["a\nb", "c", "x" * 201, "d\re", None], "menopausal_status": "pre"}
    )
    table = table.with_columns(ecog_ps=0, clinical_t=polars.lit("T1"))
    table.write_parquet(folder / "list.parquet")
    table.write_ipc(folder / "list.arrow")
    run(f"list.{kind}", "--out", "scored.csv", *FEW)
    lines = (folder / "scored.csv").read_text(encoding="utf-8").splitlines()
    statuses = [line.split(",")[1] for line in lines[1:]]
    assert statuses == ["rejected", "ok", "rejected", "rejected", "ok"]


def test_parquet_is_plain_for_other_readers(folder):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    run("list.csv", "--out", "scored.parquet", *FEW)
    frame = polars.read_parquet("scored.parquet")
    assert frame["status"].to_list() == ["ok", "out_of_scope", "rejected", "ok"]
    assert frame["status"].dtype == polars.String
    assert frame["overall_survival_difference_48"].dtype == polars.Float64


# The long shape, and what is chosen


@pytest.mark.parametrize(
    ("model", "effect"),
    [
        ("cox", "overall"),
        ("cox", "pooled"),
        ("cox", "subgroup"),
        ("forest", "overall"),
        ("forest", "pooled"),
        ("forest", "all"),
    ],
)
def test_a_long_list_has_the_figures_of_a_wide_one(folder, model, effect):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    asked = ["--model", model, "--effect", effect, *FEW]
    run("list.csv", "--out", "wide.csv", *asked)
    run("list.csv", "--out", "long.csv", "--shape", "long", *asked)
    wide, long = (
        list(csv.DictReader(io.StringIO((folder / name).read_text("utf-8"))))
        for name in ("wide.csv", "long.csv")
    )
    shown = (model, "pooled" if effect == "pooled" else "overall")
    for row in wide:
        lines = [line for line in long if line["row_id"] == row["row_id"]]
        if row["status"] != "ok":
            assert [line["outcome"] for line in lines] == [""]
            continue
        told = {}
        for line in lines:
            for name in names_in_a_wide_list(line, shown):
                assert name not in told, name
                told[name] = line["estimate"]
                if line["lower"]:
                    told |= {f"{name}_{side}": line[side] for side in ("lower", "upper")}
        figures = {name: row[name] for name in row if re.search(r"_\d+", name) and row[name]}
        assert {name: told.get(name) for name in figures} == figures
        exploratory = [line["exploratory"] for line in lines]
        assert exploratory == sorted(exploratory)
    key = ("row_id", "outcome", "arm", "month", "model_kind", "effect")
    assert len({tuple(line[name] for name in key) for line in long}) == len(long)


def names_in_a_wide_list(line, shown):
    """Return the columns of a wide list that hold the figure of a line."""
    stem, own = f"{line['outcome']}_{line['arm']}", (line["model_kind"], line["effect"])
    month = line["month"]
    if own[0] == "forest_minus_cox":
        return [f"{stem}_forest_minus_cox_{month}"]
    marked = "_exploratory" if line["exploratory"] == "true" else ""
    names = [f"{stem}_{own[0]}_{own[1]}{marked}_{month}"]
    if own == shown:
        names.append(f"{stem}_{month}")
    if own == (shown[0], "pooled") and stem == "overall_survival_difference":
        names.append(f"{stem}_pooled_{month}")
    return names


def test_outcomes_arms_and_digits_are_chosen(folder):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    run("list.csv", "--out", "all.csv", *FEW)
    asked = ["--outcomes", "local_bleeding,overall_survival", "--arms", "difference"]
    result = run("list.csv", "--out", "few.csv", *asked, "--digits", "2", *FEW)
    assert result.exit_code == 1
    every, few = (
        list(csv.DictReader(io.StringIO((folder / name).read_text("utf-8"))))
        for name in ("all.csv", "few.csv")
    )
    figures = [name for name in few[0] if name[-1].isdigit()]
    assert figures == [
        *(f"overall_survival_difference_{month}" for month in (12, 48)),
        *(f"local_bleeding_difference_{month}" for month in (12, 48)),
        *(f"overall_survival_difference_pooled_{month}" for month in (12, 48)),
    ]
    for one, other in zip(every, few, strict=True):
        for name in figures:
            assert len(other[name].partition(".")[2]) == (2 if other[name] else 0)
            if other[name]:
                assert abs(float(one[name]) - float(other[name])) <= 0.00501
        assert one["caveats"] == other["caveats"]
        assert one["intended_use"] == other["intended_use"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--outcomes", "cure"],
        ["--arms", "difference,difference"],
        ["--digits", "5"],
        ["--digits", "1"],
        ["--processes", "0"],
        ["--shape", "square"],
    ],
)
def test_what_cannot_be_chosen_is_refused(folder, arguments):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    result = run("list.csv", "--out", "scored.csv", *arguments)
    assert result.exit_code == 2
    assert not (folder / "scored.csv").exists()
    every = [*SHOWN_ARMS, *(outcome.name for outcome in OUTCOMES)]
    if arguments[0] in ("--outcomes", "--arms"):
        assert any(name in result.output for name in every)


# What stands beside the results


def test_a_note_says_what_the_results_are(folder, bundle):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    run("list.csv", "--out", "scored.csv", "--level", "0.9", *FEW)
    about = json.loads((folder / "scored.csv.about.json").read_text("utf-8"))
    assert about["bundle"]["digest"] == bundle.digest
    assert about["training_data"] == "synthetic"
    assert about["options"]["interval_level"] == 0.9
    assert about["options"]["horizons_months"] == [12, 48]
    assert about["options"]["ignore_extra_columns"] is False
    assert about["counts"] == {"rows": 4, "ok": 2, "out_of_scope": 1, "rejected": 1}
    assert about["input"]["name"] == "list.csv"
    assert about["input"]["bytes"] == (folder / "list.csv").stat().st_size
    import hashlib

    wanted = hashlib.sha256((folder / "list.csv").read_bytes()).hexdigest()
    assert about["input"]["sha256"] == wanted


def test_strict_stops_at_the_first_wrong_row_and_writes_nothing(folder):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    (folder / "scored.csv").write_text("old", encoding="utf-8")
    result = run("list.csv", "--out", "scored.csv", "--rejects", "no.csv", "--strict", *FEW)
    assert result.exit_code == 1
    assert "Line 4" in result.output
    assert "Age: 200 cannot be." in result.output
    assert sorted(path.name for path in folder.iterdir()) == ["list.csv", "scored.csv"]
    assert (folder / "scored.csv").read_text() == "old"


@pytest.mark.parametrize(
    "asked",
    [
        *(["--format", kind] for kind in ("csv", "ndjson", "arrow", "parquet")),
        ["--out", "scored.csv", "--rejects", "-"],
    ],
)
def test_strict_to_standard_output_writes_nothing_before_a_block_is_right(folder, asked):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    result = run("list.csv", "--strict", *asked, *FEW)
    assert result.exit_code == 1
    assert "Line 4 is wrong, and nothing was written." in result.stderr
    assert result.stdout_bytes == b""


def test_strict_says_what_standard_output_holds(folder, monkeypatch):
    monkeypatch.setattr(score_module, "Way", partial(score_module.Way, block_rows=2))
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    result = run("list.csv", "--strict", *FEW)
    assert result.exit_code == 1
    assert result.stdout.count("\n") == 3
    assert "nothing was written" not in result.stderr
    assert "Standard output holds what was written of the 2 rows before it." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--outcomes", "cure"], "outcomes: 'cure' is not one of them"),
        (["--arms", "ptr_plus_systemic_therapy,difference,difference"], "arms: 'difference' is"),
    ],
)
def test_a_wrong_choice_is_named_once(folder, arguments, told):
    (folder / "list.csv").write_text(PLAIN, encoding="utf-8")
    result = run("list.csv", "--out", "scored.csv", *arguments)
    assert told in result.output
    assert result.output.count(f"{arguments[0][2:]}:") == 1


# Lines


def test_pieces_of_a_file_are_its_lines():
    text = b"a\nbb\r\n\n" + b"c" * 3_000_000 + b"\nlast"
    lines = [line for piece in lines_of(io.BytesIO(text), 1000) for line in piece]
    assert [line[:5] for line in lines] == [b"a", b"bb\r", b"", b"ccccc", b"last"]
    assert len(lines[3]) == 1001


def test_a_line_that_is_too_long_is_rejected_alone(folder):
    long = b"x" * (LONGEST_LINE + 5) + b"," + PLAIN.splitlines()[1].partition(",")[2].encode()
    lines = [*PLAIN.encode().splitlines()[:2], long, PLAIN.encode().splitlines()[1]]
    (folder / "list.csv").write_bytes(b"\n".join(lines))
    result = run("list.csv", "--out", "scored.csv", "--rejects", "no.csv", *FEW)
    assert result.exit_code == 1
    rows = list(csv.DictReader(io.StringIO((folder / "scored.csv").read_text("utf-8"))))
    assert [row["status"] for row in rows] == ["ok", "rejected", "ok"]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b'{"row_id": "a", "age": 47}', b"a"),
        (b'{"age": 47, "row_id": "\\u60a3"}', "患".encode()),
        (b'{"age": 47}', b""),
        (b'{"row\\u005fid": "z", "age": 47}', b"z"),
    ],
)
def test_names_of_json_rows(line, name):
    found, content = JsonReader().split(1, line)
    assert found == name
    assert json.loads(content) == {"age": 47}


def test_a_json_name_of_another_type_is_wrong():
    _, content = JsonReader().split(3, b'{"row_id": 7.5, "age": 47}')
    assert isinstance(content, Wrong)
    assert content.row.line == 3
