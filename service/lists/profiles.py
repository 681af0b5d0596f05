"""Each distinct content of a list is read, scored and told once, by this process or by others."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from types import TracebackType

from service.lists.contents import Content
from service.lists.results import Result, Task

#: Contents that are scored together, here or by another process.
BATCH = 128

#: Contents that this process scores before it starts others: starting them takes as long.
ALONE = 1_024

#: Bytes that results may take, about; the oldest are forgotten when there are more.
MOST_KEPT = 256 * 2**20


class _UnderWay:
    """A content that is being scored; every block that waits for it finds the result here."""

    __slots__ = ("result",)

    def __init__(self) -> None:
        self.result: Result | None = None


#: Contents that are scored together.
_Batch = dict[Content, _UnderWay]


@dataclass(frozen=True)
class _Asked:
    """Contents that were asked for, by another process if there is a future."""

    batch: _Batch
    future: Future[list[Result]] | None


class Pending:
    """The results of a block of rows, some of which may not be there yet."""

    def __init__(
        self,
        profiles: Profiles,
        found: list[Result | None],
        waiting: dict[int, _UnderWay],
        asked: list[_Asked],
    ) -> None:
        self._profiles, self._found, self._waiting, self._asked = profiles, found, waiting, asked

    def wait(self) -> list[Result]:
        """Return the result of each content of the block, in order."""
        for each in self._asked:
            self._profiles.finish(each)
        for place, under_way in self._waiting.items():
            self._found[place] = under_way.result
        return self._found  # type: ignore[return-value]


class Profiles:
    """Results by content.

    Parameters
    ----------
    task : Task
    processes : int
        How many may score at once; with 1 it is this one.
    most : int
        Bytes of results that are kept, about.

    Attributes
    ----------
    asked : int
        Contents that were scored or are being scored; one that is scored again counts again.
    """

    def __init__(self, task: Task, processes: int = 1, most: int = MOST_KEPT) -> None:
        self.task = task
        self._processes = processes
        self._most = most
        self._results: dict[Content, Result] = {}
        # The same contents, the oldest first: the beginning of a dict is slow to find.
        self._kept: deque[Content] = deque()
        self._size = 0
        self._under_way: _Batch = {}
        self.asked = 0
        self._pool: ProcessPoolExecutor | None = None

    def look_up(self, contents: Sequence[Content]) -> Pending:
        """Return the results of some contents, asking for those that are not there."""
        found: list[Result | None] = list(map(self._results.get, contents))
        waiting: dict[int, _UnderWay] = {}
        missing: _Batch = {}
        # Results are true, and need not be compared with None one by one.
        if not all(found):
            for place, result in enumerate(found):
                if result is None:
                    waiting[place] = self._begun(contents[place], missing)
        return Pending(self, found, waiting, [self._ask(batch) for batch in _batches(missing)])

    def _begun(self, content: Content, missing: _Batch) -> _UnderWay:
        """Return a content that is under way; it is missing if nobody asked for it before."""
        found = self._under_way.get(content)
        if found is None:
            found = self._under_way[content] = missing[content] = _UnderWay()
        return found

    def _ask(self, batch: _Batch) -> _Asked:
        self.asked += len(batch)
        if self._processes == 1 or self.asked <= ALONE:
            return _Asked(batch, None)
        if self._pool is None:
            self._pool = _start(self.task, self._processes)
        try:
            with _ctrl_c_later():
                return _Asked(batch, self._pool.submit(_score, list(batch)))
        except BrokenProcessPool:
            return _Asked(batch, None)

    def finish(self, asked: _Asked) -> None:
        """Keep the results of what was asked for, and forget the oldest if they take too much."""
        for (content, under_way), result in zip(
            asked.batch.items(), self._scored(asked), strict=True
        ):
            under_way.result = self._results[content] = result
            self._size += result.size
            del self._under_way[content]
        self._kept.extend(asked.batch)
        while self._size > self._most:
            self._size -= self._results.pop(self._kept.popleft()).size

    def _scored(self, asked: _Asked) -> list[Result]:
        """Return the results of what was asked for; made here where nobody else did it."""
        if asked.future is not None:
            try:
                return asked.future.result()
            except BrokenProcessPool:
                # A process was killed: the same results are made here.
                self._processes = 1
        return self.task.results(list(asked.batch))

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


def _batches(missing: _Batch) -> Iterator[_Batch]:
    """Yield contents that are missing, as many at once as are scored together."""
    entries = iter(missing.items())
    while batch := dict(islice(entries, BATCH)):
        yield batch


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
