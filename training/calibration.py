"""Solving the truth of a virtual trial so that it shows the published figures on average.

Prognostic effects are given (drawn from priors); the baseline, the effect of surgery and its
modification, and the follow-up are solved. The figures are met within tolerances far below the
trial's own chance; where they contradict each other under a smooth hazard, the solution lies
between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit

from models.design_matrix import TERM_NAMES
from models.table import FloatArray
from training.baselines import Baseline
from training.expectation import EDGES, ExpectedSurvival, expected_incidence, expected_survival
from training.targets import Targets
from training.truth import FollowUp, HazardTruth, Patients, Truth

#: Months at which the hazard of death may bend. Between the two medians (68.7 and 74.9) the
#: hazard ratio forces a steep course; outside, the printed limits of the medians ask for a
#: shallow one, so the bends stand close to the medians.
_EARLY_DEATH = 36.0
DEATH_KNOTS = (_EARLY_DEATH, 68.0, 75.5)

#: Month at which the hazard of local progression may bend: near the shorter median.
PROGRESSION_KNOTS = (20.0,)

#: Proportion still followed after 96 months. Not published (an assumption): enough for the
#: printed upper limit of 95.4 months of a median.
BEYOND_96 = 0.15

#: The effects that the deaths by subgroup determine, in the order of Fig. 3's pairs.
IDENTIFIED_TERMS = (
    "er_positive",
    "her2_positive",
    "er_and_her2_positive",
    "postmenopausal",
    "ps_1_or_more",
    "organs_2_or_more",
    "liver",
    "bone_only",
)
_IDENTIFIED = [TERM_NAMES.index(name) for name in IDENTIFIED_TERMS]

_PAIRS = len(IDENTIFIED_TERMS)

#: How closely each kind of figure is met, in its own unit: medians and quartiles by the
#: proportion alive or observed there, ratios and counts by their logarithm. All are far
#: within the trial's own chance (a survival of 0.5 has a standard error of 0.035).
_MEDIAN, _DEATHS, _HAZARD_RATIO = 0.005, 0.01, 0.003
_QUARTILE, _INTERACTION, _SUBGROUP_DEATHS = 0.01, 0.02, 0.02

#: Slopes of a hazard on log-log axes before the figures speak: mean and SD (assumptions). They
#: matter only where medians and hazard ratio contradict each other under one smooth hazard.
_DEATH_SLOPE, _PROGRESSION_SLOPE, _SLOPE_SD = 1.4, 0.8, 0.4

#: SD of the slopes before the first knot, which no published figure determines: they are drawn
#: around the same means (assumptions).
EARLY_SLOPE_SD = 0.3
_LEAST_SLOPE = 0.2

#: A figure that is missed by more tolerances than this is not met at all.
_MOST_MISSED = 8.0
_MOST_STEPS = 60
_FAR_OFF = 1e3

_FOLLOW_UP_START = np.array([1.5, 0.0])
_DEATH_START = np.array([-0.8, 1.4, 1.8, 1.3, -0.2, *_FOLLOW_UP_START, *np.zeros(_PAIRS)])
_PROGRESSION_START = np.array([-0.5, 0.6, -1.5])
_COMPLICATION_START = np.array([-1.3, -1.0])


@dataclass(frozen=True)
class EarlySlopes:
    """Slopes on log-log axes before the first knots: nothing published determines them.

    Attributes
    ----------
    death, progression : float
        1 is a constant hazard.
    """

    death: float = _DEATH_SLOPE
    progression: float = _PROGRESSION_SLOPE


def draw_early_slopes(rng: np.random.Generator) -> EarlySlopes:
    """Return slopes drawn from their priors (assumptions)."""
    means = np.array([_DEATH_SLOPE, _PROGRESSION_SLOPE])
    drawn = means + EARLY_SLOPE_SD * rng.standard_normal(2)
    death, progression = np.maximum(drawn, _LEAST_SLOPE)
    return EarlySlopes(float(death), float(progression))


class CalibrationFailed(RuntimeError):
    """No truth shows the published figures under these prognostic effects."""


def calibrate(
    patients: Patients,
    coefficients: dict[str, FloatArray],
    targets: Targets,
    early: EarlySlopes = EarlySlopes(),
) -> Truth:
    """Return the truth that shows the published figures on average.

    Parameters
    ----------
    coefficients : dict of arrays, shape (terms,)
        Prognostic effects by hazard: ``death``, ``progression``, ``ulceration``,
        ``bleeding``.
    early : EarlySlopes
        The early course, at its prior mean unless drawn.

    Raises
    ------
    CalibrationFailed
        If a figure cannot be met.
    """
    trial = Trial(patients, targets)
    death, follow_up = calibrate_death(patients, coefficients["death"], targets, early)
    progression = _calibrate_progression(
        coefficients["progression"], early, (death, follow_up), trial
    )
    ulceration = _calibrate_complication(
        patients, coefficients["ulceration"], death, targets.ulceration, targets.local_month
    )
    bleeding = _calibrate_complication(
        patients, coefficients["bleeding"], death, targets.bleeding, targets.local_month
    )
    return Truth(death, progression, ulceration, bleeding, follow_up)


def calibrate_death(
    patients: Patients,
    coefficients: FloatArray,
    targets: Targets,
    early: EarlySlopes = EarlySlopes(),
) -> tuple[HazardTruth, FollowUp]:
    """Return the hazard of death and the follow-up under given prognostic effects."""

    def misfit(unknowns: FloatArray) -> FloatArray:
        death, follow_up = _read_death(unknowns, coefficients, early)
        expected = expected_survival([death], patients, follow_up)
        return _death_misfit(death, expected, follow_up, Trial(patients, targets))

    return _read_death(_solve(misfit, _DEATH_START), coefficients, early)


def identify_effects(
    patients: Patients,
    drawn: FloatArray,
    targets: Targets,
    early: EarlySlopes = EarlySlopes(),
) -> FloatArray:
    """Return the prognostic effects on death that the deaths by subgroup determine.

    Parameters
    ----------
    drawn : array, shape (terms,)
        A draw of all effects; those that the paper does not determine are kept.

    Returns
    -------
    array, shape (terms,)
        Log hazard ratios with which the expected deaths by subgroup are the published ones.
    """
    # One subgroup a pair; of the receptor pairs those with few deaths, to weigh them alike.
    chosen = np.array([0, 3, 4, 6, 9, 11, 13, 14])

    def coefficients(unknowns: FloatArray) -> FloatArray:
        effects = drawn.copy()
        effects[_IDENTIFIED] = unknowns[-_PAIRS:]
        return effects

    def misfit(unknowns: FloatArray) -> FloatArray:
        death, follow_up = _read_death(unknowns[:-_PAIRS], coefficients(unknowns), early)
        expected = expected_survival([death], patients, follow_up)
        deaths = expected.events.sum(axis=1)[1:][chosen]
        return np.concatenate(
            [
                _death_misfit(death, expected, follow_up, Trial(patients, targets)),
                np.log(deaths / targets.subgroup_deaths[chosen]) / _SUBGROUP_DEATHS,
            ]
        )

    return coefficients(_solve(misfit, np.concatenate([_DEATH_START, drawn[_IDENTIFIED]])))


def _read_death(
    unknowns: FloatArray, coefficients: FloatArray, early: EarlySlopes
) -> tuple[HazardTruth, FollowUp]:
    level, *rest = unknowns[:5]
    slopes, effect = (early.death, *rest[:3]), rest[3]
    baseline = Baseline(level, slopes, DEATH_KNOTS)
    follow_up = _read_follow_up(unknowns[5:7])
    return HazardTruth(baseline, coefficients, effect, unknowns[7:]), follow_up


def _read_follow_up(unknowns: FloatArray) -> FollowUp:
    """Return a follow-up that never rises, whatever the unknowns (logits of what remains)."""
    first, second = expit(unknowns)
    beyond_60 = BEYOND_96 + (1 - BEYOND_96) * first
    return FollowUp(beyond_60, BEYOND_96 + (beyond_60 - BEYOND_96) * second, BEYOND_96)


@dataclass(frozen=True)
class Trial:
    """Who is in a trial and what it published."""

    patients: Patients
    targets: Targets


def _death_misfit(
    death: HazardTruth, expected: ExpectedSurvival, follow_up: FollowUp, trial: Trial
) -> FloatArray:
    """Return deviations from the published figures in tolerances, and the slopes' in SDs."""
    targets = trial.targets
    share = np.array([(trial.patients.arm == arm).mean() for arm in (0, 1)])
    quartiles = targets.follow_up_quartiles
    observed_beyond = np.interp(quartiles, EDGES, share @ expected.curves)
    observed_beyond = observed_beyond * follow_up.followed(quartiles)
    log_hr = expected.log_hazard_ratios
    interactions = log_hr[2::2] - log_hr[1::2]
    published = targets.subgroup_log_hr[1::2] - targets.subgroup_log_hr[::2]
    return np.concatenate(
        [
            (_at(expected.curves, targets.os_medians) - 0.5) / _MEDIAN,
            [np.log(expected.events[0].sum() / targets.deaths) / _DEATHS],
            [(log_hr[0] - targets.os_log_hr) / _HAZARD_RATIO],
            (observed_beyond - np.array([0.75, 0.5, 0.25])) / _QUARTILE,
            (interactions - published) / _INTERACTION,
            (np.array(death.baseline.slopes[1:]) - _DEATH_SLOPE) / _SLOPE_SD,
        ]
    )


def _calibrate_progression(
    coefficients: FloatArray,
    early: EarlySlopes,
    dying: tuple[HazardTruth, FollowUp],
    trial: Trial,
) -> HazardTruth:
    """Return the hazard of local progression: both LRFS medians and the LRFS hazard ratio."""
    death, follow_up = dying
    patients, targets = trial.patients, trial.targets

    def read(unknowns: FloatArray) -> HazardTruth:
        baseline = Baseline(
            unknowns[0],
            (early.progression, unknowns[1]),
            PROGRESSION_KNOTS,
            reference=PROGRESSION_KNOTS[0],
        )
        return HazardTruth(baseline, coefficients, unknowns[2])

    def misfit(unknowns: FloatArray) -> FloatArray:
        expected = expected_survival([death, read(unknowns)], patients, follow_up)
        log_hr = expected.log_hazard_ratios[0]
        return np.array(
            [
                *(_at(expected.curves, targets.lrfs_medians) - 0.5) / _MEDIAN,
                (log_hr - targets.lrfs_log_hr) / _HAZARD_RATIO,
                (unknowns[1] - _PROGRESSION_SLOPE) / _SLOPE_SD,
            ]
        )

    return read(_solve(misfit, _PROGRESSION_START))


def _calibrate_complication(
    patients: Patients,
    coefficients: FloatArray,
    death: HazardTruth,
    wanted: FloatArray,
    month: int,
) -> HazardTruth:
    """Return a constant hazard (an assumption) that gives the proportions by a month."""

    def read(unknowns: FloatArray) -> HazardTruth:
        return HazardTruth(Baseline(unknowns[0], (1.0,)), coefficients, unknowns[1])

    def misfit(unknowns: FloatArray) -> FloatArray:
        incidence = expected_incidence(read(unknowns), death, patients, month)
        return np.log(incidence / wanted) / _DEATHS

    return read(_solve(misfit, _COMPLICATION_START))


def _at(curves: FloatArray, months: FloatArray) -> FloatArray:
    """Return each arm's curve at its own month."""
    return np.array([np.interp(m, EDGES, c) for c, m in zip(curves, months, strict=True)])


def _solve(misfit: Callable[[FloatArray], FloatArray], start: FloatArray) -> FloatArray:
    """Return the unknowns with the smallest sum of squared deviations.

    Raises
    ------
    CalibrationFailed
        If a figure is missed by far.
    """
    try:
        # A step may leave what can be: then numbers are not finite, and the solver turns back.
        with np.errstate(all="ignore"):
            found = least_squares(
                lambda unknowns: _finite(misfit(unknowns)),
                start,
                method="lm",
                xtol=1e-8,
                ftol=1e-8,
                max_nfev=_MOST_STEPS * (len(start) + 1),
            )
    except ValueError as error:
        raise CalibrationFailed(f"the published figures cannot be met: {error}") from error
    if not np.abs(found.fun).max() <= _MOST_MISSED:
        raise CalibrationFailed("a published figure is missed by far")
    solution: FloatArray = found.x
    return solution


def _finite(misfit: FloatArray) -> FloatArray:
    return np.where(np.isfinite(misfit), misfit, _FAR_OFF)
