"""Interactions between surgery and a covariate, computed from the two rows of Fig. 3.

The paper prints no interaction test. The ratio of the two hazard ratios and its interval come
from the difference of their logarithms, with standard errors read from the printed limits
(normal approximation).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

from models.evidence.checks import common_level
from models.evidence.figures import Pair, pairs

#: ICEMAN version 1 rates an effect modification only where its p is at most this.
LARGEST_P_TO_RATE = 0.1
NOT_RATED = "not_rated"
#: Every rating of how likely it is that an effect really differs between subgroups, rising.
CREDIBILITIES: tuple[str, ...] = (NOT_RATED, "very_low", "low", "moderate", "high")


@dataclass(frozen=True)
class Interaction:
    """How different two subgroup effects are.

    Attributes
    ----------
    ratio : float
        First hazard ratio of the pair over the second.
    interval : tuple of float
        Limits of the ratio at the level of the two rows.
    p : float
        Two-sided p of no difference, not corrected for the eight pairs.
    p_bonferroni, p_holm : float
        Corrected over the eight pairs of Fig. 3.
    """

    ratio: float
    interval: tuple[float, float]
    p: float
    p_bonferroni: float
    p_holm: float
    level: float = 0.95


def standard_error(interval: tuple[float, float], level: float) -> float:
    """Return the standard error of a log ratio from its printed limits."""
    lower, upper = interval
    return (math.log(upper) - math.log(lower)) / (2 * NormalDist().inv_cdf((1 + level) / 2))


def interaction_of(pair: Pair) -> Interaction:
    """Return the interaction of one pair of Fig. 3.

    The two rows share no patient, so their log hazard ratios are taken as independent: z is
    their difference over the root of the summed squares of their standard errors.

    Raises
    ------
    ValueError
        If the two rows have different levels.
    """
    level = common_level(pair.subgroups)
    difference, error = _difference(pair)
    p = _two_sided_p(pair)
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    others = [_two_sided_p(each) for each in pairs() if each.id != pair.id]
    ps = [p, *others]
    return Interaction(
        ratio=math.exp(difference),
        interval=(math.exp(difference - reach), math.exp(difference + reach)),
        p=p,
        p_bonferroni=bonferroni(ps)[0],
        p_holm=holm(ps)[0],
        level=level,
    )


@cache
def interactions() -> dict[str, Interaction]:
    """Return the interaction of each of the eight pairs by the pair's id."""
    return {pair.id: interaction_of(pair) for pair in pairs()}


def bonferroni(ps: Sequence[float]) -> list[float]:
    """Return p values times their number, at most one."""
    return [min(1.0, len(ps) * p) for p in ps]


def holm(ps: Sequence[float]) -> list[float]:
    """Return p values by Holm's step-down correction (Holm, Scand J Stat 1979;6:65-70).

    The smallest is multiplied by their number, the next by one less and so on; none is smaller
    than one before it, none larger than one.
    """
    corrected = [0.0] * len(ps)
    least = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda each: ps[each])):
        least = max(least, min(1.0, (len(ps) - rank) * ps[place]))
        corrected[place] = least
    return corrected


def _difference(pair: Pair) -> tuple[float, float]:
    first, second = pair.subgroups
    error = math.hypot(*(standard_error(s.interval, s.level) for s in pair.subgroups))
    return math.log(first.estimate) - math.log(second.estimate), error


def _two_sided_p(pair: Pair) -> float:
    difference, error = _difference(pair)
    return math.erfc(abs(difference) / error / math.sqrt(2))
