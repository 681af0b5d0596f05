"""Where the time of a long list goes: the command, looked at while it runs.

``python -m benchmarks where`` prints it. Every few milliseconds a timer interrupts each process,
and the time since it did so last is counted for the stage that the process is in. While the first
process waits for those that compute beside it, its time goes where theirs goes, and where a
thread of its own writes columns meanwhile, that has its share of the time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from multiprocessing.util import Finalize
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.lists.results import Task

#: By stage.
Seconds = defaultdict[str, float]

#: Seconds between two looks.
_EVERY = 0.002
#: Profiles of a list in which they come again more often than in `benchmarks.lists`.
_FEW = 2_000
#: Kinds of lists, input and output alike.
_KINDS = ("csv", "parquet")
#: Where processes beside the first one write what was seen of them.
_SEEN = "EQUIPOISE_SEEN"

_START = "start and end of the processes"
_INPUT = "input: read, cut into rows, find each row's content"
_VALUES = "input: the values of each content, checked"
_SCORE = "figures: members, means and limits"
_WORDS = "eligibility and caveats"
_TEXTS = "output: each content's figures and words as text or columns"
_FILE = "output: names before what is told, the file"
_HANDED = "results handed to the first process"
_REST = "counts, the loop around it"
_STAGES = (_START, _INPUT, _VALUES, _SCORE, _WORDS, _TEXTS, _FILE, _HANDED, _REST)
_WAIT = "waiting for the processes beside it"
_IDLE = "nothing to do"

#: Stages by the beginning of a module's name and a function's, of any function that is under way;
#: the first that fits counts.
_MARKS = (
    ("service.lists.column_writer", _FILE),
    ("concurrent.futures._base.result", _WAIT),
    ("models.prediction._score", _SCORE),
    ("models.eligibility.", _WORDS),
    ("models.caveats.", _WORDS),
    ("models.subgroups.", _WORDS),
    ("service.lists.contents.read", _VALUES),
    ("service.lists.results._result", _TEXTS),
    ("service.lists.results.", _REST),
    ("service.lists.profiles.look_up", _INPUT),
    ("service.lists.inputs", _INPUT),
    ("service.lists.blocks", _INPUT),
    ("service.lists.contents", _INPUT),
    ("service.lists.rows", _INPUT),
    ("service.lists.columnar", _INPUT),
    ("service.lists.writers", _FILE),
    ("service.lists.outputs", _FILE),
    ("concurrent.futures.process._sendback_result", _HANDED),
    ("multiprocessing.queues.get", _IDLE),
    ("service.lists.", _REST),
)


def where() -> Iterator[str]:
    """Yield a table of seconds and shares by stage for each kind of list."""
    from benchmarks.lists import DISTINCT, ROWS, in_memory, write_lists  # noqa: PLC0415
    from benchmarks.load import Watch  # noqa: PLC0415
    from benchmarks.timing import loaded  # noqa: PLC0415

    yield "| list | stage | s | share |"
    yield "| --- | --- | --- | --- |"
    for distinct, told_apart in ((DISTINCT, False), (DISTINCT, True), (_FEW, False)):
        with in_memory() as folder:
            write_lists(folder, distinct, told_apart=told_apart)
            profiles = f"{distinct:,} profiles{', all told apart' if told_apart else ''}"
            for kind in _KINDS:
                _ask(folder, kind)  # warms up
                name = f"{ROWS:,} rows of {profiles}, {kind} to {kind}"
                watch = Watch()
                seen = _ask(folder, kind)
                void = loaded(watch.foreign())
                yield from [f"| {name} | void: {void} | — | — |"] if void else _told(name, *seen)


def _told(name: str, whole: float, first: Seconds, beside: Seconds) -> Iterator[str]:
    taken = _shared_out(first, beside)
    # Before the first look, and behind the last one.
    taken[_START] += whole - sum(taken.values())
    for stage in _STAGES:
        yield f"| {name} | {stage} | {taken[stage]:.2f} | {taken[stage] / whole:.0%} |"
    moved = sum(taken[stage] for stage in _STAGES if stage.startswith(("input", "output")))
    yield f"| {name} | **input and output together** | {moved:.2f} | {moved / whole:.0%} |"
    yield f"| {name} | the whole command | {whole:.2f} | |"


def _shared_out(first: Seconds, beside: Seconds) -> Seconds:
    """Return the first process's seconds by stage, its waiting as those beside it spent theirs."""
    busy = {stage: seconds for stage, seconds in beside.items() if stage != _IDLE}
    waited = first.pop(_WAIT, 0.0)
    taken = _seconds(first)
    for stage, seconds in busy.items():
        taken[stage] += waited * seconds / sum(busy.values())
    return taken


def _ask(folder: Path, kind: str) -> tuple[float, Seconds, Seconds]:
    """Return how long the command took, and what was seen of the first process and the others."""
    with tempfile.TemporaryDirectory() as seen:
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.where", f"list.{kind}", f"scored.{kind}"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), _SEEN: seen},
            check=True,
            stdout=subprocess.PIPE,
        )
        whole = time.perf_counter() - start
        others = [json.loads(each.read_text(encoding="utf-8")) for each in Path(seen).iterdir()]
    return whole, _seconds(json.loads(done.stdout)), _seconds(*others)


def _seconds(*counted: dict[str, float]) -> Seconds:
    """Return what was counted, added up."""
    total: Seconds = defaultdict(float)
    for each in counted:
        for stage, seconds in each.items():
            total[stage] += seconds
    return total


class _Looking:
    """Counts the seconds of this process by stage."""

    def __init__(self) -> None:
        self.seen = _seconds()
        self._before = time.perf_counter()
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, _EVERY, _EVERY)

    def _look(self, _signal: int, frame: FrameType | None) -> None:
        now = time.perf_counter()
        stage, since = _stage(frame), now - self._before
        if stage == _WAIT and _is_encoding():
            # A thread of this process writes columns beside the processes that compute.
            share = since / (1 + (os.cpu_count() or 1))
            self.seen[_FILE] += share
            since -= share
        self.seen[stage] += since
        self._before = now

    def stop(self) -> None:
        """Look no more."""
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stage(frame: FrameType | None) -> str:
    """Return the stage of what is under way."""
    names = list(_under_way(frame))
    for beginning, stage in _MARKS:
        if any(name.startswith(beginning) for name in names):
            return stage
    return _START


def _is_encoding() -> bool:
    """Return whether another thread of this process writes columns."""
    return any(
        name.startswith("pyarrow.")
        for frame in sys._current_frames().values()
        for name in _under_way(frame)
    )


def _under_way(frame: FrameType | None) -> Iterator[str]:
    """Yield the module and name of each function; of none while a module is being imported."""
    names = []
    while frame is not None:
        names.append(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}")
        if names[-1].startswith("importlib._bootstrap"):
            return
        frame = frame.f_back
    yield from names


def prepare(task: Task) -> None:
    """Prepare a process that computes beside the first one, and look at it."""
    from service.lists.profiles import _prepare  # noqa: PLC0415 (only where it computes)

    looking = _Looking()
    looking.seen[_START] = time.process_time()
    _prepare(task)
    place = Path(os.environ[_SEEN], f"{os.getpid()}.json")
    Finalize(looking, lambda: place.write_text(json.dumps(looking.seen)), exitpriority=10)


def main(source: str, out: str) -> None:
    """Score a list, and print what was seen."""
    looking = _Looking()
    from benchmarks.where import prepare as looked_at  # noqa: PLC0415 (found again by others)
    from service.cli import main as command  # noqa: PLC0415 (its start is looked at, too)
    from service.lists import profiles  # noqa: PLC0415

    profiles._prepare = looked_at
    command(["score", source, "--out", out], standalone_mode=False)
    looking.stop()
    print(json.dumps(looking.seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
