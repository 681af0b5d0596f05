"""Each distinct content of a list is read, scored and told once, by this process or by others."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from types import TracebackType

from service.lists.contents import Content
from service.lists.results import Result, Task

#: Contents that are scored together, here or by another process.
BATCH = 128

#: Contents that this process scores before it starts others: starting them takes as long.
ALONE = 1_024

#: Bytes that results may take, about, before all are forgotten.
MOST_KEPT = 256 * 2**20


@dataclass
class _Kept:
    """Results that are kept, by their places; `places` finds a content's."""

    places: dict[Content, int] = field(default_factory=dict)
    results: list[Result | None] = field(default_factory=list)
    size: int = 0


@dataclass(frozen=True)
class _Asked:
    """Contents that are being scored, and where their results belong."""

    first: int
    contents: list[Content]
    future: Future[list[Result]] | None


class Pending:
    """The results of a block of rows, some of which may not be there yet."""

    def __init__(
        self, profiles: Profiles, kept: _Kept, places: list[int], asked: list[_Asked]
    ) -> None:
        self._profiles, self._kept, self._places, self._asked = profiles, kept, places, asked

    def wait(self) -> list[Result]:
        """Return the result of each content of the block, in order."""
        for each in self._asked:
            found = self._profiles.finish(each)
            self._kept.results[each.first : each.first + len(found)] = found
            self._kept.size += sum(result.size for result in found)
        self._profiles.forget_if_too_many(self._kept)
        results = self._kept.results
        return [results[place] for place in self._places]  # type: ignore[misc]


class Profiles:
    """Results by content.

    Parameters
    ----------
    task : Task
    processes : int
        How many may score at once; with 1 it is this one.
    most : int
        Bytes of results that are kept, about.
    """

    def __init__(self, task: Task, processes: int = 1, most: int = MOST_KEPT) -> None:
        self.task = task
        self._processes = processes
        self._most = most
        self._kept = _Kept()
        self._seen = 0
        self._pool: ProcessPoolExecutor | None = None

    def look_up(self, contents: Sequence[Content]) -> Pending:
        """Return the results of some contents, asking for those that are not there."""
        kept = self._kept
        found = list(map(kept.places.get, contents))
        missing: list[Content] = []
        first = len(kept.results)
        if None in found:
            for number, place in enumerate(found):
                if place is None:
                    found[number] = self._place(contents[number], kept, missing, first)
        kept.results.extend([None] * len(missing))
        asked = [
            self._ask(first + start, missing[start : start + BATCH])
            for start in range(0, len(missing), BATCH)
        ]
        return Pending(self, kept, found, asked)  # type: ignore[arg-type]

    @staticmethod
    def _place(content: Content, kept: _Kept, missing: list[Content], first: int) -> int:
        """Return the place of a content that was not there when the block was looked up."""
        place = kept.places.setdefault(content, first + len(missing))
        if place == first + len(missing):
            missing.append(content)
        return place

    def _ask(self, first: int, contents: list[Content]) -> _Asked:
        self._seen += len(contents)
        if self._processes == 1 or self._seen <= ALONE:
            return _Asked(first, contents, None)
        if self._pool is None:
            self._pool = _start(self.task, self._processes)
        try:
            with _ctrl_c_later():
                return _Asked(first, contents, self._pool.submit(_score, contents))
        except BrokenProcessPool:
            return _Asked(first, contents, None)

    def finish(self, asked: _Asked) -> list[Result]:
        """Return what was asked for; done here where nobody else did it."""
        if asked.future is not None:
            try:
                return asked.future.result()
            except BrokenProcessPool:
                # A process was killed: the same results are made here.
                self._processes = 1
        return self.task.results(asked.contents)

    def forget_if_too_many(self, kept: _Kept) -> None:
        """Begin anew when results take too much; blocks under way keep theirs."""
        if kept is self._kept and kept.size > self._most:
            self._kept = _Kept()

    def __enter__(self) -> Profiles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pool is None:
            return
        if kind is not None:
            # Nobody waits for what they do any more, and it may take long.
            for process in list((self._pool._processes or {}).values()):
                process.kill()
        self._pool.shutdown(cancel_futures=True)


def available_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Let Ctrl-C wait: a process that is started meanwhile is never reached by it.

    It reaches all processes of a terminal; the first one decides what is finished.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_task: Task | None = None


def _start(task: Task, processes: int) -> ProcessPoolExecutor:
    # Fresh processes: a copy of this one could hold a lock of a thread that it has not.
    return ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=_prepare, initargs=(task,)
    )


def _prepare(task: Task) -> None:
    global _task  # noqa: PLW0603 (what a process of the pool was started for)
    _task = task


def _score(contents: list[Content]) -> list[Result]:
    if _task is None:
        raise RuntimeError("the process was not prepared")
    return _task.results(contents)
