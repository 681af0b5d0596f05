"""Columns are the same whatever was written before, and however blocks are put together."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import pyarrow.ipc
import pyarrow.parquet
import pytest

from service.lists import column_writer
from service.lists.blocks import Block, fingerprint
from service.lists.column_writer import ColumnWriter
from service.lists.layouts import Line
from service.lists.results import Result


class Layout:
    """One column of each kind."""

    columns = (("code", "text"), ("share", "figure"), ("month", "whole"))
    digits = 4


def result(*lines):
    told = tuple(Line((code, month), np.array([share])) for code, share, month in lines)
    return Result("ok", (), told, (), None)


#: Of one line or several, a figure or none.
RESULTS = [
    result(("b", 0.25, "12")),
    result(("a", np.nan, ""), ("b", 0.5, "60")),
    result(("c", 0.125, "12"), ("a", 0.0, "24"), ("c", 1.0, "12")),
    result(("", np.nan, "")),
]
ORDERS = [[0, 1, 0, 2], [3, 3, 2, 1], [1, 0, 2, 3], [2, 2, 2], [3, 0]]


def block(first, order):
    names = [b"p%d" % number for number in range(first, first + len(order))]
    contents = [b"%d" % each for each in order]
    return Block(range(first, first + len(order)), names, contents, fingerprint(names, contents))


def written(kind, orders=ORDERS):
    file, first = io.BytesIO(), 1
    writer = ColumnWriter(file, Layout(), kind)
    writer.start()
    for order in orders:
        writer.write(block(first, order), [RESULTS[each] for each in order])
        first += len(order)
    writer.finish()
    return file.getvalue()


def read(kind, content):
    if kind == "parquet":
        return pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    return pyarrow.ipc.open_stream(content).read_all().to_pylist()


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_each_row_has_its_own_lines_in_order(kind):
    wanted = []
    for number, each in enumerate([each for order in ORDERS for each in order], start=1):
        for line in RESULTS[each].lines:
            (code, month), share = line.texts, float(line.figures[0])
            wanted.append(
                {
                    "row_id": f"p{number}",
                    "code": code,
                    "share": None if np.isnan(share) else share,
                    "month": int(month) if month else None,
                }
            )
    assert read(kind, written(kind)) == wanted


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_what_is_forgotten_leaves_no_trace(kind, monkeypatch):
    whole = written(kind)
    monkeypatch.setattr(column_writer, "_MOST_KEPT", 0)
    assert written(kind) == whole


def test_a_block_of_arrow_has_the_texts_that_stand_in_it_alone():
    batches = list(pyarrow.ipc.open_stream(written("arrow")))
    assert [batch["code"].dictionary.to_pylist() for batch in batches] == [
        ["b", "a", "c"],
        ["", "c", "a", "b"],
        ["a", "b", "c", ""],
        ["c", "a"],
        ["", "b"],
    ]


@pytest.mark.parametrize(("lines", "groups"), [(1, 5), (8, 3), (15, 2), (1_000, 1)])
def test_row_groups_are_whole_blocks(monkeypatch, lines, groups):
    monkeypatch.setattr(column_writer, "GROUP_LINES", lines)
    content = written("parquet")
    assert pyarrow.parquet.ParquetFile(io.BytesIO(content)).num_row_groups == groups
    assert read("parquet", content) == read("arrow", written("arrow"))


class Full(io.BytesIO):
    """A disk with room for the beginning of a file."""

    def write(self, text):
        if self.tell() > 3_000:
            raise OSError(28, "No space left on device")
        return super().write(text)


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_what_cannot_be_written_is_told(kind, monkeypatch):
    monkeypatch.setattr(column_writer, "GROUP_LINES", 1)
    writer = ColumnWriter(Full(), Layout(), kind)
    with pytest.raises(OSError, match="No space left"):
        write_many(writer)
    # As `Outputs.abandon` does.
    with suppress(OSError):
        writer.finish()


def write_many(writer):
    for first in range(1, 100):
        writer.write(block(first, [first % 4]), [RESULTS[first % 4]])
