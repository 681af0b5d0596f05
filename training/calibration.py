"""Solving the truth of a virtual trial so that it shows the published figures on average.

Prognostic effects are given (drawn from priors); the baseline, the effect of surgery and its
modification, and the follow-up are solved. Each step has as many unknowns as figures.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import least_squares

from models.design_matrix import TERM_NAMES
from models.table import FloatArray
from training.baselines import Baseline
from training.expectation import EDGES, ExpectedSurvival, expected_incidence, expected_survival
from training.targets import Targets
from training.truth import FollowUp, HazardTruth, Patients, Truth

#: Months at which the hazard of death may bend: it is slower before, faster around the
#: medians, slower again after the upper quartile of follow-up.
DEATH_KNOTS = (54.0, 80.0)

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
_LARGEST_MISFIT = 1e-4

#: Solutions are found in fewer than ten steps; what needs many more is not there.
_MOST_STEPS = 50

#: Steepest slope of a death hazard on log-log axes that is taken for a trial's (an assumption).
_STEEPEST = 5.0
_DEATH_START = np.array([-0.8, 1.2, 1.8, 1.2, -0.2, 0.85, 0.57, *np.zeros(_PAIRS)])
_PROGRESSION_START = np.array([-0.5, 0.6, -1.5])
_COMPLICATION_START = np.array([-1.3, -1.0])


class CalibrationFailed(RuntimeError):
    """No truth shows the published figures under these prognostic effects."""


def calibrate(patients: Patients, coefficients: dict[str, FloatArray], targets: Targets) -> Truth:
    """Return the truth that shows the published figures on average.

    Parameters
    ----------
    coefficients : dict of arrays, shape (terms,)
        Prognostic effects by hazard: ``death``, ``progression``, ``ulceration``,
        ``bleeding``.

    Raises
    ------
    CalibrationFailed
        If a figure cannot be met.
    """
    death, follow_up = calibrate_death(patients, coefficients["death"], targets)
    progression = _calibrate_progression(
        patients, coefficients["progression"], death, follow_up, targets
    )
    ulceration = _calibrate_complication(
        patients, coefficients["ulceration"], death, targets.ulceration, targets.local_month
    )
    bleeding = _calibrate_complication(
        patients, coefficients["bleeding"], death, targets.bleeding, targets.local_month
    )
    return Truth(death, progression, ulceration, bleeding, follow_up)


def calibrate_death(
    patients: Patients, coefficients: FloatArray, targets: Targets
) -> tuple[HazardTruth, FollowUp]:
    """Return the hazard of death and the follow-up under given prognostic effects."""

    def misfit(unknowns: FloatArray) -> FloatArray:
        death, follow_up = _read_death(unknowns, coefficients)
        expected = expected_survival([death], patients, follow_up)
        return _death_misfit(expected, follow_up, patients, targets)

    death, follow_up = _read_death(_solve(misfit, _DEATH_START), coefficients)
    _refuse_absurd(death, follow_up)
    return death, follow_up


def _refuse_absurd(death: HazardTruth, follow_up: FollowUp) -> None:
    """Refuse a solution that meets the figures with hazards or follow-up that cannot be."""
    _, followed = follow_up.corners
    if np.any(np.diff(followed) > 0) or followed[0] > 1:
        raise CalibrationFailed(f"the follow-up would rise: {followed.round(3)}")
    slopes = np.array(death.baseline.slopes)
    if np.any(slopes < 0) or np.any(slopes > _STEEPEST):
        raise CalibrationFailed(f"the hazard of death would have slopes {slopes.round(2)}")


def identify_effects(patients: Patients, drawn: FloatArray, targets: Targets) -> FloatArray:
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
        death, follow_up = _read_death(unknowns[:-_PAIRS], coefficients(unknowns))
        expected = expected_survival([death], patients, follow_up)
        deaths = expected.events.sum(axis=1)[1:][chosen]
        return np.concatenate(
            [
                _death_misfit(expected, follow_up, patients, targets),
                np.log(deaths / targets.subgroup_deaths[chosen]),
            ]
        )

    return coefficients(_solve(misfit, np.concatenate([_DEATH_START, drawn[_IDENTIFIED]])))


def _read_death(unknowns: FloatArray, coefficients: FloatArray) -> tuple[HazardTruth, FollowUp]:
    level, *rest = unknowns[:5]
    slopes, effect = tuple(rest[:3]), rest[3]
    follow_up = FollowUp(unknowns[5], unknowns[6], BEYOND_96)
    baseline = Baseline(level, slopes, DEATH_KNOTS)
    return HazardTruth(baseline, coefficients, effect, unknowns[7:]), follow_up


def _death_misfit(
    expected: ExpectedSurvival, follow_up: FollowUp, patients: Patients, targets: Targets
) -> FloatArray:
    """Return deviations in survival, log deaths and log hazard ratios; zero when all is met."""
    share = np.array([(patients.arm == arm).mean() for arm in (0, 1)])
    pooled = share @ expected.curves
    quartiles = targets.follow_up_quartiles
    observed_beyond = np.interp(quartiles, EDGES, pooled) * follow_up.followed(quartiles)
    log_hr = expected.log_hazard_ratios
    return np.concatenate(
        [
            _at(expected.curves, targets.os_medians) - 0.5,
            [np.log(expected.events[0].sum() / targets.deaths)],
            [log_hr[0] - targets.os_log_hr],
            observed_beyond - np.array([0.75, 0.5, 0.25]),
            (log_hr[2::2] - log_hr[1::2])
            - (targets.subgroup_log_hr[1::2] - targets.subgroup_log_hr[::2]),
        ]
    )


def _calibrate_progression(
    patients: Patients,
    coefficients: FloatArray,
    death: HazardTruth,
    follow_up: FollowUp,
    targets: Targets,
) -> HazardTruth:
    """Return the hazard of local progression: both LRFS medians and the LRFS hazard ratio."""

    def read(unknowns: FloatArray) -> HazardTruth:
        baseline = Baseline(unknowns[0], (unknowns[1],))
        return HazardTruth(baseline, coefficients, unknowns[2])

    def misfit(unknowns: FloatArray) -> FloatArray:
        expected = expected_survival([death, read(unknowns)], patients, follow_up)
        log_hr = expected.log_hazard_ratios[0]
        return np.append(
            _at(expected.curves, targets.lrfs_medians) - 0.5, log_hr - targets.lrfs_log_hr
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
        return np.log(incidence / wanted)

    return read(_solve(misfit, _COMPLICATION_START))


def _at(curves: FloatArray, months: FloatArray) -> FloatArray:
    """Return each arm's curve at its own month."""
    return np.array([np.interp(m, EDGES, c) for c, m in zip(curves, months, strict=True)])


def _solve(misfit: Callable[[FloatArray], FloatArray], start: FloatArray) -> FloatArray:
    try:
        # A step may leave what can be; the solver then turns back, or finds nothing finite.
        with np.errstate(all="ignore"):
            solution = least_squares(
                misfit, start, xtol=1e-12, ftol=1e-12, gtol=1e-12, max_nfev=_MOST_STEPS
            )
    except ValueError as error:
        raise CalibrationFailed(f"the published figures cannot be met: {error}") from error
    if not np.abs(solution.fun).max() <= _LARGEST_MISFIT:
        raise CalibrationFailed(f"the published figures are missed by {solution.fun.round(4)}")
    found: FloatArray = solution.x
    return found
