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
from training.real.card import cohort_card
from training.real.cohort import LocalCohort
from training.real.ensemble import LocalMember, fit_local_ensemble, prepare
from training.real.findings import Findings, Plan, look_at
from training.real.terms import (
    HazardTerms,
    hazard_terms,
    refuse_arms,
    refuse_few_events,
    refuse_follow_up,
)

RECORDED_PACKAGES = ("numpy", "scipy", "scikit-survival", "numba", "joblib")


def check_cohort(cohort: LocalCohort, plan: Plan) -> dict[str, HazardTerms]:
    """Return what each hazard is fitted with.

    Raises
    ------
    InvalidInput
        If one arm is missing, nobody was observed for long, or there are too few events.
    """
    terms = hazard_terms(cohort, randomised=plan.randomised)
    problems = refuse_arms(cohort) + refuse_follow_up(cohort)
    problems += refuse_few_events(terms, force=plan.force, randomised=plan.randomised)
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
    findings = look_at(ready, plan, terms, np.random.default_rng(seeds[-1]))
    findings = replace(findings, draws=sum(member.draws for member in fitted))
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
                {name: found.events for name, found in terms.items()},
                randomised=plan.randomised,
                effect="cohort" if plan.randomised else "published",
            ),
        },
        digest="",
        hazards=stack_cox([member.cox for member in fitted]),
        population=population_blocks(),
        card="",
    )
    return replace(draft, card=cohort_card(draft, findings)), findings


def describe(
    cohort: LocalCohort, events: dict[str, int], *, randomised: bool, effect: str
) -> dict[str, Any]:
    """Return what a manifest says of a cohort (`models.bundle.COHORT_KINDS`)."""
    return {
        "patients": cohort.size,
        "events": events,
        "data_digest": cohort.digest,
        "randomised": randomised,
        "effect_of_surgery": effect,
        "median_follow_up": round(cohort.median_follow_up, 4),
        "last_month": cohort.last_month,
    }
