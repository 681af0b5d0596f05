"""The triple-negative row, solved before everything else.

32 of 37 patients died, and the printed interval is as narrow as 32 deaths allow: the arms must
stay in balance at every death, to the last. A random search does not find such an order. Here
orders are drawn with a chance that grows with the information about the hazard ratio, until one
gives the printed figures: a walk over what is left of each arm, each step weighed by all that
can follow it.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from models.table import FloatArray
from training.matching.distance import row_cost
from training.matching.figures import Figures
from training.matching.state import (
    FIRST_CENSORING_DAY,
    RECEPTORS,
    TRIPLE_NEGATIVE,
    TRIPLE_PAIR,
    IntArray,
)
from training.matching.statistics import fit_row, new_deaths

#: The row of hazard ratios.
TRIPLE_NEGATIVE_ROW = 1 + 2 * TRIPLE_PAIR

#: How strongly an order is preferred for its information; found by trial.
_PREFERENCE = 300.0

#: Deaths before the first of the living may leave observation, which is after 48 months: most
#: triple-negative patients have died by then (an assumption).
_DEATHS_BEFORE_CENSORING = 20

_MOST_DRAWS = 100_000

#: Days between the ends of observation that are put off to after 48 months.
_DAYS_APART = 11


class Unsolved(RuntimeError):
    """No order with the printed figures was drawn."""


class Left(NamedTuple):
    """Those still observed: who will die and who will leave alive, without and with surgery."""

    dying: int
    leaving: int
    dying_treated: int
    leaving_treated: int


class End(NamedTuple):
    """One end of observation: the arm, and whether it is a death."""

    arm: int
    event: int


class Orders:
    """Orders of the ends of observation of a group, drawn by their information.

    Parameters
    ----------
    start : Left
        The whole group.
    ratio : float
        Hazard ratio at which the information is counted.
    """

    def __init__(self, start: Left, ratio: float) -> None:
        self.start = start
        self.ratio = ratio
        self._log_weight = cache(self._summed)

    def draw(self, rng: np.random.Generator) -> list[End]:
        """Return one order, ends of observation from the first to the last."""
        order, left = [], self.start
        while any(left):
            steps = self._steps(left)
            logs = np.array([gain + self._log_weight(then) for _, then, gain in steps])
            chances = np.cumsum(np.exp(logs - self._log_weight(left)))
            place = int(np.searchsorted(chances, rng.random()))
            end, left, _ = steps[min(place, len(steps) - 1)]
            order.append(end)
        return order

    def _summed(self, left: Left) -> float:
        """Return the log of the summed weights of all orders of those who are left."""
        if not any(left):
            return 0.0
        logs = [gain + self._log_weight(then) for _, then, gain in self._steps(left)]
        return float(np.logaddexp.reduce(logs)) if logs else -math.inf

    def _steps(self, left: Left) -> list[tuple[End, Left, float]]:
        """Return what may come next: the end, who is left after it, and the log weight."""
        treated = (left.dying_treated + left.leaving_treated) * self.ratio
        share = treated / (left.dying + left.leaving + treated)
        gain = _PREFERENCE * (share * (1 - share) - 0.25)
        died = self.start.dying + self.start.dying_treated - left.dying - left.dying_treated
        steps = []
        for place, (arm, event) in enumerate(((0, 1), (0, 0), (1, 1), (1, 0))):
            if left[place] and (event or died >= _DEATHS_BEFORE_CENSORING):
                then = Left(*(count - (at == place) for at, count in enumerate(left)))
                steps.append((End(arm, event), then, gain if event else 0.0))
        return steps


def solve_order(start: Left, figures: Figures, rng: np.random.Generator) -> list[End]:
    """Return an order of the triple-negative patients that has the printed figures.

    Raises
    ------
    Unsolved
        If none is drawn.
    """
    orders = Orders(start, float(figures.ratios[TRIPLE_NEGATIVE_ROW, 0]))
    for _ in range(_MOST_DRAWS):
        order = orders.draw(rng)
        if row_cost(figures, TRIPLE_NEGATIVE_ROW, *fit_order(order)) == 0:
            return order
    raise Unsolved("the triple-negative row of Fig. 3 was not reached")


def fit_order(order: list[End]) -> tuple[float, float]:
    """Return the log hazard ratio of an order and its standard error."""
    deaths = new_deaths(len(order))
    arm, event = np.array(order)[::-1].T
    treated, without = np.cumsum(arm), np.cumsum(1 - arm)
    died = event == 1
    count = int(died.sum())
    deaths.without[TRIPLE_NEGATIVE_ROW, :count] = without[died]
    deaths.treated[TRIPLE_NEGATIVE_ROW, :count] = treated[died]
    deaths.count[TRIPLE_NEGATIVE_ROW] = count
    deaths.of_treated[TRIPLE_NEGATIVE_ROW] = arm[died].sum()
    log_ratio, _ = fit_row(deaths, TRIPLE_NEGATIVE_ROW, 0.0)
    found: tuple[float, float] = fit_row(deaths, TRIPLE_NEGATIVE_ROW, log_ratio)
    return found


def put_in_order(
    days: IntArray,
    arm: FloatArray,
    event: IntArray,
    cells: IntArray,
    figures: Figures,
    rng: np.random.Generator,
) -> IntArray:
    """Return days in which the triple-negative patients come in an order with the figures.

    Their own days are given out anew; what has to be after 48 months is put off.
    """
    rows = np.flatnonzero(cells[:, RECEPTORS] == TRIPLE_NEGATIVE)
    kinds = 2 * arm[rows].astype(np.int64) + (1 - event[rows])
    order = solve_order(Left(*np.bincount(kinds, minlength=4).tolist()), figures, rng)
    own = np.sort(days[rows])
    censored = [place for place, end in enumerate(order) if end.event == 0]
    late = np.arange(len(order)) - censored[0]
    own = np.where(late < 0, own, np.maximum(own, FIRST_CENSORING_DAY + _DAYS_APART * late))
    waiting = {kind: rng.permutation(rows[kinds == kind]).tolist() for kind in range(4)}
    ordered = days.copy()
    for day, end in zip(own, order, strict=True):
        ordered[waiting[2 * end.arm + (1 - end.event)].pop()] = day
    return ordered
