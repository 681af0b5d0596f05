"""Simulated annealing: a random move is kept when the distance falls, or by chance.

The temperature falls by a constant factor a step. What a move may cost is drawn before it is
measured, so that most moves are given up after one or two Cox models. The effects of the
covariates are measured last, by one step of Newton's method from the last exact fit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from models.table import FloatArray
from training.matching.distance import (
    Reached,
    effects_cost,
    list_row,
    measure,
    new_reached,
    p_cost,
    row_cost,
    time_cost,
)
from training.matching.effects import effects_score, fit_effects
from training.matching.figures import EffectTargets, Figures
from training.matching.moves import (
    exchange_cells,
    exchange_times,
    may_exchange_times,
    may_move_day,
    may_move_run,
    move_day,
    move_run,
    partner,
    random_distance,
)
from training.matching.state import (
    CELLS,
    MENOPAUSE_PAIR,
    ORGANS_PAIR,
    PAIRS,
    TERMS,
    TRIPLE_PAIR,
    IntArray,
    State,
)
from training.matching.statistics import (
    OVERALL,
    ROWS,
    STRATIFIED,
    Deaths,
    fit_row,
    new_deaths,
)

#: How often each kind of move is tried: the seven blocks of covariates, two patients' times,
#: one time; what is left moves a run of times.
_CHANCES = np.cumsum([0.15, 0.25, 0.15, 0.08, 0.02, 0.02, 0.02, 0.16, 0.10])
_EXCHANGE_TIMES = len(CELLS)

#: How often a block is exchanged in two pairs of patients at once.
_TWICE = 0.3

#: Longest moves at first: places in the queue, and days.
PLACES, DAYS = 300, 300
_RUN_DAYS = 30

#: Where the coldness of times and effects stands, after that of the rows.
TIMES, EFFECTS = ROWS, ROWS + 1

#: The row that is locked: its printed limits are as narrow as its deaths allow.
TRIPLE_NEGATIVE_ROW = 1 + 2 * TRIPLE_PAIR


class Search(NamedTuple):
    """All that a step of the search reads and changes.

    Attributes
    ----------
    reached, trial : Reached
        The statistics of the state, and those of a move that is being measured.
    deaths : Deaths
        Room to list deaths.
    marks : array, shape (rows,)
        1 where a move may change a row of hazard ratios.
    coldness : array, shape (rows + 2,)
        One over the temperature of each row of hazard ratios, of the times and of the effects;
        0 for what is not looked at.
    reach : array, shape (2,)
        Longest moves: places in the queue, and days.
    effects, inverse : arrays, shapes (terms,) and (terms, terms)
        The last exact fit of the effects, and the inverse of the information there.
    """

    state: State
    figures: Figures
    targets: EffectTargets
    reached: Reached
    trial: Reached
    deaths: Deaths
    marks: FloatArray
    coldness: FloatArray
    reach: IntArray
    effects: FloatArray
    inverse: FloatArray


def new_search(state: State, figures: Figures, targets: EffectTargets) -> Search:
    """Return a search from a state, measured."""
    search = Search(
        state,
        figures,
        targets,
        new_reached(),
        new_reached(),
        new_deaths(len(state.queue)),
        np.zeros(ROWS),
        np.zeros(ROWS + 2),
        np.array([PLACES, DAYS]),
        np.zeros(TERMS),
        np.eye(TERMS),
    )
    refresh(search)
    return search


def refresh(search: Search) -> None:
    """Measure everything exactly, the effects too."""
    measure(search.state, search.figures, search.deaths, search.reached)
    effects, inverse = fit_effects(search.state, search.effects)
    search.effects[:], search.inverse[:] = effects, inverse
    search.reached.effect_cost[0] = effects_cost(search.targets, effects)


def distance(search: Search) -> float:
    """Return the distance from the printed figures, effects apart."""
    return float(search.reached.cost.sum() + search.reached.time_cost[0])


@njit(cache=False)
def anneal(search: Search, steps: int, rng: np.random.Generator) -> None:
    """Do some steps of the search at the temperatures that it holds."""
    for _ in range(steps):
        kind = int(np.searchsorted(_CHANCES, rng.random(), side="right"))
        if kind < _EXCHANGE_TIMES:
            try_cells(search, kind, rng)
        elif kind == _EXCHANGE_TIMES:
            try_times(search, rng)
        elif kind == _EXCHANGE_TIMES + 1:
            try_day(search, rng)
        else:
            try_run(search, rng)


@njit(cache=False)
def try_cells(search: Search, block: int, rng: np.random.Generator) -> None:
    """Try to exchange a block of covariates between two patients, or in two pairs at once.

    Two exchanges that change a hazard ratio in opposite ways can change its standard error.
    """
    state = search.state
    search.marks[:] = 0.0
    pairs = np.full((2, 2), -1)
    times = False
    for number in range(2 if rng.random() < _TWICE else 1):
        place = int(rng.random() * len(state.queue))
        one, other = state.queue[place], partner(state, place, block, search.reach[0], rng)
        if other < 0:
            continue
        half = state.half
        times = (
            times
            or half[one, MENOPAUSE_PAIR] != half[other, MENOPAUSE_PAIR]
            or half[one, ORGANS_PAIR] != half[other, ORGANS_PAIR]
        )
        mark_rows(search, one, other)
        exchange_cells(state, one, other, block)
        pairs[number, 0], pairs[number, 1] = one, other
    if pairs[0, 0] < 0 and pairs[1, 0] < 0:
        return
    if not accepted(search, times, rng):
        for number in range(1, -1, -1):
            if pairs[number, 0] >= 0:
                exchange_cells(state, pairs[number, 0], pairs[number, 1], block)


@njit(cache=False)
def try_times(search: Search, rng: np.random.Generator) -> None:
    """Try to exchange the times of two patients who are not far from each other."""
    state = search.state
    place = int(rng.random() * len(state.queue))
    other = place + random_distance(search.reach[0], rng)
    if not may_exchange_times(state, place, other):
        return
    search.marks[:] = 0.0
    mark_rows(search, state.queue[place], state.queue[other])
    exchange_times(state, place, other)
    if not accepted(search, True, rng):
        exchange_times(state, place, other)


@njit(cache=False)
def try_day(search: Search, rng: np.random.Generator) -> None:
    """Try to move one patient's time by some days."""
    state = search.state
    place = int(rng.random() * len(state.queue))
    before = state.day[place]
    day = before + random_distance(search.reach[1], rng)
    if not may_move_day(state, place, day):
        return
    now = move_day(state, place, day)
    search.marks[:] = 0.0 if now == place else 1.0
    if not accepted(search, True, rng):
        move_day(state, now, before)


@njit(cache=False)
def try_run(search: Search, rng: np.random.Generator) -> None:
    """Try to move a run of times by some days, without changing their order."""
    state = search.state
    first = int(rng.random() * len(state.queue))
    last = min(first + abs(random_distance(PLACES, rng)) - 1, len(state.queue) - 1)
    shift = random_distance(_RUN_DAYS, rng)
    if not may_move_run(state, first, last, shift):
        return
    search.marks[:] = 0.0
    move_run(state, first, last, shift)
    if not accepted(search, True, rng):
        move_run(state, first, last, -shift)


@njit(cache=False)
def mark_rows(search: Search, one: int, other: int) -> None:
    """Mark the rows of hazard ratios that an exchange between two patients may change.

    Where they exchange times, these are the rows that either belongs to; where both belong, only
    if they differ in arm or in being alive. Where they exchange covariates, of one arm and
    event, these are the rows that only one of them belongs to.
    """
    state, marks = search.state, search.marks
    alike = state.arm[one] == state.arm[other] and state.event[one] == state.event[other]
    if not alike:
        marks[OVERALL] = 1.0
    if not alike or state.stratum[one] != state.stratum[other]:
        marks[STRATIFIED] = 1.0
    for pair in range(PAIRS):
        first, second = state.half[one, pair], state.half[other, pair]
        row = 1 + 2 * pair
        if first != second:
            marks[row], marks[row + 1] = 1.0, 1.0
        elif not alike:
            marks[row + first] = 1.0


@njit(cache=False)
def accepted(search: Search, times: bool, rng: np.random.Generator) -> bool:
    """Return whether a move that has been made is kept, and take over its statistics if so.

    What is not cooled is not measured; a move that changes nothing that is cooled is not kept.

    Parameters
    ----------
    times : bool
        Whether the move may change a median or the follow-up.
    """
    reached, coldness = search.reached, search.coldness
    measures_time = times and coldness[TIMES] > 0
    speaks = measures_time or coldness[EFFECTS] > 0
    allowed = -math.log(1.0 - rng.random())
    for row in range(ROWS):
        if search.marks[row] == 1 and coldness[row] > 0:
            allowed += reached.cost[row] * coldness[row]
            speaks = True
    if not speaks:
        return False
    if measures_time:
        allowed += reached.time_cost[0] * coldness[TIMES]
    allowed = rows_within(search, allowed)
    time = reached.time_cost[0]
    if measures_time and allowed >= 0:
        time = time_cost(search.figures, search.state)
        allowed -= time * coldness[TIMES]
    if allowed < 0 or not effects_within(search, rng):
        return False
    keep(search)
    reached.time_cost[0] = time
    return True


@njit(cache=False)
def effects_within(search: Search, rng: np.random.Generator) -> bool:
    """Return whether the effects, if they are cooled, allow a move; take over their cost if so."""
    coldness = search.coldness[EFFECTS]
    if coldness == 0:
        return True
    effect = linear_effects_cost(search)
    spared = (search.reached.effect_cost[0] - effect) * coldness
    if spared < math.log(1.0 - rng.random()):
        return False
    search.reached.effect_cost[0] = effect
    return True


@njit(cache=False)
def rows_within(search: Search, allowed: float) -> float:
    """Measure the marked rows; return what is left of the allowed cost, negative if too little.

    The triple-negative row comes first and must cost nothing.
    """
    listed = -1
    for number in range(ROWS):
        row = (number + TRIPLE_NEGATIVE_ROW) % ROWS
        if search.marks[row] == 0 or search.coldness[row] == 0:
            continue
        source = row if row in (OVERALL, STRATIFIED) else ROWS + (row - 1) // 2
        if source != listed:
            list_row(search.state, row, search.deaths)
            listed = source
        allowed -= measure_row(search, row) * search.coldness[row]
        if allowed < 0 or (row == TRIPLE_NEGATIVE_ROW and search.trial.cost[row] > 0):
            return -1.0
    return allowed


@njit(cache=False)
def measure_row(search: Search, row: int) -> float:
    """Measure a row whose deaths are listed, as a trial; return what it costs."""
    trial = search.trial
    log_ratio, error = fit_row(search.deaths, row, search.reached.log_ratio[row])
    cost = row_cost(search.figures, row, log_ratio, error)
    if row == STRATIFIED:
        cost += p_cost(search.figures, search.deaths)
    trial.log_ratio[row], trial.error[row], trial.cost[row] = log_ratio, error, cost
    return cost


@njit(cache=False)
def linear_effects_cost(search: Search) -> float:
    """Return what the effects cost, to first order from the last exact fit."""
    found = np.empty(TERMS)
    effects_score(search.state, search.effects, found)
    return effects_cost(search.targets, search.effects + search.inverse @ found)


@njit(cache=False)
def keep(search: Search) -> None:
    """Take over the statistics of the marked rows."""
    reached, trial = search.reached, search.trial
    for row in range(ROWS):
        if search.marks[row] == 1 and search.coldness[row] > 0:
            reached.log_ratio[row] = trial.log_ratio[row]
            reached.error[row] = trial.error[row]
            reached.cost[row] = trial.cost[row]
