"""The one scoring function: patients as a table and a bundle in, estimates and limits out.

Every door comes through `assess`. A single prediction is a table of one row, and a row's
figures depend on nothing but the row: sums run over terms and members in a fixed order,
whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from models.analyses import DEFAULT_ANALYSIS, Analysis
from models.bundle import Bundle
from models.curves import incidence_increments, reached_by, survival
from models.design_matrix import design_matrix
from models.hazards import Source, hazard_source
from models.intervals import Estimates, summarise, summarise_completions
from models.outcomes import ARMS, INCIDENCES, OUTCOMES, SHOWN_ARMS, SURVIVALS
from models.pooled import pooled_log_ratios
from models.population import complete
from models.table import FloatArray, Table, row_count, select_rows

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


def assess(
    table: Table, bundle: Bundle, question: Question, analysis: Analysis = DEFAULT_ANALYSIS
) -> Estimates:
    """Return the predictions for every row of a table.

    Parameters
    ----------
    table : dict of arrays, each of shape (rows,)
        Encoded covariates (`models.table`); NaN is not known and averaged over.
    bundle : Bundle
        The models.
    question : Question
        Horizons and level.
    analysis : Analysis
        Model and effect; ``pooled`` is `assess_with_pooled`'s affair and answered as
        ``overall``.

    Returns
    -------
    Estimates
        Arrays of shape (rows, outcomes, shown arms, horizons) in the order of
        `models.outcomes`: probabilities, and for the difference PTR minus none. Means over
        members, with pointwise quantiles.
    """

    def predict(design: FloatArray, bundle: Bundle, horizons: Sequence[int]) -> FloatArray:
        return member_predictions(design, bundle, horizons, analysis)

    return _assess(table, bundle, question, predict, len(OUTCOMES))


def assess_with_pooled(
    table: Table, bundle: Bundle, question: Question, analysis: Analysis = DEFAULT_ANALYSIS
) -> tuple[Estimates, Estimates]:
    """Return what `assess` does, and survival under the pooled effect of the earlier trials.

    Returns
    -------
    own : Estimates
        As `assess`.
    pooled : Estimates
        The survival probabilities alone, arrays of shape (rows, survivals, shown arms,
        horizons): overall survival, and local relapse-free survival capped by it.
    """

    def predict(design: FloatArray, bundle: Bundle, horizons: Sequence[int]) -> FloatArray:
        source, months = hazard_source(design, bundle, analysis), np.asarray(horizons)
        arms = _arms(source, months)
        return _with_difference(np.concatenate([arms, _pooled(source, months, arms)], axis=1))

    found = _assess(table, bundle, question, predict, len(OUTCOMES) + len(SURVIVALS))
    own, pooled = (
        Estimates(*(getattr(found, side.name)[:, part] for side in fields(Estimates)))
        for part in (slice(None, len(OUTCOMES)), slice(len(OUTCOMES), None))
    )
    return own, pooled


def _assess(
    table: Table, bundle: Bundle, question: Question, predict: Predict, outcomes: int
) -> Estimates:
    shape = (row_count(table), outcomes, len(SHOWN_ARMS), len(question.horizons))
    estimates = Estimates(*(np.empty(shape) for _ in fields(Estimates)))
    incomplete = _incomplete_rows(table)
    complete_rows = iter(design_matrix(select_rows(table, np.flatnonzero(~incomplete))))
    # Row by row: the curves of one stay in the processor's cache, those of many do not.
    for row in range(row_count(table)):
        if incomplete[row]:
            found = _assess_incomplete(table, row, bundle, question, predict)
        else:
            members = predict(next(complete_rows)[None], bundle, question.horizons)
            found = summarise(members[0], question.level)
        for side in fields(Estimates):
            getattr(estimates, side.name)[row] = getattr(found, side.name)
    return estimates


def member_predictions(
    design: FloatArray,
    bundle: Bundle,
    horizons: Sequence[int],
    analysis: Analysis = DEFAULT_ANALYSIS,
) -> FloatArray:
    """Return every member's predictions.

    Parameters
    ----------
    design : array, shape (rows, terms)
    bundle : Bundle
    horizons : sequence of int
        Whole months.
    analysis : Analysis
        Model and effect.

    Returns
    -------
    array, shape (rows, outcomes, shown arms, horizons, members)
        Probabilities, and their differences PTR minus none. Local relapse-free survival is
        capped by overall survival, member by member, because nobody can be alive without
        local progression and not be alive.
    """
    source = hazard_source(design, bundle, analysis)
    return _with_difference(_arms(source, np.asarray(horizons)))


def pooled_member_survivals(
    design: FloatArray,
    bundle: Bundle,
    horizons: Sequence[int],
    analysis: Analysis = DEFAULT_ANALYSIS,
) -> FloatArray:
    """Return every member's survivals under the pooled effect of the earlier trials.

    Parameters
    ----------
    design, bundle, horizons, analysis
        As in `member_predictions`; the analysis says which model.

    Returns
    -------
    array, shape (rows, survivals, shown arms, horizons, members)
        As the second part of `assess_with_pooled`, member by member.
    """
    source, months = hazard_source(design, bundle, analysis), np.asarray(horizons)
    return _with_difference(_pooled(source, months, _arms(source, months)))


def _arms(source: Source, months: NDArray[np.intp]) -> FloatArray:
    """Return the curves of both arms, shape (rows, outcomes, arms, months, members)."""
    curves = [_survival_curves(source, months), _incidence_curves(source, months)]
    return np.concatenate(curves, axis=1)


def _pooled(source: Source, months: NDArray[np.intp], own: FloatArray) -> FloatArray:
    """Return survivals under the pooled effect, shape (rows, survivals, arms, months, members).

    Overall survival without surgery is the model's own; with surgery its cumulative hazard is
    that times the pooled ratio. Local relapse-free survival is the model's own, capped by it.
    """
    without = source(OUTCOMES[0].event_hazards, months)[:, :, 0]
    ratio = np.exp(pooled_log_ratios(without.shape[-1]))
    overall = survival(np.stack([without, without * ratio], axis=2))
    return np.concatenate([overall, np.minimum(own[:, 1:2], overall)], axis=1)


def _survival_curves(source: Source, months: NDArray[np.intp]) -> FloatArray:
    """Return curves of shape (rows, survivals, arms, months, members)."""
    curves = [
        survival(np.add.reduce(source(outcome.event_hazards, months), axis=1))
        for outcome in SURVIVALS
    ]
    overall, without_local_progression = curves
    return np.stack([overall, np.minimum(without_local_progression, overall)], axis=1)


def _incidence_curves(source: Source, months: NDArray[np.intp]) -> FloatArray:
    """Return curves of shape (rows, incidences, arms, months, members)."""
    grid = np.arange(1, months.max() + 1)
    # Outcome by outcome and arm by arm, because large arrays leave the processor's cache.
    increments = [
        [incidence_increments(event[:, arm], competing[:, arm]) for arm in range(len(ARMS))]
        for event, competing in (
            [source((name,), grid)[:, 0] for name in outcome.hazards] for outcome in INCIDENCES
        )
    ]
    by_outcome = [reached_by(np.stack(arms, axis=1), months) for arms in increments]
    return np.stack(by_outcome, axis=1)


def _with_difference(arms: FloatArray) -> FloatArray:
    """Return the arms' curves, (rows, outcomes, arms, ...), with their difference behind."""
    return np.concatenate([arms, arms[:, :, 1:2] - arms[:, :, 0:1]], axis=2)


def _assess_incomplete(
    table: Table, row: int, bundle: Bundle, question: Question, predict: Predict
) -> Estimates:
    """Return the predictions for one row, averaged over its completions."""
    values = {name: float(column[row]) for name, column in table.items()}
    design, weights = complete(values, bundle.population)
    members = np.concatenate(
        [
            predict(design[number : number + 1], bundle, question.horizons)
            for number in range(len(design))
        ]
    )
    # Outcome by outcome: the pooled quantiles need much memory.
    by_outcome = [
        summarise_completions(members[:, place], weights, question.level)
        for place in range(members.shape[1])
    ]
    return Estimates(
        *(
            np.stack([getattr(each, side.name) for each in by_outcome])
            for side in fields(Estimates)
        )
    )


def _incomplete_rows(table: Table) -> NDArray[np.bool_]:
    modelled = [column for name, column in table.items() if name != "triple_negative"]
    return np.asarray(np.isnan(np.column_stack(modelled)).any(axis=1), dtype=np.bool_)
