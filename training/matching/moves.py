"""The moves of the search. Each keeps every margin and every count of events by construction.

- Two patients of one arm who both died, or both live, exchange a block of covariates: Table 1
  and the events by subgroup stay as they are, in each arm. T, N and the age within a menopausal
  status have no published events and go between any two patients of an arm.
- Two patients exchange their times.
- One time moves to a free day.
- A run of times moves together by some days, its order and neighbours kept.

Nobody alive is observed for less than 48 months. Every move is undone by another.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from training.matching.state import (
    AGE,
    FIRST_CENSORING_DAY,
    LAST_DAY,
    LUNG,
    MENOPAUSE,
    OTHER,
    SITES,
    N,
    State,
    T,
    derive,
)

#: How many times a partner is looked for before a move is given up.
_TRIES = 12


@njit(cache=False)
def exchange_cells(state: State, one: int, other: int, block: int) -> None:
    """Exchange a block of covariates between two patients; the age goes with menopause."""
    cells = state.cells
    cells[one, block], cells[other, block] = cells[other, block], cells[one, block]
    if block == MENOPAUSE:
        cells[one, AGE], cells[other, AGE] = cells[other, AGE], cells[one, AGE]
    derive(state, one)
    derive(state, other)


@njit(cache=False)
def may_exchange_cells(state: State, one: int, other: int, block: int) -> bool:
    """Return whether two patients may exchange a block, and differ in it."""
    cells = state.cells
    if state.arm[one] != state.arm[other] or cells[one, block] == cells[other, block]:
        return False
    if state.event[one] == state.event[other] or block in (T, N):
        return block != AGE or cells[one, MENOPAUSE] == cells[other, MENOPAUSE]
    if block == AGE:
        return bool(cells[one, MENOPAUSE] == cells[other, MENOPAUSE])
    # Lung, soft tissue and other sites of one-organ disease have no published events.
    sites = (cells[one, SITES], cells[other, SITES])
    return block == SITES and min(sites) >= LUNG and max(sites) <= OTHER


@njit(cache=False)
def partner(state: State, place: int, block: int, reach: int, rng: np.random.Generator) -> int:
    """Return a patient near a place of the queue with whom its patient may exchange, or -1.

    Parameters
    ----------
    reach : int
        How many places away she may be.
    """
    one = state.queue[place]
    for _ in range(_TRIES):
        near = place + random_distance(reach, rng)
        if 0 <= near < len(state.queue):
            other = state.queue[near]
            if may_exchange_cells(state, one, other, block):
                return int(other)
    return -1


@njit(cache=False)
def exchange_times(state: State, place: int, other: int) -> None:
    """Exchange the times of the patients at two places of the queue."""
    queue = state.queue
    queue[place], queue[other] = queue[other], queue[place]


@njit(cache=False)
def may_exchange_times(state: State, place: int, other: int) -> bool:
    """Return whether the patients at two places may exchange times."""
    if place == other or not 0 <= other < len(state.queue):
        return False
    both_died = state.event[state.queue[place]] == 1 and state.event[state.queue[other]] == 1
    return bool(both_died or state.day[min(place, other)] >= FIRST_CENSORING_DAY)


@njit(cache=False)
def random_distance(longest: int, rng: np.random.Generator) -> int:
    """Return a distance from 1 to `longest` of either sign, short ones as often as long ones."""
    distance = int(math.exp(rng.random() * math.log(longest + 1.0)))
    return distance if rng.random() < 0.5 else -distance


@njit(cache=False)
def may_move_day(state: State, place: int, day: int) -> bool:
    """Return whether the observation that ends at a place of the queue may end on a day."""
    first = 1 if state.event[state.queue[place]] == 1 else FIRST_CENSORING_DAY
    if not first <= day <= LAST_DAY:
        return False
    at = np.searchsorted(state.day, day)
    return bool(at == len(state.day) or state.day[at] != day)


@njit(cache=False)
def move_day(state: State, place: int, day: int) -> int:
    """Let the observation at a place of the queue end on a free day; return its new place."""
    days, queue = state.day, state.queue
    patient = queue[place]
    while place + 1 < len(days) and days[place + 1] < day:
        days[place], queue[place] = days[place + 1], queue[place + 1]
        place += 1
    while place > 0 and days[place - 1] > day:
        days[place], queue[place] = days[place - 1], queue[place - 1]
        place -= 1
    days[place], queue[place] = day, patient
    return place


@njit(cache=False)
def may_move_run(state: State, first: int, last: int, shift: int) -> bool:
    """Return whether the days of some places of the queue may all move without changing it."""
    days = state.day
    if days[first] + shift < 1 or days[last] + shift > LAST_DAY:
        return False
    if first > 0 and days[first] + shift <= days[first - 1]:
        return False
    if last + 1 < len(days) and days[last] + shift >= days[last + 1]:
        return False
    for place in range(first, last + 1):
        if days[place] + shift >= FIRST_CENSORING_DAY:
            break
        if state.event[state.queue[place]] == 0:
            return False
    return True


@njit(cache=False)
def move_run(state: State, first: int, last: int, shift: int) -> None:
    """Move the days of some places of the queue by some days."""
    for place in range(first, last + 1):
        state.day[place] += shift
