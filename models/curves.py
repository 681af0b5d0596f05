"""Curve arithmetic: survival from cumulative hazards, incidence with death competing.

All functions are vectorised over leading axes. Times stand on a grid of whole months.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray

#: Cells that are worked on together, unless a year has more: 80 kB an array.
_CELLS = 10_000

#: Months of a year, at whose ends horizons mostly stand.
_YEAR = 12

#: Bytes of a cache line.
_LINE = 64


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


@dataclass(frozen=True)
class CompetingRisks:
    """Curves of events and of what competes with them, prepared so that ratios can scale them.

    A lane is an event in a member; each has a ratio of its own.

    Attributes
    ----------
    event, competing : arrays, shape (1 or arms, months + 1, lanes)
        Cumulative cause-specific hazards at months 0, 1, ..., negated; zero at month 0.
    odds : array, shape (1 or arms, months, lanes)
        What competes for each event, as their hazards in each month have it; infinite in a
        month without the event.
    """

    event: FloatArray
    competing: FloatArray
    odds: FloatArray

    @classmethod
    def of(cls, event: FloatArray, competing: FloatArray) -> CompetingRisks:
        """Return the curves prepared.

        Parameters
        ----------
        event, competing : arrays, shape (1 or arms, months + 1, lanes)
            Cumulative hazards at months 0, 1, ...
        """
        event_step = event[:, 1:] - event[:, :-1]
        competing_step = competing[:, 1:] - competing[:, :-1]
        odds = np.full_like(event_step, np.inf)
        np.divide(competing_step, event_step, out=odds, where=event_step > 0)
        return cls(-event, -competing, odds)


def incidences_at(
    risks: CompetingRisks, event: FloatArray, competing: FloatArray, months: NDArray[np.intp]
) -> FloatArray:
    """Return the cumulative incidences of curves times ratios.

    The same as `cumulative_incidence` of the products. With the ratio r of the event's ratio to
    the other one, and the odds q, a month's share of the event is r / (r + q); the r above is
    the same in every month and comes last.

    Parameters
    ----------
    event, competing : arrays, shape (arms, lanes)
        What multiplies the hazards of the events, and of what competes.
    months : array of int, shape (months,)
        From 1, in any order, each of them once.

    Returns
    -------
    array, shape (arms, months, lanes)
        Probabilities. Months are added one by one, so that a month's figure does not depend on
        the other months.
    """
    reached = np.empty((len(event), len(months), event.shape[1]))
    places = {month: place for place, month in enumerate(months.tolist())}
    total = np.zeros(event.shape)
    for first, quotients in _divided_increments(risks, event, competing, max(places)):
        behind = first + quotients.shape[1]
        start = first
        for stop in [*sorted(month for month in places if first < month < behind), behind]:
            since = quotients[:, start - first : stop - first]
            since[:, 0] += total
            place = places.get(stop)
            total = np.add.reduce(since, axis=1, out=None if place is None else reached[:, place])
            start = stop
    reached *= (event / competing)[:, None]
    return reached


def _divided_increments(
    risks: CompetingRisks, event: FloatArray, competing: FloatArray, last: int
) -> Iterator[tuple[int, FloatArray]]:
    """Return what leaves the event-free state in each month, divided by r + q.

    As many years are worked on together as stay near to the processor, in arrays that are
    written again and again.

    Returns
    -------
    iterator of (int, array of shape (arms, months, lanes))
        How many months are before a block, and the quotients of its months up to the last;
        theirs who asks, until the next block is asked for.
    """
    event, competing = event[:, None], competing[:, None]
    relative = event / competing
    block = min(last, _years_together(relative.size) * _YEAR)
    scratch = _aligned(2, len(event), block + 1, event.shape[-1])
    for first in range(0, last, block):
        months = min(block, last - first)
        edges = slice(first, first + months + 1)
        event_free, left = scratch[:, :, : months + 1]
        np.multiply(risks.event[:, edges], event, out=event_free)
        np.multiply(risks.competing[:, edges], competing, out=left)
        event_free += left
        np.exp(event_free, out=event_free)
        left, divisor = left[:, :-1], event_free[:, :-1]
        np.subtract(event_free[:, :-1], event_free[:, 1:], out=left)
        np.add(risks.odds[:, first : first + months], relative, out=divisor)
        left /= divisor
        yield first, left


def _years_together(cells: int) -> int:
    """Return how many years are worked on together when a month has so many cells.

    Whole years, because a horizon at a block's end does not divide a block.
    """
    return max(_CELLS // (cells * _YEAR), 1)


def _aligned(*shape: int) -> FloatArray:
    """Return an array to be filled whose first element begins a cache line.

    Arithmetic on wide registers is a fifth quicker where none of them crosses two lines.
    """
    whole = np.empty(math.prod(shape) + _LINE // 8)
    start = -whole.ctypes.data % _LINE // 8
    return whole[start : start + math.prod(shape)].reshape(shape)


def _steps(cumulative_hazard: FloatArray) -> FloatArray:
    """Return what a cumulative hazard gains in each month, of the same shape."""
    steps = np.empty_like(cumulative_hazard)
    steps[..., :1, :] = cumulative_hazard[..., :1, :]
    np.subtract(
        cumulative_hazard[..., 1:, :], cumulative_hazard[..., :-1, :], out=steps[..., 1:, :]
    )
    return steps
