"""Lists from file to file, against reading and writing the same columns and nothing else.

Both sides are whole processes' work on files in memory: ours is the command, start and end
included; the other side's clock runs while pyarrow reads the list and polars writes the scored
columns, which lie ready in memory, rounded. Peaks of memory are of the command alone, its results
thrown away: the most that looks every 50 ms saw of all its processes together.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import polars
from pyarrow import csv, parquet

from benchmarks.load import Watch, family
from benchmarks.patients import csv_list
from benchmarks.timing import Asked, Row, Told, compare, judged, loaded, seconds, void_because
from tests.support.server import EQUIPOISE
from training.svg import COLOURS, Plot

ROWS = 1_000_000
DISTINCT = 20_000
MOST_ROWS = 10_000_000
#: Rows whose results as NDJSON, 37 KB each, are thrown away.
NDJSON_ROWS = 100_000
GROWTH = (1_000, 10_000, 100_000, ROWS, MOST_ROWS)
#: Where the plot is written.
PLOT = Path("artefacts", "benchmarks", "rows.svg")

_ASKED = {"csv": 1.5, "parquet": 2.0}
_MEBIBYTES = 700
_PEAK_OF = "peak memory of all processes, {rows:,} rows of csv, results as {kind} thrown away"
#: Seconds between two looks at the memory.
_LOOK = 0.05
#: Files in memory, where there is such a place: a disk's pace is nobody's merit.
_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of our own is made there)


def list_rows() -> Iterator[Row]:
    """Yield how long lists take beside their floors, and how much memory."""
    with in_memory() as folder:
        write_lists(folder)
        _write_scored(folder)
        for kind, most in _ASKED.items():
            told = Told(
                f"{ROWS:,} rows of {DISTINCT:,} profiles, {kind} to {kind}, whole command",
                "s",
                "pyarrow reads the list, polars writes the same columns",
                Asked(most, faster=False),
            )
            yield compare(told, partial(_ours, folder, kind), partial(_floor, folder, kind))
        yield from _memory_rows(folder)


def growth() -> Iterator[str]:
    """Yield the lines of a table of time and memory by rows, and write the plot."""
    yield "| rows | s | rows a second | peak memory, MiB |"
    yield "| --- | --- | --- | --- |"
    taken = {}
    with in_memory() as folder:
        for rows in GROWTH:
            write_csv(folder / "list.csv", rows, DISTINCT)
            peaks: list[float] = []
            watch = Watch()
            lasted = seconds(lambda peaks=peaks: peaks.append(_peak(folder, "list.csv")))
            void = loaded(watch.foreign())
            if void:
                yield f"| {rows:,} | void: {void} | — | — |"
                continue
            taken[rows] = lasted
            yield f"| {rows:,} | {lasted:.3g} | {rows / lasted:,.0f} | {peaks[0]:.0f} |"
    if taken:
        PLOT.parent.mkdir(parents=True, exist_ok=True)
        PLOT.write_text(_drawn(taken), encoding="utf-8")


def _drawn(taken: dict[int, float]) -> str:
    """Return the plot of seconds by rows."""
    x, y = (np.log10(np.array(list(each), dtype=float)) for each in (taken, taken.values()))
    plot = Plot(
        "Time of a list by its rows, results thrown away",
        "rows (logarithm to base 10)",
        "seconds (logarithm to base 10)",
        (2.5, 7.5),
        (float(np.floor(y.min())), float(np.ceil(y.max()))),
    )
    plot.line(x, y, COLOURS[0], "equipoise score")
    plot.points(x, y, COLOURS[0])
    return plot.render() + "\n"


def all_distinct_row(rows: int = DISTINCT) -> Iterator[Row]:
    """Yield a list of which every patient is another: the arithmetic is most of it."""
    with in_memory() as folder:
        write_csv(folder / "list.csv", rows, rows, told_apart=True)
        _write_scored(folder)
        told = Told(
            f"{rows:,} rows, all told apart by the models, csv to csv, whole command",
            "s",
            "pyarrow reads the list, polars writes the same columns",
        )
        yield compare(told, partial(_ours, folder, "csv"), partial(_floor, folder, "csv"))


def score(folder: Path, source: str, out: str) -> None:
    """Run the command in a folder."""
    subprocess.run([EQUIPOISE, "score", source, "--out", out], cwd=folder, check=True)


@contextmanager
def in_memory() -> Iterator[Path]:
    """Yield a folder in memory that is removed afterwards."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        yield Path(name)


def write_lists(folder: Path, distinct: int = DISTINCT, *, told_apart: bool = False) -> None:
    """Write a list in each kind."""
    write_csv(folder / "list.csv", ROWS, distinct, told_apart=told_apart)
    parquet.write_table(csv.read_csv(folder / "list.csv"), folder / "list.parquet")


def _write_scored(folder: Path) -> None:
    """Write the scored columns that the floor writes."""
    score(folder, "list.csv", "scored.csv")
    columns = polars.read_csv(folder / "scored.csv", infer_schema_length=None)
    columns.write_ipc(folder / "columns.arrow")
    (folder / "scored.csv").unlink()


def write_csv(place: Path, rows: int, distinct: int, *, told_apart: bool = False) -> None:
    """Write a list with names, in pieces."""
    header, *lines = csv_list(distinct, distinct, told_apart=told_apart).splitlines()
    with place.open("wb") as file:
        file.write(b"row_id," + header + b"\n")
        for start in range(0, rows, distinct):
            count = min(distinct, rows - start)
            named = (b"p%d,%b\n" % (start + n, line) for n, line in enumerate(lines[:count]))
            file.write(b"".join(named))


def _ours(folder: Path, kind: str) -> float:
    taken = seconds(lambda: score(folder, f"list.{kind}", f"scored.{kind}"))
    (folder / f"scored.{kind}").unlink()
    return taken


def _floor(folder: Path, kind: str) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers.floor", folder, kind],
        check=True,
        stdout=subprocess.PIPE,
    )
    return float(done.stdout)


def _memory_rows(folder: Path) -> Iterator[Row]:
    write_csv(folder / "many.csv", MOST_ROWS, DISTINCT)
    write_csv(folder / "some.csv", NDJSON_ROWS, DISTINCT)
    peak = _PEAK_OF.format(rows=MOST_ROWS, kind="csv")
    beside, limit = (
        Told(peak, "MiB", f"{ROWS:,} rows, the same", Asked(1.3, faster=False)),
        Told(peak, "MiB", "what it may take", Asked(1.0, faster=False)),
    )
    many, few, void = _peaks(
        partial(_peak, folder, "many.csv"), partial(_peak, folder, "list.csv")
    )
    yield judged(beside, [many], [few], void)
    yield judged(limit, [many], [_MEBIBYTES], void)
    told = Told(
        _PEAK_OF.format(rows=NDJSON_ROWS, kind="ndjson"), "MiB", "results as csv, the same"
    )
    some, few, void = _peaks(
        partial(_peak, folder, "some.csv", "ndjson"), partial(_peak, folder, "some.csv")
    )
    yield judged(told, [some], [few], void)


def _peaks(ours: Callable[[], float], other: Callable[[], float]) -> tuple[float, float, str]:
    """Return one figure of each side, and why they do not hold: ours runs once more, as a pair."""
    watch = Watch()
    first, beside, again = ours(), other(), ours()
    return first, beside, void_because([first], [again], watch.foreign())


def _peak(folder: Path, name: str, kind: str = "csv") -> float:
    """Return the most memory that the command and its processes take together, in MiB.

    Parameters
    ----------
    kind : str
        What the results are, which are thrown away.
    """
    command = [EQUIPOISE, "score", name, "--format", kind]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        peak, done = 0.0, threading.Event()
        while process.poll() is None:
            peak = max(peak, sum(map(_proportional, family(process.pid))))
            done.wait(_LOOK)
        if process.returncode:
            raise RuntimeError(f"the list was not scored: {process.returncode}")
    return peak / 1024


def _proportional(process: int) -> int:
    """Return a process's proportional set, in KiB; 0 when it is gone."""
    try:
        text = Path("/proc", str(process), "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])
