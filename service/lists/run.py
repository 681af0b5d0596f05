"""Scoring a list from its blocks to its outputs, in constant memory."""

from __future__ import annotations

import csv
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from models.errors import InvalidInput, Problem
from models.language import _
from service.lists.blocks import Block
from service.lists.interruption import Interruption
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
    interruption : Interruption
        What Ctrl-C wants.
    """

    tell: Callable[[int], None]
    strict: bool = False
    interruption: Interruption = field(default_factory=Interruption)


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
    streamed : int
        How many rows before it went to standard output, which nobody takes back.
    """

    def __init__(self, line: int, problems: list[list[str]]) -> None:
        super().__init__(f"row {line}")
        self.line, self.problems = line, problems
        self.streamed = 0


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
        If Ctrl-C was pressed; what is written is noted. The first one ends it behind the block
        that is waited for, a second one without that.
    WrongRow
        If a row is wrong and that was to stop the run.
    OSError
        If something cannot be written.
    """
    interruption = watch.interruption
    try:
        remaining = _behind(blocks, progress, interruption)
        _write_all(_looked_up(remaining, profiles, interruption), outputs, progress, watch)
    except KeyboardInterrupt:
        if not interruption.asked:
            raise
    if interruption.asked:
        interruption.end()
        outputs.stop(progress)
        raise Stopped(progress)
    refuse_empty(progress.rows)


def _write_all(
    looked_up: Iterator[tuple[Block, Pending]], outputs: Outputs, progress: Progress, watch: Watch
) -> None:
    noted = time.monotonic()
    for block, pending in looked_up:
        results = pending.wait()
        if watch.strict:
            _refuse_rejected(block, results, progress.rows if outputs.has_streams else 0)
        with watch.interruption.held():
            outputs.write(block, results)
            progress.add(block, results)
            watch.tell(progress.rows)
            if time.monotonic() - noted > _NOTE_EVERY:
                outputs.note(progress)
                noted = time.monotonic()


def refuse_empty(rows: int) -> None:
    """Refuse a list without rows."""
    if not rows:
        message = _("The list holds no patient.")
        raise InvalidInput([Problem("", "empty_list", message, _("at least one row"))])


def _behind(
    blocks: Iterator[Block], progress: Progress, interruption: Interruption
) -> Iterator[Block]:
    """Return the blocks behind those that were done, making sure that those are the same."""
    passed = Progress()
    while passed.rows < progress.rows:
        block = next(blocks, None)
        if interruption.asked:
            return iter(())
        if block is None:
            break
        passed.pass_by(block)
    if (passed.rows, passed.fingerprint) != (progress.rows, progress.fingerprint):
        message = _("The list is not the one that the stopped run began with.")
        accepted = _("the same list, or a run without --resume")
        raise InvalidInput([Problem("resume", "not_accepted", message, accepted)])
    return blocks


def _looked_up(
    blocks: Iterator[Block], profiles: Profiles, interruption: Interruption
) -> Iterator[tuple[Block, Pending]]:
    """Yield blocks in order, a few being scored ahead; none follows an interruption.

    What is scored ahead is then left to the run that goes on.
    """
    ahead: deque[tuple[Block, Pending]] = deque()
    for block in blocks:
        ahead.append((block, profiles.look_up(block.contents)))
        if len(ahead) > _AHEAD and not interruption.asked:
            yield ahead.popleft()
        if interruption.asked:
            return
    while ahead and not interruption.asked:
        yield ahead.popleft()


def _refuse_rejected(block: Block, results: Sequence[Result], streamed: int) -> None:
    wrong = first_wrong(block, results)
    if wrong is not None:
        wrong.streamed = streamed
        raise wrong


def first_wrong(block: Block, results: Sequence[Result]) -> WrongRow | None:
    """Return the first wrong row of a block, if there is one."""
    for number, result in zip(block.numbers, results, strict=True):
        if result.rejects:
            lines = [tail.decode()[1:] for tail in result.rejects]
            return WrongRow(number, list(csv.reader(lines)))
    return None
