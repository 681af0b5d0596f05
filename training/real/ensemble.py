"""The members of a bundle from a real cohort: bootstrap resamples, each fitted by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.design_matrix import TERMS, design_matrix
from models.table import FloatArray
from training.fitting import CoxFit, hazard_events
from training.real.cohort import LocalCohort
from training.real.effects import draw_effects
from training.real.resampling import fill_gaps, gaps, outcome_classes, resample
from training.real.terms import SURGERY, HazardTerms
from training.weighted_cox import NoMaximum, Timeline, Weighted, fit_weighted_cox, timeline

#: A resample without a finite maximum is drawn anew, at most so many times.
MOST_DRAWS = 25

Drawn = TypeVar("Drawn")


class CannotFit(RuntimeError):
    """Resample after resample has no finite maximum; the message names hazard and term."""


@dataclass(frozen=True)
class Prepared:
    """A cohort with what is found once for all resamples.

    Attributes
    ----------
    classes : dict of arrays of int, shape (levels, patients)
        By hazard, as `training.real.resampling.outcome_classes`.
    times : dict of Timeline
        By hazard.
    randomised : bool
        Whether the arms' difference is served as the effect of surgery; else it is estimated as
        a nuisance, and what is served is drawn from what is published.
    """

    cohort: LocalCohort
    classes: dict[str, NDArray[np.intp]]
    times: dict[str, Timeline]
    randomised: bool


def prepare(cohort: LocalCohort, *, randomised: bool) -> Prepared:
    """Return a cohort ready to be resampled."""
    found = hazard_events(cohort.outcomes)
    classes = {n: outcome_classes(*ended, cohort.arm) for n, ended in found.items()}
    times = {n: timeline(*ended) for n, ended in found.items()}
    return Prepared(cohort, classes, times, randomised)


@dataclass(frozen=True)
class LocalMember:
    """The Cox models of one resample.

    Attributes
    ----------
    cox : dict of CoxFit
        By hazard.
    slopes : dict of float
        Slope of each hazard's prognostic index in all patients of the cohort; NaN without one.
    draws : int
        How often a resample was drawn before the models had a maximum.
    """

    cox: dict[str, CoxFit]
    slopes: dict[str, float]
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

    def fit(rng: np.random.Generator) -> tuple[dict[str, CoxFit], dict[str, float]]:
        weights, designs = draw_sample(ready, rng)
        effects = None if ready.randomised else draw_effects(rng)
        cox, slopes = {}, {}
        for name, design in designs.items():
            sample = Sample(design, weights, terms[name])
            cox[name] = fit_hazard(ready, name, sample, effects)
            slopes[name] = slope_in_all(ready, name, sample, cox[name])
        return cox, slopes

    (cox, slopes), draws = draw_until_fitted(fit, seed)
    return LocalMember(cox, slopes, draws)


def draw_until_fitted(
    fit: Callable[[np.random.Generator], Drawn], seed: np.random.SeedSequence
) -> tuple[Drawn, int]:
    """Return the first fit that has a maximum, and the number of draws.

    Raises
    ------
    CannotFit
        If none has; with the cause that was met most often.
    """
    rng = np.random.default_rng(seed)
    causes: Counter[str] = Counter()
    # The matrices are small: threads of the linear algebra would only wait for each other.
    with threadpool_limits(limits=1):
        for draws in range(1, MOST_DRAWS + 1):
            try:
                return fit(rng), draws
            except NoMaximum as error:
                causes[str(error)] += 1
    cause, count = causes.most_common(1)[0]
    raise CannotFit(
        f"{MOST_DRAWS} resamples in turn could not be fitted; of {count} the cause is: {cause}"
    )


def draw_sample(
    ready: Prepared, rng: np.random.Generator
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return the weights of a resample and, by hazard, its design with the gaps filled."""
    weights = resample(ready.cohort.arm, rng, by_arm=ready.randomised)
    return weights, filled_designs(ready, weights, rng)


def filled_designs(
    ready: Prepared, weights: FloatArray, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Return each hazard's design, the gaps filled with that hazard's outcome in view."""
    table = ready.cohort.table
    if not gaps(table):
        return dict.fromkeys(ready.times, design_matrix(table))
    return {
        name: design_matrix(fill_gaps(table, ready.classes[name], weights, rng))
        for name in ready.times
    }


@dataclass(frozen=True)
class Sample:
    """A resample as one hazard sees it.

    Attributes
    ----------
    design : array, shape (patients, terms)
    weights : array, shape (patients,)
    terms : HazardTerms
    """

    design: FloatArray
    weights: FloatArray
    terms: HazardTerms

    def beside_arm(self, columns: FloatArray, arm: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return columns with that of the arm, and weights of the patients who are looked at."""
        if self.terms.arm:
            return np.column_stack([columns, arm]), self.weights
        return columns, self.weights * (arm == 0)


def fit_hazard(
    ready: Prepared, name: str, sample: Sample, effects: dict[str, float] | None
) -> CoxFit:
    """Return one hazard's model; its baseline is that of patients who were not offered surgery.

    Parameters
    ----------
    effects : dict, optional
        Log hazard ratios of surgery that are served in place of the arms' own difference.

    Raises
    ------
    NoMaximum
        Naming the hazard, and the term where one stands out.
    """
    arm, kept = ready.cohort.arm, sample.terms.kept
    columns, weights = sample.beside_arm(sample.design[:, kept], arm)
    try:
        found = fit_weighted_cox(columns, ready.times[name], Weighted(weights, np.zeros(len(arm))))
    except NoMaximum as error:
        labels = [t.label for t, stays in zip(TERMS, kept, strict=True) if stays] + [SURGERY]
        raise named(error, name, labels) from None
    coefficients = np.zeros(len(kept))
    coefficients[kept] = found.coefficients[: int(kept.sum())]
    effect = float(found.coefficients[-1]) if effects is None else effects[name]
    return CoxFit(coefficients, effect, found.baseline)


def named(error: NoMaximum, hazard: str, labels: list[str]) -> NoMaximum:
    """Return the same error with the hazard, and the term where one stands out, in its message."""
    term = "" if error.place is None else f", {labels[error.place]}"
    return NoMaximum(f"hazard {hazard}{term}: {error}", error.place)


def slope_in_all(ready: Prepared, name: str, sample: Sample, fit: CoxFit) -> float:
    """Return the slope of a resample's prognostic index in all patients of the cohort.

    The index is the one covariate of a Cox model beside the arm. One minus the mean over
    resamples is the optimism of the slope by the bootstrap (Harrell's), because the slope in the
    resample itself is one. NaN when the index does not differ or the model has no maximum.
    """
    index = sample.design @ fit.coefficients
    everybody = Sample(sample.design, np.ones(len(index)), sample.terms)
    columns, weights = everybody.beside_arm(index[:, None], ready.cohort.arm)
    try:
        found = fit_weighted_cox(
            columns, ready.times[name], Weighted(weights, np.zeros(len(index)))
        )
    except NoMaximum:
        return float("nan")
    return float(found.coefficients[0])


def fit_local_ensemble(
    ready: Prepared,
    terms: dict[str, HazardTerms],
    seeds: Iterable[np.random.SeedSequence],
    jobs: int,
) -> Iterable[LocalMember]:
    """Yield the members in order, fitted in parallel; the result does not depend on `jobs`."""
    tasks = (delayed(fit_local_member)(each, ready, terms) for each in seeds)
    return Parallel(n_jobs=jobs, return_as="generator")(tasks)  # type: ignore[no-any-return]
