"""The effect of surgery on survival that the four earlier randomised trials found together.

It stands beside JCOG1017's own: every patient should see both.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

import numpy as np

from models.evidence import Figure, figure
from models.evidence.interactions import standard_error
from models.table import FloatArray

_GOLDEN_RATIO = (math.sqrt(5) - 1) / 2


def pooled_figure() -> Figure:
    """Return the published hazard ratio, surgery / no surgery, with its interval."""
    return figure("meta_2021.os.hr")


@cache
def pooled_log_ratios(members: int) -> FloatArray:
    """Return the log hazard ratio of each member, shape (members,).

    Normal around the published one, with the standard error of its interval, spread evenly by
    the golden ratio's multiples: the members' order has nothing to do with their prognosis,
    because the pooled trials say nothing about it, and no random numbers are needed.
    """
    published = pooled_figure()
    if published.estimate is None or published.interval is None or published.level is None:
        raise ValueError(f"{published.id} has no interval")
    error = standard_error(published.interval, published.level)
    spread = (0.5 + _GOLDEN_RATIO * np.arange(members)) % 1.0
    normal = np.array([NormalDist().inv_cdf(share) for share in spread])
    ratios: FloatArray = math.log(published.estimate) + error * normal
    ratios.flags.writeable = False
    return ratios


@cache
def pooled_ratios(members: int) -> FloatArray:
    """Return the hazard ratio of each member, shape (members,)."""
    ratios: FloatArray = np.exp(pooled_log_ratios(members))
    ratios.flags.writeable = False
    return ratios
