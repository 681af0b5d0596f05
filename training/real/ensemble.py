"""The members of a bundle from a real cohort: bootstrap resamples, each fitted by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.design_matrix import design_matrix
from models.table import FloatArray
from training.fitting import CoxFit, hazard_events
from training.real.cohort import LocalCohort
from training.real.effects import draw_effects
from training.real.resampling import fill_gaps, outcome_classes, resample
from training.real.terms import HazardTerms
from training.weighted_cox import NoMaximum, Timeline, Weighted, fit_weighted_cox, timeline

#: A resample without a finite maximum is drawn anew, at most so many times.
MOST_DRAWS = 25

Drawn = TypeVar("Drawn")


class CannotFit(RuntimeError):
    """Resample after resample has no finite maximum: the cohort is too small for its terms."""


@dataclass(frozen=True)
class Prepared:
    """A cohort with what is found once for all resamples.

    Attributes
    ----------
    classes : array of int, shape (patients,)
        As `training.real.resampling.outcome_classes`.
    times : dict of Timeline
        By hazard.
    randomised : bool
        Whether the effect of surgery is estimated from the arms; else it is drawn from what is
        published and is an offset.
    """

    cohort: LocalCohort
    classes: NDArray[np.intp]
    times: dict[str, Timeline]
    randomised: bool


def prepare(cohort: LocalCohort, *, randomised: bool) -> Prepared:
    """Return a cohort ready to be resampled."""
    times = {
        n: timeline(months, event) for n, (months, event) in hazard_events(cohort.outcomes).items()
    }
    return Prepared(cohort, outcome_classes(cohort), times, randomised)


@dataclass(frozen=True)
class LocalMember:
    """The Cox models of one resample, and how often it was drawn before they had a maximum."""

    cox: dict[str, CoxFit]
    draws: int


def fit_local_member(
    seed: np.random.SeedSequence, ready: Prepared, terms: dict[str, HazardTerms]
) -> LocalMember:
    """Return the models of one resample; the same seed gives the same member.

    Raises
    ------
    CannotFit
        If no resample has a finite maximum.
    """

    def fit(rng: np.random.Generator) -> dict[str, CoxFit]:
        weights, design = draw_sample(ready, rng)
        effects = None if ready.randomised else draw_effects(rng)
        return {
            name: fit_hazard(ready, name, Sample(design, weights, terms[name].kept), effects)
            for name in ready.times
        }

    return LocalMember(*draw_until_fitted(fit, seed))


def draw_until_fitted(
    fit: Callable[[np.random.Generator], Drawn], seed: np.random.SeedSequence
) -> tuple[Drawn, int]:
    """Return the first fit that has a maximum, and the number of draws.

    Raises
    ------
    CannotFit
        If none has.
    """
    rng = np.random.default_rng(seed)
    # The matrices are small: threads of the linear algebra would only wait for each other.
    with threadpool_limits(limits=1):
        for draws in range(1, MOST_DRAWS + 1):
            try:
                return fit(rng), draws
            except NoMaximum:
                continue
    raise CannotFit(f"{MOST_DRAWS} resamples in turn could not be fitted")


def draw_sample(ready: Prepared, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return the weights of a resample and its design with the gaps filled."""
    cohort = ready.cohort
    weights = resample(cohort.arm, rng, by_arm=ready.randomised)
    return weights, design_matrix(fill_gaps(cohort.table, ready.classes, weights, rng))


@dataclass(frozen=True)
class Sample:
    """A resample.

    Attributes
    ----------
    design : array, shape (patients, terms)
    weights : array, shape (patients,)
    kept : boolean array, shape (terms,)
        Terms that are estimated; the others are zero.
    """

    design: FloatArray
    weights: FloatArray
    kept: NDArray[np.bool_]


def fit_hazard(
    ready: Prepared, name: str, sample: Sample, effects: dict[str, float] | None
) -> CoxFit:
    """Return one hazard's model.

    Parameters
    ----------
    effects : dict, optional
        Known log hazard ratios of surgery; without them it is estimated.
    """
    arm, chosen = ready.cohort.arm, sample.design[:, sample.kept]
    if effects is None:
        columns, offset = np.column_stack([chosen, arm]), np.zeros(len(arm))
    else:
        columns, offset = chosen, arm * effects[name]
    found = fit_weighted_cox(columns, ready.times[name], Weighted(sample.weights, offset))
    coefficients = np.zeros(len(sample.kept))
    coefficients[sample.kept] = found.coefficients[: chosen.shape[1]]
    effect = float(found.coefficients[-1]) if effects is None else effects[name]
    return CoxFit(coefficients, effect, found.baseline)


def fit_local_ensemble(
    ready: Prepared,
    terms: dict[str, HazardTerms],
    seeds: Iterable[np.random.SeedSequence],
    jobs: int,
) -> Iterable[LocalMember]:
    """Yield the members in order, fitted in parallel; the result does not depend on `jobs`."""
    tasks = (delayed(fit_local_member)(each, ready, terms) for each in seeds)
    return Parallel(n_jobs=jobs, return_as="generator")(tasks)  # type: ignore[no-any-return]
