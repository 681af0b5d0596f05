"""The printed figures as targets of the search, read from the evidence.

Rows and groups are in the order of `training.matching.statistics`. Days are months of 30.4375
days, as everywhere.
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from models.evidence import Figure, figure, pairs
from models.outcomes import ARMS
from models.table import FloatArray
from training.matching.state import TERMS
from training.matching.statistics import MEDIAN_GROUPS, OVERALL, ROWS, STRATIFIED
from training.simulation import DAYS_PER_MONTH

#: The steps in which the figures are printed.
RATIO_STEP = 0.001
MEDIAN_STEP = 0.1 * DAYS_PER_MONTH
FOLLOW_UP_STEP = DAYS_PER_MONTH
P_STEP = 0.001

#: The row of Fig. 3 that cannot be read: it has no target.
UNREADABLE = "not_bone_only"

#: The figure of the primary analysis, the third digit derived from cohorts (not printed).
STRATIFIED_FIGURE = "os.hr.stratified.three_digits"


class Figures(NamedTuple):
    """The printed figures.

    Attributes
    ----------
    ratios : array, shape (rows, 3)
        Hazard ratio, lower and upper limit, surgery / no surgery.
    printed : array, shape (rows,)
        1 where a row has targets, 0 for the row that cannot be read.
    reach : array, shape (rows,)
        Standard errors from the estimate to a limit: 95%, the stratified analysis 90%.
    stratified_p : float
        One-sided p of the stratified log-rank test.
    medians : array, shape (groups,)
        Days.
    limits : array, shape (arms, 2)
        Days: limits of both arms' medians.
    quartiles : array, shape (3,)
        Days: quartiles of the observed time.
    """

    ratios: FloatArray
    printed: FloatArray
    reach: FloatArray
    stratified_p: float
    medians: FloatArray
    limits: FloatArray
    quartiles: FloatArray


class EffectTargets(NamedTuple):
    """What the effects of the covariates together are drawn to.

    Attributes
    ----------
    wanted, step : arrays, shape (terms,)
        Log hazard ratios, and the deviation that counts like one printed step; infinite where
        an effect is not aimed at.
    """

    wanted: FloatArray
    step: FloatArray


@cache
def published_figures() -> Figures:
    """Return the targets of the search."""
    ratios, printed = np.ones((ROWS, 3)), np.ones(ROWS)
    ratios[OVERALL] = _ratio(figure("os.hr.unstratified"))
    ratios[STRATIFIED] = _ratio(figure(STRATIFIED_FIGURE))
    groups = [group for pair in pairs() for group in pair.subgroups]
    for row, group in enumerate(groups, start=1):
        ratios[row] = (group.estimate, *group.interval)
        printed[row] = group.code != UNREADABLE
    level = np.full(ROWS, 0.95)
    level[STRATIFIED] = figure(STRATIFIED_FIGURE).level
    follow_up = figure("follow_up.median")
    lower, upper = follow_up.range or (np.nan, np.nan)
    return Figures(
        ratios=ratios,
        printed=printed,
        reach=np.array([NormalDist().inv_cdf((1 + each) / 2) for each in level]),
        stratified_p=figure(STRATIFIED_FIGURE).p or np.nan,
        medians=_days([_estimate(name) for name in median_names()]),
        limits=_days([figure(f"os.median.{arm}").interval or (np.nan,) * 2 for arm in ARMS]),
        quartiles=_days([lower, _estimate("follow_up.median"), upper]),
    )


def median_names() -> tuple[str, ...]:
    """Return the evidence's names of the medians, in the order of the groups."""
    halves = ("premenopausal", "postmenopausal", "one_organ", "two_or_more_organs")
    names = [f"os.median.{arm}" for arm in ARMS]
    names += [
        f"os.median.{half}{arm}" for half in halves for arm in ("", *(f".{a}" for a in ARMS))
    ]
    if len(names) != MEDIAN_GROUPS:
        raise ValueError("the medians do not fit the groups")
    return tuple(names)


def no_effects() -> EffectTargets:
    """Return targets that aim at no effect."""
    return EffectTargets(np.zeros(TERMS), np.full(TERMS, np.inf))


def _ratio(found: Figure) -> tuple[float, float, float]:
    lower, upper = found.interval or (np.nan, np.nan)
    return found.estimate or np.nan, lower, upper


def _estimate(name: str) -> float:
    return figure(name).estimate or np.nan


def _days(months: object) -> FloatArray:
    return np.array(months, dtype=float) * DAYS_PER_MONTH
