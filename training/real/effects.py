"""The effect of surgery for cohorts whose arms were not left to chance: the trial's.

The models have covariates, so what is served must be a ratio given covariates: the printed ratio
of overall survival is not, and the paper prints none of local progression before death, of
ulceration or of bleeding. Each member of the ensemble therefore takes the effects of one member
of the shipped bundle, all together; death without a local event has that of death.

The ratio of local progression is the least sure. The bundle takes local progression and death as
independent given the covariates, and finds a ratio that the shipped matched cohorts, which show
the same printed figures, do not share. So in half of the members it is drawn from these cohorts
instead (an assumption: nothing says which of the two is nearer the truth).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np

from models.bundle import Bundle, load_bundle
from models.outcomes import HAZARDS
from models.table import FloatArray
from training.cohort import Cohort
from training.fitting import hazard_events
from training.reference import matched_cohorts
from training.train import BUNDLE_ID
from training.weighted_cox import Weighted, fit_weighted_cox, timeline

PROGRESSION = "local_progression"

#: How often the ratio of local progression is a matched cohort's (an assumption).
SHARE_OF_COHORTS = 0.5


@dataclass(frozen=True)
class PublishedEffect:
    """Mean and SD over draws of a log hazard ratio, surgery / no surgery, given covariates."""

    mean: float
    standard_error: float


@cache
def shipped_bundle() -> Bundle:
    """Return the bundle that is shipped, verified."""
    return load_bundle(Path(str(resources.files("models").joinpath("bundles", BUNDLE_ID))))


@cache
def cohorts_progression() -> tuple[FloatArray, FloatArray]:
    """Return log ratios of local progression in the matched cohorts, and standard errors.

    Returns
    -------
    log_ratios, errors : arrays, shape (cohorts,)
        Surgery / no surgery, adjusted for the covariates of the models (Cox, Efron's ties); the
        reference cohort's first.
    """
    found = np.array([_adjusted(cohort) for cohort in matched_cohorts()])
    return found[:, 0], found[:, 1]


def _adjusted(cohort: Cohort) -> tuple[float, float]:
    arm = cohort.patients.arm
    times = timeline(*hazard_events(cohort.outcomes)[PROGRESSION])
    everybody = Weighted(np.ones(len(arm)), np.zeros(len(arm)))
    fit = fit_weighted_cox(np.column_stack([cohort.patients.design, arm]), times, everybody)
    return float(fit.coefficients[-1]), float(np.sqrt(fit.covariance[-1, -1]))


@cache
def published_effects() -> dict[str, PublishedEffect]:
    """Return mean and SD of what `draw_effects` draws, by hazard."""
    found = {}
    for name in HAZARDS:
        members = shipped_bundle().hazards[name].arm
        found[name] = PublishedEffect(float(members.mean()), float(members.std(ddof=1)))
    found[PROGRESSION] = _mixed(found[PROGRESSION])
    return found


def _mixed(of_bundle: PublishedEffect) -> PublishedEffect:
    """Return mean and SD of the mixture of the bundle's and the cohorts' log ratios."""
    ratios, errors = cohorts_progression()
    means = np.array([of_bundle.mean, ratios.mean()])
    variances = np.array([of_bundle.standard_error**2, ratios.var() + np.mean(errors**2)])
    shares = np.array([1 - SHARE_OF_COHORTS, SHARE_OF_COHORTS])
    mean = float(shares @ means)
    return PublishedEffect(mean, float(np.sqrt(shares @ (variances + (means - mean) ** 2))))


def draw_effects(rng: np.random.Generator) -> dict[str, float]:
    """Return one draw by hazard: those of one member of the shipped bundle, all together."""
    shipped = shipped_bundle()
    member = int(rng.integers(int(shipped.manifest["members"])))
    drawn = {name: float(shipped.hazards[name].arm[member]) for name in HAZARDS}
    if rng.random() < SHARE_OF_COHORTS:
        ratios, errors = cohorts_progression()
        place = int(rng.integers(len(ratios)))
        drawn[PROGRESSION] = float(rng.normal(ratios[place], errors[place]))
    return drawn
