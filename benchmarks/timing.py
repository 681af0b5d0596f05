"""Taking times in turn, so that a machine that slows down slows all sides."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True)
class Row:
    """One measurement, and what it is measured beside."""

    name: str
    unit: str
    ours: float
    other: float
    other_name: str


def values_in_turn(*actions: Callable[[], float], rounds: int) -> list[float]:
    """Return the median of what each action measures.

    The order rotates, A B, B A, A B ..., so that none always comes first; one round before
    warms up.
    """
    taken: list[list[float]] = [[] for _ in actions]
    places = list(range(len(actions)))
    for number in range(rounds + 1):
        for place in places:
            value = actions[place]()
            if number:
                taken[place].append(value)
        places = places[1:] + places[:1]
    return [statistics.median(values) for values in taken]


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def seconds_in_turn(*actions: Callable[[], object], rounds: int) -> list[float]:
    """Return the median seconds of each action, as `values_in_turn` takes them."""
    timed = [partial(seconds, action) for action in actions]
    return values_in_turn(*timed, rounds=rounds)
