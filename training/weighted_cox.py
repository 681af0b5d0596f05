"""Cox regression with whole-number weights and an offset (Efron's ties, Breslow's baseline).

A bootstrap resample of a cohort is its patients with counts, so the order of the times is found
once for all resamples; a known effect of surgery enters as an offset. scikit-survival has
neither. With weights of one and no offset the results are scikit-survival's (a test holds them
equal to 1e-8), and weights of two those of each row written twice.

Likelihood: Therneau and Grambsch's counting-process form, with Efron's approximation of ties as
in R's ``coxph`` (a test compares both).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.outcomes import LAST_HORIZON
from models.table import FloatArray

_MOST_STEPS = 40
_MOST_HALVINGS = 20
#: A step as small as this is the last: Newton's error is its square.
_LAST_STEP = 1e-7
#: Log hazard ratios beyond this are no finite maximum (a term without events on one side).
_LARGEST_EFFECT = 12.0

MONTHS = np.arange(LAST_HORIZON + 1, dtype=float)


class NoMaximum(ArithmeticError):
    """The partial likelihood of a resample has no finite maximum.

    Parameters
    ----------
    message : str
    place : int, optional
        The column of the design that stands out, where one does.
    """

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Timeline:
    """Observed times in falling order, found once for all resamples.

    Attributes
    ----------
    order : array of int, shape (patients,)
        Rows from the longest time to the shortest.
    starts : array of int, shape (distinct times + 1,)
        Where each distinct time starts in that order.
    event : boolean array, shape (patients,)
        In that order.
    months : array, shape (distinct times,)
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    event: NDArray[np.bool_]
    months: FloatArray


def timeline(months: FloatArray, event: NDArray[np.bool_]) -> Timeline:
    """Return the timeline of observed times and of whether each ends with the event."""
    order = np.argsort(-months, kind="stable")
    falling = months[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(falling) != 0]))
    ends = np.append(starts, len(months))
    return Timeline(order, ends, np.asarray(event, dtype=bool)[order], falling[starts])


@dataclass(frozen=True)
class Weighted:
    """The patients of a resample.

    Attributes
    ----------
    weights : array, shape (patients,)
        How often each patient is in it; whole numbers.
    offset : array, shape (patients,)
        A part of the log hazard ratio that is known.
    """

    weights: FloatArray
    offset: FloatArray


@dataclass(frozen=True)
class WeightedFit:
    """One fitted model.

    Attributes
    ----------
    coefficients : array, shape (terms,)
    baseline : array, shape (97,)
        Breslow's cumulative baseline hazard at months 0 to 96, covariates and offset zero.
    covariance : array, shape (terms, terms)
        Inverse of the observed information.
    """

    coefficients: FloatArray
    baseline: FloatArray
    covariance: FloatArray


def fit_weighted_cox(design: FloatArray, times: Timeline, sample: Weighted) -> WeightedFit:
    """Return the Cox model of a resample by Newton's method with halved steps.

    Parameters
    ----------
    design : array, shape (patients, terms)
        May have no term at all: then only the baseline is estimated.

    Raises
    ------
    NoMaximum
        If an effect runs away or the information is singular.
    """
    rows = np.ascontiguousarray(design[times.order])
    weights, offset = sample.weights[times.order], sample.offset[times.order]
    event = times.event & (weights > 0)
    if not event.any():
        raise NoMaximum("a resample without an event")
    effects = np.zeros(design.shape[1])
    information = np.zeros((0, 0))
    if design.shape[1]:
        effects, information = _maximise(
            effects, lambda tried: _likelihood(tried, rows, times.starts, event, weights, offset)
        )
    risk = weights * np.exp(offset + rows @ effects)
    return WeightedFit(effects, _baseline(risk, times, weights * event), _inverse(information))


def _maximise(
    effects: FloatArray, likelihood: Callable[[FloatArray], tuple[float, FloatArray, FloatArray]]
) -> tuple[FloatArray, FloatArray]:
    value, gradient, information = likelihood(effects)
    for _ in range(_MOST_STEPS):
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            raise NoMaximum("the information is singular", _weakest(information)) from None
        for _ in range(_MOST_HALVINGS):
            tried = effects + step
            found = likelihood(tried)
            if found[0] >= value - 1e-9 * (1 + abs(value)):
                break
            step = step / 2
        effects, (value, gradient, information) = tried, found
        if not np.abs(effects).max() < _LARGEST_EFFECT:
            raise NoMaximum("its effect has no finite estimate", int(np.abs(effects).argmax()))
        if np.abs(step).max() < _LAST_STEP:
            return effects, information
    raise NoMaximum("no maximum was reached")


def _weakest(information: FloatArray) -> int | None:
    """Return the column that has most part in the direction of which nothing is known."""
    if not np.isfinite(information).all():
        return None
    return int(np.abs(np.linalg.eigh(information)[1][:, 0]).argmax())


@njit(cache=False)
def _likelihood(
    effects: FloatArray,
    rows: FloatArray,
    starts: NDArray[np.intp],
    event: NDArray[np.bool_],
    weights: FloatArray,
    offset: FloatArray,
) -> tuple[float, FloatArray, FloatArray]:
    """Return the log partial likelihood, its gradient and the information."""
    terms = rows.shape[1]
    value = 0.0
    gradient, information = np.zeros(terms), np.zeros((terms, terms))
    at_risk, first, second = 0.0, np.zeros(terms), np.zeros((terms, terms))
    tied_first, tied_second = np.zeros(terms), np.zeros((terms, terms))
    mean = np.zeros(terms)
    for group in range(len(starts) - 1):
        tied, count = 0.0, 0.0
        tied_first[:] = 0.0
        tied_second[:] = 0.0
        for row in range(starts[group], starts[group + 1]):
            if weights[row] == 0.0:
                continue
            score = offset[row]
            for a in range(terms):
                score += rows[row, a] * effects[a]
            risk = weights[row] * np.exp(score)
            at_risk += risk
            for a in range(terms):
                part = risk * rows[row, a]
                first[a] += part
                if part != 0.0:
                    for b in range(a + 1):
                        second[a, b] += part * rows[row, b]
            if event[row]:
                tied += risk
                count += weights[row]
                value += weights[row] * score
                for a in range(terms):
                    gradient[a] += weights[row] * rows[row, a]
                    part = risk * rows[row, a]
                    tied_first[a] += part
                    if part != 0.0:
                        for b in range(a + 1):
                            tied_second[a, b] += part * rows[row, b]
        for place in range(int(count)):
            share = place / count
            total = at_risk - share * tied
            value -= np.log(total)
            for a in range(terms):
                mean[a] = (first[a] - share * tied_first[a]) / total
                gradient[a] -= mean[a]
                for b in range(a + 1):
                    information[a, b] += (second[a, b] - share * tied_second[a, b]) / total - mean[
                        a
                    ] * mean[b]
    for a in range(terms):
        for b in range(a):
            information[b, a] = information[a, b]
    return value, gradient, information


def _baseline(risk: FloatArray, times: Timeline, events: FloatArray) -> FloatArray:
    """Return Breslow's cumulative hazard at whole months: events over the risk still there."""
    at_risk = np.cumsum(risk)[times.starts[1:] - 1]
    happened = np.add.reduceat(events, times.starts[:-1])
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.where(happened > 0, happened / at_risk, 0.0)[::-1]
    reached = np.searchsorted(times.months[::-1], MONTHS, side="right")
    baseline: FloatArray = np.concatenate([[0.0], np.cumsum(steps)])[reached]
    return baseline


def _inverse(information: FloatArray) -> FloatArray:
    if not len(information):
        return information
    inverse: FloatArray = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return inverse
