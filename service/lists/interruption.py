"""Ctrl-C and SIGTERM: the first stops a run when the rows under way are done, a second at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: What the system adds to a signal's number for the exit code of what it ended.
_ENDED_BY = 128


def _say_nothing() -> None:
    """Tell nobody."""


class Interruption:
    """What somebody who presses Ctrl-C wants.

    Parameters
    ----------
    say : callable
        Is called at once when a run is to stop as soon as the rows under way are done.
    patient : bool
        Whether there are rows under way to wait for; otherwise the first Ctrl-C ends the run at
        once.
    """

    def __init__(self, say: Callable[[], None] = _say_nothing, *, patient: bool = True) -> None:
        self._say, self._patient = say, patient
        self._times = 0
        self._first = signal.SIGINT
        self._held = self._over = False

    @property
    def asked(self) -> bool:
        """Whether the run is to stop."""
        return self._times > 0

    @property
    def exit_code(self) -> int:
        """That of a command that ended so: 130 by Ctrl-C, 143 by SIGTERM."""
        return _ENDED_BY + self._first

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Take signals; elsewhere than in the main thread none come."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = [signal.signal(number, self._take) for number in _SIGNALS]
        try:
            yield
        finally:
            for number, handler in zip(_SIGNALS, before, strict=True):
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing break off what is done meanwhile: it is short, and must be whole."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def end(self) -> None:
        """Take no further signal: what is left to do is short, and must be whole."""
        self._over = True

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self._over:
            return
        self._times += 1
        if self._times == 1:
            self._first = signal.Signals(number)
        if self._times == 1 and self._patient:
            with suppress(RuntimeError):
                # The signal came while something else was being told to the same stream.
                self._say()
        elif not self._held:
            raise KeyboardInterrupt
