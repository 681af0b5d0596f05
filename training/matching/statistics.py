"""The statistics of the search, compiled: Cox models of the arm alone, medians, follow-up.

No two days are equal, so ties need no rule: with the arm alone as covariate, every death is
told by how many of each arm were at risk in her group and by the arm of the one who died.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from models.table import FloatArray
from training.matching.state import (
    MENOPAUSE_PAIR,
    ORGANS_PAIR,
    PAIRS,
    STRATA,
    IntArray,
    State,
)

#: Rows of hazard ratios: all patients, the sixteen subgroups, the stratified analysis.
OVERALL, STRATIFIED = 0, 2 * PAIRS + 1
ROWS = 2 * PAIRS + 2

#: Groups with medians: both arms; then for menopause and organs each half: all, A, B.
MEDIAN_GROUPS = 14

#: Quantile of the normal distribution for 95% limits.
Z_95 = 1.959963984540054

_NEAR = 3e-4
_MOST_STEPS = 50

#: Two survival probabilities nearer than this are the same.
_SAME = 1e-9

#: Survival above which no limit of a median is, in groups as large as an arm.
_NO_LIMIT_ABOVE = 0.65
_HALF_ON_LOG_LOG = math.log(math.log(2.0))


class Deaths(NamedTuple):
    """Room for the deaths of a row: at risk in each arm, as floats.

    Attributes
    ----------
    without, treated : arrays, shape (rows, patients)
    count, of_treated : arrays, shape (rows,)
        Deaths, and how many of them with surgery.
    """

    without: FloatArray
    treated: FloatArray
    count: IntArray  # type: ignore[assignment]
    of_treated: IntArray


def new_deaths(size: int) -> Deaths:
    """Return empty room for `size` patients."""
    return Deaths(
        np.zeros((ROWS, size)),
        np.zeros((ROWS, size)),
        np.zeros(ROWS, dtype=np.int64),
        np.zeros(ROWS, dtype=np.int64),
    )


@njit(cache=False)
def list_overall(state: State, deaths: Deaths) -> None:
    """List the deaths of all patients."""
    treated, without, count, of_treated = 0, 0, 0, 0
    for place in range(len(state.queue) - 1, -1, -1):
        patient = state.queue[place]
        arm = state.arm[patient]
        treated += arm
        without += 1 - arm
        if state.event[patient] == 1:
            deaths.without[OVERALL, count] = without
            deaths.treated[OVERALL, count] = treated
            count += 1
            of_treated += arm
    deaths.count[OVERALL] = count
    deaths.of_treated[OVERALL] = of_treated


@njit(cache=False)
def list_pair(state: State, pair: int, deaths: Deaths) -> None:
    """List the deaths of both subgroups of a pair."""
    at_risk = np.zeros((2, 2), dtype=np.int64)
    first = 1 + 2 * pair
    for half in range(2):
        deaths.count[first + half] = 0
        deaths.of_treated[first + half] = 0
    for place in range(len(state.queue) - 1, -1, -1):
        patient = state.queue[place]
        half, arm = state.half[patient, pair], state.arm[patient]
        at_risk[half, arm] += 1
        if state.event[patient] == 1:
            row = first + half
            count = deaths.count[row]
            deaths.without[row, count] = at_risk[half, 0]
            deaths.treated[row, count] = at_risk[half, 1]
            deaths.count[row] = count + 1
            deaths.of_treated[row] += arm


@njit(cache=False)
def list_strata(state: State, deaths: Deaths) -> None:
    """List the deaths of all patients, each with those at risk in her stratum."""
    at_risk = np.zeros((STRATA, 2), dtype=np.int64)
    count, of_treated = 0, 0
    for place in range(len(state.queue) - 1, -1, -1):
        patient = state.queue[place]
        stratum, arm = state.stratum[patient], state.arm[patient]
        at_risk[stratum, arm] += 1
        if state.event[patient] == 1:
            deaths.without[STRATIFIED, count] = at_risk[stratum, 0]
            deaths.treated[STRATIFIED, count] = at_risk[stratum, 1]
            count += 1
            of_treated += arm
    deaths.count[STRATIFIED] = count
    deaths.of_treated[STRATIFIED] = of_treated


@njit(cache=False, fastmath=True)
def score(
    without: FloatArray, treated: FloatArray, count: int, ratio: float
) -> tuple[float, float, float]:
    """Return the expected deaths with surgery, the information and its slope at a ratio."""
    expected, information, slope = 0.0, 0.0, 0.0
    for place in range(count):
        weighted = treated[place] * ratio
        share = weighted / (without[place] + weighted)
        spread = share * (1.0 - share)
        expected += share
        information += spread
        slope += spread * (1.0 - 2.0 * share)
    return expected, information, slope


@njit(cache=False)
def fit_row(deaths: Deaths, row: int, start: float) -> tuple[float, float]:
    """Return the log hazard ratio of a row and its standard error, by Newton's method.

    The last step is short, so that the information is carried on by its slope; both are exact
    to about 1e-7.
    """
    log_ratio = start
    information, slope, step = 1.0, 0.0, 0.0
    for _ in range(_MOST_STEPS):
        expected, information, slope = score(
            deaths.without[row], deaths.treated[row], deaths.count[row], math.exp(log_ratio)
        )
        if information < 1e-9:
            return 0.0, 1e3
        step = (deaths.of_treated[row] - expected) / information
        step = max(-1.0, min(1.0, step))
        log_ratio += step
        if abs(step) < _NEAR:
            break
    return log_ratio, 1.0 / math.sqrt(information + slope * step)


@njit(cache=False)
def stratified_z(deaths: Deaths) -> float:
    """Return the standard normal statistic of the stratified log-rank test."""
    expected, information, _ = score(
        deaths.without[STRATIFIED], deaths.treated[STRATIFIED], deaths.count[STRATIFIED], 1.0
    )
    return float((deaths.of_treated[STRATIFIED] - expected) / math.sqrt(information))


@njit(cache=False)
def medians(state: State, found: FloatArray, limits: FloatArray) -> None:
    """Set the Kaplan-Meier medians of the groups, and the log-log limits of both arms' medians.

    Between two censorings the curve falls in proportion to those left, and Greenwood's sum
    telescopes, so both are carried from censoring to censoring.

    Parameters
    ----------
    found : array, shape (MEDIAN_GROUPS,)
        Days; infinite when not reached. A curve that stays at one half gives the middle of the
        step.
    limits : array, shape (arms, 2)
        Days of the lower and the upper 95% limit.
    """
    left, level = np.zeros(MEDIAN_GROUPS), np.ones(MEDIAN_GROUPS)
    half_day, greenwood = np.zeros(MEDIAN_GROUPS), np.zeros(2)
    groups = np.zeros((len(state.queue), 5), dtype=np.int64)
    found[:] = np.inf
    limits[:] = np.inf
    for place in range(len(state.queue)):
        _set_groups(state, state.queue[place], groups[place])
        for number in range(5):
            left[groups[place, number]] += 1
    base = left.copy()
    for place in range(len(state.queue)):
        arm, day = groups[place, 0], state.day[place]
        if state.event[state.queue[place]] == 0:
            if left[arm] > 1:
                greenwood[arm] += 1.0 / left[arm] - 1.0 / base[arm]
            for number in range(5):
                group = groups[place, number]
                level[group] *= left[group] / base[group]
                left[group] -= 1
                base[group] = left[group]
            continue
        for number in range(5):
            group = groups[place, number]
            left[group] -= 1
            if found[group] != np.inf:
                continue
            above_half = level[group] * left[group] - 0.5 * base[group]
            if abs(above_half) < _SAME:
                half_day[group] = day
            elif above_half < 0:
                found[group] = (half_day[group] + day) / 2 if half_day[group] > 0 else day
        if limits[arm, 1] == np.inf and left[arm] > 0:
            curve = level[arm] * left[arm] / base[arm]
            if curve < _NO_LIMIT_ABOVE:
                variance = greenwood[arm] + 1.0 / left[arm] - 1.0 / base[arm]
                _set_limits(day, curve, variance, limits[arm])


@njit(cache=False)
def _set_groups(state: State, patient: int, groups: IntArray) -> None:
    """Set the five groups with medians that a patient belongs to, her arm first."""
    arm = state.arm[patient]
    menopause = 2 + 3 * state.half[patient, MENOPAUSE_PAIR]
    organs = 8 + 3 * state.half[patient, ORGANS_PAIR]
    groups[0] = arm
    groups[1] = menopause
    groups[2] = menopause + 1 + arm
    groups[3] = organs
    groups[4] = organs + 1 + arm


@njit(cache=False)
def _set_limits(day: int, curve: float, variance: float, limits: FloatArray) -> None:
    """Set a limit of a median if the curve's log-log limit has just fallen to one half."""
    middle = math.log(-math.log(curve))
    reach = Z_95 * math.sqrt(variance) / -math.log(curve)
    if limits[0] == np.inf and middle + reach >= _HALF_ON_LOG_LOG:
        limits[0] = day
    if limits[1] == np.inf and middle - reach >= _HALF_ON_LOG_LOG:
        limits[1] = day


@njit(cache=False)
def follow_up(state: State, quartiles: FloatArray) -> None:
    """Set the quartiles of the observed time in days, deaths included (linear between days)."""
    last = len(state.day) - 1
    for number in range(3):
        where = (number + 1) * last / 4
        below = int(where)
        part = where - below
        quartiles[number] = (1 - part) * state.day[below] + part * state.day[below + 1]
