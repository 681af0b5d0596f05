"""Curve arithmetic: survival from cumulative hazards, incidence with death competing.

All functions are vectorised over leading axes. Times stand on a grid of whole months.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray

#: Months.
_YEAR = 12


def survival(cumulative_hazard: FloatArray) -> FloatArray:
    """Return the survival probability exp(-H), of the same shape as H.

    Source: the definition of the cumulative hazard; with Breslow's estimate of H it is the
    usual Cox survival curve.
    """
    return np.exp(-cumulative_hazard)


def cumulative_incidence(event: FloatArray, competing: FloatArray) -> FloatArray:
    """Return the cumulative incidence of an event that competes with another one.

    Within a grid cell both cause-specific hazards are taken as proportional to each other, so
    the cell's share of the event is that of its hazard increments (Aalen-Johansen in the
    limit): I_j = sum over i <= j of (S_{i-1} - S_i) dH1_i / (dH1_i + dH2_i), with
    S = exp(-(H1 + H2)).

    Parameters
    ----------
    event, competing : arrays, shape (..., grid, members)
        Cumulative cause-specific hazards H1 and H2 at months 1, 2, ...; zero at month 0.

    Returns
    -------
    array, shape (..., grid, members)
        Probability (0 to 1) of the event by each month. With the competing incidence and S it
        adds up to one.
    """
    incidence: FloatArray = np.cumsum(incidence_increments(event, competing), axis=-2)
    return incidence


def incidence_increments(event: FloatArray, competing: FloatArray) -> FloatArray:
    """Return the probability of the event in each month of the grid.

    Parameters
    ----------
    event, competing : arrays, shape (..., grid, members)
        As in `cumulative_incidence`.

    Returns
    -------
    array, shape (..., grid, members)
        The summands of `cumulative_incidence`.
    """
    event_step = _steps(event)
    both_steps = event_step + _steps(competing)
    event_free = event + competing
    np.negative(event_free, out=event_free)
    np.exp(event_free, out=event_free)
    increments = np.empty_like(event_free)
    np.subtract(1.0, event_free[..., :1, :], out=increments[..., :1, :])
    np.subtract(event_free[..., :-1, :], event_free[..., 1:, :], out=increments[..., 1:, :])
    # Where nothing happens the share is 0 / tiny.
    np.maximum(both_steps, np.finfo(float).tiny, out=both_steps)
    np.divide(event_step, both_steps, out=event_step)
    increments *= event_step
    return increments


def reached_by(increments: FloatArray, months: NDArray[np.intp]) -> FloatArray:
    """Return the sums of monthly increments up to some months.

    Whole years are summed first, then the months of the year that is not over: a fixed order,
    so that a month's figure does not depend on the other months asked for.

    Parameters
    ----------
    increments : array, shape (..., grid, members)
    months : array of int, shape (months,)
        Months of the grid, in any order.

    Returns
    -------
    array, shape (..., months, members)
        Probabilities.
    """
    *leading, grid, members = increments.shape
    years = grid // _YEAR
    by_year = increments[..., : years * _YEAR, :].reshape(*leading, years, _YEAR, members)
    before = np.zeros((*leading, years + 1, members))
    before[..., 1:, :] = by_year.sum(axis=-2)
    for year in range(1, years + 1):
        before[..., year, :] += before[..., year - 1, :]
    reached = np.ascontiguousarray(before[..., months // _YEAR, :])
    for place, month in enumerate(months.tolist()):
        begun = increments[..., month - month % _YEAR : month, :]
        if month % _YEAR:
            reached[..., place, :] += begun.sum(axis=-2)
    return reached


def _steps(cumulative_hazard: FloatArray) -> FloatArray:
    """Return what a cumulative hazard gains in each month, of the same shape."""
    steps = np.empty_like(cumulative_hazard)
    steps[..., :1, :] = cumulative_hazard[..., :1, :]
    np.subtract(
        cumulative_hazard[..., 1:, :], cumulative_hazard[..., :-1, :], out=steps[..., 1:, :]
    )
    return steps
