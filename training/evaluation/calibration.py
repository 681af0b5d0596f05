"""Calibration: whether as many have the event as predicted, overall and by level of risk.

At a month the event's occurrence is regressed on the prediction with censoring weights, on the
complementary log-log scale: there a baseline hazard that is twice as high is an intercept of
log 2, and a prognostic index that is half as strong is a slope of 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray
from training.evaluation.observed import (
    CannotCompute,
    Observed,
    happened_by,
    observed_risk,
)

_MOST_STEPS = 50
_SMALL_STEP = 1e-7
_CLOSEST = 1e-6
#: Complementary log-log of the smallest and the largest chance that is told from 0 and 1.
_LOWEST, _HIGHEST = -20.0, 3.2
#: Knots of the spline: quantiles of the predictions (Harrell's places for four).
_KNOTS = (0.05, 0.35, 0.65, 0.95)
BINS = 10
#: Cohorts simulated for the null distribution of D-calibration.
_SIMULATIONS = 500


@dataclass(frozen=True)
class Calibration:
    """Calibration at one month.

    Attributes
    ----------
    intercept : float
        Of the prediction as it is (slope held at one): log of observed / predicted cumulative
        hazard. 0 is right, above it too few were predicted.
    slope : float
        1 is right; below it the predictions lie too far apart.
    ici : float
        Integrated calibration index: mean distance of the smoothed observed from the predicted
        risk over patients (Austin and Steyerberg).
    """

    intercept: float
    slope: float
    ici: float


def calibrate_at(risk: FloatArray, observed: Observed, month: float) -> Calibration:
    """Return the calibration of predictions at a month.

    Raises
    ------
    CannotCompute
        If these patients do not determine it.
    """
    event, weights = happened_by(observed, month)
    index = cloglog(risk)
    ones = np.ones((len(risk), 1))
    intercept = _regress(ones, event, weights, index)[0]
    line = _regress(np.column_stack([ones, index]), event, weights, np.zeros(len(risk)))
    smooth = smoothed(risk, observed, month, risk)
    return Calibration(float(intercept), float(line[1]), float(np.mean(np.abs(smooth - risk))))


def smoothed(risk: FloatArray, observed: Observed, month: float, at: FloatArray) -> FloatArray:
    """Return the observed risk at some levels of predicted risk, by a restricted cubic spline.

    Raises
    ------
    CannotCompute
        If these patients do not determine it.
    """
    event, weights = happened_by(observed, month)
    index = cloglog(risk)
    knots = np.quantile(index, _KNOTS)
    found = _regress(_spline(index, knots), event, weights, np.zeros(len(risk)))
    return _probability(_spline(cloglog(at), knots) @ found)


def cloglog(risk: FloatArray) -> FloatArray:
    """Return the log of the cumulative hazard that gives a risk."""
    clipped = np.clip(risk, _CLOSEST, 1 - _CLOSEST)
    index: FloatArray = np.log(-np.log1p(-clipped))
    return index


def _probability(index: FloatArray) -> FloatArray:
    probability: FloatArray = -np.expm1(-np.exp(np.clip(index, _LOWEST, _HIGHEST)))
    return probability


def _regress(
    design: FloatArray, event: FloatArray, weights: FloatArray, offset: FloatArray
) -> FloatArray:
    """Return the coefficients of a weighted binomial regression, complementary log-log link."""
    if not 0 < (weights * event).sum() < weights.sum():
        raise CannotCompute("no events, or nobody without one")
    found = np.zeros(design.shape[1])
    if design.shape[1] > 1:
        found[1] = 1.0  # the predictions as they are
    value = _likelihood(design @ found + offset, event, weights)
    for _ in range(_MOST_STEPS):
        index = np.clip(design @ found + offset, _LOWEST, _HIGHEST)
        chance = _probability(index)
        slope = np.exp(index - np.exp(index))
        variance = chance * (1 - chance)
        score = design.T @ (weights * (event - chance) * slope / variance)
        information = (design.T * (weights * slope**2 / variance)) @ design
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            raise CannotCompute("the predictions hardly differ") from None
        tried = _likelihood(design @ (found + step) + offset, event, weights)
        while tried < value - 1e-9 * abs(value) and np.abs(step).max() > _SMALL_STEP:
            step = step / 2
            tried = _likelihood(design @ (found + step) + offset, event, weights)
        found, value = found + step, tried
        if np.abs(step).max() <= _SMALL_STEP:
            return found
    raise CannotCompute("the regression on the predictions has no finite answer")


def _likelihood(index: FloatArray, event: FloatArray, weights: FloatArray) -> float:
    chance = _probability(np.clip(index, _LOWEST, _HIGHEST))
    return float(weights @ (event * np.log(chance) + (1 - event) * np.log1p(-chance)))


def _spline(index: FloatArray, knots: FloatArray) -> FloatArray:
    """Return the columns of a restricted cubic spline, linear beyond the outer knots."""
    columns = [np.ones(len(index)), index]
    first, last, span = knots[0], knots[-1], knots[-1] - knots[0]
    if len(np.unique(np.round(knots, 6))) == len(knots):
        before = knots[-2]

        def cube(knot: float) -> FloatArray:
            raised: FloatArray = np.maximum(index - knot, 0) ** 3
            return raised

        columns += [
            (
                cube(knot)
                - cube(before) * (last - knot) / (last - before)
                + cube(last) * (before - knot) / (last - before)
            )
            / span**2
            for knot in (first, *knots[1:-2])
        ]
    return np.column_stack(columns)


@dataclass(frozen=True)
class Groups:
    """Patients in groups of rising predicted risk: mean predicted and observed risk of each."""

    predicted: FloatArray
    observed: FloatArray


def by_groups(risk: FloatArray, observed: Observed, month: float) -> Groups:
    """Return predicted and observed risk of ten groups (Aalen-Johansen in each)."""
    order = np.argsort(risk, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    at = np.array([month])
    return Groups(
        np.array([risk[part].mean() for part in parts]),
        np.array([float(observed_risk(observed.rows(part), at)[0]) for part in parts]),
    )


def d_statistic(survival: FloatArray, ended: NDArray[np.bool_]) -> float:
    """Return the chi-squared statistic of D-calibration (Haider et al., 2020).

    If the predicted distributions are right, the predicted survival at the time of the event is
    uniform. A censored patient is spread over the bins that the event may still reach.

    Parameters
    ----------
    survival : array, shape (patients,)
        Predicted survival at the end of each patient's observation.
    ended : boolean array, shape (patients,)
        Whether it ended with the event.
    """
    edges = np.linspace(0, 1, BINS + 1)
    counts = np.histogram(survival[ended], edges)[0].astype(float)
    open_ = np.clip(survival[~ended], _CLOSEST, 1.0)
    for place in range(BINS):
        # The event's survival is uniform below the survival at censoring.
        inside = np.clip(open_ - edges[place], 0, 1 / BINS)
        counts[place] += (inside / open_).sum()
    expected = len(survival) / BINS
    return float(((counts - expected) ** 2 / expected).sum())


def d_calibration(
    survival: FloatArray,
    ended: NDArray[np.bool_],
    at_censoring: FloatArray,
    rng: np.random.Generator,
) -> float:
    """Return the p-value of D-calibration, its null distribution simulated.

    Spreading the censored fills the bins evenly whatever is true, so that with censoring the
    statistic is smaller than chi-squared's distribution has it, which would hardly ever reject.

    Parameters
    ----------
    survival, ended : arrays, shape (patients,)
        As `d_statistic`.
    at_censoring : array, shape (draws, patients)
        Predicted survival at the time when each patient is or would have been censored.
    """
    found = d_statistic(survival, ended)
    simulated = [
        _simulated(row, rng)
        for row in at_censoring
        for _ in range(_SIMULATIONS // len(at_censoring))
    ]
    return float((1 + np.sum(np.array(simulated) >= found)) / (1 + len(simulated)))


def _simulated(at_censoring: FloatArray, rng: np.random.Generator) -> float:
    """Return the statistic of patients whose predicted distributions are true."""
    at_event = rng.random(len(at_censoring))
    # The event comes first where survival is still higher than it will be at censoring.
    return d_statistic(np.maximum(at_event, at_censoring), at_event > at_censoring)
