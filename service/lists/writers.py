"""Writers of scored lists: CSV and NDJSON, plain or compressed, Parquet and Arrow.

A writer takes blocks in order and can tell after each how far its file reaches, so that a run
that was stopped goes on from there.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import IO, Protocol

from service.encoding import json_bytes
from service.lists.blocks import Block
from service.lists.columns import REJECT_COLUMNS
from service.lists.kinds import COLUMN_KINDS, CSV, GZIP, PLAIN, ZSTANDARD
from service.lists.layouts import Layout
from service.lists.results import Result
from service.lists.tables import csv_cell, csv_header, csv_line

#: What a name must not hold to be written to a CSV as it is.
_SPECIAL = re.compile(rb'[,"\r\n]')

_GZIP_LEVEL, _ZSTANDARD_LEVEL = 6, 3


class Writer(Protocol):
    """A scored list that is being written."""

    def start(self) -> None:
        """Write what stands before the first row."""
        ...

    def write(self, block: Block, results: Sequence[Result]) -> None:
        """Write a block's rows."""
        ...

    def finish(self) -> None:
        """Write what stands behind the last row."""
        ...


class CsvWriter:
    """Lines of CSV, cut into compressed parts at the ends of blocks where they are compressed."""

    def __init__(self, file: IO[bytes], layout: Layout, compression: str = PLAIN) -> None:
        self._file, self._layout, self._compression = file, layout, compression

    def start(self) -> None:
        """Write the header."""
        self._put([csv_line(csv_header(self._layout)).encode()])

    def write(self, block: Block, results: Sequence[Result]) -> None:
        """Write a block's rows."""
        names = csv_names(block.names)
        if all(len(result.tails) == 1 for result in results):
            tails = [result.tails[0] for result in results]
            self._put(chain.from_iterable(zip(names, tails, strict=True)))
        else:
            rows = zip(names, results, strict=True)
            self._put(name + tail for name, each in rows for tail in each.tails)

    def finish(self) -> None:
        """Write nothing: the last row was the end."""

    def _put(self, parts: Iterable[bytes]) -> None:
        put(self._file, parts, self._compression)


class NdjsonWriter:
    """An object a row and line."""

    def __init__(self, file: IO[bytes], compression: str = PLAIN) -> None:
        self._file, self._compression = file, compression

    def start(self) -> None:
        """Write nothing: there is no header."""

    def write(self, block: Block, results: Sequence[Result]) -> None:
        """Write a block's rows."""
        rows = zip(block.numbers, block.names, results, strict=True)
        parts = (_place(number, name) + each.tails[0] for number, name, each in rows)
        put(self._file, parts, self._compression)

    def finish(self) -> None:
        """Write nothing: the last row was the end."""


class RejectsWriter:
    """The table of rejects: a line a problem."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def start(self) -> None:
        """Write the header."""
        self._file.write(csv_line(REJECT_COLUMNS).encode())

    def write(self, block: Block, results: Sequence[Result]) -> None:
        """Write the problems of a block's rejected rows."""
        rejected = [place for place, result in enumerate(results) if result.rejects]
        names = csv_names([block.names[place] for place in rejected])
        lines = (
            b"%d,%b%b" % (block.numbers[place], name, tail)
            for place, name in zip(rejected, names, strict=True)
            for tail in results[place].rejects
        )
        self._file.write(b"".join(lines))

    def finish(self) -> None:
        """Write nothing: the last row was the end."""


def writer_of(file: IO[bytes], layout: Layout, kind: str, compression: str) -> Writer:
    """Return the writer of a kind, one of `service.lists.kinds.KINDS`."""
    if kind in COLUMN_KINDS:
        from service.lists.column_writer import ColumnWriter

        return ColumnWriter(file, layout, kind)
    if kind == CSV:
        return CsvWriter(file, layout, compression)
    return NdjsonWriter(file, compression)


def put(file: IO[bytes], parts: Iterable[bytes], compression: str) -> None:
    """Write the parts of a text; compressed, they are one part that can stand behind others."""
    if compression == PLAIN:
        # Without joining them first: a block's text is large, the file's buffer is not.
        file.writelines(parts)
    else:
        file.write(compressed(b"".join(parts), compression))


def compressed(text: bytes, compression: str) -> bytes:
    """Return a text as a part that can stand behind others; always the same bytes for a text."""
    if compression == GZIP:
        return gzip.compress(text, _GZIP_LEVEL, mtime=0)
    if compression == ZSTANDARD:
        import zstandard

        return zstandard.ZstdCompressor(level=_ZSTANDARD_LEVEL).compress(text)
    return text


def csv_names(names: list[bytes]) -> list[bytes]:
    """Return names as cells of CSV that others follow."""
    if not _SPECIAL.search(b"".join(names)):
        return names
    return [csv_cell(name.decode()).encode() if _SPECIAL.search(name) else name for name in names]


def _place(number: int, name: bytes) -> bytes:
    """Return the beginning of a row's object, up to its answer."""
    named = b',"row_id":' + json_bytes(name.decode()).rstrip() if name else b""
    return b'{"line":%d%b,' % (number, named)
