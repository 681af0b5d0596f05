"""Scored lists as Parquet and Arrow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from service.lists.blocks import Block
from service.lists.columnar import unreadable
from service.lists.kinds import ARROW, PARQUET
from service.lists.layouts import Kind, Layout
from service.lists.results import Result
from service.lists.rows import ROW_ID

#: Lines of a row group of Parquet, at least, but in the last one: whole blocks.
GROUP_LINES = 32_768

#: Lines of distinct results that are kept in columns, about, before all are forgotten.
_MOST_KEPT = 32_768

_TYPES: dict[Kind, pa.DataType] = {
    "text": pa.dictionary(pa.int32(), pa.string()),
    "whole": pa.int16(),
    "figure": pa.float64(),
}

Places = NDArray[np.intp]


class ColumnWriter:
    """A scored list in columns; a block is a batch of Arrow, a few are a row group of Parquet.

    Another thread writes, while this one makes the next columns.

    Parameters
    ----------
    kind : str
        ``parquet`` or ``arrow``.
    """

    def __init__(self, file: IO[bytes], layout: Layout, kind: str) -> None:
        self._kind = kind
        fields = [pa.field(name, _TYPES[held]) for name, held in layout.columns]
        self._schema = pa.schema([pa.field(ROW_ID, pa.string()), *fields])
        self._told = _Told([held for _name, held in layout.columns])
        self._waiting: list[pa.Table] = []
        self._thread = ThreadPoolExecutor(1)
        self._under_way: Future[None] | None = None
        if kind == PARQUET:
            self._writer: Any = pq.ParquetWriter(
                file, self._schema, compression="zstd", store_schema=False
            )
        else:
            options = pa.ipc.IpcWriteOptions(compression="zstd", emit_dictionary_deltas=False)
            self._writer = pa.ipc.new_stream(file, self._schema, options=options)

    def start(self) -> None:
        """Write nothing: the schema was written when the file was opened."""

    def write(self, block: Block, results: Sequence[Result]) -> None:
        """Write a block's rows."""
        lines, rows = self._told.lines_of(results)
        names = pa.array(block.names, pa.binary()).cast(pa.string())
        names = names.take(pa.array(rows)) if len(rows) > len(block.names) else names
        columns = [names, *self._told.columns(lines)]
        self._put(pa.RecordBatch.from_arrays(columns, schema=self._schema))

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
            raise unreadable(ARROW, error) from None

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
                    self._gather(source.read_row_group(number).cast(self._schema))
            else:
                for batch in pa.ipc.open_stream(file):
                    self._put(batch)
        except pa.ArrowException as error:
            raise unreadable(self._kind, error) from None

    def finish(self) -> None:
        """Write what stands behind the last row."""
        try:
            self._flush()
            self._wait()
        finally:
            self._thread.shutdown()
            self._writer.close()

    def _put(self, batch: pa.RecordBatch) -> None:
        if self._kind == PARQUET:
            self._gather(pa.Table.from_batches([batch]))
        else:
            self._soon(self._writer.write_batch, batch)

    def _gather(self, table: pa.Table) -> None:
        """Keep lines until there are enough of them for a row group."""
        self._waiting.append(table)
        if sum(each.num_rows for each in self._waiting) >= GROUP_LINES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            # One dictionary a column, in the order in which texts first appear, however the
            # lines came here.
            group = pa.concat_tables(self._waiting).unify_dictionaries()
            self._waiting = []
            self._soon(self._writer.write_table, group, group.num_rows)

    def _soon(self, write: Callable[..., None], *asked: Any) -> None:
        """Write when what was written before is done; an error of that is raised now."""
        self._wait()
        self._under_way = self._thread.submit(write, *asked)

    def _wait(self) -> None:
        if self._under_way is not None:
            under_way, self._under_way = self._under_way, None
            under_way.result()


class _Told:
    """What distinct results say, in columns: a block's rows are looked up there.

    Parameters
    ----------
    kinds : sequence of Kind
        Of the columns.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds
        self._forget()

    def lines_of(self, results: Sequence[Result]) -> tuple[Places, Places]:
        """Return for each line of some results where it is kept, and whose it is."""
        if len(self._figures) > _MOST_KEPT:
            self._forget()
        new = {id(result): result for result in results if id(result) not in self._numbers}
        if new:
            self._keep(list(new.values()))
        own = np.array([self._numbers[id(result)] for result in results], dtype=np.intp)
        counts = np.diff(self._starts)[own]
        rows = np.repeat(np.arange(len(own)), counts)
        before = np.repeat(np.cumsum(counts) - counts, counts)
        return self._starts[own][rows] + np.arange(len(rows)) - before, rows

    def columns(self, lines: Places) -> Iterator[pa.Array]:
        """Yield the columns of some of the lines that are kept."""
        figure, text = iter(self._figures.T), iter(self._texts)
        for kind in self._kinds:
            if kind == "figure":
                yield pa.array(next(figure).take(lines), from_pandas=True)
            else:
                yield next(text).column(lines, kind)

    def _forget(self) -> None:
        # Results are held: an object that is gone could lend its identity to another one.
        self._results: list[Result] = []
        self._numbers: dict[int, int] = {}
        self._starts = np.zeros(1, dtype=np.intp)
        # Column by column in memory.
        self._figures = np.empty((0, self._kinds.count("figure")), order="F")
        self._texts = [_Texts() for kind in self._kinds if kind != "figure"]

    def _keep(self, results: list[Result]) -> None:
        for result in results:
            self._numbers[id(result)] = len(self._results)
            self._results.append(result)
        lines = [line for result in results for line in result.lines]
        counts = [len(result.lines) for result in results]
        self._starts = np.concatenate([self._starts, self._starts[-1] + np.cumsum(counts)])
        figures = np.stack([line.figures for line in lines])
        self._figures = np.asfortranarray(np.concatenate([self._figures, figures]))
        by_column = zip(*(line.texts for line in lines), strict=True)
        for kept, texts in zip(self._texts, by_column, strict=True):
            kept.keep(texts)


class _Texts:
    """The texts of one column, each kept once."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._distinct: list[str] = []
        self._codes = np.empty(0, dtype=np.intp)

    def keep(self, texts: Sequence[str]) -> None:
        """Keep some more lines' texts."""
        for text in dict.fromkeys(texts):
            if text not in self._places:
                self._places[text] = len(self._distinct)
                self._distinct.append(text)
        codes = np.array([self._places[text] for text in texts], dtype=np.intp)
        self._codes = np.concatenate([self._codes, codes])

    def column(self, lines: Places, kind: Kind) -> pa.Array:
        """Return the texts of some lines, or the whole numbers that they stand for."""
        codes = self._codes.take(lines)
        # Where each text first appears: of several assignments the last one stays.
        first = np.full(len(self._distinct), len(lines))
        first[codes[::-1]] = np.arange(len(lines))[::-1]
        used = np.argsort(first)[: np.count_nonzero(first < len(lines))]
        rank = np.empty(len(self._distinct), dtype=np.int32)
        rank[used] = np.arange(len(used))
        texts = [self._distinct[code] for code in used]
        places = pa.array(rank[codes])
        if kind == "whole":
            return pa.array([int(text) if text else None for text in texts], pa.int16()).take(
                places
            )
        return pa.DictionaryArray.from_arrays(places, pa.array(texts, pa.string()))
