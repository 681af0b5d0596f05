"""Confidence intervals of proportions and of their difference, from counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from statistics import NormalDist

import numpy as np

#: Halvings of [0, 1]: more than a double can tell apart.
_HALVINGS = 60


@cache
def clopper_pearson(events: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a binomial proportion.

    The lower limit is the probability under which so many events or more have a chance of half of
    one minus the level, the upper the one under which so many or fewer have: quantiles of beta
    distributions, found by halving (Clopper and Pearson, Biometrika 1934;26:404-13). It covers the
    truth at least as often as its level says.

    Parameters
    ----------
    events, n : int
        Counts, 0 <= events <= n and n > 0.
    level : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
        Lower and upper limit; 0 without an event, 1 when all have one.

    Raises
    ------
    ValueError
        If the counts or the level cannot be.
    """
    if not (0 <= events <= n and n > 0 and 0 < level < 1):
        raise ValueError(f"{events} of {n} at {level} is no proportion with a level")
    tail = (1 - level) / 2
    lower = 0.0 if not events else _halve(_at_least(events, n), tail)
    upper = 1.0 if events == n else _halve(_at_least(events + 1, n), 1 - tail)
    return lower, upper


def _halve(rising: Callable[[float], float], value: float) -> float:
    """Return where a function that rises from 0 to 1 reaches a value."""
    low, high = 0.0, 1.0
    for _half in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2


def _at_least(events: int, n: int) -> Callable[[float], float]:
    """Return the probability of so many events or more among n, by that of one, 0 < p < 1."""
    counts = np.arange(events, n + 1)
    # By logarithms, because the coefficients overflow for large n.
    coefficients = np.array([_log_coefficient(n, count) for count in range(events, n + 1)])

    def probability(p: float) -> float:
        terms = coefficients + counts * math.log(p) + (n - counts) * math.log1p(-p)
        return float(np.exp(terms).sum())

    return probability


def _log_coefficient(n: int, count: int) -> float:
    """Return the logarithm of a binomial coefficient."""
    return math.lgamma(n + 1) - math.lgamma(count + 1) - math.lgamma(n - count + 1)


def wald_difference(
    first: tuple[int, int], second: tuple[int, int], level: float = 0.95
) -> tuple[float, float, float]:
    """Return second minus first of two independent proportions, with its Wald interval.

    Parameters
    ----------
    first, second : tuple of int
        Events and patients of each.
    level : float
        Between 0 and 1.

    Returns
    -------
    tuple of float
        The difference, its lower and its upper limit, as probabilities.
    """
    (a, n), (b, m) = first, second
    difference = b / m - a / n
    error = math.sqrt(a / n * (1 - a / n) / n + b / m * (1 - b / m) / m)
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    return difference, difference - reach, difference + reach
