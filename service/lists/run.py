"""Scoring a list from its blocks to its outputs, in constant memory."""

from __future__ import annotations

import csv
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from models.errors import InvalidInput, Problem
from models.language import _
from service.lists.blocks import Block
from service.lists.outputs import Outputs
from service.lists.profiles import Pending, Profiles
from service.lists.progress import Progress
from service.lists.results import Result

#: Blocks that are looked up before the first of them is written, so that all processes work.
_AHEAD = 3

#: Seconds between two notes of how far a run has come.
_NOTE_EVERY = 2.0


@dataclass(frozen=True)
class Watch:
    """How a run is watched.

    Attributes
    ----------
    tell : callable
        Takes the rows done.
    strict : bool
        Whether the first wrong row ends the run.
    """

    tell: Callable[[int], None]
    strict: bool = False


class Stopped(Exception):
    """Somebody stopped the run; what is written is valid and can be gone on from."""

    def __init__(self, progress: Progress) -> None:
        super().__init__("stopped")
        self.progress = progress


class Unfinished(Exception):
    """Other machines could not finish; what they did can be gone on from."""


class WrongRow(Exception):
    """A row is wrong, and the run was to stop at the first such row.

    Attributes
    ----------
    line : int
        Where it stands in the input.
    problems : list of (field, code, message, accepted)
    """

    def __init__(self, line: int, problems: list[list[str]]) -> None:
        super().__init__(f"row {line}")
        self.line, self.problems = line, problems


def run(
    blocks: Iterator[Block],
    profiles: Profiles,
    outputs: Outputs,
    progress: Progress,
    watch: Watch,
) -> None:
    """Score blocks and write them, going on behind what the progress holds.

    Raises
    ------
    InvalidInput
        If the list holds no row, breaks off, or is not the one that was begun with.
    Stopped
        If Ctrl-C was pressed; what is written is noted.
    WrongRow
        If a row is wrong and that was to stop the run.
    OSError
        If something cannot be written.
    """
    remaining = _behind(blocks, progress)
    noted = time.monotonic()
    with _interruption() as interrupted:
        for block, pending in _looked_up(remaining, profiles, interrupted):
            results = pending.wait()
            if watch.strict:
                _refuse_rejected(block, results)
            outputs.write(block, results)
            progress.add(block, results)
            watch.tell(progress.rows)
            if time.monotonic() - noted > _NOTE_EVERY:
                outputs.note(progress)
                noted = time.monotonic()
        if interrupted.is_set():
            outputs.stop(progress)
            raise Stopped(progress)
    refuse_empty(progress.rows)


def refuse_empty(rows: int) -> None:
    """Refuse a list without rows."""
    if not rows:
        message = _("The list holds no patient.")
        raise InvalidInput([Problem("", "empty_list", message, _("at least one row"))])


def _behind(blocks: Iterator[Block], progress: Progress) -> Iterator[Block]:
    """Return the blocks behind those that were done, making sure that those are the same."""
    done, wanted = progress.rows, progress.fingerprint
    progress.rows, progress.fingerprint = 0, ""
    while progress.rows < done:
        block = next(blocks, None)
        if block is None:
            break
        progress.pass_by(block)
    if (progress.rows, progress.fingerprint) != (done, wanted):
        message = _("The list is not the one that the stopped run began with.")
        accepted = _("the same list, or a run without --resume")
        raise InvalidInput([Problem("resume", "not_accepted", message, accepted)])
    return blocks


def _looked_up(
    blocks: Iterator[Block], profiles: Profiles, interrupted: threading.Event
) -> Iterator[tuple[Block, Pending]]:
    """Yield blocks in order, a few being scored ahead; none is begun after an interruption."""
    ahead: deque[tuple[Block, Pending]] = deque()
    for block in blocks:
        ahead.append((block, profiles.look_up(block.contents)))
        if len(ahead) > _AHEAD:
            yield ahead.popleft()
        if interrupted.is_set():
            # One block at most is waited for; the others are left to the run that goes on.
            yield ahead.popleft()
            return
    while ahead and not interrupted.is_set():
        yield ahead.popleft()


def _refuse_rejected(block: Block, results: Sequence[Result]) -> None:
    wrong = first_wrong(block, results)
    if wrong is not None:
        raise wrong


def first_wrong(block: Block, results: Sequence[Result]) -> WrongRow | None:
    """Return the first wrong row of a block, if there is one."""
    for number, result in zip(block.numbers, results, strict=True):
        if result.rejects:
            lines = [tail.decode()[1:] for tail in result.rejects]
            return WrongRow(number, list(csv.reader(lines)))
    return None


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Yield an event that the first Ctrl-C sets; a second one interrupts at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def take(_number: int, _frame: FrameType | None) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()

    before = signal.signal(signal.SIGINT, take)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)
