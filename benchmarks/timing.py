"""Taking times in turn, so that a machine that slows down slows both sides."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement, and what it is measured beside."""

    name: str
    unit: str
    ours: float
    other: float | None = None
    other_name: str = ""


def seconds_in_turn(*actions: Callable[[], object], rounds: int) -> list[float]:
    """Return the median seconds of each action, taken A B A B ... after one warm-up."""
    taken: list[list[float]] = [[] for _ in actions]
    for number in range(rounds + 1):
        for place, action in enumerate(actions):
            start = time.perf_counter()
            action()
            if number:
                taken[place].append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]
