"""Where the time of a long list goes: the command, looked at while it runs.

``python -m benchmarks where`` prints it. Beside the command's main thread another one looks at it
every few milliseconds, and counts the time since its last look for the stage that the innermost
of our modules belongs to; the command's pace stays what it is. Processes that compute beside it
are told by their processor time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

#: Seconds between two looks.
_EVERY = 0.002
#: Profiles of a list in which they come again more often than in `benchmarks.lists`.
_FEW = 2_000
#: Kinds of lists, input and output alike.
_KINDS = ("csv", "parquet")

_START = "start and end of the program"
_READ = "input: read, cut into rows, find each row's content"
_COMPUTE = "figures: start the other processes, wait for them, compute"
_WRITE = "output: names before what is told, the file"
_REST = "counts, the loop around it"

#: Stages by the beginning of a module's name and a function's; the first that fits counts.
_STAGES = (
    ("service.lists.profiles.look_up", _READ),
    ("service.lists.profiles._place", _READ),
    ("service.lists.inputs", _READ),
    ("service.lists.blocks", _READ),
    ("service.lists.contents", _READ),
    ("service.lists.rows", _READ),
    ("service.lists.columnar", _READ),
    ("service.lists.profiles", _COMPUTE),
    ("service.lists.results", _COMPUTE),
    ("models.", _COMPUTE),
    ("service.lists.writers", _WRITE),
    ("service.lists.column_writer", _WRITE),
    ("service.lists.outputs", _WRITE),
    ("service.lists.", _REST),
)


def where() -> Iterator[str]:
    """Yield a table of seconds and shares by stage for each kind of list."""
    from benchmarks.lists import DISTINCT, ROWS, in_memory, write_lists  # noqa: PLC0415

    yield "| list | stage | s | share |"
    yield "| --- | --- | --- | --- |"
    for distinct in (DISTINCT, _FEW):
        with in_memory() as folder:
            write_lists(folder, distinct)
            for kind in _KINDS:
                _ask(folder, kind)  # warms up
                name = f"{ROWS:,} rows of {distinct:,} profiles, {kind} to {kind}"
                yield from _told(name, *_ask(folder, kind))


def _told(name: str, whole: float, seen: dict[str, float]) -> Iterator[str]:
    own, others = seen.pop("own"), seen.pop("others")
    taken = {stage: seen.get(stage, 0.0) for stage in (_START, _READ, _COMPUTE, _WRITE, _REST)}
    # Before the first look, and behind the last one.
    taken[_START] += whole - sum(taken.values())
    for stage, seconds in taken.items():
        yield f"| {name} | {stage} | {seconds:.2f} | {seconds / whole:.0%} |"
    yield f"| {name} | the whole command | {whole:.2f} | |"
    yield f"| {name} | processor time of the first process | {own:.2f} | |"
    yield f"| {name} | processor time of those that compute beside it | {others:.2f} | |"


def _ask(folder: Path, kind: str) -> tuple[float, dict[str, float]]:
    """Return how long the command took, and what was seen of it."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.where", f"list.{kind}", f"scored.{kind}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
        stdout=subprocess.PIPE,
    )
    return time.perf_counter() - start, json.loads(done.stdout)


class _Looking(threading.Thread):
    """Counts seconds by stage of another thread until it is told to stop."""

    def __init__(self, thread: int) -> None:
        super().__init__(daemon=True)
        self.seen: Counter[str] = Counter()
        self._thread, self._over = thread, threading.Event()

    def run(self) -> None:
        """Look."""
        before = time.perf_counter()
        while not self._over.wait(_EVERY):
            stage = _stage(sys._current_frames().get(self._thread))
            now = time.perf_counter()
            self.seen[stage] += now - before
            before = now

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


def _stage(frame: FrameType | None) -> str:
    """Return the stage of the innermost frame that belongs to one."""
    while frame is not None:
        code = frame.f_code.co_name
        name = f"{frame.f_globals.get('__name__')}.{code}"
        for beginning, stage in _STAGES:
            # A module that is being imported belongs to the start.
            if name.startswith(beginning) and code != "<module>":
                return stage
        frame = frame.f_back
    return _START


def main(source: str, out: str) -> None:
    """Score a list, and print what was seen."""
    looking = _Looking(threading.get_ident())
    looking.start()
    from service.cli import main as command  # noqa: PLC0415 (its start is looked at, too)

    command(["score", source, "--out", out], standalone_mode=False)
    looking.stop()
    used = os.times()
    processors = {"own": used.user + used.system}
    processors["others"] = used.children_user + used.children_system
    print(json.dumps({**looking.seen, **processors}))


if __name__ == "__main__":
    main(*sys.argv[1:])
