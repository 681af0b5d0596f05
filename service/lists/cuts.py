"""Where a list is cut, so that machines read their parts of it at the same time.

Parts begin where blocks begin. So blocks, their rows and their places are those of one process,
and with them every byte that is written.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InvalidInput, Problem
from models.language import _
from service.lists.blocks import Block, blocks_of_lines, lines_of
from service.lists.contents import CsvReader, Reader
from service.lists.inputs import Watched, is_packed, read_list
from service.lists.kinds import ARROW, PARQUET
from service.lists.rows import LONGEST_LINE
from service.lists.run import refuse_empty
from service.lists.storage import Place

#: Rows of a part at most, and parts that a list has before they become longer than a block: in
#: long lists parts are long, so that they can still be counted by the thousand.
_MOST_ROWS, _PARTS = 131_072, 256

#: Bytes that are read at once.
_PIECE = 2**20


@dataclass(frozen=True)
class Source:
    """A list that several machines read.

    Attributes
    ----------
    kind : str
        One of `service.lists.kinds.KINDS`.
    block_rows : int
        Rows of a block.
    """

    place: Place
    kind: str
    ignore_extra: bool
    block_rows: int


@dataclass(frozen=True)
class Stretch:
    """A part of a list: whole blocks in a row.

    Attributes
    ----------
    number : int
        Which part it is, from 0.
    start, stop : int
        Where it begins and ends: bytes of a text, rows of Parquet.
    first : int
        The place of its first line or row.
    """

    number: int
    start: int
    stop: int
    first: int


@dataclass(frozen=True)
class Cut:
    """A list that was cut.

    Attributes
    ----------
    reader : Reader
        Of its contents.
    rows : int
        Of all parts.
    watched : Watched
        What was read: all of it.
    """

    reader: Reader
    stretches: list[Stretch]
    rows: int
    watched: Watched


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a block begins: behind so many bytes or rows, at a place."""

    behind: int
    place: int


def cut(source: Source) -> Cut:
    """Read a list once and cut it.

    Raises
    ------
    InvalidInput
        If it cannot be read, holds no row, or cannot be cut.
    OSError
        If it cannot be opened.
    """
    _refuse_uncuttable(source)
    with source.place.open("rb") as file:
        found = read_list(file, source.kind, ignore_extra=source.ignore_extra)
        if source.kind == PARQUET:
            groups = _table(file, source).groups
            refuse_empty(sum(groups))
            stretches = _stretches_of_groups(groups, source.block_rows)
            return Cut(found.reader, stretches, sum(groups), found.watched)
    with source.place.open("rb") as file:
        watched = Watched(file)
        headers = found.reader.header.lines if isinstance(found.reader, CsvReader) else 0
        marks, rows = _marks(line_ends(watched), headers, source.block_rows)
        refuse_empty(rows)
        blocks = _blocks_a_part(len(marks), source.block_rows)
        return Cut(found.reader, _stretches(marks, blocks), rows, watched)


def blocks_of(stretch: Stretch, source: Source, reader: Reader) -> Iterator[Block]:
    """Yield the blocks of a part."""
    with source.place.open("rb") as file:
        if source.kind == PARQUET and isinstance(reader, CsvReader):
            from service.lists import columnar

            table = _table(file, source)
            batches = table.stretch(stretch.start, stretch.stop, source.block_rows)
            yield from columnar.blocks_of_batches(
                batches, reader.header, stretch.first, source.block_rows
            )
        else:
            file.seek(stretch.start)
            part = io.BufferedReader(_Bounded(file, stretch.stop - stretch.start), _PIECE)
            lines = lines_of(part, LONGEST_LINE)
            yield from blocks_of_lines(lines, reader, stretch.first, source.block_rows)


def line_ends(file: IO[bytes] | io.RawIOBase) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield where lines end, and which of them are rows, a piece of the file at a time.

    Yields
    ------
    ends : array of int
        Bytes of the file up to and with each line feed; the last line may lack one.
    rows : array of bool
        Whether each line is a row: what `blocks_of_lines` makes of what `lines_of` gives.
    """
    head, place = b"", 0
    while piece := file.read(_PIECE):
        data = np.frombuffer(piece, np.uint8)
        feeds = np.flatnonzero(data == ord("\n"))
        if len(feeds):
            starts = np.append(0, feeds[:-1] + 1)
            # A line that begins with no space is a row; the few others are looked at whole.
            rows = data[starts] > ord(" ")
            rows[0] = _is_row(head + piece[: feeds[0]])
            for number in np.flatnonzero(~rows[1:]) + 1:
                rows[number] = _is_row(piece[starts[number] : feeds[number]])
            yield feeds + (place + 1), rows
            head = piece[feeds[-1] + 1 :]
        else:
            head = (head + piece)[: LONGEST_LINE + 1]
        place += len(piece)
    if head:
        yield np.array([place]), np.array([_is_row(head)])


def _is_row(line: bytes) -> bool:
    told = line[: LONGEST_LINE + 1]
    return bool(told) and not told.isspace()


def _marks(
    pieces: Iterable[tuple[NDArray[Any], NDArray[Any]]], headers: int, block_rows: int
) -> tuple[list[_Mark], int]:
    """Return where blocks begin and, last, where the list ends; and how many rows there are."""
    marks = [] if headers else [_Mark(0, 1)]
    rows, lines, end = -headers, 0, 0
    for ends, are_rows in pieces:
        counted = rows + np.cumsum(are_rows)
        last = np.flatnonzero(are_rows & (counted >= 0) & (counted % block_rows == 0)).tolist()
        # The next block begins behind such a line; lines are counted from 1.
        marks += [_Mark(int(ends[number]), lines + number + 2) for number in last]
        rows, lines, end = int(counted[-1]), lines + len(ends), int(ends[-1])
    rows = max(rows, 0)
    return [*marks[: -(-rows // block_rows)], _Mark(end, lines + 1)], rows


def _stretches_of_groups(groups: list[int], block_rows: int) -> list[Stretch]:
    """Return the parts of Parquet, no shorter than a row group: each is read twice at most."""
    rows = sum(groups)
    starts = range(0, rows, block_rows)
    marks = [*(_Mark(start, start + 1) for start in starts), _Mark(rows, rows + 1)]
    longest = -(-max(groups, default=0) // block_rows)
    return _stretches(marks, max(_blocks_a_part(len(marks), block_rows), longest))


def _blocks_a_part(marks: int, block_rows: int) -> int:
    return max(1, min(_MOST_ROWS // block_rows, (marks - 1) // _PARTS))


def _stretches(marks: list[_Mark], blocks: int) -> list[Stretch]:
    """Return parts of so many blocks; the last mark is the end."""
    places = [*range(0, len(marks) - 1, blocks), len(marks) - 1]
    return [
        Stretch(number, marks[one].behind, marks[other].behind, marks[one].place)
        for number, (one, other) in enumerate(pairwise(places))
    ]


def _refuse_uncuttable(source: Source) -> None:
    if source.kind == ARROW:
        message = _("Arrow cannot be cut for several machines.")
        accepted = _("CSV, NDJSON or Parquet")
        raise InvalidInput([Problem("", "not_accepted", message, accepted)])
    with source.place.open("rb") as file:
        if source.kind != PARQUET and is_packed(file.read(4)):
            message = _("A compressed text cannot be cut for several machines: unpack it first.")
            accepted = _("CSV or NDJSON that is not compressed, or Parquet")
            raise InvalidInput([Problem("", "not_accepted", message, accepted)])


def _table(file: IO[bytes], source: Source) -> Any:
    from service.lists import columnar

    file.seek(0)
    return columnar.Table(file, source.kind, ignore_extra=source.ignore_extra)


class _Bounded(io.RawIOBase):
    """So many of the bytes that a file still has."""

    def __init__(self, file: IO[bytes], left: int) -> None:
        self._file, self._left = file, left

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer and return how many bytes came."""
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)
