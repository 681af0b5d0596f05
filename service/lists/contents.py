"""What rows say apart from their names, so that equal ones are read and scored once.

A content is bytes: a CSV line or a JSON object without the row's own name. Reading one gives
what the row's own line would give, because it is the same reading.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from models.errors import MalformedInput
from service.lists.rows import (
    BYTE_ORDER_MARK,
    LONGEST_LINE,
    LONGEST_ROW_ID,
    ROW_ID,
    Header,
    Row,
    csv_row,
    json_row,
    row_id_of_wrong_json,
    row_id_text,
    text_row,
)
from service.reading import strict_json

#: Cells that hold a part of it are quoted.
_LINE_END = "\r\n"


class Wrong:
    """A row whose name or line cannot be used; no two are the same content."""

    __slots__ = ("row",)

    def __init__(self, row: Row) -> None:
        self.row = row


Content = bytes | Wrong
#: A row's name, in UTF-8, and what it says.
Split = tuple[bytes, Content]
#: Names and contents of several lines.
SplitLines = tuple[list[bytes], list[Content]]


class Reader(Protocol):
    """How lines of a list are split and contents read."""

    def split(self, number: int, line: bytes) -> Split:
        """Return the name and the content of a line, or the row that is wrong as a whole."""
        ...

    def split_all(self, numbers: Sequence[int], lines: list[bytes], text: bytes) -> SplitLines:
        """Return names and contents of lines, which `text` holds behind each other."""
        ...

    def read(self, content: bytes) -> Row:
        """Return the row of a content, without name and place."""
        ...


@dataclass(frozen=True)
class CsvReader:
    """Lines of a CSV with a header."""

    header: Header

    @cached_property
    def _place(self) -> int:
        """Place of the row's name among the cells, -1 without one."""
        names = self.header.names
        return names.index(ROW_ID) if ROW_ID in names else -1

    @cached_property
    def _nameless(self) -> Header:
        names = tuple(name for name in self.header.names if name != ROW_ID)
        header = self.header
        return Header(names, header.delimiter, header.quote, header.skips_spaces)

    @cached_property
    def _marks(self) -> tuple[bytes, bytes, int]:
        header = self.header
        return header.delimiter.encode(), header.quote.encode(), len(header.names) - 1

    def split(self, number: int, line: bytes) -> Split:
        """Return the name and the content of a line, or the row that is wrong as a whole."""
        delimiter, quote, delimiters = self._marks
        if (
            quote in line
            or self.header.skips_spaces
            or line.count(delimiter) != delimiters
            or len(line) > LONGEST_LINE
        ):
            return self._split_slowly(number, line)
        if self._place < 0:
            return b"", line
        if self._place == 0:
            name, _, content = line.partition(delimiter)
        else:
            cells = line.split(delimiter)
            name = cells.pop(self._place)
            content = delimiter.join(cells)
        if len(name) > LONGEST_ROW_ID or not _is_plain(name):
            return self._split_slowly(number, line)
        return name, content

    def split_all(self, numbers: Sequence[int], lines: list[bytes], text: bytes) -> SplitLines:
        """Return names and contents of lines, which `text` holds behind each other."""
        if self._is_simple(text) and len(max(lines, key=len)) <= LONGEST_LINE:
            if self._place < 0:
                return [b""] * len(lines), list(lines)
            parts = [line.partition(self._marks[0]) for line in lines]
            names = [part[0] for part in parts]
            if len(max(names, key=len)) <= LONGEST_ROW_ID:
                return names, [part[2] for part in parts]
        return _split_each(self, numbers, lines)

    def _is_simple(self, text: bytes) -> bool:
        """Return whether names end at the first delimiter, and can be written as they came."""
        quote = self._marks[1]
        return (
            self._place <= 0
            and len(self._nameless.names) > 1
            and not self.header.skips_spaces
            and quote not in text
            and text.isascii()
            and b"\r" not in text
        )

    def _split_slowly(self, number: int, line: bytes) -> Split:
        try:
            cells = self.header.cells(line)
        except MalformedInput:
            return wrong(csv_row(number, line, self.header))
        if len(cells) != len(self.header.names):
            return wrong(csv_row(number, line, self.header))
        name = cells.pop(self._place) if self._place >= 0 else ""
        if row_id_text(name) is None:
            return wrong(csv_row(number, line, self.header))
        return name.encode(), cells_as_line(cells, self.header)

    def read(self, content: bytes) -> Row:
        """Return the row of a content, without name and place."""
        if not content and len(self._nameless.names) == 1:
            # An empty line has no cell for the csv module, and one for us.
            return text_row(0, {self._nameless.names[0]: ""})
        return csv_row(0, content, self._nameless, names=int(self._place >= 0))


@dataclass(frozen=True)
class JsonReader:
    """Lines of newline-delimited JSON."""

    def split(self, number: int, line: bytes) -> Split:
        """Return the name and the content of a line, or the row that is wrong as a whole."""
        line = line.removeprefix(BYTE_ORDER_MARK)
        if b'"row_id"' not in line and b"\\" not in line:
            return b"", line
        try:
            message = strict_json(line)
        except MalformedInput as error:
            return wrong(Row(number, row_id_of_wrong_json(line), None, error.problems))
        return split_message(number, message)

    def split_all(self, numbers: Sequence[int], lines: list[bytes], text: bytes) -> SplitLines:
        """Return names and contents of lines, which `text` holds behind each other."""
        if b'"row_id"' not in text and b"\\" not in text and not text.startswith(BYTE_ORDER_MARK):
            return [b""] * len(lines), list(lines)
        return _split_each(self, numbers, lines)

    def read(self, content: bytes) -> Row:
        """Return the row of a content, without name and place."""
        try:
            message = strict_json(content)
        except MalformedInput as error:
            return Row(0, "", None, error.problems)
        return json_row(0, message)


def _split_each(reader: Reader, numbers: Sequence[int], lines: list[bytes]) -> SplitLines:
    split = list(map(reader.split, numbers, lines))
    return [name for name, _ in split], [content for _, content in split]


def split_message(number: int, message: object) -> Split:
    """Return the name and the content of a decoded patient, or the row that is wrong."""
    if not isinstance(message, dict):
        return wrong(json_row(number, message))
    sent = message.get(ROW_ID)
    name = "" if sent is None else row_id_text(sent)
    if name is None:
        return wrong(json_row(number, message))
    rest = {key: value for key, value in message.items() if key != ROW_ID}
    return name.encode("utf-8", "surrogatepass"), json.dumps(rest).encode()


def wrong(row: Row) -> Split:
    """Return a row that cannot be used as a list's reading gives it."""
    return row.row_id.encode("utf-8", "replace"), Wrong(row)


def cells_as_line(cells: Sequence[str], header: Header) -> bytes:
    """Return cells as a line that a header's reading gives back."""
    buffer = io.StringIO()
    writer = csv.writer(
        buffer, delimiter=header.delimiter, quotechar=header.quote, lineterminator=_LINE_END
    )
    writer.writerow(cells)
    return buffer.getvalue().removesuffix(_LINE_END).encode()


def _is_plain(name: bytes) -> bool:
    """Return whether a name can be written to a CSV as it came."""
    return name.isascii() and b"," not in name and b'"' not in name and b"\r" not in name
