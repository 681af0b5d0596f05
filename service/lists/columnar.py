"""Lists in Parquet and Arrow. Only this module and `column_writer` know pyarrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pyarrow.parquet as pq

from models.errors import MalformedInput, Problem
from models.language import _
from service.lists.blocks import BLOCK_ROWS, Block, fingerprint
from service.lists.contents import Content, cells_as_line, wrong
from service.lists.kinds import PARQUET
from service.lists.rows import COLUMNS, LONGEST_ROW_ID, ROW_ID, Header, checked_header, text_row

#: What reading a damaged file raises.
DAMAGES = (pa.ArrowException, OSError, UnicodeDecodeError)

#: Contents that are kept by what their cells are, before all are forgotten.
_MOST_KEPT = 200_000

#: What a list of sites is joined by, as in a CSV.
_SITES = ";"


class Table:
    """A list in columns: its header, and its rows in batches.

    Raises
    ------
    InvalidInput
        If it cannot be read, or its columns are no patient's.
    """

    def __init__(self, file: IO[bytes], kind: str, *, ignore_extra: bool = False) -> None:
        try:
            self._source: Any = pq.ParquetFile(file) if kind == PARQUET else _open_arrow(file)
            schema = self._source.schema_arrow if kind == PARQUET else self._source.schema
            self._names = tuple(_flat_names(schema))
        except DAMAGES as error:
            raise unreadable(kind, error) from None
        self._kind = kind
        checked_header(self._names, ignore_extra=ignore_extra)
        self.header = Header(tuple(name for name in self._names if name in COLUMNS))

    @property
    def rows(self) -> int | None:
        """How many rows there are, where the file says it."""
        return int(self._source.metadata.num_rows) if self._kind == PARQUET else None

    @property
    def groups(self) -> list[int]:
        """Rows of each row group of Parquet."""
        about = self._source.metadata
        return [about.row_group(number).num_rows for number in range(about.num_row_groups)]

    def stretch(self, start: int, stop: int, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows from `start` up to `stop` of Parquet, counted from 0.

        Only the row groups that hold some of them are read.

        Raises
        ------
        InvalidInput
            If the file breaks off or is damaged.
        """
        ends = list(accumulate(self.groups))
        begins = [0, *ends[:-1]]
        wanted = [n for n, end in enumerate(ends) if begins[n] < stop and end > start]
        place = begins[wanted[0]] if wanted else stop
        try:
            for batch in self._source.iter_batches(rows, row_groups=wanted):
                first, last = max(start - place, 0), min(stop - place, batch.num_rows)
                if first < last:
                    yield batch.slice(first, last - first)
                place += batch.num_rows
        except DAMAGES as error:
            raise unreadable(self._kind, error) from None

    def blocks(self, first: int = 1, rows: int = BLOCK_ROWS) -> Iterator[Block]:
        """Yield the rows in blocks; a place counts them from `first`.

        Raises
        ------
        InvalidInput
            If the file breaks off or is damaged.
        """
        try:
            yield from blocks_of_batches(self.batches(rows), self.header, first, rows)
        except DAMAGES as error:
            raise unreadable(self._kind, error) from None

    def batches(self, rows: int = BLOCK_ROWS) -> Iterator[pa.RecordBatch]:
        """Return the rows in batches of a block each, as far as the file allows."""
        if self._kind == PARQUET:
            found: Iterator[pa.RecordBatch] = self._source.iter_batches(rows)
            return found
        return self._arrow_batches()

    def _arrow_batches(self) -> Iterator[pa.RecordBatch]:
        count = getattr(self._source, "num_record_batches", None)
        if count is None:
            yield from self._source
        else:
            yield from map(self._source.get_batch, range(count))


def blocks_of_batches(
    batches: Iterable[pa.RecordBatch], header: Header, first: int = 1, rows: int = BLOCK_ROWS
) -> Iterator[Block]:
    """Yield blocks of rows; a place counts rows from `first`.

    Rows with the same cells have the same content, made once.
    """
    kept = _Cells(header)
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        while sum(each.num_rows for each in waiting) >= rows:
            table = pa.Table.from_batches(waiting)
            yield kept.block(table.slice(0, rows), first)
            first += rows
            waiting = table.slice(rows).to_batches()
    table = pa.Table.from_batches(waiting) if waiting else None
    if table is not None and table.num_rows:
        yield kept.block(table, first)


class _Cells:
    """Contents by the cells of a row, each cell a number that stands for its text."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._columns = [name for name in header.names if name != ROW_ID]
        self._numbers: list[dict[str, int]]
        self._texts: list[list[str]]
        self._contents: dict[bytes, bytes]
        self._forget()

    def block(self, table: pa.Table, first: int) -> Block:
        """Return a block of rows."""
        if max(map(len, self._texts)) > _MOST_KEPT:
            self._forget()
        while any(pa.types.is_struct(field.type) for field in table.schema):
            table = table.flatten()
        numbers = range(first, first + table.num_rows)
        keys = self._keys(table)
        contents: list[Content] = [self._contents.get(key) or self._make(key) for key in keys]
        if ROW_ID not in table.column_names:
            names = [b""] * table.num_rows
            return Block(numbers, names, contents, fingerprint(names, contents))
        column = _as_text(table.column(ROW_ID))
        names = column.cast(pa.binary()).fill_null(b"").to_pylist()
        for place in _wrong_names(column):
            row = text_row(numbers[place], {ROW_ID: names[place].decode()})
            names[place], contents[place] = wrong(row)
        return Block(numbers, names, contents, fingerprint(names, contents))

    def _forget(self) -> None:
        self._numbers = [{} for _ in self._columns]
        self._texts = [[] for _ in self._columns]
        self._contents = {}

    def _keys(self, table: pa.Table) -> list[bytes]:
        """Return a key a row; the same cells have the same key."""
        codes = np.empty((table.num_rows, len(self._columns)), dtype=np.int32)
        for place, name in enumerate(self._columns):
            codes[:, place] = self._numbered(place, table.column(name))
        width = codes.dtype.itemsize * len(self._columns)
        keys: list[bytes] = codes.view(f"V{width}").ravel().tolist()
        return keys

    def _numbered(self, place: int, column: pa.ChunkedArray) -> Any:
        """Return the number of each cell's text, the same in every block."""
        distinct, places = _encoded(column)
        numbers, texts = self._numbers[place], self._texts[place]
        known = []
        for text in (*distinct, ""):
            if text not in numbers:
                numbers[text] = len(texts)
                texts.append(text)
            known.append(numbers[text])
        indices = places.fill_null(len(known) - 1)
        return np.asarray(known, dtype=np.int32)[indices.to_numpy(zero_copy_only=False)]

    def _make(self, key: bytes) -> bytes:
        if len(self._contents) >= _MOST_KEPT:
            self._contents.clear()
        codes = np.frombuffer(key, dtype=np.int32)
        cells = [texts[code] for texts, code in zip(self._texts, codes, strict=True)]
        content = cells_as_line(cells, self._header)
        self._contents[key] = content
        return content


def _wrong_names(column: pa.ChunkedArray) -> list[int]:
    """Return where names stand that no row may have."""
    wrong_ones = pc.or_(
        pc.greater(pc.utf8_length(column), LONGEST_ROW_ID),
        pc.match_substring_regex(column, "[\\r\\n]"),
    )
    found: list[int] = pc.indices_nonzero(wrong_ones).to_pylist()
    return found


def _encoded(column: pa.ChunkedArray) -> tuple[list[str], pa.Array]:
    """Return the texts of the distinct cells, and where each cell's stands; null where nowhere."""
    kind = column.type
    if not (pa.types.is_primitive(kind) or pa.types.is_string(kind)):
        column = _as_text(column)
    encoded = column.combine_chunks().dictionary_encode()
    return [_text(value) or "" for value in encoded.dictionary.to_pylist()], encoded.indices


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as the texts that a CSV would have; NaN is not known, as in pandas."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.cast(kind.value_type))
    if pa.types.is_string(kind):
        return column
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    return pa.chunked_array([[_text(value) for value in column.to_pylist()]], pa.string())


def _text(value: object) -> str | None:
    if value is None or value != value:  # noqa: PLR0124 (NaN alone differs from itself)
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return _SITES.join(map(str, value))
    return str(value)


def _flat_names(schema: pa.Schema) -> Iterator[str]:
    """Yield the columns' names, those of a record's parts behind its own and a dot."""
    for field in schema:
        if pa.types.is_struct(field.type):
            inner = pa.schema(list(field.type))
            yield from (f"{field.name}.{name}" for name in _flat_names(inner))
        else:
            yield field.name


def _open_arrow(file: IO[bytes]) -> Any:
    try:
        return pa.ipc.open_file(file)
    except pa.ArrowInvalid:
        file.seek(0)
        return pa.ipc.open_stream(file)


def unreadable(kind: str, error: Exception) -> MalformedInput:
    """Return the refusal of a file that is damaged or of another kind."""
    message = _("This is not {kind}: {reason}.").format(
        kind=kind.capitalize(), reason=str(error)[:200].rstrip(".")
    )
    accepted = _("a whole file of {kind}").format(kind=kind.capitalize())
    return MalformedInput([Problem("", "malformed_table", message, accepted)])
