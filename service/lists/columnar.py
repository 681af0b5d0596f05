"""Parquet and Arrow, in and out. The rest of the package does not know pyarrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from service.lists.kinds import ARROW, PARQUET
from service.lists.layouts import Kind, Layout
from service.lists.results import Result
from service.lists.rows import COLUMNS, LONGEST_ROW_ID, ROW_ID, Header, checked_header, text_row

#: What reading a damaged file raises.
DAMAGES = (pa.ArrowException, OSError, UnicodeDecodeError)

#: Contents that are kept by what their cells are, before all are forgotten.
_MOST_KEPT = 200_000

_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.dictionary(pa.int32(), pa.string()),
    "whole": pa.int16(),
    "figure": pa.float64(),
}

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
            raise _unreadable(kind, error) from None
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
            raise _unreadable(self._kind, error) from None

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
            raise _unreadable(self._kind, error) from None

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
        longest = pc.max(pc.utf8_length(column)).as_py() or 0
        if longest > LONGEST_ROW_ID:
            for place, name in enumerate(names):
                if len(name.decode()) > LONGEST_ROW_ID:
                    row = text_row(numbers[place], {ROW_ID: name.decode()})
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
        encoded = _as_text(column).combine_chunks().dictionary_encode()
        numbers, texts = self._numbers[place], self._texts[place]
        known = []
        for text in (*encoded.dictionary.to_pylist(), ""):
            if text not in numbers:
                numbers[text] = len(texts)
                texts.append(text)
            known.append(numbers[text])
        indices = encoded.indices.fill_null(len(known) - 1)
        return np.asarray(known, dtype=np.int32)[indices.to_numpy(zero_copy_only=False)]

    def _make(self, key: bytes) -> bytes:
        if len(self._contents) >= _MOST_KEPT:
            self._contents.clear()
        codes = np.frombuffer(key, dtype=np.int32)
        cells = [texts[code] for texts, code in zip(self._texts, codes, strict=True)]
        content = cells_as_line(cells, self._header)
        self._contents[key] = content
        return content


class ColumnWriter:
    """A scored list in columns; a block is a row group or a batch.

    Parameters
    ----------
    kind : str
        ``parquet`` or ``arrow``.
    """

    def __init__(self, file: IO[bytes], layout: Layout, kind: str) -> None:
        self._layout, self._kind = layout, kind
        fields = [pa.field(name, _TYPES[held]) for name, held in layout.columns]
        self._schema = pa.schema([pa.field(ROW_ID, pa.string()), *fields])
        if kind == PARQUET:
            self._writer: Any = pq.ParquetWriter(
                file, self._schema, compression="zstd", store_schema=False
            )
        else:
            options = pa.ipc.IpcWriteOptions(compression="zstd", emit_dictionary_deltas=False)
            stream = pa.ipc.new_stream(file, self._schema, options=options)
            self._writer = stream

    def start(self) -> None:
        """Write nothing: the schema was written when the file was opened."""

    def write(self, block: Block, results: Sequence[Result]) -> None:
        """Write a block's rows."""
        places = {id(result): result for result in results}
        order = {key: place for place, key in enumerate(places)}
        distinct = list(places.values())
        first = np.cumsum([0, *(len(result.lines) for result in distinct)])
        own = np.array([order[id(result)] for result in results], dtype=np.intp)
        lines, rows = _expanded(own, first)
        names = pa.array(block.names, pa.binary()).cast(pa.string())
        names = names.take(pa.array(rows)) if len(rows) > len(block.names) else names
        columns = [names, *self._columns(distinct, lines)]
        self._put(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def _put(self, batch: pa.RecordBatch) -> None:
        if self._kind == PARQUET:
            self._writer.write_table(pa.Table.from_batches([batch]))
        else:
            self._writer.write_batch(batch)

    def append(self, file: IO[bytes]) -> None:
        """Write the blocks of a part in Arrow, as if they were written here.

        A part in Parquet would not do: a row group keeps no dictionary as it was.

        Raises
        ------
        InvalidInput
            If the part is not whole.
        """
        try:
            for batch in pa.ipc.open_stream(file):
                self._put(batch)
        except pa.ArrowException as error:
            raise _unreadable(ARROW, error) from None

    def copy(self, file: IO[bytes]) -> None:
        """Write again what an earlier writer of the same list wrote and finished.

        Raises
        ------
        InvalidInput
            If it was not finished.
        """
        try:
            if self._kind == PARQUET:
                source = pq.ParquetFile(file)
                for number in range(source.num_row_groups):
                    self._writer.write_table(source.read_row_group(number).cast(self._schema))
            else:
                for batch in pa.ipc.open_stream(file):
                    self._writer.write(batch)
        except pa.ArrowException as error:
            raise _unreadable(self._kind, error) from None

    def finish(self) -> None:
        """Write what stands behind the last row."""
        self._writer.close()

    def _columns(self, distinct: list[Result], lines: Any) -> Iterator[pa.Array]:
        """Yield the columns: of the distinct lines, put in the places of the rows."""
        told = [line for result in distinct for line in result.lines]
        figures = np.stack([line.figures for line in told])
        texts = list(zip(*(line.texts for line in told), strict=True))
        figure, text = iter(range(figures.shape[1])), iter(texts)
        for _name, kind in self._layout.columns:
            if kind == "figure":
                column = figures[:, next(figure)][lines]
                yield pa.array(column, mask=np.isnan(column))
            else:
                yield _text_column(next(text), lines, kind)


def _expanded(own: Any, first: Any) -> tuple[Any, Any]:
    """Return for each line written its place among the distinct lines, and its row."""
    counts = np.diff(first)[own]
    rows = np.repeat(np.arange(len(own)), counts)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    return first[own][rows] + np.arange(len(rows)) - starts, rows


def _text_column(texts: Sequence[str], lines: Any, kind: Kind) -> pa.Array:
    if kind == "whole":
        values = pa.array([int(text) if text else None for text in texts], pa.int16())
        return values.take(pa.array(lines))
    distinct = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    codes = np.array([distinct[text] for text in texts], dtype=np.int32)[lines]
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(list(distinct), pa.string()))


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


def _unreadable(kind: str, error: Exception) -> MalformedInput:
    message = _("This is not {kind}: {reason}.").format(
        kind=kind.capitalize(), reason=str(error)[:200].rstrip(".")
    )
    accepted = _("a whole file of {kind}").format(kind=kind.capitalize())
    return MalformedInput([Problem("", "malformed_table", message, accepted)])
