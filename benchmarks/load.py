"""How busy the machine was with something else while a measurement ran."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
#: Fields of the first line of ``/proc/stat`` in which a processor works: user, nice, system, irq,
#: softirq and steal. Guests are counted in user already.
_BUSY = (1, 2, 3, 6, 7, 8)
#: Fields of ``/proc/PID/stat`` behind the name: own time, and that of children waited for.
_SPENT = slice(11, 15)


class Watch:
    """Watches the processors from its making on, as far as others use them."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._busy = _busy_seconds()
        self._own = own_seconds()

    def foreign(self) -> float:
        """Return the load of other programs since then, in cores."""
        elapsed = time.monotonic() - self._start
        own = own_seconds() - self._own
        return max(_busy_seconds() - self._busy - own, 0.0) / max(elapsed, 1 / _TICKS)


def family(process: int) -> list[int]:
    """Return a process and all that it started, itself or through others."""
    found = [process]
    for task in Path("/proc", str(process), "task").glob("*/children"):
        try:
            children = task.read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            found += family(int(child))
    return found


def own_seconds() -> float:
    """Return the processor time of this process, its living children and those waited for."""
    return sum(map(_spent, family(os.getpid())))


def _spent(process: int) -> float:
    try:
        text = Path("/proc", str(process), "stat").read_text(encoding="utf-8")
    except OSError:
        return 0.0
    # The name stands in brackets and may hold anything.
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[_SPENT])) / _TICKS


def _busy_seconds() -> float:
    with Path("/proc/stat").open(encoding="ascii") as lines:
        fields = next(lines).split()
    return sum(int(fields[place]) for place in _BUSY) / _TICKS
