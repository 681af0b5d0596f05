"""The one scoring function: patients as a table and a bundle in, estimates and limits out.

Every door comes through `assess`. A single prediction is a table of one row, and a row's
figures depend on nothing but the row: sums run over terms and members in a fixed order,
whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from models.analyses import DEFAULT_ANALYSIS, Analysis
from models.bundle import Bundle
from models.design_matrix import design_matrix
from models.hazards import Hazards, hazard_source
from models.intervals import (
    Estimates,
    containing,
    summarise,
    summarise_completions,
    summarise_once,
)
from models.outcomes import ARMS, DIFFERENCE, OUTCOMES, SHOWN_ARMS, SURVIVALS
from models.pooled import pooled_ratios
from models.population import complete
from models.table import FloatArray, Table, row_count, select_rows

Months = NDArray[np.intp]

#: From one patient's hazards and months to members' predictions.
Predict = Callable[[Hazards, Months], FloatArray]

#: How many members' figures are pooled over completions at once, if one outcome has no more.
_POOLED = 200_000

#: Numbers that numpy's buffer holds meanwhile, fewer than a row of members.
_BUFFER = 128

#: Where the arms stand, before their difference.
_ARMS = slice(len(ARMS))

#: Where the hazards of the survivals stand: before all others.
_SURVIVAL_CAUSES = slice(sum(len(outcome.event_hazards) for outcome in SURVIVALS))


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
    asked = _Asked(bundle, question.horizons, analysis, _own)
    return _assess(table, asked, question.level, len(OUTCOMES))


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
    asked = _Asked(bundle, question.horizons, analysis, _own_and_pooled)
    found = _assess(table, asked, question.level, len(OUTCOMES) + len(SURVIVALS))
    return _own_and_pooled_part(found, axis=1)


@dataclass(frozen=True)
class Weights:
    """For how many patients each row of a design matrix stands.

    Attributes
    ----------
    patients : array, shape (rows, outcomes)
        Of all patients who have figures of an outcome.
    unsure : array, shape (rows, outcomes)
        Of those of them of whom a value is not known: she is one of several rows.
    """

    patients: FloatArray
    unsure: FloatArray


def assess_mean(
    design: FloatArray,
    weights: Weights,
    bundle: Bundle,
    question: Question,
    analysis: Analysis = DEFAULT_ANALYSIS,
) -> tuple[Estimates, Estimates]:
    """Return the mean over many patients, and its limits.

    Patients are averaged within each member, which is the same for all of them; mean and
    quantiles over members come last. So the limits are those of the mean: errors that
    patients share stay. Which of her rows an incomplete patient is, is drawn for each by
    herself: a variance of the mean in each member, at most that of a draw from all their rows.

    Parameters
    ----------
    design : array, shape (rows, terms)
        Rows of the design matrix.
    weights : Weights
    bundle, question, analysis
        As in `assess_with_pooled`.

    Returns
    -------
    own, pooled : Estimates
        As `assess_with_pooled`, without rows; 0 for an outcome that nobody has.
    """
    asked = _Asked(bundle, question.horizons, analysis, _own_and_pooled)
    patients, unsure = (_by_estimate(each) for each in (weights.patients, weights.unsure))
    total = drawn_total = squares = np.float64(0.0)
    with _small_buffer():
        for own, drawn, members in zip(patients, unsure, asked.members(design), strict=True):
            total = total + own * members
            if drawn.any():
                drawn_total = drawn_total + drawn * members
                squares = squares + drawn * members**2
    all_of, some_of = (np.maximum(each.sum(axis=0), 1.0) for each in (patients, unsure))
    means = total / all_of
    errors = np.sqrt(np.maximum(squares - drawn_total**2 / some_of, 0.0)) / all_of
    limits = summarise(_spread(means, errors), question.level)
    found = containing(means.mean(axis=-1), limits.lower, limits.upper)
    return _own_and_pooled_part(found, axis=0)


def _by_estimate(weights: FloatArray) -> FloatArray:
    """Return weights by outcome as they multiply members: survivals come again, pooled."""
    again: FloatArray = np.concatenate([weights, weights[:, : len(SURVIVALS)]], axis=1)
    return again[:, :, None, None, None]


#: Equally likely values of a standard normal variable.
_NORMAL = np.array([NormalDist().inv_cdf((place + 0.5) / 15) for place in range(15)])


def _spread(means: FloatArray, errors: FloatArray) -> FloatArray:
    """Return equally likely values of means with normal errors, of each member one or several."""
    if not errors.any():
        return means
    values = means[..., None] + errors[..., None] * _NORMAL
    lowest = np.where(np.array(SHOWN_ARMS) == DIFFERENCE, -1.0, 0.0)[:, None, None, None]
    spread: FloatArray = np.clip(values, lowest, 1.0).reshape(*means.shape[:-1], -1)
    return spread


def _own_and_pooled_part(found: Estimates, axis: int) -> tuple[Estimates, Estimates]:
    """Return the outcomes' own estimates, and those behind them along an axis."""
    sides = (np.split(getattr(found, side.name), [len(OUTCOMES)], axis) for side in fields(found))
    own, pooled = (Estimates(*part) for part in zip(*sides, strict=True))
    return own, pooled


@dataclass(frozen=True)
class _Asked:
    """What is asked for every row of a table alike."""

    bundle: Bundle
    horizons: Sequence[int]
    analysis: Analysis
    predict: Predict

    def members(self, design: FloatArray) -> Iterator[FloatArray]:
        """Return members' predictions for one row of a design matrix after the other.

        Row by row: the curves of one stay in the processor's cache, those of many do not.
        """
        source = hazard_source(self.bundle, self.analysis, max(self.horizons))
        months = np.asarray(self.horizons)
        return (self.predict(source(row), months) for row in design)

    def stacked(self, design: FloatArray) -> FloatArray:
        """Return members' predictions for all rows of a design matrix, rows first."""
        members = self.members(design)
        first = next(members)
        stacked = np.empty((len(design), *first.shape))
        stacked[0] = first
        # One by one: what is large is never held twice.
        for place, row in enumerate(members, start=1):
            stacked[place] = row
        return stacked


def _assess(table: Table, asked: _Asked, level: float, outcomes: int) -> Estimates:
    shape = (row_count(table), outcomes, len(SHOWN_ARMS), len(asked.horizons))
    estimates = Estimates(*(np.empty(shape) for _ in fields(Estimates)))
    incomplete = _incomplete_rows(table)
    complete_rows = asked.members(design_matrix(select_rows(table, np.flatnonzero(~incomplete))))
    with _small_buffer():
        for row in range(row_count(table)):
            if incomplete[row]:
                found = _assess_incomplete(table, row, asked, level)
            else:
                found = summarise_once(next(complete_rows), level)
            estimates.estimate[row] = found.estimate
            estimates.lower[row] = found.lower
            estimates.upper[row] = found.upper
    return estimates


@contextmanager
def _small_buffer() -> Iterator[None]:
    """Keep numpy from copying short rows.

    Where an operand is repeated for each row (a ratio for every month), numpy copies rows that
    are shorter than its buffer into it before it computes, which takes as long again.
    """
    with np.errstate():
        np.setbufsize(_BUFFER)
        yield


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
    return _Asked(bundle, horizons, analysis, _own).stacked(design)


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
    members = _Asked(bundle, horizons, analysis, _own_and_pooled).stacked(design)
    return members[:, len(OUTCOMES) :]


def _own(hazards: Hazards, months: Months) -> FloatArray:
    """Return predictions of shape (outcomes, shown arms, months, members)."""
    found = _nothing_yet(len(OUTCOMES), hazards, months)
    _fill_own(found[:, _ARMS], hazards, months)
    return _with_difference(found)


def _own_and_pooled(hazards: Hazards, months: Months) -> FloatArray:
    """Return what `_own` does, and survivals under the pooled effect behind it."""
    found = _nothing_yet(len(OUTCOMES) + len(SURVIVALS), hazards, months)
    arms = found[:, _ARMS]
    negated = _fill_own(arms, hazards, months)
    _fill_pooled(arms[len(OUTCOMES) :], arms, negated[0, :, 0])
    return _with_difference(found)


def _nothing_yet(curves: int, hazards: Hazards, months: Months) -> FloatArray:
    """Return what will hold curves of both arms and their difference."""
    return np.empty((curves, len(SHOWN_ARMS), len(months), hazards.ratios.shape[-1]))


def _fill_own(arms: FloatArray, hazards: Hazards, months: Months) -> FloatArray:
    """Fill in the curves of each outcome, and return what the survivals come from.

    Parameters
    ----------
    arms : array, shape (outcomes or more, arms, months, members)
        Is filled from the front.

    Returns
    -------
    array, shape (arms, months, causes, members)
        Cumulative hazards, negated: of death, of local progression, and of death without it.
    """
    negated = hazards.cumulative(_SURVIVAL_CAUSES, months)
    np.negative(negated, out=negated)
    survivals = arms[: len(SURVIVALS)]
    survivals[0] = negated[:, :, 0]
    np.add(negated[:, :, 1], negated[:, :, 2], out=survivals[1])
    # As `models.curves.survival`, in place.
    np.exp(survivals, out=survivals)
    np.minimum(survivals[1], survivals[0], out=survivals[1])
    arms[len(SURVIVALS) : len(OUTCOMES)] = hazards.incidences(months)
    return negated


def _fill_pooled(pooled: FloatArray, own: FloatArray, negated_deaths: FloatArray) -> None:
    """Fill in survivals under the pooled effect, of shape (survivals, arms, months, members).

    Overall survival without surgery is the model's own; with surgery its cumulative hazard is
    that times the pooled ratio. Local relapse-free survival is the model's own, capped by it.

    Parameters
    ----------
    own : array, shape (survivals or more, arms, months, members)
        The model's own survivals in front.
    negated_deaths : array, shape (months, members)
        The cumulative hazard of death without surgery, negated.
    """
    overall, without_local_progression = pooled
    overall[0] = own[0, 0]
    np.multiply(negated_deaths, pooled_ratios(own.shape[-1]), out=overall[1])
    np.exp(overall[1], out=overall[1])
    np.minimum(own[1], overall, out=without_local_progression)


def _with_difference(found: FloatArray) -> FloatArray:
    """Return curves whose difference between the arms is filled in, too."""
    np.subtract(found[:, 1], found[:, 0], out=found[:, len(ARMS)])
    return found


def _assess_incomplete(table: Table, row: int, asked: _Asked, level: float) -> Estimates:
    """Return the predictions for one row, averaged over its completions."""
    values = {name: float(column[row]) for name, column in table.items()}
    design, weights = complete(values, asked.bundle.population)
    members = asked.stacked(design)
    # A few outcomes at a time: the pooled quantiles need much memory.
    step = max(1, _POOLED // members[:, 0].size)
    parts = [
        summarise_completions(members[:, first : first + step], weights, level)
        for first in range(0, members.shape[1], step)
    ]
    return Estimates(
        *(
            np.concatenate([getattr(each, side.name) for each in parts])
            for side in fields(Estimates)
        )
    )


def _incomplete_rows(table: Table) -> NDArray[np.bool_]:
    modelled = [column for name, column in table.items() if name != "triple_negative"]
    return np.asarray(np.isnan(np.column_stack(modelled)).any(axis=1), dtype=np.bool_)
