"""Training a bundle on a real cohort: checks, members, tests of proportionality, card, files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np

from models.bundle import Bundle
from models.design_matrix import TERM_NAMES
from models.errors import InvalidInput
from models.evidence import targets_digest
from models.outcomes import COX
from training.covariate_sampling import population_blocks
from training.ensemble import stack_cox
from training.fitting import hazard_events
from training.real.card import cohort_card
from training.real.cohort import LocalCohort
from training.real.ensemble import (
    LocalMember,
    filled_designs,
    fit_local_ensemble,
    prepare,
)
from training.real.findings import Findings, Plan, look_at, risks_by_arm
from training.real.terms import (
    HazardTerms,
    hazard_terms,
    refuse_arm_events,
    refuse_arms,
    refuse_few_events,
    refuse_follow_up,
    refuse_unknown,
)

RECORDED_PACKAGES = ("numpy", "scipy", "scikit-survival", "numba", "joblib")


def check_cohort(cohort: LocalCohort, plan: Plan) -> dict[str, HazardTerms]:
    """Return what each hazard is fitted with.

    Raises
    ------
    InvalidInput
        If one arm is missing, nobody was observed for long, a covariate has no value, or there
        are too few events.
    """
    problems = refuse_arms(cohort) + refuse_follow_up(cohort) + refuse_unknown(cohort)
    if problems:
        # Without two arms, or with a column of gaps, terms cannot be told apart.
        raise InvalidInput(problems)
    terms = hazard_terms(cohort, randomised=plan.randomised)
    problems = refuse_arm_events(terms, cohort) + refuse_few_events(terms, force=plan.force)
    if problems:
        raise InvalidInput(problems)
    return terms


def train_on_cohort(
    cohort: LocalCohort, plan: Plan, *, on_member: Callable[[], None] = lambda: None
) -> tuple[Bundle, Findings]:
    """Return the bundle of a cohort and what was found on the way; nothing is written.

    Raises
    ------
    InvalidInput
        As `check_cohort`.
    CannotFit
        If resamples cannot be fitted.
    """
    terms = check_cohort(cohort, plan)
    ready = prepare(cohort, randomised=plan.randomised)
    seeds = np.random.SeedSequence(plan.seed).spawn(plan.members + 1)
    fitted: list[LocalMember] = []
    for member in fit_local_ensemble(ready, terms, seeds[:-1], plan.jobs):
        fitted.append(member)
        on_member()
    rng = np.random.default_rng(seeds[-1])
    designs = filled_designs(ready, np.ones(cohort.size), rng)
    draft = Bundle(
        {
            "id": plan.name,
            "version": plan.version,
            "kind": [COX],
            "training_data": "cohort",
            "seed": plan.seed,
            "members": plan.members,
            "terms": list(TERM_NAMES),
            "targets_digest": targets_digest(),
            "packages": {name: version(name) for name in RECORDED_PACKAGES},
            "cohort": describe(
                cohort,
                count_events(cohort),
                randomised=plan.randomised,
                effect="cohort" if plan.randomised else "published",
            ),
        },
        digest="",
        hazards=stack_cox([member.cox for member in fitted]),
        population=population_blocks(),
        card="",
    )
    findings = replace(
        look_at(ready, plan, terms, designs),
        draws=sum(member.draws for member in fitted),
        slopes={name: _mean_slope(fitted, name) for name in terms},
        risks=risks_by_arm(draft, cohort, designs["death"], rng),
    )
    return replace(draft, card=cohort_card(draft, findings)), findings


def _mean_slope(fitted: list[LocalMember], name: str) -> float:
    """Return the mean over members that have one; NaN without any."""
    slopes = np.array([member.slopes[name] for member in fitted])
    known = slopes[np.isfinite(slopes)]
    return float(known.mean()) if len(known) else float("nan")


def count_events(cohort: LocalCohort) -> dict[str, int]:
    """Return the observed events of each hazard."""
    return {n: int(event.sum()) for n, (_, event) in hazard_events(cohort.outcomes).items()}


def describe(
    cohort: LocalCohort, events: dict[str, int], *, randomised: bool, effect: str
) -> dict[str, Any]:
    """Return what a manifest says of a cohort (`models.bundle.COHORT_KINDS`)."""
    return {
        "patients": cohort.size,
        "events": events,
        "data_digest": cohort.digest,
        "rows_digest": cohort.rows_digest,
        "randomised": randomised,
        "effect_of_surgery": effect,
        "median_follow_up": round(cohort.median_follow_up, 4),
        "last_month": cohort.last_month,
    }
