"""Files that are not what they seem are told what they are, by the command and by the API."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile

import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest
import zstandard
from click.testing import CliRunner

from service.cli import main
from tests.service.helpers import (
    CSV,
    NDJSON,
    README_PATIENT,
    check_problem,
    csv_text,
    find_item,
    ndjson_text,
    post_list,
)

TEXT = csv_text([README_PATIENT] * 3).encode()


def zipped():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("list.csv", TEXT)
    return held.getvalue()


def columns(kind):
    table, held = pyarrow.table({"age": [47], "menopausal_status": ["pre"]}), io.BytesIO()
    if kind == "parquet":
        pyarrow.parquet.write_table(table, held)
    else:
        make = pyarrow.ipc.new_file if kind == "arrow" else pyarrow.ipc.new_stream
        with make(held, table.schema) as writer:
            writer.write_table(table)
    return held.getvalue()


NO_TEXT = {
    "Parquet": (columns("parquet"), "This is Parquet, which equipoise score reads with --from"),
    "Arrow": (columns("arrow"), "reads with --from arrow"),
    "a stream of Arrow": (columns("stream"), "reads with --from arrow"),
    "bzip2": (bz2.compress(TEXT), "This is packed by bzip2. Unpack it first."),
    "xz": (lzma.compress(TEXT), "This is packed by xz. Unpack it first."),
    "zip": (zipped(), "In Excel: Save as, CSV UTF-8."),
}
UNPACKED_BY_THE_COMMAND = {
    "gzip": (gzip.compress(TEXT), "This is packed by gzip. Unpack it first."),
    "zstandard": (zstandard.compress(TEXT), "This is packed by zstandard. Unpack it first."),
}
NO_CSV = {
    "an array": (json.dumps([README_PATIENT]).encode(), "--from ndjson"),
    "a spread array": (json.dumps([README_PATIENT], indent=1).encode(), "--from ndjson"),
    "a list": (json.dumps({"patients": [README_PATIENT]}).encode(), "This is JSON and no CSV."),
    "NDJSON": (ndjson_text([README_PATIENT] * 2).encode(), "application/x-ndjson"),
    "a mark before it": (b"\xef\xbb\xbf" + ndjson_text([README_PATIENT]).encode(), "This is JSON"),
    "carriage returns": (TEXT.replace(b"\n", b"\r"), "Save the list with line feeds."),
    "quoted, carriage returns": (b'"age","ecog_ps"\r"47","0"\r', "with line feeds."),
    "very many carriage returns": (TEXT.replace(b"\n", b"\r") * 20_000, "with line feeds."),
}
OF_THE_API = NO_TEXT | UNPACKED_BY_THE_COMMAND | NO_CSV


def scored(path, *more):
    return CliRunner().invoke(main, ["score", str(path), "--horizons", "12", *more])


@pytest.mark.parametrize(("content", "said"), (NO_TEXT | NO_CSV).values(), ids=NO_TEXT | NO_CSV)
def test_the_command_says_what_no_csv_is_and_what_to_do(tmp_path, content, said):
    (tmp_path / "list").write_bytes(content)
    result = scored(tmp_path / "list")
    assert result.exit_code == 2
    assert said in result.output
    assert "not UTF-8" not in result.output


@pytest.mark.parametrize(("content", "said"), NO_TEXT.values(), ids=NO_TEXT)
def test_the_command_says_what_no_ndjson_is(tmp_path, content, said):
    (tmp_path / "list.ndjson").write_bytes(content)
    result = scored(tmp_path / "list.ndjson")
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize(("content", "said"), OF_THE_API.values(), ids=OF_THE_API)
def test_the_api_says_what_no_csv_is_and_what_to_do(client, content, said):
    errors = check_problem(post_list(client, CSV, content), 400)["errors"]
    assert said in find_item(errors, "", "malformed_csv")["message"]


def test_the_api_says_what_no_ndjson_is(client):
    errors = check_problem(post_list(client, NDJSON, gzip.compress(TEXT)), 400)["errors"]
    assert "packed by gzip" in find_item(errors, "", "malformed_json")["message"]


@pytest.mark.parametrize("name", [b"[age]", b"{id}", b"PARITY", b"PK"])
def test_columns_of_such_names_can_be_left_out(tmp_path, name):
    rows = TEXT.split(b"\n")
    (tmp_path / "list.csv").write_bytes(
        b"\n".join([name + b"," + rows[0], *(b"x," + row for row in rows[1:] if row)])
    )
    result = scored(tmp_path / "list.csv", "--ignore-extra-columns")
    assert result.exit_code == 0, result.output
