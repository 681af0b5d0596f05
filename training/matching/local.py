"""Local outcomes of a matched cohort: drawn from the truth, then moved to the printed figures.

Death and the end of observation stand. Ulceration and bleeding are made earlier or later by one
factor an arm, so that the printed number comes by 48 months. Local progression is moved patient
by patient until medians and hazard ratio of local relapse-free survival are the printed ones.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from models.evidence import figure
from models.outcomes import ARMS
from models.table import FloatArray
from training.matching.distance import WITHIN_TIMES, loss
from training.matching.state import FIRST_CENSORING_DAY, IntArray
from training.matching.statistics import Z_95, Deaths, fit_row, new_deaths
from training.simulation import (
    CENSORED,
    DAYS_PER_MONTH,
    DIED_FIRST,
    EVENT,
    Outcomes,
    event_months,
    spread_uniforms,
)
from training.truth import HazardTruth, Patients, Truth

#: 48 months, by which ulceration and bleeding are counted.
_COUNTED_BY = FIRST_CENSORING_DAY

_RATIO_STEP, _MONTH_STEP = 0.01, DAYS_PER_MONTH
_STEPS, _WARM, _COLD = 60_000, 1.0, 0.02


class NoLocalOutcomes(RuntimeError):
    """The printed local figures were not reached."""


class LocalFigures(NamedTuple):
    """The printed figures of local relapse-free survival.

    Attributes
    ----------
    ratio : array, shape (3,)
        Hazard ratio and its 95% limits, surgery / no surgery.
    medians : array, shape (arms,)
        Days.
    """

    ratio: FloatArray
    medians: FloatArray


def local_figures() -> LocalFigures:
    """Return the printed figures of local relapse-free survival."""
    ratio = figure("lrfs.hr")
    months = [figure(f"lrfs.median.{arm}").estimate or np.nan for arm in ARMS]
    limits = ratio.interval or (np.nan, np.nan)
    return LocalFigures(
        np.array([ratio.estimate or np.nan, *limits]), np.array(months) * DAYS_PER_MONTH
    )


def local_outcomes(
    patients: Patients, truth: Truth, days: IntArray, died: IntArray, rng: np.random.Generator
) -> Outcomes:
    """Return all outcomes of patients whose observation ends on given days.

    Parameters
    ----------
    days, died : arrays, shape (patients,)
        The last day of observation, and 1 where it is the day of death.
    """
    ulceration = _complication("ulceration", truth.ulceration, patients, days, rng)
    bleeding = _complication("bleeding", truth.bleeding, patients, days, rng)
    progression = _draw_days(truth.progression, patients, rng)
    relapse, event = match_relapses(progression, days, died, patients.arm, rng)
    return Outcomes(
        _months(days),
        died.astype(float),
        _months(relapse),
        event.astype(float),
        _months(np.minimum(ulceration, days)),
        _first_event(ulceration, days, died),
        _months(np.minimum(bleeding, days)),
        _first_event(bleeding, days, died),
    )


def _complication(
    name: str,
    hazard: HazardTruth,
    patients: Patients,
    days: IntArray,
    rng: np.random.Generator,
) -> IntArray:
    """Return the days of a complication, by 48 months as often in each arm as printed."""
    drawn = _draw_days(hazard, patients, rng)
    scaled = np.empty_like(days)
    for number, arm in enumerate(ARMS):
        rows = np.flatnonzero(patients.arm == number)
        events = figure(f"{name}.{arm}").events or 0
        factor = factor_for_events(drawn[rows], days[rows], events)
        scaled[rows] = np.maximum(np.ceil(drawn[rows] * factor), 1)
    return scaled


def factor_for_events(drawn: FloatArray, days: IntArray, events: int) -> float:
    """Return the factor of the drawn times with which a number of events is seen in time.

    An event is seen in time when it comes by 48 months and before the last day of observation.
    """
    latest = np.minimum(days - 1, _COUNTED_BY)
    largest = np.sort(latest / drawn)[::-1]
    return float((largest[events - 1] + largest[events]) / 2)


def _draw_days(hazard: HazardTruth, patients: Patients, rng: np.random.Generator) -> FloatArray:
    uniform = spread_uniforms(patients, rng)()
    return event_months(hazard, patients, uniform) * DAYS_PER_MONTH


def _first_event(event: IntArray, days: IntArray, died: IntArray) -> FloatArray:
    return np.where(event < days, EVENT, np.where(died == 1, DIED_FIRST, CENSORED)).astype(float)


def _months(days: IntArray) -> FloatArray:
    months: FloatArray = days / DAYS_PER_MONTH
    return months


def match_relapses(
    progression: FloatArray,
    days: IntArray,
    died: IntArray,
    arm: FloatArray,
    rng: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Return the day on which local relapse-free survival ends, and 1 where with an event.

    No two days are equal.

    Parameters
    ----------
    progression : array, shape (patients,)
        Drawn days of local progression; only one before the end of observation is seen.

    Raises
    ------
    NoLocalOutcomes
        If the printed figures are not reached.
    """
    relapse = _relapse_days(progression, days)
    figures = local_figures()
    codes = arm.astype(np.int64)
    room = new_deaths(len(days))
    cost = search_relapses(relapse, days, died, codes, figures, room, rng)
    if cost > 0:
        raise NoLocalOutcomes(f"local relapse-free survival is off by {cost:.2f}")
    return relapse, np.where(relapse < days, 1, died)


def _relapse_days(progression: FloatArray, days: IntArray) -> IntArray:
    """Return whole days of progression before the end, else the end; no two equal."""
    whole = np.maximum(np.ceil(progression), 1).astype(np.int64)
    relapse = days.copy()
    taken = set(days.tolist())
    for row in np.flatnonzero(whole < days):
        day = int(whole[row])
        while day in taken:
            day += 1
        if day < days[row]:
            taken.add(day)
            relapse[row] = day
    return relapse


@njit(cache=False)
def search_relapses(
    relapse: IntArray,
    days: IntArray,
    died: IntArray,
    arm: IntArray,
    figures: LocalFigures,
    room: Deaths,
    rng: np.random.Generator,
) -> float:
    """Move days of local progression until nothing is off; return what is left."""
    cost = relapse_cost(relapse, days, died, arm, figures, room)
    for step in range(_STEPS):
        if cost == 0:
            break
        temperature = _WARM * (_COLD / _WARM) ** (step / _STEPS)
        row = int(rng.random() * len(relapse))
        before = relapse[row]
        # Half of the moves are to a time near the present one, half to any.
        factor = math.exp(rng.random() - 0.5) if rng.random() < 0.5 else 2 * rng.random()
        longest = before if factor < 1.0 or rng.random() < 0.5 else days[row]
        after = min(days[row], max(1, int(factor * longest)))
        if after == before or (after != days[row] and (relapse == after).any()):
            continue
        relapse[row] = after
        now = relapse_cost(relapse, days, died, arm, figures, room)
        if cost - now >= temperature * math.log(1.0 - rng.random()):
            cost = now
        else:
            relapse[row] = before
    return cost


@njit(cache=False)
def relapse_cost(
    relapse: IntArray,
    days: IntArray,
    died: IntArray,
    arm: IntArray,
    figures: LocalFigures,
    room: Deaths,
) -> float:
    """Return how far local relapse-free survival is from the printed figures, in printed steps."""
    order = np.argsort(relapse)
    left = np.array([(arm == 0).sum(), (arm == 1).sum()])
    curve, median = np.ones(2), np.full(2, 1e6)
    count, treated = 0, 0
    for row in order:
        own = arm[row]
        if died[row] == 1 or relapse[row] < days[row]:
            room.without[0, count], room.treated[0, count] = left[0], left[1]
            count += 1
            treated += own
            curve[own] *= (left[own] - 1) / left[own]
            if curve[own] < 0.5 and median[own] == 1e6:
                median[own] = relapse[row]
        left[own] -= 1
    room.count[0], room.of_treated[0] = count, treated
    log_ratio, error = fit_row(room, 0, -0.8)
    reach = Z_95 * error
    cost = loss((math.exp(log_ratio) - figures.ratio[0]) / _RATIO_STEP)
    cost += loss((math.exp(log_ratio - reach) - figures.ratio[1]) / _RATIO_STEP)
    cost += loss((math.exp(log_ratio + reach) - figures.ratio[2]) / _RATIO_STEP)
    for own in range(2):
        cost += loss((median[own] - figures.medians[own]) / _MONTH_STEP, WITHIN_TIMES)
    return cost
