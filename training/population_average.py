"""What a bundle says of the trial's own population, beside what the trial published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.analyses import DEFAULT_ANALYSIS, FOREST_ANALYSIS, LEARNED_ANALYSIS, Analysis
from models.assess import (
    Question,
    assess,
    member_predictions,
    pooled_member_survivals,
)
from models.bundle import Bundle
from models.curves import survival
from models.design_matrix import design_matrix
from models.evidence import figure, pairs
from models.outcomes import (
    ARM_LABELS,
    ARMS,
    LAST_HORIZON,
    LOCAL_COMPLICATIONS_GIVEN_AT,
    OUTCOMES,
    POOLED_EFFECT,
)
from models.table import FloatArray, Table, row_count, select_rows
from training.expectation import cumulative_hazards
from training.targets import published_targets
from training.truth import HazardTruth, Patients, is_member

#: The rows of the evidence beside the outcomes, in their order.
_STEMS = ("os.median", "lrfs.median", "ulceration", "bleeding")
_MONTHS = tuple(range(1, LAST_HORIZON + 1))


@dataclass(frozen=True)
class AverageFigure:
    """One published figure and what the population-averaged curve gives.

    Attributes
    ----------
    published, served : float
        Months for a median, a probability for an incidence.
    published_limits : tuple of float or None
        The paper's 95% limits, where it prints them.
    limits : tuple of float
        2.5% and 97.5% quantiles over the members.
    """

    name: str
    unit: str
    published: float
    served: float
    published_limits: tuple[float, float] | None
    limits: tuple[float, float]


def average_curves(
    bundle: Bundle,
    table: Table,
    analysis: Analysis = DEFAULT_ANALYSIS,
    months: Sequence[int] = _MONTHS,
) -> FloatArray:
    """Return the curves averaged over a cohort's covariates, member by member.

    Returns
    -------
    array, shape (outcomes, arms, months, members)
        Probabilities, by default at months 1 to 96.
    """
    total: FloatArray = np.zeros(())
    for row in design_matrix(table):
        total = total + member_predictions(row[None], bundle, months, analysis)[0, :, : len(ARMS)]
    return total / row_count(table)


def average_figures(
    bundle: Bundle,
    table: Table,
    in_arm: FloatArray,
    analysis: Analysis = DEFAULT_ANALYSIS,
) -> list[AverageFigure]:
    """Return medians and four-year incidences of the averaged curves beside the published.

    Each arm's curve is averaged over that arm's own patients, as the published one is.

    Parameters
    ----------
    in_arm : array, shape (patients,)
        0 or 1, the arm of each row of the table.
    """
    by_arm = [
        average_curves(bundle, select_rows(table, np.flatnonzero(in_arm == number)), analysis)[
            :, number
        ]
        for number in range(len(ARMS))
    ]
    curves = np.stack(by_arm, axis=1)
    targets = published_targets()
    wanted = (targets.os_medians, targets.lrfs_medians, targets.ulceration, targets.bleeding)
    figures = []
    for place, (outcome, published) in enumerate(zip(OUTCOMES, wanted, strict=True)):
        for number, arm in enumerate(ARMS):
            published_limits = figure(f"{_STEMS[place]}.{arm}").interval
            label = f"{outcome.label}, {ARM_LABELS[arm]}"
            members = curves[place, number]
            if outcome.competing_hazard is None:
                row = AverageFigure(
                    f"{label}: median",
                    "months",
                    published[number],
                    _median(members.mean(axis=-1)),
                    published_limits,
                    _limits(np.array([_median(curve) for curve in members.T])),
                )
            else:
                at_four_years = members[LOCAL_COMPLICATIONS_GIVEN_AT - 1]
                row = AverageFigure(
                    f"{label}: by {LOCAL_COMPLICATIONS_GIVEN_AT} months",
                    "probability",
                    published[number],
                    float(at_four_years.mean()),
                    published_limits,
                    _limits(at_four_years),
                )
            figures.append(row)
    return figures


@dataclass(frozen=True)
class SamePatients:
    """Survival of the same patients under either policy, averaged.

    Attributes
    ----------
    medians : tuple of float
        Months, not offered surgery and offered.
    difference : float
        Survival when offered surgery minus when not, probability.
    own_difference : float
        The same with each arm's curve averaged over that arm's own patients.
    """

    medians: tuple[float, float]
    difference: float
    own_difference: float


def same_patients(bundle: Bundle, table: Table, in_arm: FloatArray, month: int) -> SamePatients:
    """Return overall survival of all patients of a cohort under either policy.

    Parameters
    ----------
    in_arm : array, shape (patients,)
        0 or 1, the arm of each row of the table.
    month : int
        Of the differences.
    """
    none, ptr = average_curves(bundle, table).mean(axis=-1)[0]
    own_none, own_ptr = (
        average_curves(bundle, select_rows(table, np.flatnonzero(in_arm == arm)), months=[month])
        for arm in range(len(ARMS))
    )
    own = float((own_ptr[0, 1, 0] - own_none[0, 0, 0]).mean())
    return SamePatients((_median(none), _median(ptr)), float((ptr - none)[month - 1]), own)


@dataclass(frozen=True)
class ModelComparison:
    """One probability averaged over a cohort, by model; a difference is PTR minus none."""

    name: str
    cox: float
    forest: float
    learned: float


def compared_models(bundle: Bundle, table: Table, month: int) -> list[ModelComparison]:
    """Return what the models say of a cohort on average at one time, by outcome and arm."""
    by_analysis = []
    for analysis in (DEFAULT_ANALYSIS, FOREST_ANALYSIS, LEARNED_ANALYSIS):
        arms = average_curves(bundle, table, analysis, (month,))[:, :, 0].mean(axis=-1)
        by_analysis.append(np.column_stack([arms, arms[:, 1] - arms[:, 0]]))
    return [
        ModelComparison(
            f"{outcome.label}, {label}",
            *(float(figures[place, number]) for figures in by_analysis),
        )
        for place, outcome in enumerate(OUTCOMES)
        for number, label in enumerate(ARM_LABELS.values())
    ]


def model_gaps(bundle: Bundle, table: Table, month: int) -> FloatArray:
    """Return how far the models' overall survival is apart, patient by patient.

    Returns
    -------
    array, shape (3,)
        Median, 90% quantile and maximum over patients of the larger gap of both arms.
    """
    question = Question((month,), 0.95)
    cox, forest = (
        assess(table, bundle, question, analysis).estimate[:, 0, : len(ARMS), 0]
        for analysis in (DEFAULT_ANALYSIS, FOREST_ANALYSIS)
    )
    gaps: FloatArray = np.quantile(np.abs(forest - cox).max(axis=1), [0.5, 0.9, 1.0])
    return gaps


def truths_held(
    bundle: Bundle, table: Table, truths: Sequence[HazardTruth], month: int
) -> dict[str, float]:
    """Return how often a patient's interval holds what was true of the virtual trials.

    Survival without surgery at one time, by model: the share of members and patients whose
    true risk lies within the 95% interval. It compares the models with the truths that they
    were fitted to.

    Parameters
    ----------
    truths : sequence of HazardTruth
        What was true of death in each member's trial.
    """
    second = np.array([is_member(table, pair.subgroups[1]) for pair in pairs()]).T
    patients = Patients(
        table,
        np.zeros(row_count(table)),
        design_matrix(table),
        second.T,
        second - second.mean(axis=0),
    )
    months = np.array([float(month)])
    true = survival(
        np.column_stack([cumulative_hazards(truth, patients, months) for truth in truths])
    )
    question = Question((month,), 0.95)
    held = {}
    for analysis in (DEFAULT_ANALYSIS, FOREST_ANALYSIS):
        found = assess(table, bundle, question, analysis)
        lower, upper = (side[:, 0, 0, 0, None] for side in (found.lower, found.upper))
        held[analysis.model] = float(((lower <= true) & (true <= upper)).mean())
    return held


def capped_share(
    bundle: Bundle, table: Table, analysis: Analysis = DEFAULT_ANALYSIS
) -> FloatArray:
    """Return how often local relapse-free survival is capped by overall survival.

    Parameters
    ----------
    analysis : Analysis
        Under the pooled effect the cap is that effect's overall survival.

    Returns
    -------
    array, shape (arms, months)
        Share of a cohort's patients and members whose two curves meet, at months 1 to 96.
    """
    pooled = analysis.effect == POOLED_EFFECT
    predict = pooled_member_survivals if pooled else member_predictions
    meeting: FloatArray = np.zeros(())
    for row in design_matrix(table):
        curves = predict(row[None], bundle, _MONTHS, analysis)[0, :, : len(ARMS)]
        capped = (curves[1] == curves[0]) & (curves[0] < 1)
        meeting = meeting + capped.mean(axis=-1)
    return meeting / row_count(table)


def _median(curve: FloatArray) -> float:
    """Return when a curve falls to one half, in months; infinite when it does not by 96."""
    whole = np.concatenate([[1.0], curve])
    if whole[-1] > 0.5:
        return float("inf")
    return float(np.interp(-0.5, -whole, np.arange(len(whole))))


def _limits(values: FloatArray) -> tuple[float, float]:
    # Order statistics, because a median that is not reached is infinite.
    ordered = np.sort(values)
    last = len(ordered) - 1
    return float(ordered[round(0.025 * last)]), float(ordered[round(0.975 * last)])
