"""What is found in a cohort while a bundle is trained on it: for the card and the report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.design_matrix import design_matrix
from models.table import FloatArray
from training.real.cohort import LocalCohort
from training.real.effects import mean_effects
from training.real.ensemble import Prepared
from training.real.proportionality import Proportionality, proportionality_tests
from training.real.resampling import fill_gaps, gaps
from training.real.terms import HazardTerms
from training.weighted_cox import NoMaximum


@dataclass(frozen=True)
class Plan:
    """How a bundle is to be trained.

    Attributes
    ----------
    randomised : bool
        Take the effect of surgery from the cohort's arms.
    force : bool
        Accept fewer events per parameter than the rule.
    """

    name: str
    version: str
    seed: int
    members: int
    randomised: bool = False
    force: bool = False
    jobs: int = -1


@dataclass(frozen=True)
class Findings:
    """What the card and the report say of a cohort and its fits.

    Attributes
    ----------
    gaps : dict of str to int
        Patients without a value, by covariate.
    draws : int
        Resamples that were drawn for all members.
    tests : dict
        `Proportionality` by hazard, ``None`` where the whole cohort has no fit.
    imbalance : array, shape (terms,)
        Standardised difference of each term between the arms.
    """

    cohort: LocalCohort
    plan: Plan
    terms: dict[str, HazardTerms]
    gaps: dict[str, int]
    draws: int
    tests: dict[str, Proportionality | None]
    imbalance: FloatArray


def look_at(
    ready: Prepared, plan: Plan, terms: dict[str, HazardTerms], rng: np.random.Generator
) -> Findings:
    """Return what is found in the whole cohort, its gaps filled once."""
    cohort = ready.cohort
    table = fill_gaps(cohort.table, ready.classes, np.ones(cohort.size), rng)
    design = design_matrix(table)
    known = mean_effects(cohort.arm)
    tests: dict[str, Proportionality | None] = {}
    for name, times in ready.times.items():
        columns, offset = design[:, terms[name].kept], known[name]
        if plan.randomised:
            columns, offset = np.column_stack([columns, cohort.arm]), np.zeros(cohort.size)
        try:
            tests[name] = proportionality_tests(columns, times, offset)
        except NoMaximum:
            tests[name] = None
    return Findings(
        cohort, plan, terms, gaps(cohort.table), 0, tests, _imbalance(design, cohort.arm)
    )


def _imbalance(design: FloatArray, arm: FloatArray) -> FloatArray:
    """Return standardised differences: of means, in units of the arms' average SD."""
    groups = [design[arm == value] for value in (0, 1)]
    spread = np.sqrt(np.mean([group.var(axis=0, ddof=1) for group in groups], axis=0))
    gap = groups[1].mean(axis=0) - groups[0].mean(axis=0)
    found: FloatArray = np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0)
    return found
