"""Interactions between surgery and a covariate, computed from the two rows of Fig. 3.

The paper prints no interaction test. The ratio of the two hazard ratios and its interval come
from the difference of their logarithms, with standard errors read from the printed limits
(normal approximation).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from models.evidence.figures import Pair

#: ICEMAN version 1 rates an effect modification only where its p is at most this.
LARGEST_P_TO_RATE = 0.1
NOT_RATED = "not_rated"
#: Every rating of how likely it is that an effect really differs between subgroups.
CREDIBILITIES: tuple[str, ...] = (NOT_RATED, "very_low", "low", "moderate", "high")


@dataclass(frozen=True)
class Interaction:
    """How different two subgroup effects are.

    Attributes
    ----------
    ratio : float
        First hazard ratio of the pair over the second.
    interval : tuple of float
        95% limits of the ratio.
    p : float
        Two-sided p of no difference, not corrected for the eight pairs.
    credibility : str
        ``not_rated``, or our rating where p is at most 0.1.
    """

    ratio: float
    interval: tuple[float, float]
    p: float
    credibility: str
    note: str
    level: float = 0.95


def standard_error(interval: tuple[float, float], level: float) -> float:
    """Return the standard error of a log ratio from its printed limits."""
    lower, upper = interval
    return (math.log(upper) - math.log(lower)) / (2 * NormalDist().inv_cdf((1 + level) / 2))


def interaction_of(pair: Pair) -> Interaction:
    """Return the interaction of one pair of Fig. 3.

    The two rows share no patient, so their log hazard ratios are taken as independent: z is
    their difference over the root of the summed squares of their standard errors.
    """
    first, second = pair.subgroups
    difference = math.log(first.estimate) - math.log(second.estimate)
    error = math.hypot(*(standard_error(s.interval, s.level) for s in pair.subgroups))
    p = math.erfc(abs(difference) / error / math.sqrt(2))
    reach = NormalDist().inv_cdf(0.975) * error
    rated = p <= LARGEST_P_TO_RATE and pair.credibility_if_rated is not None
    return Interaction(
        ratio=math.exp(difference),
        interval=(math.exp(difference - reach), math.exp(difference + reach)),
        p=p,
        credibility=str(pair.credibility_if_rated) if rated else NOT_RATED,
        note=pair.credibility_note,
    )
