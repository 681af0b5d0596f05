"""A scored list as text, a block at a time, within the time that may be worked on it.

The rows are scored and written as `equipoise score` does it, so the bytes are the same. Nothing
is made before its reader wants it, and a block is let go when it was written.
"""

from __future__ import annotations

import io
import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from models.errors import Problem, TooLargeInput
from models.language import _
from service.lists.blocks import Block
from service.lists.contents import Reader, Wrong
from service.lists.kinds import NDJSON, PLAIN
from service.lists.profiles import BATCH, Profiles
from service.lists.results import Task, answer_bytes
from service.lists.rows import Row
from service.lists.scoring import ScoredRow
from service.lists.tables import csv_cell, line_tails
from service.lists.writers import writer_of
from service.streaming import ListBroken

#: Rows of a block, and so its distinct contents at most: between blocks the time is looked at.
BLOCK = BATCH

#: What the last row of a list says that took too long.
STOPPED = "stopped"

#: Bytes of results that are kept for contents that come again, about.
_KEPT = 32 * 2**20

_log = logging.getLogger("equipoise")


class Allowance:
    """The time that may be worked on a list; it runs from the beginning until it is paused.

    Parameters
    ----------
    seconds : int
        How long.
    now : callable
        Returns the time in seconds.
    """

    def __init__(self, seconds: int, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._now = now
        self._worked = 0.0
        self._since: float | None = now()

    def pause(self) -> None:
        """Let the time that passes now not count."""
        self._worked, self._since = self.worked, None

    def go_on(self) -> None:
        """Count again."""
        self._worked, self._since = self.worked, self._now()

    @property
    def worked(self) -> float:
        """Seconds that count."""
        running = 0.0 if self._since is None else self._now() - self._since
        return self._worked + running

    @property
    def is_used_up(self) -> bool:
        """Whether no further block may be begun."""
        return self.worked > self.seconds

    def refuse_if_used_up(self) -> None:
        """Refuse a list of which nothing was sent yet.

        Raises
        ------
        TooLargeInput
            If its time is used up.
        """
        if self.is_used_up:
            raise TooLargeInput([too_long(self.seconds)])


class StoppedRow(ScoredRow):
    """What stands in place of all rows that were not scored."""

    @property
    def status(self) -> str:
        """``stopped``."""
        return STOPPED


def too_long(seconds: int) -> Problem:
    """Return the problem with a list that takes longer."""
    message = _("The list takes longer than {most} seconds; use equipoise score.")
    accepted = _("a list that takes at most {most} seconds")
    return Problem("", "too_long", message.format(most=seconds), accepted.format(most=seconds))


def rows_in_time(blocks: Sequence[Block], reader: Reader, allowance: Allowance) -> Iterator[Row]:
    """Yield the rows of blocks, looking at the time before each block.

    Raises
    ------
    TooLargeInput
        If the time is used up and there is another block.
    """
    for block in blocks:
        allowance.refuse_if_used_up()
        for number, name, content in zip(block.numbers, block.names, block.contents, strict=True):
            if isinstance(content, Wrong):
                yield content.row
            else:
                yield replace(reader.read(content), line=number, row_id=name.decode())


def text_parts(
    waiting: deque[Block], task: Task, allowance: Allowance
) -> Generator[bytes, None, None]:
    """Yield a scored list in parts of a block each, the first with what stands before the rows.

    Parameters
    ----------
    waiting : deque of Block
        At least one; each is taken away when it is scored.

    Raises
    ------
    TooLargeInput
        If the time is used up after the first block and there are others; nothing was yielded.
    ListBroken
        If it is used up later: the last part ends with a row that says so.
    """
    total = sum(len(block.names) for block in waiting)
    done = 0
    profiles = Profiles(task, most=_KEPT)
    try:
        for text in _texts(waiting, profiles):
            is_first, done = not done, total - sum(len(block.names) for block in waiting)
            is_over = bool(waiting) and allowance.is_used_up
            if is_over and is_first:
                raise TooLargeInput([too_long(allowance.seconds)])
            allowance.pause()
            yield text + _stopped(task, allowance) if is_over else text
            if is_over:
                _log.warning("stopped a list after %d of %d rows: no time left", done, total)
                raise ListBroken
            allowance.go_on()
    except GeneratorExit:
        _log.warning("the reader of a list left after %d of %d rows were scored", done, total)
        raise


def _texts(waiting: deque[Block], profiles: Profiles) -> Iterator[bytes]:
    """Yield what is written of each block, taking it away."""
    task = profiles.task
    written = io.BytesIO()
    writer = writer_of(written, task.layout, task.kind, PLAIN)
    writer.start()
    while waiting:
        block = waiting.popleft()
        writer.write(block, profiles.look_up(block.contents).wait())
        yield written.getvalue()
        written.seek(0)
        written.truncate()
    writer.finish()


def _stopped(task: Task, allowance: Allowance) -> bytes:
    """Return the last row of a list that took too long."""
    row = StoppedRow(Row(0, "", None, (too_long(allowance.seconds),)), None)
    if task.kind == NDJSON:
        return answer_bytes(row)
    (tail,) = line_tails(row, task.layout)
    return (csv_cell("") + tail).encode()
