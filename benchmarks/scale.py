"""Unit costs of very long lists, on one processor: what plans for many machines are made of."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Any

from benchmarks.answers import PREDICT, body_of
from benchmarks.load import Watch
from benchmarks.patients import PATIENT, csv_list, different_patients
from benchmarks.serving import asking, serving
from benchmarks.timing import loaded, seconds
from models.bundle import load_bundle
from models.options import Options
from service.bundles import default_folder
from service.lists.blocks import BLOCK_ROWS, Block
from service.lists.column_writer import ColumnWriter
from service.lists.columns import Chosen
from service.lists.cuts import Source, blocks_of, cut
from service.lists.kinds import ARROW, CSV, NDJSON, PARQUET, PLAIN, ZSTANDARD
from service.lists.layouts import WIDE
from service.lists.profiles import Profiles
from service.lists.results import Result, Task
from service.lists.storage import Place
from service.lists.writers import writer_of

#: Different patients that are scored, and rows that they are written in.
_DISTINCT, _ROWS = 2_000, 4 * BLOCK_ROWS

_WRITTEN = ((CSV, PLAIN), (CSV, ZSTANDARD), (NDJSON, PLAIN), (NDJSON, ZSTANDARD), (PARQUET, PLAIN))


_ANSWERED = ("answer, the same patient again", "answer, another patient")

#: What is planned for: rows of so many different patients on so many workers; requests a second.
_PLANNED_ROWS, _PLANNED_DISTINCT, _WORKERS, _REQUESTS = 10**9, 100_000, 64, 10_000

#: Requests of which the median is taken.
_ASKED = 500

#: Bytes that are copied to measure copying.
_COPIED = 256 * 2**20


@dataclass(frozen=True)
class Cost:
    """One unit cost.

    Attributes
    ----------
    name : str
        As plans call it.
    """

    name: str
    value: float
    unit: str


def main() -> None:
    """Measure, and print the unit costs and the plans, or why they do not hold."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        measured = list(chain(costs(Path(folder) / "list.csv"), _answers()))
    void = loaded(watch.foreign())
    if void:
        print(f"void: {void}")
        return
    found = {cost.name: cost.value for cost in measured}
    _print("cost | measured", measured)
    print()
    _print("plan | needs", [*_list_plan(found), *_request_plan(found)])


def _print(header: str, costs: list[Cost]) -> None:
    print(f"| {header} | unit |\n| --- | --- | --- |")
    for cost in costs:
        print(f"| {cost.name} | {_number(cost.value)} | {cost.unit} |")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _list_plan(found: dict[str, float]) -> Iterator[Cost]:
    """Yield the hours of each step of a very long list."""
    size = _PLANNED_ROWS * found["size, input"]
    yield Cost("cutting the list, by the command", size / 1e6 / found["cut"] / 3600, "h")
    for name, new in (("csv.zst", "csv"), ("ndjson.zst", "ndjson"), ("parquet", "parquet")):
        written = _PLANNED_ROWS * found[f"size, {name}"]
        first = _PLANNED_DISTINCT / found[f"new patients, {new}"]
        rows = _PLANNED_ROWS / found[f"known rows, {name}"] / _WORKERS
        yield Cost(f"{name}: scoring, {_WORKERS} workers", (first + rows) / 3600, "h")
        if name == PARQUET:
            joined = _PLANNED_ROWS / found["join, parquet"]
        else:
            joined = written / 1e6 / found["join, texts"]
        yield Cost(f"{name}: joining, by the command, meanwhile", joined / 3600, "h")
        yield Cost(f"{name}: results", written / 1e12, "TB")


def _request_plan(found: dict[str, float]) -> Iterator[Cost]:
    """Yield the processors that many requests a second keep busy."""
    for told in _ANSWERED:
        yield Cost(
            f"{_REQUESTS:,} requests/s, {told}", _REQUESTS * found[told] / 1e3, "processors"
        )


def _answers() -> Iterator[Cost]:
    """Yield the time of an answer over HTTP, of a patient that was asked for and of others."""
    patients = (repeat(PATIENT), different_patients())
    with serving(("-m", "benchmarks.serve")) as served:
        for told, asked in zip(_ANSWERED, patients, strict=True):
            median = asking(served, PREDICT, map(body_of, asked), _ASKED)
            yield Cost(told, median(), "ms")


def costs(path: Path) -> Iterator[Cost]:
    """Yield the unit costs of a list that is written to a path."""
    path.write_bytes(csv_list(_ROWS, _DISTINCT))
    source = Source(Place.of(str(path)), CSV, ignore_extra=False, block_rows=BLOCK_ROWS)
    found = cut(source)
    yield Cost("size, input", path.stat().st_size / _ROWS, "bytes/row")
    yield Cost("cut", path.stat().st_size / 1e6 / seconds(lambda: cut(source)), "MB/s")
    digest = load_bundle(default_folder()).digest
    task = Task(
        default_folder(), digest, Options(), Chosen(), WIDE, CSV, found.reader, summarised=False
    )
    blocks = [block for part in found.stretches for block in blocks_of(part, source, task.reader)]
    for kind, compression in _WRITTEN:
        yield from _written(replace(task, kind=kind), compression, blocks)
    yield _joined(replace(task, kind=ARROW), blocks)
    yield _copied(path.with_name("one"), path.with_name("other"))


def _written(task: Task, compression: str, blocks: list[Block]) -> Iterator[Cost]:
    """Yield what new patients, rows of known ones and their bytes cost in a format."""
    name = f"{task.kind}{compression}"
    profiles = Profiles(task)
    distinct = list(dict.fromkeys(content for block in blocks for content in block.contents))
    task.layout.columns  # noqa: B018 (loads the bundle, which every process does once)
    taken = seconds(lambda: profiles.look_up(distinct).wait())
    if not compression:
        yield Cost(f"new patients, {name}", len(distinct) / taken, "patients/s")
    file: Any = io.BytesIO() if task.kind == PARQUET else _Counted()
    start = time.perf_counter()
    _write(task, compression, file, blocks, profiles)
    rows = sum(len(block.names) for block in blocks)
    yield Cost(f"known rows, {name}", rows / (time.perf_counter() - start), "rows/s")
    yield Cost(f"size, {name}", file.tell() / rows, "bytes/row")


def _write(
    task: Task, compression: str, file: IO[bytes], blocks: list[Block], profiles: Profiles
) -> None:
    """Split the lines of blocks again and write their rows, as a worker does."""
    writer = writer_of(file, task.layout, task.kind, compression)
    writer.start()
    for block in blocks:
        contents = [task.reader.split(0, bytes(content))[1] for content in block.contents]
        results: list[Result] = profiles.look_up(contents).wait()
        writer.write(block, results)
    writer.finish()


def _joined(task: Task, blocks: list[Block]) -> Cost:
    """Return how many rows of columns are joined a second."""
    part, profiles = io.BytesIO(), Profiles(task)
    _write(task, PLAIN, part, blocks, profiles)
    part.seek(0)
    writer = ColumnWriter(io.BytesIO(), task.layout, PARQUET)
    rows = sum(len(block.names) for block in blocks)
    return Cost("join, parquet", rows / seconds(lambda: writer.append(part)), "rows/s")


def _copied(one: Path, other: Path) -> Cost:
    """Return how many megabytes of texts are joined a second, from and to this disk."""
    one.write_bytes(bytes(_COPIED))

    def copy() -> None:
        with one.open("rb") as source, other.open("wb") as target:
            shutil.copyfileobj(source, target, 2**22)

    return Cost("join, texts", _COPIED / 1e6 / seconds(copy), "MB/s")


class _Counted(io.RawIOBase):
    """A file that counts what is written and keeps nothing."""

    def __init__(self) -> None:
        self._count = 0

    def writable(self) -> bool:
        """Return true."""
        return True

    def write(self, data: Any) -> int:
        """Count bytes."""
        self._count += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._count
