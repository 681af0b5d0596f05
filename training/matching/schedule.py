"""The course of the search: small rows first, then everything, cooled to the end.

A row of few deaths changes by several printed steps with every move that touches it, so it is
found only while nothing else matters. The rows of fewest deaths are therefore solved one after
the other, kept cool, and the rest is cooled around them. Then everything is warmed a little and
cooled again, three times: what is left is mostly one row that found its place too late.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from models.evidence import pairs
from models.evidence.interactions import standard_error
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
from training.matching.state import State, copied

#: Rows with fewer deaths are solved first.
_FEW_DEATHS = 60
_SMALL_STRETCHES, _SMALL_STEPS, _SMALL_ATTEMPTS = 80, 2500, 12
_SMALL_HOT, _SMALL_COLD, _SMALL_SOLVED = 1000.0, 0.3, 1.0

#: Of the whole search: steps between exact fits, and how many times so many.
STRETCH = 20_000
STRETCHES = 240

#: Longest moves at the end, in places and days: far ones are hardly ever kept there.
_LAST_PLACES, _LAST_DAYS = 12, 40

#: Small rows, once solved, and the effects stay at this temperature until the rest is colder;
#: the effects to the end, so that the printed figures win.
_KEPT = 1.0


class Cooling(NamedTuple):
    """A part of the search.

    Attributes
    ----------
    share : float
        Share of all stretches.
    reach : float
        Where the shortening of moves begins, from 0 to 1; it ends at 1.
    temperatures : tuple of (part, temperature)
        In squared printed steps, geometric between. Most time goes where rows find their place.
    """

    share: float
    reach: float
    temperatures: tuple[tuple[float, float], ...]


#: The coolings, found by trial: one from where all is open, and three from where a row can
#: still change its place.
_FIRST = Cooling(0.64, 0.0, ((0.0, 300.0), (0.4, 10.0), (0.85, 0.2), (1.0, 0.01)))
_AGAIN = Cooling(0.12, 0.6, ((0.0, 4.0), (0.7, 0.2), (1.0, 0.003)))
_COOLINGS = (_FIRST, _AGAIN, _AGAIN, _AGAIN)

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
        Stretches of `STRETCH` steps that everything is cooled in; without any, the state stays.
    on_progress : callable
        Called with the part of the search that is done, from 0 to 1.
    """
    if stretches == 0:
        return
    rows = small_rows()
    solve_small_rows(search, rows, rng)
    done = 0.0
    for cooling in _COOLINGS:
        count = max(round(cooling.share * stretches), 1)

        def show(part: float, before: float = done, share: float = cooling.share) -> None:
            on_progress(before + share * part)

        cool(search, rows, rng, cooling, count, show)
        done += cooling.share


def cool(
    search: Search,
    rows: list[int],
    rng: np.random.Generator,
    cooling: Cooling,
    count: int,
    on_progress: OnProgress,
) -> None:
    """Cool everything, and end at the nearest state that a stretch began or ended with.

    Parameters
    ----------
    rows : list of int
        The rows that are solved already.
    count : int
        Stretches.
    """
    best, nearest = copied(search.state), distance(search)
    for stretch in range(count):
        part = stretch / max(count - 1, 1)
        set_temperatures(search, rows, temperature(part, cooling))
        set_reach(search, cooling.reach + (1 - cooling.reach) * part)
        anneal(search, STRETCH, rng)
        refresh(search)
        if distance(search) <= nearest:
            best, nearest = copied(search.state), distance(search)
        on_progress((stretch + 1) / count)
    return_to(search, best)


def return_to(search: Search, state: State) -> None:
    """Put a search back to a state that it was in."""
    for array, kept in zip(search.state, state, strict=True):
        array[:] = kept
    refresh(search)


def temperature(part: float, cooling: Cooling) -> float:
    """Return the temperature at a part of a cooling."""
    parts, temperatures = zip(*cooling.temperatures, strict=True)
    return float(np.exp(np.interp(part, parts, np.log(temperatures))))


def small_rows() -> list[int]:
    """Return the rows of few deaths, the tightest first, but for the triple-negative one.

    A row is tight when its printed limits are nearly as narrow as its deaths allow: with as
    many at risk in both arms at each of D deaths the information would be D/4.
    """
    groups = [group for pair in pairs() for group in pair.subgroups]
    slack = {}
    for row, group in enumerate(groups, start=1):
        deaths = sum(group.deaths)
        if deaths < _FEW_DEATHS and row != TRIPLE_NEGATIVE_ROW:
            slack[row] = deaths / 4 - 1 / standard_error(group.interval, group.level) ** 2
    return sorted(slack, key=lambda row: slack[row])


def solve_small_rows(search: Search, rows: list[int], rng: np.random.Generator) -> None:
    """Solve rows one after the other while those to come are not looked at."""
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
