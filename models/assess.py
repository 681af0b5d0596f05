"""The one scoring function: patients as a table and a bundle in, estimates and limits out.

Every door comes through `assess`. A single prediction is a table of one row, and a row's
figures depend on nothing but the row: sums run over terms and members in a fixed order,
whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.bundle import Bundle, CoxHazard
from models.curves import cumulative_incidence, survival
from models.design_matrix import design_matrix
from models.intervals import Estimates, summarise, summarise_completions
from models.outcomes import OUTCOMES, SHOWN_ARMS, Outcome
from models.pooled import pooled_log_ratios
from models.population import complete
from models.table import FloatArray, Table, row_count, select_rows

#: Design rows that are scored at once: bounds the memory of the incidence curves.
_CHUNK = 16


#: From design rows, a bundle and horizons to members' predictions.
Predict = Callable[[FloatArray, Bundle, Sequence[int]], FloatArray]


@dataclass(frozen=True)
class Question:
    """What is asked of a bundle.

    Attributes
    ----------
    horizons : tuple of int
        Whole months after the decision, 1 to 96.
    level : float
        Level of the intervals, 0.80 to 0.99.
    """

    horizons: tuple[int, ...]
    level: float


def assess(table: Table, bundle: Bundle, question: Question) -> Estimates:
    """Return the predictions for every row of a table.

    Parameters
    ----------
    table : dict of arrays, each of shape (rows,)
        Encoded covariates (`models.table`); NaN is not known and averaged over.
    bundle : Bundle
        The models.
    question : Question
        Horizons and level.

    Returns
    -------
    Estimates
        Arrays of shape (rows, outcomes, shown arms, horizons) in the order of
        `models.outcomes`: probabilities, and for the difference PTR minus none. Means over
        members, with pointwise quantiles.
    """
    return _assess(table, bundle, question, member_predictions, len(OUTCOMES))


def assess_pooled(table: Table, bundle: Bundle, question: Question) -> Estimates:
    """Return overall survival under the pooled effect of the four earlier trials.

    Returns
    -------
    Estimates
        Arrays of shape (rows, 1, shown arms, horizons), as `assess`.
    """
    return _assess(table, bundle, question, pooled_predictions, 1)


def _assess(
    table: Table, bundle: Bundle, question: Question, predict: Predict, outcomes: int
) -> Estimates:
    parts: list[tuple[NDArray[np.intp], Estimates]] = []
    incomplete = _incomplete_rows(table)
    complete_rows = np.flatnonzero(~incomplete)
    for start in range(0, len(complete_rows), _CHUNK):
        rows = complete_rows[start : start + _CHUNK]
        members = predict(design_matrix(select_rows(table, rows)), bundle, question.horizons)
        parts.append((rows, summarise(members, question.level)))
    for row in np.flatnonzero(incomplete):
        averaged = _assess_incomplete(table, int(row), bundle, question, predict)
        parts.append((np.array([row]), averaged))
    shape = (row_count(table), outcomes, len(SHOWN_ARMS), len(question.horizons))
    return _in_order(parts, shape)


def member_predictions(design: FloatArray, bundle: Bundle, horizons: Sequence[int]) -> FloatArray:
    """Return every member's predictions.

    Parameters
    ----------
    design : array, shape (rows, terms)
    bundle : Bundle
    horizons : sequence of int
        Whole months.

    Returns
    -------
    array, shape (rows, outcomes, shown arms, horizons, members)
        Probabilities, and their differences PTR minus none. Local relapse-free survival is
        capped by overall survival, member by member, because nobody can be alive without
        local progression and not be alive.
    """
    months = np.asarray(horizons)
    by_outcome = [_outcome_curves(design, bundle, outcome, months) for outcome in OUTCOMES]
    by_outcome[1] = np.minimum(by_outcome[1], by_outcome[0])
    arms = np.stack(by_outcome, axis=1)
    difference = arms[:, :, 1:2] - arms[:, :, 0:1]
    return np.concatenate([arms, difference], axis=2)


def pooled_predictions(design: FloatArray, bundle: Bundle, horizons: Sequence[int]) -> FloatArray:
    """Return every member's overall survival under the pooled effect.

    Survival without surgery is the model's own; with surgery its cumulative hazard is that
    times the pooled ratio.

    Returns
    -------
    array, shape (rows, 1, shown arms, horizons, members)
        As `member_predictions`.
    """
    months = np.asarray(horizons)
    without = _cumulative_hazards(design, bundle.hazards["death"], months)[:, 0]
    ratio = np.exp(pooled_log_ratios(without.shape[-1]))
    arms = survival(np.stack([without, without * ratio], axis=1))[:, None]
    return np.concatenate([arms, arms[:, :, 1:2] - arms[:, :, 0:1]], axis=2)


def _outcome_curves(
    design: FloatArray, bundle: Bundle, outcome: Outcome, months: NDArray[np.intp]
) -> FloatArray:
    """Return curves of shape (rows, arms, months, members)."""
    if outcome.competing_hazard is None:
        by_hazard = [
            _cumulative_hazards(design, bundle.hazards[name], months)
            for name in outcome.event_hazards
        ]
        return survival(np.add.reduce(by_hazard))
    grid = np.arange(1, months.max() + 1)
    event, competing = (
        _cumulative_hazards(design, bundle.hazards[name], grid) for name in outcome.hazards
    )
    incidence = cumulative_incidence(event, competing)
    # The mean over members runs along contiguous memory, whatever the number of rows.
    return np.ascontiguousarray(incidence[..., months - 1, :])


def _cumulative_hazards(
    design: FloatArray, hazard: CoxHazard, months: NDArray[np.intp]
) -> FloatArray:
    """Return cumulative hazards of shape (rows, arms, months, members)."""
    log_ratio = np.zeros((len(design), hazard.arm.shape[0]))
    for term, coefficient in zip(design.T, hazard.coefficients, strict=True):
        log_ratio += term[:, None] * coefficient[None, :]
    by_arm = np.stack([log_ratio, log_ratio + hazard.arm], axis=1)
    hazards: FloatArray = np.exp(by_arm)[:, :, None, :] * hazard.baseline[months]
    return hazards


def _assess_incomplete(
    table: Table, row: int, bundle: Bundle, question: Question, predict: Predict
) -> Estimates:
    """Return the predictions for one row, averaged over its completions, row axis included."""
    values = {name: float(column[row]) for name, column in table.items()}
    design, weights = complete(values, bundle.population)
    members = np.concatenate(
        [
            predict(design[start : start + _CHUNK], bundle, question.horizons)
            for start in range(0, len(design), _CHUNK)
        ]
    )
    # Outcome by outcome: the pooled quantiles need much memory.
    by_outcome = [
        summarise_completions(members[:, place], weights, question.level)
        for place in range(members.shape[1])
    ]
    return Estimates(
        estimate=np.stack([each.estimate for each in by_outcome])[None],
        lower=np.stack([each.lower for each in by_outcome])[None],
        upper=np.stack([each.upper for each in by_outcome])[None],
    )


def _incomplete_rows(table: Table) -> NDArray[np.bool_]:
    modelled = [column for name, column in table.items() if name != "triple_negative"]
    return np.asarray(np.isnan(np.column_stack(modelled)).any(axis=1), dtype=np.bool_)


def _in_order(
    parts: list[tuple[NDArray[np.intp], Estimates]], shape: tuple[int, ...]
) -> Estimates:
    """Return the rows of the parts in the order of the table."""

    def gather(which: str) -> FloatArray:
        gathered = np.empty(shape)
        for places, part in parts:
            gathered[places] = getattr(part, which)
        return gathered

    return Estimates(gather("estimate"), gather("lower"), gather("upper"))
