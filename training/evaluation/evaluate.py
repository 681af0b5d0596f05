"""Evaluating a bundle on a cohort: figures with bootstrap intervals, overall and by subgroup.

Patients are drawn with replacement; the predictions are kept, so the intervals are about these
patients and not about the bundle's own uncertainty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.evidence import pairs
from models.outcomes import OUTCOMES, SURVIVALS, Outcome
from models.table import FloatArray
from training.evaluation.calibration import (
    Groups,
    by_groups,
    calibrate_at,
    d_calibration,
    smoothed,
)
from training.evaluation.decisions import DecisionCurve, decision_curve
from training.evaluation.discrimination import auc, brier, integrated_brier, uno_c
from training.evaluation.observed import (
    CannotCompute,
    Observed,
    censoring_months,
    observed_of,
    observed_risk,
)
from training.evaluation.predicted import Predicted
from training.real.cohort import LocalCohort
from training.simulation import EVENT
from training.truth import is_member

#: Subgroups with fewer patients or events are named and not evaluated (assumptions).
FEWEST_PATIENTS, FEWEST_EVENTS = 100, 30
#: An interval needs so large a share of the resamples to be computable (an assumption).
_ENOUGH = 0.9
LEVEL = 0.95
#: Draws of unseen censoring times behind the p-value of D-calibration.
_CENSORING_DRAWS = 20
EVERYBODY = "everybody"

#: The figures and what each means: the words of the report.
METRICS: dict[str, str] = {
    "observed_risk": "Share with the event by then, Aalen-Johansen's (1 - Kaplan-Meier without "
    "competing deaths).",
    "predicted_risk": "Mean predicted risk. It should be the observed share.",
    "auc": "Time-dependent AUC: the chance that a patient with the event by then had a higher "
    "predicted risk than one without. 0.5 is a coin, 1 perfect order.",
    "brier": "Brier score: mean squared distance of the predicted risk from what happened. Lower "
    "is better.",
    "brier_without_model": "The same when everybody gets the observed share: what a model must "
    "beat.",
    "calibration_intercept": "0 is right. Log of observed / predicted cumulative hazard: 0.69 is "
    "twice as many as predicted, -0.69 half as many.",
    "calibration_slope": "1 is right. Below 1 the predictions lie too far apart, above 1 too "
    "close together.",
    "ici": "Integrated calibration index: mean distance between smoothed observed and predicted "
    "risk. 0 is right. Chance only adds to it, so its limits, from resamples, may lie above it.",
    "uno_c": "Uno's C: of two patients, how often the one at higher risk has the event first, by "
    "the risk at the last month shown.",
    "integrated_brier": "Mean Brier score from the first to the last month shown.",
    "d_calibration_p": "p-value of D-calibration, simulated with these patients' censoring: a "
    "small one says that the predicted distributions are not the observed ones. With many "
    "patients small differences suffice; with many censored a large p says little.",
}


@dataclass(frozen=True)
class Metric:
    """One figure.

    Attributes
    ----------
    month : int or None
        ``None`` for a figure of the whole time.
    estimate, lower, upper : float or None
        ``None`` where it cannot be computed; `note` says why.
    """

    outcome: str
    group: str
    name: str
    month: int | None
    patients: int
    events: int
    estimate: float | None
    lower: float | None = None
    upper: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Curves:
    """What the figures of one outcome show at the main month.

    Attributes
    ----------
    risk, smooth : array, shape (points,)
        Levels of predicted risk and the smoothed observed risk there; empty when it cannot be
        computed.
    smooth_limits : array, shape (2, points)
        Empty when too few resamples can be computed.
    decision : DecisionCurve or None
    decision_limits : array, shape (2, thresholds)
        Of the model's curve.
    by_arm : dict
        Observed and mean predicted risk by month of each arm.
    """

    groups: Groups
    risk: FloatArray
    smooth: FloatArray
    smooth_limits: FloatArray
    decision: DecisionCurve | None
    decision_limits: FloatArray
    by_arm: Mapping[int, tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Settings:
    """How a bundle is evaluated.

    Attributes
    ----------
    months : tuple of int
        Rising.
    main : int
        The month of the curves and of the subgroups.
    subgroups : bool
        Whether the subgroups are evaluated, too.
    """

    months: tuple[int, ...]
    main: int
    resamples: int
    seed: int
    jobs: int = -1
    subgroups: bool = True


@dataclass(frozen=True)
class Evaluation:
    """All figures and curves."""

    settings: Settings
    metrics: list[Metric]
    curves: dict[str, Curves]
    small_groups: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Task:
    """One outcome in one group of patients."""

    outcome: Outcome
    group: str
    risks: FloatArray
    observed: Observed


def evaluate_bundle(cohort: LocalCohort, predicted: Predicted, settings: Settings) -> Evaluation:
    """Return how well predictions agree with what was observed."""
    observed = observed_of(cohort)
    groups, small = _groups(cohort) if settings.subgroups else (_everybody(cohort), [])
    tasks = [
        _Task(o, name, predicted.risks[o.name][rows], observed[o.name].rows(rows))
        for name, rows in groups.items()
        for o in OUTCOMES
    ]
    seeds = np.random.SeedSequence(settings.seed).spawn(len(tasks) + len(OUTCOMES))
    found = Parallel(n_jobs=settings.jobs)(
        delayed(_evaluate)(task, settings, seed)
        for task, seed in zip(tasks, seeds[: len(tasks)], strict=True)
    )
    curves = {
        o.name: _curves(
            predicted.risks[o.name],
            observed[o.name],
            cohort.arm,
            (settings, seeds[len(tasks) + n]),
        )
        for n, o in enumerate(OUTCOMES)
    }
    return Evaluation(settings, [row for rows in found for row in rows], curves, small)


def _everybody(cohort: LocalCohort) -> dict[str, NDArray[np.intp]]:
    return {EVERYBODY: np.arange(cohort.size)}


def _groups(cohort: LocalCohort) -> tuple[dict[str, NDArray[np.intp]], list[str]]:
    """Return the rows of each group, everybody first, and the groups that are too small."""
    groups = _everybody(cohort)
    small = []
    for pair in pairs():
        for subgroup in pair.subgroups:
            rows = np.flatnonzero(is_member(cohort.table, subgroup))
            if len(rows) >= FEWEST_PATIENTS:
                groups[subgroup.label] = rows
            else:
                small.append(f"{subgroup.label} ({len(rows)} patients)")
    return groups, small


def _evaluate(task: _Task, settings: Settings, seed: np.random.SeedSequence) -> list[Metric]:
    with threadpool_limits(limits=1):
        events = task.observed.events_by(settings.main)
        if task.group != EVERYBODY and events < FEWEST_EVENTS:
            note = f"not evaluated: fewer than {FEWEST_EVENTS} events"
            size = len(task.observed.months)
            return [
                Metric(
                    task.outcome.name,
                    task.group,
                    "auc",
                    settings.main,
                    size,
                    events,
                    None,
                    note=note,
                )
            ]
        return _with_intervals(task, settings, np.random.default_rng(seed))


Key = tuple[str, int | None]


@dataclass(frozen=True)
class _Figure:
    """Figures that are computed together: their keys, and how."""

    keys: tuple[Key, ...]
    compute: Callable[[FloatArray, Observed], tuple[float, ...]]


def _figures(task: _Task, settings: Settings) -> list[_Figure]:
    """Return the figures that are computed of a task."""
    everybody = task.group == EVERYBODY
    figures = []
    for month in settings.months if everybody else (settings.main,):
        figures += _figures_at(month)
    last = settings.months[-1] if everybody else settings.main
    if task.outcome in SURVIVALS:
        figures.append(
            _Figure(
                (("uno_c", None),), lambda risks, seen: (uno_c(risks[:, last - 1], seen, last),)
            )
        )
    if everybody:
        grid = np.arange(settings.months[0], settings.months[-1] + 1)
        figures.append(
            _Figure(
                (("integrated_brier", None),),
                lambda risks, seen: (
                    integrated_brier(risks[:, grid - 1], seen, grid.astype(float)),
                ),
            )
        )
    return figures


def _figures_at(month: int) -> list[_Figure]:
    def shares(risks: FloatArray, seen: Observed) -> tuple[float, ...]:
        share = float(observed_risk(seen, np.array([float(month)]))[0])
        return share, float(risks[:, month - 1].mean())

    def order(risks: FloatArray, seen: Observed) -> tuple[float, ...]:
        return (auc(risks[:, month - 1], seen, month),)

    def distance(risks: FloatArray, seen: Observed) -> tuple[float, ...]:
        share = shares(risks, seen)[0]
        without = brier(np.full(len(risks), share), seen, month)
        return brier(risks[:, month - 1], seen, month), without

    def calibration(risks: FloatArray, seen: Observed) -> tuple[float, ...]:
        found = calibrate_at(risks[:, month - 1], seen, month)
        return found.intercept, found.slope, found.ici

    return [
        _Figure((("observed_risk", month), ("predicted_risk", month)), shares),
        _Figure((("auc", month),), order),
        _Figure((("brier", month), ("brier_without_model", month)), distance),
        _Figure(
            (("calibration_intercept", month), ("calibration_slope", month), ("ici", month)),
            calibration,
        ),
    ]


def _with_intervals(task: _Task, settings: Settings, rng: np.random.Generator) -> list[Metric]:
    figures = _figures(task, settings)
    size = len(task.observed.months)
    points, notes = _compute(figures, task.risks, task.observed)
    draws: list[dict[Key, float]] = []
    for _ in range(settings.resamples):
        rows = rng.integers(0, size, size)
        draws.append(_compute(figures, task.risks[rows], task.observed.rows(rows))[0])
    metrics = []
    for key in (key for figure in figures for key in figure.keys):
        name, month = key
        events = task.observed.events_by(settings.months[-1] if month is None else month)
        values = [draw[key] for draw in draws if key in draw]
        lower, upper, note = _limits(values, settings.resamples)
        if key not in points:
            lower, upper, note = None, None, f"cannot be computed: {notes[key]}"
        metrics.append(
            Metric(
                *(task.outcome.name, task.group, name, month, size, events),
                *(points.get(key), lower, upper, note),
            )
        )
    if task.group == EVERYBODY and task.outcome in SURVIVALS:
        metrics.append(_d_calibration(task, settings, rng))
    return metrics


def _limits(values: Sequence[float], resamples: int) -> tuple[float | None, float | None, str]:
    if not values or len(values) < _ENOUGH * resamples:
        missing = resamples - len(values)
        return None, None, f"no interval: {missing} of {resamples} resamples cannot be computed"
    tail = (1 - LEVEL) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    return float(lower), float(upper), ""


def _compute(
    figures: Sequence[_Figure], risks: FloatArray, seen: Observed
) -> tuple[dict[Key, float], dict[Key, str]]:
    """Return the figures that can be computed, and why the others cannot."""
    found: dict[Key, float] = {}
    notes: dict[Key, str] = {}
    for figure in figures:
        try:
            found |= zip(figure.keys, figure.compute(risks, seen), strict=True)
        except CannotCompute as error:
            notes |= dict.fromkeys(figure.keys, str(error))
    return found, notes


def _d_calibration(task: _Task, settings: Settings, rng: np.random.Generator) -> Metric:
    last = settings.months[-1]
    months = np.minimum(task.observed.months, last)
    # What happens later is not looked at: observation ends at the last month for everybody.
    status = np.where(task.observed.months <= last, task.observed.status, 0.0)
    risks = Predicted(np.arange(1, task.risks.shape[1] + 1), {task.outcome.name: task.risks})
    seen, name = Observed(months, status), task.outcome.name
    survival = risks.survival_at_end(name, months)
    draws = [censoring_months(seen, last, rng) for _ in range(_CENSORING_DRAWS)]
    at_censoring = np.stack([risks.survival_at_end(name, drawn) for drawn in draws])
    p_value = d_calibration(survival, status == EVENT, at_censoring, rng)
    size, events = len(months), task.observed.events_by(last)
    return Metric(task.outcome.name, task.group, "d_calibration_p", None, size, events, p_value)


def _curves(
    risks: FloatArray,
    seen: Observed,
    arm: FloatArray,
    drawing: tuple[Settings, np.random.SeedSequence],
) -> Curves:
    settings, seed = drawing
    risk = risks[:, settings.main - 1]
    low, high = np.quantile(risk, [0.01, 0.99])
    levels = np.linspace(low, high, 40)

    def smooth(rows: NDArray[np.intp]) -> FloatArray:
        return smoothed(risk[rows], seen.rows(rows), settings.main, levels)

    def picked(rows: NDArray[np.intp]) -> FloatArray:
        return decision_curve(risk[rows], seen.rows(rows), settings.main).model

    everybody, rng = np.arange(len(risk)), np.random.default_rng(seed)
    months = np.arange(1.0, settings.months[-1] + 1)
    by_arm = {}
    for value in (0, 1):
        rows = np.flatnonzero(arm == value)
        if len(rows):
            mean = risks[rows, : len(months)].mean(axis=0)
            by_arm[value] = (observed_risk(seen.rows(rows), months), mean)
    try:
        line = smooth(everybody)
    except CannotCompute:
        line = np.empty(0)
    try:
        decision = decision_curve(risk, seen, settings.main)
    except CannotCompute:
        decision = None
    return Curves(
        by_groups(risk, seen, settings.main),
        levels,
        line,
        _band(smooth, len(risk), settings.resamples, rng),
        decision,
        _band(picked, len(risk), settings.resamples, rng),
        by_arm,
    )


def _band(
    curve: Callable[[NDArray[np.intp]], FloatArray],
    size: int,
    resamples: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return pointwise limits of a curve over resamples, empty when too few can be computed."""
    draws = []
    for _ in range(resamples):
        try:
            draws.append(curve(rng.integers(0, size, size)))
        except CannotCompute:
            continue
    if len(draws) < _ENOUGH * resamples:
        return np.empty((2, 0))
    tail = (1 - LEVEL) / 2
    return np.quantile(draws, [tail, 1 - tail], axis=0)
