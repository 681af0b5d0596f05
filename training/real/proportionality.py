"""Whether hazards are proportional: the score test of Schoenfeld residuals.

Grambsch and Therneau's test asks whether a term's log hazard ratio changes with a function g of
time. As in R's ``survival`` from version 3 on (``cox.zph``) it is the exact score test of adding
term x g(time) to the model, with g(time) = 1 - Kaplan-Meier, the default there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from models.table import FloatArray
from training.weighted_cox import Timeline, Weighted, fit_weighted_cox


@dataclass(frozen=True)
class Proportionality:
    """The tests of one hazard and what their plots show.

    Attributes
    ----------
    statistics, p_values : array, shape (terms,)
        Chi-squared with one degree of freedom each.
    months : array, shape (events,)
        Times of the events.
    residuals : array, shape (events, terms)
        Scaled Schoenfeld residuals plus the estimate: their trend is the log hazard ratio by time.
    coefficients : array, shape (terms,)
    """

    statistics: FloatArray
    p_values: FloatArray
    months: FloatArray
    residuals: FloatArray
    coefficients: FloatArray


def proportionality_tests(
    design: FloatArray, times: Timeline, offset: FloatArray
) -> Proportionality:
    """Return the tests of each term of one hazard's Cox model (Efron's ties).

    Parameters
    ----------
    design : array, shape (patients, terms)
    offset : array, shape (patients,)
        The part of the log hazard ratio that is known.

    Raises
    ------
    NoMaximum
        If the model cannot be fitted.
    """
    fit = fit_weighted_cox(design, times, Weighted(np.ones(len(design)), offset))
    rows = design[times.order]
    risk = np.exp(offset[times.order] + rows @ fit.coefficients)
    months, residuals, variances = _residuals(rows, risk, times)
    transformed = _one_minus_kaplan_meier(times)[np.searchsorted(-times.months, -months)]
    centred = transformed - transformed.mean()
    scores = centred @ residuals
    information = variances.sum(axis=0)
    mixed = np.tensordot(centred, variances, axes=1)
    squared = np.tensordot(centred**2, variances, axes=1)
    # The score's variance given that the coefficients were estimated (Schur's complement).
    taken = np.einsum("ij,ij->j", mixed, np.linalg.solve(information, mixed))
    statistics = scores**2 / (np.diag(squared) - taken)
    scaled = fit.coefficients + len(months) * residuals @ fit.covariance
    return Proportionality(statistics, chi2.sf(statistics, 1), months, scaled, fit.coefficients)


def _residuals(
    rows: FloatArray, risk: FloatArray, times: Timeline
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return months, residuals and variances of the covariates at risk, an entry an event.

    Tied events share the mean and the variance over Efron's partial risk sets.
    """
    terms = rows.shape[1]
    at_risk, first, second = 0.0, np.zeros(terms), np.zeros((terms, terms))
    months, residuals, variances = [], [], []
    for group, month in enumerate(times.months):
        chosen = slice(times.starts[group], times.starts[group + 1])
        here, weight, event = rows[chosen], risk[chosen], times.event[chosen]
        at_risk += weight.sum()
        first = first + weight @ here
        second = second + (here.T * weight) @ here
        count = int(event.sum())
        if not count:
            continue
        tied = weight * event
        shares = np.arange(count) / count
        totals = at_risk - shares * tied.sum()
        means = (first - np.outer(shares, tied @ here)) / totals[:, None]
        tied_second = (here.T * tied) @ here
        spread = [
            (second - share * tied_second) / total - np.outer(mean, mean)
            for share, total, mean in zip(shares, totals, means, strict=True)
        ]
        months += [month] * count
        residuals += list(here[event] - means.mean(axis=0))
        variances += [np.mean(spread, axis=0)] * count
    return np.array(months), np.array(residuals), np.array(variances)


def _one_minus_kaplan_meier(times: Timeline) -> FloatArray:
    """Return 1 - Kaplan-Meier just before each distinct time, in falling order of time."""
    sizes = np.diff(times.starts)
    at_risk = np.cumsum(sizes)
    events = np.add.reduceat(times.event.astype(float), times.starts[:-1])
    factors = (1 - events / at_risk)[::-1]
    before = np.concatenate([[1.0], np.cumprod(factors)[:-1]])
    falling: FloatArray = (1 - before)[::-1]
    return falling
