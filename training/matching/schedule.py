"""The course of the search: small rows first, then everything, cooled to the end.

A row of few deaths changes by several printed steps with every move that touches it, so it is
found only while nothing else matters. The rows of fewest deaths are therefore solved one after
the other, kept cool, and the rest is cooled around them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from models.evidence import pairs
from training.matching.anneal import (
    DAYS,
    EFFECTS,
    PLACES,
    TRIPLE_NEGATIVE_ROW,
    Search,
    anneal,
    distance,
    refresh,
)
from training.matching.state import copied

#: Rows with fewer deaths are solved first.
_FEW_DEATHS = 60
_SMALL_STRETCHES, _SMALL_STEPS, _SMALL_ATTEMPTS = 100, 2500, 12
_SMALL_HOT, _SMALL_COLD, _SMALL_SOLVED = 1000.0, 0.3, 0.5

#: Of the whole search: steps between exact fits, and temperatures in squared printed steps.
STRETCH = 20_000
STRETCHES = 160
_HOT, _COLD = 150.0, 0.01

#: Longest moves at the end, in places and days: far ones are hardly ever kept there.
_LAST_PLACES, _LAST_DAYS = 12, 40

#: Small rows, once solved, and the effects stay at this temperature until the rest is colder;
#: the effects to the end, so that the printed figures win.
_KEPT = 1.0

#: A distance that is cooled for once more, from where rows can still change places, in a part
#: of the stretches.
_FAR_AWAY, _REHEATED, _AGAIN = 4.0, 20.0, 0.4


class Cooling(NamedTuple):
    """The first and the last temperature, and how many stretches lie between."""

    hot: float
    cold: float
    stretches: int


OnProgress = Callable[[float], None]


def run(
    search: Search,
    rng: np.random.Generator,
    *,
    stretches: int = STRETCHES,
    on_progress: OnProgress = lambda _: None,
) -> None:
    """Search from a state in which the triple-negative row is solved.

    Parameters
    ----------
    stretches : int
        Stretches of `STRETCH` steps that everything is cooled in.
    on_progress : callable
        Called with the part of the search that is done, from 0 to 1.
    """
    rows = small_rows()
    solve_small_rows(search, rows, rng)
    cool(search, rows, rng, Cooling(_HOT, _COLD, stretches), on_progress)
    if distance(search) > _FAR_AWAY:
        again = Cooling(_REHEATED, _COLD, round(stretches * _AGAIN))
        cool(search, rows, rng, again, on_progress)


def cool(
    search: Search,
    rows: list[int],
    rng: np.random.Generator,
    cooling: Cooling,
    on_progress: OnProgress,
) -> None:
    """Cool everything, and end at the nearest state that a stretch ended with.

    Parameters
    ----------
    rows : list of int
        The rows that are solved already.
    """
    best, nearest = copied(search.state), distance(search)
    for stretch in range(cooling.stretches):
        part = stretch / max(cooling.stretches - 1, 1)
        set_temperatures(search, rows, cooling.hot * (cooling.cold / cooling.hot) ** part)
        set_reach(search, part)
        anneal(search, STRETCH, rng)
        refresh(search)
        if distance(search) <= nearest:
            best, nearest = copied(search.state), distance(search)
        on_progress((stretch + 1) / cooling.stretches)
    for array, kept in zip(search.state, best, strict=True):
        array[:] = kept
    refresh(search)


def small_rows() -> list[int]:
    """Return the rows of few deaths, fewest first, but for the triple-negative one."""
    groups = [group for pair in pairs() for group in pair.subgroups]
    deaths = {row: sum(group.deaths) for row, group in enumerate(groups, start=1)}
    few = [row for row in deaths if deaths[row] < _FEW_DEATHS and row != TRIPLE_NEGATIVE_ROW]
    return sorted(few, key=lambda row: deaths[row])


def solve_small_rows(search: Search, rows: list[int], rng: np.random.Generator) -> None:
    """Solve rows one after the other while what is not solved yet is not looked at."""
    search.coldness[:] = 0.0
    search.coldness[TRIPLE_NEGATIVE_ROW] = 1.0
    for row in rows:
        for _ in range(_SMALL_ATTEMPTS):
            for stretch in range(_SMALL_STRETCHES):
                part = stretch / (_SMALL_STRETCHES - 1)
                search.coldness[row] = 1 / (_SMALL_HOT * (_SMALL_COLD / _SMALL_HOT) ** part)
                anneal(search, _SMALL_STEPS, rng)
            refresh(search)
            if search.reached.cost[row] < _SMALL_SOLVED:
                break


def set_temperatures(search: Search, rows: list[int], temperature: float) -> None:
    """Set the temperature of everything, but keep what is solved cool and the effects warm."""
    search.coldness[:] = 1 / temperature
    search.coldness[rows] = 1 / min(temperature, _KEPT)
    search.coldness[TRIPLE_NEGATIVE_ROW] = 1.0
    search.coldness[EFFECTS] = 1 / max(temperature, _KEPT)


def set_reach(search: Search, part: float) -> None:
    """Set the longest moves, shorter as the search goes on."""
    search.reach[0] = round(PLACES * (_LAST_PLACES / PLACES) ** part)
    search.reach[1] = round(DAYS * (_LAST_DAYS / DAYS) ** part)
