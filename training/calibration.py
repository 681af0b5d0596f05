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
from scipy.special import expit, logit

from models.design_matrix import TERM_NAMES
from models.table import FloatArray
from training.baselines import Baseline
from training.expectation import EDGES, ExpectedSurvival, expected_incidence, expected_survival
from training.targets import Targets
from training.truth import FollowUp, HazardTruth, Patients, Truth

#: Months at which the hazard of death may bend. Between the two medians (68.7 and 74.9) the
#: hazard ratio asks for a steep course; outside, the printed limits of the medians ask for a
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
#: proportion alive or observed there, ratios and counts by their logarithm. All are well
#: within the trial's own chance (a survival of 0.5 has a standard error of 0.035).
_DEATHS, _HAZARD_RATIO = 0.01, 0.003
_QUARTILE, _INTERACTION, _SUBGROUP_DEATHS = 0.01, 0.02, 0.02

#: Slopes of a hazard on log-log axes before the figures speak (assumptions): means, and how
#: closely they are kept where medians and hazard ratio contradict each other under one smooth
#: hazard.
_DEATH_SLOPE, DEATH_SLOPE_SD = 1.1, 0.15
_PROGRESSION_SLOPE, PROGRESSION_SLOPE_SD = 0.8, 0.4

#: Of a complication: a constant hazard.
_COMPLICATION_SLOPE = 1.0

#: SD of the slopes that no published figure determines: they are drawn around the same means
#: (assumptions).
FREE_SLOPE_SD = 0.3
_LEAST_SLOPE = 0.2

#: A figure that is missed by more tolerances than this is not met at all.
_MOST_MISSED = 8.0
_MOST_STEPS = 60
_FAR_OFF = 1e3

_FOLLOW_UP_START = np.array([1.5, 0.0])
_DEATH_START = np.array([-0.8, 1.4, 1.8, 1.3, -0.2, *_FOLLOW_UP_START, *np.zeros(_PAIRS)])
_PROGRESSION_START = np.array([-0.5, 0.6, -1.5])
_COMPLICATION_START = np.array([-1.3, -1.0])


#: Shares so near to none or all are no place to start from: their logits are too far away.
_LEAST_SHARE = 1e-4

#: The hazard of death and the follow-up, which are solved together.
Dying = tuple[HazardTruth, FollowUp]


@dataclass(frozen=True)
class FreeSlopes:
    """Slopes on log-log axes that nothing published determines; 1 is a constant hazard.

    Attributes
    ----------
    death, progression : float
        Before the first knots.
    ulceration, bleeding : float
        All the time: only the proportions by 48 months are published.
    death_later, progression_later : tuple of float, optional
        After the knots, before the figures speak: where the solution is drawn to as far as
        they leave it open. By default `Closeness.death_slope` and its like of progression.
    """

    death: float = _DEATH_SLOPE
    progression: float = _PROGRESSION_SLOPE
    ulceration: float = _COMPLICATION_SLOPE
    bleeding: float = _COMPLICATION_SLOPE
    death_later: tuple[float, ...] | None = None
    progression_later: tuple[float, ...] | None = None


def draw_free_slopes(rng: np.random.Generator) -> FreeSlopes:
    """Return slopes drawn from their priors (assumptions)."""
    means = np.array([_DEATH_SLOPE, _PROGRESSION_SLOPE, _COMPLICATION_SLOPE, _COMPLICATION_SLOPE])
    drawn = means + FREE_SLOPE_SD * rng.standard_normal(len(means))
    of_death = _DEATH_SLOPE + DEATH_SLOPE_SD * rng.standard_normal(len(DEATH_KNOTS))
    of_progression = _PROGRESSION_SLOPE + PROGRESSION_SLOPE_SD * rng.standard_normal(1)
    death, progression, ulceration, bleeding = np.maximum(drawn, _LEAST_SLOPE).tolist()
    return FreeSlopes(
        death,
        progression,
        ulceration,
        bleeding,
        death_later=tuple(np.maximum(of_death, _LEAST_SLOPE).tolist()),
        progression_later=tuple(np.maximum(of_progression, _LEAST_SLOPE).tolist()),
    )


def free_slopes(truth: Truth) -> FreeSlopes:
    """Return the slopes of a truth, as what is thought before figures of its trial speak."""
    hazards = (truth.death, truth.progression, truth.ulceration, truth.bleeding)
    death, progression, ulceration, bleeding = (each.baseline.slopes[0] for each in hazards)
    return FreeSlopes(
        death,
        progression,
        ulceration,
        bleeding,
        death_later=truth.death.baseline.slopes[1:],
        progression_later=truth.progression.baseline.slopes[1:],
    )


@dataclass(frozen=True)
class Closeness:
    """How closely figures are met that contradict each other under one smooth hazard.

    Attributes
    ----------
    median : float
        Tolerance of survival at a median, in probability.
    death_slope, death_slope_sd : float
        Of the hazard of death on log-log axes before the figures speak (assumptions).
    precision : float
        Relative, of unknowns and misfit; the last step is far smaller, because convergence is
        fast.
    """

    median: float = 0.012
    death_slope: float = _DEATH_SLOPE
    death_slope_sd: float = DEATH_SLOPE_SD
    precision: float = 1e-6


@dataclass(frozen=True)
class Manner:
    """How a truth is solved.

    Attributes
    ----------
    slopes : FreeSlopes
        The courses that no figure determines, at their priors' means unless drawn.
    one_effect : bool
        Whether surgery has the same effect on all, so that the differences between subgroups
        are not met.
    near : Dying, optional
        Where the search starts: it ends at the same place, but sooner.
    closeness : Closeness
    """

    slopes: FreeSlopes = FreeSlopes()
    one_effect: bool = False
    near: Dying | None = None
    closeness: Closeness = Closeness()


class CalibrationFailed(RuntimeError):
    """No truth shows the published figures under these prognostic effects."""


def calibrate(
    patients: Patients,
    coefficients: dict[str, FloatArray],
    targets: Targets,
    manner: Manner = Manner(),
) -> Truth:
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
    trial = Trial(patients, targets)
    slopes, precision = manner.slopes, manner.closeness.precision
    death, follow_up = calibrate_death(patients, coefficients["death"], targets, manner)
    progression = _calibrate_progression(
        coefficients["progression"], manner, (death, follow_up), trial
    )
    ulceration, bleeding = (
        _calibrate_complication(given, death, trial)
        for given in (
            _Complication(
                coefficients["ulceration"], slopes.ulceration, targets.ulceration, precision
            ),
            _Complication(coefficients["bleeding"], slopes.bleeding, targets.bleeding, precision),
        )
    )
    return Truth(death, progression, ulceration, bleeding, follow_up)


def calibrate_death(
    patients: Patients,
    coefficients: FloatArray,
    targets: Targets,
    manner: Manner = Manner(),
) -> Dying:
    """Return the hazard of death and the follow-up under given prognostic effects."""
    trial = Trial(patients, targets)

    def misfit(unknowns: FloatArray) -> FloatArray:
        death, follow_up = _read_death(unknowns, coefficients, manner.slopes)
        expected = expected_survival([death], patients, follow_up)
        return _death_misfit((death, follow_up), expected, trial, manner)

    start = _DEATH_START if manner.near is None else _death_unknowns(manner.near)
    if manner.one_effect:
        start = start[:-_PAIRS]
    unknowns = _solve(misfit, start, manner.closeness.precision)
    return _read_death(unknowns, coefficients, manner.slopes)


def identify_death(
    patients: Patients,
    drawn: FloatArray,
    targets: Targets,
    manner: Manner = Manner(),
) -> Dying:
    """Return the hazard of death whose prognostic effects the deaths by subgroup determine.

    Parameters
    ----------
    drawn : array, shape (terms,)
        A draw of all effects; those that the paper does not determine are kept.

    Returns
    -------
    Dying
        Its coefficients are those with which the expected deaths by subgroup are the published
        ones.
    """
    # One subgroup a pair; of the receptor pairs those with few deaths, to weigh them alike.
    chosen = np.array([0, 3, 4, 6, 9, 11, 13, 14])

    def coefficients(unknowns: FloatArray) -> FloatArray:
        effects = drawn.copy()
        effects[_IDENTIFIED] = unknowns[-_PAIRS:]
        return effects

    def misfit(unknowns: FloatArray) -> FloatArray:
        dying = _read_death(unknowns[:-_PAIRS], coefficients(unknowns), manner.slopes)
        expected = expected_survival([dying[0]], patients, dying[1])
        deaths = expected.events.sum(axis=1)[1:][chosen]
        return np.concatenate(
            [
                _death_misfit(dying, expected, Trial(patients, targets), manner),
                np.log(deaths / targets.subgroup_deaths[chosen]) / _SUBGROUP_DEATHS,
            ]
        )

    start = np.concatenate([_DEATH_START, drawn[_IDENTIFIED]])
    unknowns = _solve(misfit, start, manner.closeness.precision)
    return _read_death(unknowns[:-_PAIRS], coefficients(unknowns), manner.slopes)


def _read_death(unknowns: FloatArray, coefficients: FloatArray, free: FreeSlopes) -> Dying:
    level, *rest = unknowns[:5]
    slopes, effect = (free.death, *rest[:3]), rest[3]
    baseline = Baseline(level, slopes, DEATH_KNOTS)
    follow_up = _read_follow_up(unknowns[5:7])
    modification = unknowns[7:] if len(unknowns) > 7 else None
    return HazardTruth(baseline, coefficients, effect, modification), follow_up


def _death_unknowns(dying: Dying) -> FloatArray:
    """Return the unknowns that `_read_death` reads; without modification it is none."""
    death, follow_up = dying
    modification = np.zeros(_PAIRS) if death.modification is None else death.modification
    first = (follow_up.beyond_60 - BEYOND_96) / (1 - BEYOND_96)
    second = (follow_up.beyond_80 - BEYOND_96) / (follow_up.beyond_60 - BEYOND_96)
    remaining = logit(np.clip([first, second], _LEAST_SHARE, 1 - _LEAST_SHARE))
    baseline = death.baseline
    head = [baseline.log_level, *baseline.slopes[1:], death.effect]
    return np.array([*head, *remaining, *modification])


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
    dying: Dying, expected: ExpectedSurvival, trial: Trial, manner: Manner
) -> FloatArray:
    """Return deviations from the published figures in tolerances, and the slopes' in SDs."""
    death, follow_up = dying
    targets, closeness = trial.targets, manner.closeness
    share = np.array([(trial.patients.arm == arm).mean() for arm in (0, 1)])
    quartiles = targets.follow_up_quartiles
    observed_beyond = np.interp(quartiles, EDGES, share @ expected.curves)
    observed_beyond = observed_beyond * follow_up.followed(quartiles)
    slopes = np.array(death.baseline.slopes[1:])
    before = np.array(manner.slopes.death_later or closeness.death_slope)
    nothing = np.zeros(0)
    return np.concatenate(
        [
            (_at(expected.curves, targets.os_medians) - 0.5) / closeness.median,
            [np.log(expected.events[0].sum() / targets.deaths) / _DEATHS],
            [(expected.log_hazard_ratios[0] - targets.os_log_hr) / _HAZARD_RATIO],
            (observed_beyond - np.array([0.75, 0.5, 0.25])) / _QUARTILE,
            nothing if manner.one_effect else _interaction_misfit(expected, targets),
            (slopes - before) / closeness.death_slope_sd,
        ]
    )


def _interaction_misfit(expected: ExpectedSurvival, targets: Targets) -> FloatArray:
    """Return deviations from the published differences between subgroups, in tolerances."""
    log_hr = expected.log_hazard_ratios
    interactions = log_hr[2::2] - log_hr[1::2]
    published = targets.subgroup_log_hr[1::2] - targets.subgroup_log_hr[::2]
    misfit: FloatArray = (interactions - published) / _INTERACTION
    return misfit


def _calibrate_progression(
    coefficients: FloatArray,
    manner: Manner,
    dying: Dying,
    trial: Trial,
) -> HazardTruth:
    """Return the hazard of local progression: both LRFS medians and the LRFS hazard ratio."""
    death, follow_up = dying
    patients, targets = trial.patients, trial.targets
    (before,) = manner.slopes.progression_later or (_PROGRESSION_SLOPE,)

    def read(unknowns: FloatArray) -> HazardTruth:
        baseline = Baseline(
            unknowns[0],
            (manner.slopes.progression, unknowns[1]),
            PROGRESSION_KNOTS,
            reference=PROGRESSION_KNOTS[0],
        )
        return HazardTruth(baseline, coefficients, unknowns[2])

    def misfit(unknowns: FloatArray) -> FloatArray:
        expected = expected_survival([death, read(unknowns)], patients, follow_up)
        log_hr = expected.log_hazard_ratios[0]
        return np.array(
            [
                *(_at(expected.curves, targets.lrfs_medians) - 0.5) / manner.closeness.median,
                (log_hr - targets.lrfs_log_hr) / _HAZARD_RATIO,
                (unknowns[1] - before) / PROGRESSION_SLOPE_SD,
            ]
        )

    return read(_solve(misfit, _PROGRESSION_START, manner.closeness.precision))


@dataclass(frozen=True)
class _Complication:
    """What is given of a local complication: its effects, slope and proportions by arm."""

    coefficients: FloatArray
    slope: float
    proportions: FloatArray
    precision: float


def _calibrate_complication(given: _Complication, death: HazardTruth, trial: Trial) -> HazardTruth:
    """Return the hazard of a complication that gives the proportions by the published month."""

    def read(unknowns: FloatArray) -> HazardTruth:
        return HazardTruth(Baseline(unknowns[0], (given.slope,)), given.coefficients, unknowns[1])

    def misfit(unknowns: FloatArray) -> FloatArray:
        month = trial.targets.local_month
        incidence = expected_incidence(read(unknowns), death, trial.patients, month)
        return np.log(incidence / given.proportions) / _DEATHS

    return read(_solve(misfit, _COMPLICATION_START, given.precision))


def _at(curves: FloatArray, months: FloatArray) -> FloatArray:
    """Return each arm's curve at its own month."""
    return np.array([np.interp(m, EDGES, c) for c, m in zip(curves, months, strict=True)])


def _solve(
    misfit: Callable[[FloatArray], FloatArray], start: FloatArray, precision: float
) -> FloatArray:
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
                xtol=precision,
                ftol=precision,
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
