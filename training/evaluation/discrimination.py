"""Time-dependent AUC, Uno's C and Brier scores, with death before the event where it competes.

Without competing deaths they equal scikit-survival's (a test holds them equal to 1e-10); they are
written anew because scikit-survival's know no competing event and take too long in resamples.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.table import FloatArray
from training.evaluation.observed import CannotCompute, Observed, happened_by, still_uncensored
from training.simulation import EVENT

#: Risks as close as this are tied, as in scikit-survival.
_SAME_RISK = 1e-8


def auc(risk: FloatArray, observed: Observed, month: float) -> float:
    """Return the AUC at a month: patients with the event by then against all others.

    The others are free of the event then: alive without it, or dead before it.

    Parameters
    ----------
    risk : array, shape (patients,)
        Predicted probability of the event by the month.

    Raises
    ------
    CannotCompute
        If there are no events or no others.
    """
    event, weights = happened_by(observed, month)
    case, other = weights * event, weights * (1 - event)
    if not (case.any() and other.any()):
        raise CannotCompute("no events, or nobody without one")
    levels, place = np.unique(risk, return_inverse=True)
    cases = np.bincount(place, case, len(levels))
    others = np.bincount(place, other, len(levels))
    below = np.cumsum(others) - others
    return float((cases @ (below + others / 2)) / (cases.sum() * others.sum()))


def brier(risk: FloatArray, observed: Observed, month: float) -> float:
    """Return the Brier score at a month: mean squared distance of the risk from what happened.

    Raises
    ------
    CannotCompute
        As `happened_by`.
    """
    event, weights = happened_by(observed, month)
    return float(np.mean(weights * (event - risk) ** 2))


def integrated_brier(risks: FloatArray, observed: Observed, months: FloatArray) -> float:
    """Return the mean Brier score over a stretch of time (trapezoidal rule).

    Parameters
    ----------
    risks : array, shape (patients, months)

    Raises
    ------
    CannotCompute
        As `happened_by`, or with fewer than two months.
    """
    if len(months) < 2:
        raise CannotCompute("fewer than two months")
    scores = [brier(risk, observed, month) for risk, month in zip(risks.T, months, strict=True)]
    return float(np.trapezoid(scores, months) / (months[-1] - months[0]))


def uno_c(risk: FloatArray, observed: Observed, month: float) -> float:
    """Return Uno's C up to a month: of two patients the one at higher risk has the event first.

    Pairs count by one over the squared probability of being uncensored (Uno et al., as
    scikit-survival's ``concordance_index_ipcw``). A death before the event is no event here, so
    it is given for survivals alone.

    Raises
    ------
    CannotCompute
        If no two patients can be compared.
    """
    order = np.argsort(observed.months, kind="stable")
    months, event = observed.months[order], observed.status[order] == EVENT
    counted = event & (months < month)
    weights = np.zeros(len(months))
    weights[counted] = 1 / still_uncensored(observed, months[counted]) ** 2
    agreeing, pairs = _pairs(risk[order], months, event, weights)
    if not pairs > 0:
        raise CannotCompute("no two patients can be compared")
    return float(agreeing / pairs)


@njit(cache=False)
def _pairs(
    risk: FloatArray, months: FloatArray, event: NDArray[np.bool_], weights: FloatArray
) -> tuple[float, float]:
    """Return the weight of agreeing pairs (ties half) and of all that can be compared."""
    agreeing, pairs = 0.0, 0.0
    for first in range(len(months)):
        if weights[first] == 0.0:
            continue
        # Times are in order; of tied times the censored may stand before the event.
        start = first
        while start > 0 and months[start - 1] == months[first]:
            start -= 1
        found, count = 0.0, 0.0
        for other in range(start, len(months)):
            # At the same time only those who were censored then outlived the event.
            if months[other] == months[first] and event[other]:
                continue
            count += 1.0
            gap = risk[first] - risk[other]
            if abs(gap) <= _SAME_RISK:
                found += 0.5
            elif gap > 0.0:
                found += 1.0
        agreeing += weights[first] * found
        pairs += weights[first] * count
    return agreeing, pairs
