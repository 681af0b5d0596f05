"""What is found in a cohort while a bundle is trained on it: for the card and the report."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.assess import member_predictions
from models.bundle import Bundle
from models.outcomes import OUTCOMES, SURVIVALS
from models.table import FloatArray
from training.evaluation.observed import observed_of, observed_risk
from training.fitting import hazard_events
from training.real.cohort import LocalCohort
from training.real.ensemble import Prepared
from training.real.proportionality import Proportionality, proportionality_tests
from training.real.resampling import gaps
from training.real.terms import HazardTerms
from training.weighted_cox import NoMaximum, timeline

#: Where observed risks stand beside served ones, months.
COMPARED_MONTHS = (12, 36, 60)
#: Served risks of an arm are means over at most so many of its patients, drawn at random.
MOST_SERVED = 1000
_CHUNK = 50


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
class ArmRisk:
    """The risk of one outcome in one arm at one month.

    Attributes
    ----------
    observed : float
        Aalen-Johansen's (1 - Kaplan-Meier's without competing deaths).
    served : float
        Mean of what the bundle answers for the same patients in their own arm.
    """

    outcome: str
    arm: int
    month: int
    observed: float
    served: float


@dataclass(frozen=True)
class Findings:
    """What the card and the report say of a cohort and its fits.

    Attributes
    ----------
    gaps : dict of str to int
        Patients without a value, by covariate.
    draws : int
        Resamples that were drawn for all members.
    slopes : dict of float
        By hazard, the mean slope of the resamples' prognostic indices in all patients.
    risks : list of ArmRisk
    tests : dict
        `Proportionality` by hazard, ``None`` where the whole cohort has no fit.
    imbalance : array, shape (terms,)
        Standardised difference of each term between the arms.
    """

    cohort: LocalCohort
    plan: Plan
    terms: dict[str, HazardTerms]
    gaps: dict[str, int]
    tests: dict[str, Proportionality | None]
    imbalance: FloatArray
    draws: int = 0
    slopes: dict[str, float] = field(default_factory=dict)
    risks: list[ArmRisk] = field(default_factory=list)


def look_at(
    ready: Prepared,
    plan: Plan,
    terms: dict[str, HazardTerms],
    designs: dict[str, FloatArray],
) -> Findings:
    """Return what is found in the whole cohort before any resample.

    Parameters
    ----------
    designs : dict of array, shape (patients, terms)
        By hazard, the gaps filled once.
    """
    cohort = ready.cohort
    tests = {name: _tests_of(cohort, name, designs[name], found) for name, found in terms.items()}
    imbalance = _imbalance(designs["death"], cohort.arm)
    return Findings(cohort, plan, terms, gaps(cohort.table), tests, imbalance)


def _tests_of(
    cohort: LocalCohort, name: str, design: FloatArray, terms: HazardTerms
) -> Proportionality | None:
    months, event = hazard_events(cohort.outcomes)[name]
    columns, rows = design[:, terms.kept], np.ones(cohort.size, dtype=bool)
    if terms.arm:
        columns = np.column_stack([columns, cohort.arm])
    else:
        rows = cohort.arm == 0
    try:
        times = timeline(months[rows], event[rows])
        return proportionality_tests(columns[rows], times, np.zeros(int(rows.sum())))
    except NoMaximum:
        return None


def risks_by_arm(
    bundle: Bundle, cohort: LocalCohort, design: FloatArray, rng: np.random.Generator
) -> list[ArmRisk]:
    """Return observed and served risks of each arm, at `COMPARED_MONTHS` up to the last month.

    Parameters
    ----------
    design : array, shape (patients, terms)
        The gaps filled once.
    """
    months = [month for month in COMPARED_MONTHS if month <= bundle.last_month]
    months = months or [bundle.last_month]
    observed = observed_of(cohort)
    found = []
    for arm in (0, 1):
        rows = np.flatnonzero(cohort.arm == arm)
        asked = rng.permutation(rows)[:MOST_SERVED]
        served = _served(bundle, design[asked], arm, months)
        for place, outcome in enumerate(OUTCOMES):
            seen = observed_risk(observed[outcome.name].rows(rows), np.array(months, dtype=float))
            found += [
                ArmRisk(outcome.name, arm, month, float(seen[at]), float(served[place, at]))
                for at, month in enumerate(months)
            ]
    return found


def _served(bundle: Bundle, design: FloatArray, arm: int, months: list[int]) -> FloatArray:
    """Return mean risks of some patients in one arm, shape (outcomes, months)."""
    total = np.zeros((len(OUTCOMES), len(months)))
    for part in np.array_split(design, max(1, len(design) // _CHUNK)):
        members = member_predictions(part, bundle, months)[:, :, arm]
        total += members.mean(axis=-1).sum(axis=0)
    mean: FloatArray = total / len(design)
    mean[: len(SURVIVALS)] = 1 - mean[: len(SURVIVALS)]
    return mean


def _imbalance(design: FloatArray, arm: FloatArray) -> FloatArray:
    """Return standardised differences: of means, in units of the arms' average SD."""
    groups = [design[arm == value] for value in (0, 1)]
    spread = np.sqrt(np.mean([group.var(axis=0, ddof=1) for group in groups], axis=0))
    gap = groups[1].mean(axis=0) - groups[0].mean(axis=0)
    found: FloatArray = np.divide(gap, spread, out=np.zeros_like(gap), where=spread > 0)
    return found
