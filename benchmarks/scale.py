"""Unit costs of very long lists, on one processor: what plans for many machines are made of."""

from __future__ import annotations

import io
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from benchmarks.answers import PREDICT, body_of
from benchmarks.load import Watch
from benchmarks.patients import PATIENT, csv_list, different_patients
from benchmarks.serving import serving
from benchmarks.starts import loading, rate
from benchmarks.timing import loaded, seconds
from models.bundle import load_bundle
from models.options import Options
from service.bundles import default_folder
from service.lists.blocks import BLOCK_ROWS, Block, block_rows_of
from service.lists.column_writer import ColumnWriter
from service.lists.columns import Chosen
from service.lists.cuts import Source, blocks_of, cut
from service.lists.kinds import ARROW, CSV, NDJSON, PARQUET, PLAIN, ZSTANDARD
from service.lists.layouts import WIDE
from service.lists.profiles import MOST_KEPT, Profiles
from service.lists.results import Task
from service.lists.storage import Place
from service.lists.writers import writer_of

#: The list that is measured with: rows with names of their own, of so many different patients in
#: random order.
_ROWS, _DISTINCT, _SEED = 16 * BLOCK_ROWS, 20_000, 20_240_601

#: Rows behind which it is measured what is scored again, in as many further rows.
_SETTLED = 2 * BLOCK_ROWS

_ANSWERED = ("the same patient again", "another patient")

#: What is planned for: rows of lists like the one that is measured; workers; requests a second.
_PLANNED_ROWS, _WORKERS, _REQUESTS = 10**9, 64, 10_000

#: Rounds of which the median throughput is taken, and seconds of each.
_ROUNDS, _SECONDS = 5, 2.0

#: Bytes that are copied to measure copying.
_COPIED = 256 * 2**20

#: More than all results take.
_ALL = 2**62


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
        measured = list(chain(costs(Path(folder) / "list.csv"), _throughput()))
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
    for name, kind in (("csv.zst", CSV), ("ndjson.zst", NDJSON), ("parquet", PARQUET)):
        scored = _scoring_seconds(found, name, kind)
        yield Cost(f"{name}: scoring, {_WORKERS} workers", scored / 3600, "h")
        written = _PLANNED_ROWS * found[f"size, {name}"]
        if name == PARQUET:
            joined = _PLANNED_ROWS / found["join, parquet"]
        else:
            joined = written / 1e6 / found["join, texts"]
        yield Cost(f"{name}: joining, by the command, meanwhile", joined / 3600, "h")
        yield Cost(f"{name}: results", written / 1e12, "TB")


def _scoring_seconds(found: dict[str, float], name: str, kind: str) -> float:
    """Return how long the workers score.

    Each scores each different patient once, and again those whose results it could not keep.
    """
    first = _DISTINCT / found[f"new patients, {kind}"]
    a_row = 1 / found[f"known rows, {name}"]
    share = found.get(f"share scored again, {kind}", 0.0)
    if share:
        a_row += share / found[f"patients again, {kind}"]
    return first + _PLANNED_ROWS * a_row / _WORKERS


def _request_plan(found: dict[str, float]) -> Iterator[Cost]:
    """Yield the processors that many requests a second keep busy."""
    for told in _ANSWERED:
        needed = _REQUESTS / found[f"throughput, {told}"]
        yield Cost(f"{_REQUESTS:,} requests/s, {told}", needed, "processors")


def _throughput() -> Iterator[Cost]:
    """Yield the requests a second that one worker answers over eight connections."""
    patients = ([PATIENT], different_patients())
    with serving(("-m", "benchmarks.serve")) as served:
        for told, asked in zip(_ANSWERED, patients, strict=True):
            measure = loading(served, PREDICT, list(map(body_of, asked)), _SECONDS, rate)
            measure()
            median = statistics.median(measure() for _ in range(_ROUNDS))
            yield Cost(f"throughput, {told}", median, "requests/s")


def costs(path: Path) -> Iterator[Cost]:
    """Yield the unit costs of a list that is written to a path."""
    path.write_bytes(_random_list())
    source = Source(Place.of(str(path)), CSV, ignore_extra=False, block_rows=BLOCK_ROWS)
    yield Cost("size, input", path.stat().st_size / _ROWS, "bytes/row")
    yield Cost("cut", path.stat().st_size / 1e6 / seconds(lambda: cut(source)), "MB/s")
    digest = load_bundle(default_folder()).digest
    reader = cut(source).reader
    task = Task(default_folder(), digest, Options(), Chosen(), WIDE, CSV, reader)
    for kind in (CSV, NDJSON):
        yield from _texts(replace(task, kind=kind), source)
    # The parts of Parquet are written in Arrow.
    yield from _columns(replace(task, kind=ARROW), source)
    yield _copied(path.with_name("one"), path.with_name("other"))


def _random_list() -> bytes:
    """Return a CSV whose names do not repeat; those of its patients do, in random order."""
    chance = np.random.default_rng(_SEED)
    header, *lines = csv_list(_DISTINCT, _DISTINCT).splitlines()
    names = chance.choice(10**9, _ROWS, replace=False).tolist()
    patients = chance.integers(_DISTINCT, size=_ROWS).tolist()
    rows = (b"%09d,%b" % (name, lines[each]) for name, each in zip(names, patients, strict=True))
    return b"\n".join([b"row_id," + header, *rows])


def _texts(task: Task, source: Source) -> Iterator[Cost]:
    """Yield what a text costs, plain and compressed."""
    profiles = Profiles(task, most=_ALL)
    yield from _results(task, task.kind, source, profiles)
    for compression in (PLAIN, ZSTANDARD):
        file: Any = _Counted()
        pace, size = _written(task, source, profiles, file, compression)
        yield Cost(f"known rows, {task.kind}{compression}", pace, "rows/s")
        yield Cost(f"size, {task.kind}{compression}", size, "bytes/row")


def _columns(task: Task, source: Source) -> Iterator[Cost]:
    """Yield what Parquet costs: its parts, and joining them."""
    profiles = Profiles(task, most=_ALL)
    yield from _results(task, PARQUET, source, profiles)
    part, whole = io.BytesIO(), io.BytesIO()
    pace, size = _written(task, source, profiles, part)
    yield Cost("known rows, parquet", pace, "rows/s")
    yield Cost("size, parts of parquet", size, "bytes/row")
    part.seek(0)
    writer = ColumnWriter(whole, task.layout, PARQUET)
    start = time.perf_counter()
    writer.append(part)
    writer.finish()
    yield Cost("join, parquet", _ROWS / (time.perf_counter() - start), "rows/s")
    yield Cost("size, parquet", len(whole.getvalue()) / _ROWS, "bytes/row")


def _results(task: Task, name: str, source: Source, profiles: Profiles) -> Iterator[Cost]:
    """Yield what new patients cost, how many results a worker keeps, and what it scores again."""
    blocks = _blocks(task, source)
    distinct = list(dict.fromkeys(content for block in blocks for content in block.contents))
    task.layout.columns  # noqa: B018 (loads the bundle, which every process does once)
    start = time.perf_counter()
    results = profiles.look_up(distinct).wait()
    taken = time.perf_counter() - start
    yield Cost(f"new patients, {name}", len(distinct) / taken, "patients/s")
    fit = MOST_KEPT / statistics.mean(result.size for result in results)
    yield Cost(f"results that fit, {name}", fit, "patients")
    if fit < len(distinct):
        share, pace = _again(task, source)
        yield Cost(f"share scored again, {name}", share, "of all rows")
        yield Cost(f"patients again, {name}", pace, "patients/s")


def _again(task: Task, source: Source) -> tuple[float, float]:
    """Return the share of rows that are scored when as many results are kept as fit, and the pace.

    Figures may be remembered where results are not, so it is another pace than of new patients.
    """
    profiles, blocks = Profiles(task), _blocks(task, source)
    asked, taken = 0, 0.0
    for _ in range(2):
        # The first time results are kept until no more fit.
        before, start = profiles.asked, time.perf_counter()
        for block in islice(blocks, _SETTLED // block_rows_of(task.kind)):
            profiles.look_up(block.contents).wait()
        asked, taken = profiles.asked - before, time.perf_counter() - start
    return asked / _SETTLED, asked / taken


def _blocks(task: Task, source: Source) -> Iterator[Block]:
    """Yield the blocks of the list as a worker reads them."""
    source = replace(source, block_rows=block_rows_of(task.kind))
    for part in cut(source).stretches:
        yield from blocks_of(part, source, task.reader)


def _written(
    task: Task, source: Source, profiles: Profiles, file: IO[bytes], compression: str = PLAIN
) -> tuple[float, float]:
    """Return rows a second of known patients, from file to file, and bytes of a row."""
    start = time.perf_counter()
    writer = writer_of(file, task.layout, task.kind, compression)
    writer.start()
    for block in _blocks(task, source):
        writer.write(block, profiles.look_up(block.contents).wait())
    writer.finish()
    return _ROWS / (time.perf_counter() - start), file.tell() / _ROWS


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
