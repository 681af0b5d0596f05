"""The published figures that a virtual trial must show on average, from the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from models.evidence import figure, pairs
from models.outcomes import ARMS
from models.table import FloatArray


@dataclass(frozen=True)
class Targets:
    """Published figures in the units of the expectations.

    Attributes
    ----------
    os_medians, lrfs_medians : array, shape (arms,)
        Months.
    os_log_hr, lrfs_log_hr : float
        Unstratified log hazard ratios, surgery / no surgery.
    deaths : float
        Deaths of both arms in the whole follow-up.
    subgroup_deaths : array, shape (subgroups,)
        Deaths of both arms by subgroup of Fig. 3.
    subgroup_log_hr : array, shape (subgroups,)
    follow_up_quartiles : array, shape (3,)
        Quartiles of the observed time in months, deaths included.
    ulceration, bleeding : array, shape (arms,)
        Proportion by `local_month` months.
    """

    os_medians: FloatArray
    lrfs_medians: FloatArray
    os_log_hr: float
    lrfs_log_hr: float
    deaths: float
    subgroup_deaths: FloatArray
    subgroup_log_hr: FloatArray
    follow_up_quartiles: FloatArray
    ulceration: FloatArray
    bleeding: FloatArray
    local_month: int


@cache
def published_targets() -> Targets:
    """Return the targets from the evidence."""
    groups = [subgroup for pair in pairs() for subgroup in pair.subgroups]
    follow_up = figure("follow_up.median")
    lower, upper = follow_up.range or (np.nan, np.nan)
    return Targets(
        os_medians=_by_arm("os.median"),
        lrfs_medians=_by_arm("lrfs.median"),
        os_log_hr=float(np.log(_estimate("os.hr.unstratified"))),
        lrfs_log_hr=float(np.log(_estimate("lrfs.hr"))),
        deaths=float(sum(figure(f"os.events.{arm}").events or 0 for arm in ARMS)),
        subgroup_deaths=np.array([float(sum(group.deaths)) for group in groups]),
        subgroup_log_hr=np.log([group.estimate for group in groups]),
        follow_up_quartiles=np.array([lower, _estimate("follow_up.median"), upper]),
        ulceration=_by_arm("ulceration"),
        bleeding=_by_arm("bleeding"),
        local_month=int(figure(f"ulceration.{ARMS[0]}").horizon_months or 0),
    )


def _estimate(name: str) -> float:
    estimate = figure(name).estimate
    if estimate is None:
        raise ValueError(f"{name} has no estimate")
    return estimate


def _by_arm(stem: str) -> FloatArray:
    """Return a figure by arm; a proportion from its counts, to more digits than printed."""
    rows = [figure(f"{stem}.{arm}") for arm in ARMS]
    return np.array([row.events / row.n if row.events and row.n else row.estimate for row in rows])
