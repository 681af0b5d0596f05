"""From members of an ensemble to an estimate and its limits.

Estimate: mean over members. Limits: pointwise quantiles over members on the probability scale
with linear interpolation (Hyndman and Fan's type 7, numpy's default). Where covariates are not
known, members and completions are pooled with the completions' weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray


@dataclass(frozen=True)
class Estimates:
    """Estimates and limits of equal shape; probabilities, or differences of them."""

    estimate: FloatArray
    lower: FloatArray
    upper: FloatArray


def summarise(members: FloatArray, level: float) -> Estimates:
    """Return mean and limits over the last axis.

    Parameters
    ----------
    members : array, shape (..., members)
        One value a member.
    level : float
        Level of the interval, between 0 and 1.
    """
    return summarise_once(members.copy(), level)


def summarise_once(members: FloatArray, level: float) -> Estimates:
    """Return what `summarise` does of members that nobody needs behind it: they are sorted.

    Parameters
    ----------
    members, level
        As in `summarise`.
    """
    estimate = np.add.reduce(members, axis=-1) / members.shape[-1]
    members.sort(axis=-1)
    lower, upper = _quantiles(members, level)
    return containing(estimate, lower, upper)


def _quantiles(ordered: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Return the two quantiles of type 7 over the last axis, which is in ascending order."""
    neighbours, shares = _between(ordered.shape[-1], level)
    near = ordered[..., neighbours]
    below, above = near[..., ::2], near[..., 1::2]
    quantiles = below + shares * (above - below)
    return quantiles[..., 0], quantiles[..., 1]


@lru_cache(64)
def _between(members: int, level: float) -> tuple[NDArray[np.intp], FloatArray]:
    """Return where the values stand that quantiles lie between, and how far behind the lower.

    Returns
    -------
    neighbours : array of int, shape (4,)
        Of each quantile the places of the value below and above.
    shares : array, shape (2,)
    """
    places = _tails(level) * (members - 1)
    below = np.minimum(np.floor(places), max(members - 2, 0))
    above = np.minimum(below + 1, members - 1)
    neighbours = np.column_stack([below, above]).astype(np.intp).ravel()
    shares = places - below
    # What is kept is everybody's.
    neighbours.flags.writeable = shares.flags.writeable = False
    return neighbours, shares


def summarise_completions(members: FloatArray, weights: FloatArray, level: float) -> Estimates:
    """Return mean and limits over completions and members.

    The lower limit is the smaller of the pooled quantile and the completions' mean lower
    limit, the upper one the larger: the interval is never narrower than the completions' mean
    width, and stays monotone in time where the members are.

    Parameters
    ----------
    members : array, shape (completions, ..., members)
        One value a completion and member.
    weights : array, shape (completions,)
        Probability of each completion given what is known; they add up to one.
    level : float
        Level of the interval, between 0 and 1.
    """
    each = summarise(members, level)
    pooled = np.moveaxis(members, 0, -2)
    shape = pooled.shape[:-2]
    flat = pooled.reshape(*shape, -1)
    flat_weights = np.repeat(weights, members.shape[-1])
    limits = weighted_quantiles(flat, flat_weights, _tails(level))
    mean_lower, mean_upper = (_weighted(weights, side) for side in (each.lower, each.upper))
    estimate = _weighted(weights, each.estimate)
    # Weights add up to one only within rounding; no figure may leave the members' range.
    low, high = pooled.min(axis=(-1, -2)), pooled.max(axis=(-1, -2))
    return containing(
        np.clip(estimate, low, high),
        np.clip(np.minimum(limits[0], mean_lower), low, high),
        np.clip(np.maximum(limits[1], mean_upper), low, high),
    )


def weighted_quantiles(
    values: FloatArray, weights: FloatArray, probabilities: FloatArray
) -> FloatArray:
    """Return quantiles over the last axis, shape (probabilities, ...).

    The mean of the inverse distribution function over a window as wide as one of Kish's
    effective observations (the sum of squared weights). With equal weights this is type 7. A
    larger value never gives a smaller quantile, so bands stay monotone in
    time where the members are, and the order of equal values does not matter.
    """
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, axis=-1)
    share = weights / weights.sum()
    width = float((share**2).sum())
    mass = share[order]
    above = np.cumsum(mass, axis=-1)
    quantiles = []
    for start in probabilities * (1 - width):
        near = _window(above, start, start + width)
        to, own = above[..., near], mass[..., near]
        inside = np.minimum(to, start + width) - np.maximum(to - own, start)
        inside = np.clip(inside, 0, None)
        quantiles.append(_in_order(inside * ordered[..., near]) / _in_order(inside))
    return np.array(quantiles)


def _window(above: FloatArray, start: float, end: float) -> slice:
    """Return the places at which any line's share goes from one value to another.

    Parameters
    ----------
    above : array, shape (..., places)
        Cumulative shares, in ascending order.
    """
    has_begun, is_over = above > start, above >= end
    over = np.where(is_over[..., -1], is_over.argmax(axis=-1), above.shape[-1])
    return slice(int(has_begun.argmax(axis=-1).min()), int(over.max()) + 1)


def _in_order(values: FloatArray) -> FloatArray:
    """Return sums over the last axis, added one by one.

    Zeros at either end do not change them, so a sum does not depend on how wide the window of
    the lines beside it is.
    """
    sums: FloatArray = np.cumsum(values, axis=-1)[..., -1]
    return sums


def _weighted(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Return weighted sums over the first axis, added one by one."""
    sums = np.zeros(values.shape[1:])
    for weight, value in zip(weights.tolist(), values, strict=True):
        sums += weight * value
    return sums


def _tails(level: float) -> FloatArray:
    return np.array([(1 - level) / 2, (1 + level) / 2])


def containing(estimate: FloatArray, lower: FloatArray, upper: FloatArray) -> Estimates:
    """Return estimates within their limits: a mean can lie beyond a quantile of skew members."""
    return Estimates(estimate, np.minimum(lower, estimate), np.maximum(upper, estimate))
