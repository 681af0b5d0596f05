"""The ensemble: virtual trials of 407 patients, each with its models, side by side.

A member is (a) prognostic effects drawn from the priors and held to the trial's deaths by
subgroup, (b) a truth solved so that the published figures are what it shows on average,
(c) one virtual trial drawn from that truth, (d) the models: a random survival forest grown on
its patients, and proportional hazards solved from the figures that it would have published,
just as the truth was from the paper's. The spread over members holds each uncertainty once:
what is known of prognosis by the draw, the sampling error of the published figures, that of the
effect of surgery included, by the virtual trial.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from models.cox import CoxHazard
from models.forest import ForestHazard
from models.outcomes import HAZARDS
from models.table import FloatArray
from training.calibration import (
    CalibrationFailed,
    Manner,
    calibrate,
    draw_free_slopes,
    free_slopes,
    identify_death,
)
from training.fitting import MONTHS, CoxFit
from training.forest import ForestFit, grow_forests, kept_share, stack_forests
from training.priors import Prior, draw, hold_to_trial, priors
from training.publication import NotPublishable, published_by
from training.simulation import Outcomes, independent_uniforms, simulate_outcomes
from training.targets import Targets, published_targets
from training.truth import HazardTruth, Patients, Truth, sample_patients

#: Which prior each hazard's prognostic effects are drawn from.
_PRIOR_OF = {
    "death": "death",
    "progression": "progression",
    "ulceration": "complication",
    "bleeding": "complication",
}


#: A virtual trial whose figures cannot be met is drawn again; more often than this is a failure.
MOST_TRIES = 5


@dataclass(frozen=True)
class Knowledge:
    """What virtual trials are drawn from.

    Attributes
    ----------
    targets : Targets
        The published figures that they show on average.
    priors : dict of Prior
        Of the prognostic effects, by hazard.
    """

    targets: Targets
    priors: dict[str, Prior]


def published_knowledge() -> Knowledge:
    """Return the paper's figures and the stated priors."""
    return Knowledge(published_targets(), priors())


@dataclass(frozen=True)
class VirtualTrial:
    """Patients, what is true of them, and what was observed."""

    patients: Patients
    truth: Truth
    outcomes: Outcomes


def draw_truth(
    rng: np.random.Generator, known: Knowledge | None = None, *, held: bool = True
) -> tuple[Patients, Truth]:
    """Return the patients of a virtual trial and the truth it is drawn from.

    Parameters
    ----------
    known : Knowledge, optional
        By default the published one.
    held : bool
        Whether the effects on death are held to the trial's deaths by subgroup, or stay as the
        priors have them.

    Raises
    ------
    CalibrationFailed
        If no truth with the drawn effects shows the figures.
    """
    known = known or published_knowledge()
    patients = sample_patients(rng)
    effects = {hazard: draw(known.priors[prior], rng) for hazard, prior in _PRIOR_OF.items()}
    manner = Manner(slopes=draw_free_slopes(rng))
    if not held:
        return patients, calibrate(patients, effects, known.targets, manner)
    identified = identify_death(patients, effects["death"], known.targets, manner)
    effects["death"] = hold_to_trial(
        effects["death"], known.priors["death"], identified[0].coefficients, rng
    )
    return patients, calibrate(patients, effects, known.targets, replace(manner, near=identified))


def draw_trial(rng: np.random.Generator, known: Knowledge | None = None) -> VirtualTrial:
    """Return one virtual trial, as `draw_truth`."""
    return observe(*draw_truth(rng, known), rng)


def observe(patients: Patients, truth: Truth, rng: np.random.Generator) -> VirtualTrial:
    """Return a virtual trial of some patients, drawn from a truth."""
    outcomes = simulate_outcomes(patients, truth, independent_uniforms(patients, rng))
    return VirtualTrial(patients, truth, outcomes)


def fit_trial(trial: VirtualTrial) -> dict[str, CoxFit]:
    """Return the proportional hazards models that the report of a virtual trial leads to.

    What was done with the paper is done with the trial: its figures are rounded as the paper
    prints them, and the models are solved so that they show these figures. Fitted to the
    patients themselves they would be more certain than a reader of the paper can be. Surgery
    has one effect on each hazard. Prognostic effects and courses on which the report is silent
    keep what was drawn: a draw from what the paper leaves possible already carries the sampling
    error of the paper's deaths (`training.priors.hold_to_trial`).

    Raises
    ------
    NotPublishable, CalibrationFailed
        If the trial has no such report, or no model shows its figures.
    """
    patients, truth = trial.patients, trial.truth
    effects = {
        "death": truth.death.coefficients,
        "progression": truth.progression.coefficients,
        "ulceration": truth.ulceration.coefficients,
        "bleeding": truth.bleeding.coefficients,
    }
    report = published_by(patients, trial.outcomes, subgroups=False)
    manner = Manner(free_slopes(truth), one_effect=True, near=(truth.death, truth.follow_up))
    return hazards_of(calibrate(patients, effects, report, manner))


def hazards_of(truth: Truth) -> dict[str, CoxFit]:
    """Return a truth with one effect of surgery by the bundle's names of hazards.

    Death without a local outcome has the hazard of death: given the covariates they are taken
    to be independent.
    """
    of_hazard = {
        "death": truth.death,
        "local_progression": truth.progression,
        "ulceration": truth.ulceration,
        "bleeding": truth.bleeding,
    }
    return {name: _as_fit(of_hazard.get(name, truth.death)) for name in HAZARDS}


def _as_fit(hazard: HazardTruth) -> CoxFit:
    cumulative = hazard.baseline.cumulative(MONTHS)
    cumulative[0] = 0.0  # a baseline begins a little after month 0, on its logarithmic axis
    return CoxFit(hazard.coefficients, hazard.effect, cumulative)


@dataclass(frozen=True)
class Fitted:
    """A virtual trial, its models, and how often another had to be drawn before."""

    trial: VirtualTrial
    cox: dict[str, CoxFit]
    redrawn: int


def draw_fitted(rng: np.random.Generator, known: Knowledge | None = None) -> Fitted:
    """Return a virtual trial with its models, drawn again while its figures cannot be met.

    Raises
    ------
    NotPublishable, CalibrationFailed
        If that happens `MOST_TRIES` times in succession.
    """
    for redrawn in range(MOST_TRIES - 1):
        try:
            trial = draw_trial(rng, known)
            return Fitted(trial, fit_trial(trial), redrawn)
        except (NotPublishable, CalibrationFailed):
            continue
    trial = draw_trial(rng, known)
    return Fitted(trial, fit_trial(trial), MOST_TRIES - 1)


@dataclass(frozen=True)
class Member:
    """What one virtual trial gives.

    Attributes
    ----------
    cox, forests : dict
        A Cox model and a forest of each hazard, by name.
    death : HazardTruth
        What was true of death.
    """

    cox: dict[str, CoxFit]
    forests: dict[str, ForestFit]
    death: HazardTruth


def fit_member(seed: np.random.SeedSequence) -> Member:
    """Return the models of one member; the same seed gives the same member."""
    # The matrices are small: threads of the linear algebra would only wait for each other.
    with threadpool_limits(limits=1):
        rng = np.random.default_rng(seed)
        fitted = draw_fitted(rng)
        trial = fitted.trial
        design, arm = trial.patients.design, trial.patients.arm
        forests = grow_forests(design, arm, trial.outcomes, seed=int(rng.integers(2**31)))
        return Member(fitted.cox, forests, trial.truth.death)


def fit_ensemble(seed: int, members: int, jobs: int = -1) -> Iterable[Member]:
    """Yield the members' models in order, fitted in parallel.

    Parameters
    ----------
    seed : int
        Seed of the whole ensemble.
    members : int
        Number of virtual trials.
    jobs : int
        Processes; -1 for all cores. The result does not depend on it.
    """
    seeds = np.random.SeedSequence(seed).spawn(members)
    tasks = (delayed(fit_member)(each) for each in seeds)
    return Parallel(n_jobs=jobs, return_as="generator")(tasks)  # type: ignore[no-any-return]


def stack_cox(fits: list[dict[str, CoxFit]]) -> dict[str, CoxHazard]:
    """Return the members' Cox models as the bundle holds them, members last."""
    return {
        name: CoxHazard(
            coefficients=_stack([fit[name].coefficients for fit in fits]),
            arm=np.array([fit[name].arm for fit in fits]),
            baseline=_stack([fit[name].baseline for fit in fits]),
        )
        for name in HAZARDS
    }


def stack_member_forests(members: list[Member], design: FloatArray) -> dict[str, ForestHazard]:
    """Return the forests as the bundle holds them.

    Parameters
    ----------
    design : array, shape (patients, terms)
        Patients over whom the chance of growing few trees is averaged.
    """
    without = np.column_stack([design, np.zeros(len(design))])
    forests = {}
    for name in HAZARDS:
        fits = [member.forests[name] for member in members]
        forests[name] = stack_forests(fits, kept_share(fits, without))
    return forests


def _stack(columns: list[FloatArray]) -> FloatArray:
    return np.stack(columns, axis=-1)
