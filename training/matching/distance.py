"""How far a cohort is from the printed figures, in steps of print.

A figure within its rounding costs nothing; beyond it the square of the deviation counts, and
far away only the deviation, so that one figure does not outweigh all others.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from models.table import FloatArray
from training.matching.figures import (
    FOLLOW_UP_STEP,
    MEDIAN_STEP,
    P_STEP,
    RATIO_STEP,
    EffectTargets,
    Figures,
)
from training.matching.state import TERMS, State
from training.matching.statistics import (
    MEDIAN_GROUPS,
    ROWS,
    STRATIFIED,
    Deaths,
    fit_row,
    follow_up,
    list_overall,
    list_pair,
    list_strata,
    medians,
    new_deaths,
    stratified_z,
)

#: Half a printed step, less a little so that a figure that costs nothing is safely within; for
#: times, which are whole days and are written to four decimals of a month, a little more.
_WITHIN, WITHIN_TIMES = 0.495, 0.45

#: What a small deviation beyond the rounding costs besides its square: the search is to end
#: within the rounding, not near it.
_EDGE = 0.3

#: From here on a deviation counts by its size and not by its square, in printed steps.
_FAR = 10.0


class Reached(NamedTuple):
    """The statistics of a state and what they cost.

    Attributes
    ----------
    log_ratio, error, cost : arrays, shape (rows,)
        By row of hazard ratios.
    time_cost : array, shape (1,)
        Of medians, their limits and the follow-up.
    effect_cost : array, shape (1,)
    """

    log_ratio: FloatArray
    error: FloatArray
    cost: FloatArray
    time_cost: FloatArray
    effect_cost: FloatArray


def new_reached() -> Reached:
    """Return statistics that are not computed yet."""
    return Reached(np.zeros(ROWS), np.ones(ROWS), np.zeros(ROWS), np.zeros(1), np.zeros(1))


@njit(cache=False)
def loss(deviation: float, within: float = _WITHIN) -> float:
    """Return what a deviation costs, in printed steps."""
    beyond = abs(deviation) - within
    if beyond <= 0.0:
        return 0.0
    square = beyond * beyond if beyond < _FAR else _FAR * (2.0 * beyond - _FAR)
    return square + _EDGE * beyond


@njit(cache=False)
def row_cost(figures: Figures, row: int, log_ratio: float, error: float) -> float:
    """Return what a hazard ratio and its limits cost."""
    if figures.printed[row] == 0:
        return 0.0
    reach = figures.reach[row] * error
    wanted = figures.ratios[row]
    return (
        loss((math.exp(log_ratio) - wanted[0]) / RATIO_STEP)
        + loss((math.exp(log_ratio - reach) - wanted[1]) / RATIO_STEP)
        + loss((math.exp(log_ratio + reach) - wanted[2]) / RATIO_STEP)
    )


@njit(cache=False)
def p_cost(figures: Figures, deaths: Deaths) -> float:
    """Return what the one-sided p of the stratified log-rank test costs."""
    p = 0.5 * math.erfc(-stratified_z(deaths) / math.sqrt(2.0))
    return loss((p - figures.stratified_p) / P_STEP)


@njit(cache=False)
def time_cost(figures: Figures, state: State) -> float:
    """Return what medians, their limits and the quartiles of follow-up cost."""
    found, limits, quartiles = np.empty(MEDIAN_GROUPS), np.empty((2, 2)), np.empty(3)
    medians(state, found, limits)
    follow_up(state, quartiles)
    cost = 0.0
    for group in range(MEDIAN_GROUPS):
        cost += loss((min(found[group], 1e5) - figures.medians[group]) / MEDIAN_STEP, WITHIN_TIMES)
    for arm in range(2):
        for side in range(2):
            cost += loss(
                (min(limits[arm, side], 1e5) - figures.limits[arm, side]) / MEDIAN_STEP,
                WITHIN_TIMES,
            )
    for number in range(3):
        cost += loss(
            (quartiles[number] - figures.quartiles[number]) / FOLLOW_UP_STEP, WITHIN_TIMES
        )
    return cost


@njit(cache=False)
def effects_cost(targets: EffectTargets, effects: FloatArray) -> float:
    """Return what the effects of the covariates together cost."""
    cost = 0.0
    for term in range(TERMS):
        if targets.step[term] != np.inf:
            cost += loss((effects[term] - targets.wanted[term]) / targets.step[term])
    return cost


@njit(cache=False)
def list_row(state: State, row: int, deaths: Deaths) -> None:
    """List the deaths of a row; of a subgroup, those of its pair."""
    if row == 0:
        list_overall(state, deaths)
    elif row == STRATIFIED:
        list_strata(state, deaths)
    else:
        list_pair(state, (row - 1) // 2, deaths)


@njit(cache=False)
def measure(state: State, figures: Figures, deaths: Deaths, reached: Reached) -> None:
    """Set all statistics of a state but the effects, and what they cost."""
    for row in range(ROWS):
        list_row(state, row, deaths)
        log_ratio, error = fit_row(deaths, row, reached.log_ratio[row])
        reached.log_ratio[row], reached.error[row] = log_ratio, error
        reached.cost[row] = row_cost(figures, row, log_ratio, error)
    reached.cost[STRATIFIED] += p_cost(figures, deaths)
    reached.time_cost[0] = time_cost(figures, state)


def measured(state: State, figures: Figures) -> Reached:
    """Return all statistics of a state but the effects, and what they cost."""
    reached = new_reached()
    deaths = new_deaths(len(state.queue))
    measure(state, figures, deaths, reached)
    measure(state, figures, deaths, reached)  # again from there: exact to the last digits
    return reached
