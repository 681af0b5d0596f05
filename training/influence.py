"""How much each patient moves an estimated hazard ratio, and what overlapping subgroups share.

The subgroups of Fig. 3 overlap, so their estimates do not err independently. Each patient's
influence on each estimate tells how much of the error two of them have in common.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.evidence import pairs
from models.evidence.interactions import standard_error
from models.table import FloatArray
from training.cohort import Cohort
from training.simulation import EVENT
from training.statistics import hazard_ratio


def hazard_ratio_influence(arm: FloatArray, months: FloatArray, event: FloatArray) -> FloatArray:
    """Return each patient's influence on the log hazard ratio of a Cox model of the arm alone.

    About how much the estimate changes with her: the score residual over the information, which
    R's `survival` calls dfbeta (`residuals.coxph`). Ties as Breslow has them.

    Parameters
    ----------
    arm : array, shape (patients,)
        0 or 1.
    event : array, shape (patients,)
        1 died, 0 censored.
    """
    ratio_of_arm = hazard_ratio(arm, months, event == 1)
    order = np.argsort(-months, kind="stable")  # latest first: those at risk stand before
    arm, event = arm[order], event[order]
    last = _last_of_ties(months[order])
    ratio = np.where(arm == 1, ratio_of_arm, 1.0)
    at_risk = np.cumsum(ratio)[last]
    share = np.cumsum(ratio * arm)[last] / at_risk
    information = float((event * share * (1 - share)).sum())
    residuals = event * (arm - share) - ratio * (
        arm * _until_own_time(event / at_risk, last)
        - _until_own_time(event * share / at_risk, last)
    )
    influence: FloatArray = np.empty_like(residuals)
    influence[order] = residuals / information
    return influence


def _last_of_ties(months: FloatArray) -> NDArray[np.intp]:
    """Return for each entry of a falling array the last place with the same value."""
    last: NDArray[np.intp] = np.searchsorted(-months, -months, side="right") - 1
    return last


def _until_own_time(increments: FloatArray, last: NDArray[np.intp]) -> FloatArray:
    """Return for each patient the sum of the increments at times up to her own."""
    later_first = np.concatenate([[0.0], np.cumsum(increments)])
    first = np.searchsorted(last, last, side="left")  # where her ties begin
    total: FloatArray = later_first[-1] - later_first[first]
    return total


def interaction_influence(cohort: Cohort) -> FloatArray:
    """Return each patient's influence on the eight one-at-a-time interactions.

    Returns
    -------
    array, shape (patients, pairs)
        On the log hazard ratio of the second subgroup minus that of the first.
    """
    died = (cohort.outcomes.os_event == EVENT).astype(float)
    each = np.zeros_like(cohort.patients.members)
    for place, member in enumerate(cohort.patients.members == 1):
        each[place, member] = hazard_ratio_influence(
            cohort.patients.arm[member], cohort.outcomes.os_months[member], died[member]
        )
    influence: FloatArray = (each[1::2] - each[::2]).T
    return influence


def interaction_correlation(cohorts: Sequence[Cohort]) -> FloatArray:
    """Return how the errors of the eight interactions are correlated, shape (pairs, pairs).

    The mean over cohorts that show the trial's figures.
    """
    each = []
    for cohort in cohorts:
        influence = interaction_influence(cohort)
        products = influence.T @ influence
        spread = np.sqrt(np.diag(products))
        each.append(products / np.outer(spread, spread))
    mean: FloatArray = np.mean(each, axis=0)
    return mean


def interaction_covariance(correlation: FloatArray) -> FloatArray:
    """Return the sampling covariance of the eight interactions, shape (pairs, pairs).

    The variances are those of the printed intervals (the two subgroups of a pair share no
    patient); only the correlation comes from cohorts.
    """
    errors = np.array(
        [
            math.hypot(*(standard_error(g.interval, g.level) for g in pair.subgroups))
            for pair in pairs()
        ]
    )
    covariance: FloatArray = np.outer(errors, errors) * correlation
    return covariance
