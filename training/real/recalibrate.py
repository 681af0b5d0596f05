"""Recalibrating a bundle on local patients: new baselines, and how strong its prognosis is there.

For each hazard the bundle's prognostic index (covariates times the members' mean coefficients) is
the one covariate of a Cox model of a bootstrap resample, the member's effect of surgery an
offset. The coefficient is the calibration slope: one when the index spreads patients as far as
they are apart, below one when it spreads them too far. The index is the members' mean, because a
single member's index holds its own chance, and its slope would shrink with that. Each member's
coefficients are multiplied by the slope of its resample, and its baseline is Breslow's given
them; its effect of surgery is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from models.bundle import Bundle
from models.cox import CoxHazard
from models.design_matrix import design_matrix
from models.errors import InvalidInput, Problem
from models.outcomes import COX, HAZARDS
from models.table import FloatArray
from models.texts import COHORT_INTERVAL_MEANING, INTENDED_USE
from training.ensemble import stack_cox
from training.fitting import CoxFit, hazard_events
from training.real.card import gap_words, left_out_words
from training.real.cohort import STILL_OBSERVED, LocalCohort
from training.real.ensemble import Prepared, draw_sample, draw_until_fitted, prepare
from training.real.resampling import fill_gaps, gaps
from training.real.terms import EVENTS_PER_PARAMETER, column_of, refuse_follow_up
from training.real.train import RECORDED_PACKAGES, describe
from training.weighted_cox import MONTHS, Weighted, fit_weighted_cox

#: Keys that `save_bundle` adds, and those that only a trained bundle's own manifest has.
_MADE_ANEW = ("format", "population", "files", "recalibration", "parent")


@dataclass(frozen=True)
class Recalibration:
    """How a bundle is recalibrated.

    Attributes
    ----------
    name, version : str
        Of the new bundle.
    seed : int
        Of the resamples.
    force : bool
        Accept fewer events than the rule.
    """

    name: str
    version: str
    seed: int
    force: bool = False
    jobs: int = -1


@dataclass(frozen=True)
class MemberFit:
    """One member's new models, and its slopes by hazard."""

    cox: dict[str, CoxFit]
    slopes: dict[str, float]


def next_version(number: str) -> str:
    """Return the version after another: the second number one higher."""
    major, minor, *_ = number.split(".")
    return f"{major}.{int(minor) + 1}.0"


def check_recalibration(cohort: LocalCohort, plan: Recalibration, parent: Bundle) -> None:
    """Refuse a cohort that cannot recalibrate a bundle.

    Raises
    ------
    InvalidInput
        With the hazards that have too few events for one slope.
    """
    problems = refuse_follow_up(cohort)
    fewest = 1 if plan.force else EVENTS_PER_PARAMETER
    for name, (_, event) in hazard_events(cohort.outcomes).items():
        events = int(event.sum())
        if events < fewest:
            message = f"Hazard {name}: {events} events for 1 parameter, the slope."
            accepted = f"at least {fewest} events" + ("" if plan.force else ", or --force")
            problems.append(Problem(column_of(name), "too_few_events", message, accepted))
    if (plan.name, plan.version) == (parent.id, parent.version):
        message = "The new bundle would have the id and version of its parent."
        problems.append(Problem("version", "contradiction", message, "another version"))
    if problems:
        raise InvalidInput(problems)


def recalibrate_bundle(
    parent: Bundle,
    cohort: LocalCohort,
    plan: Recalibration,
    *,
    on_member: Callable[[], None] = lambda: None,
) -> Bundle:
    """Return the recalibrated bundle; nothing is written.

    Raises
    ------
    InvalidInput
        As `check_recalibration`.
    CannotFit
        If resamples cannot be fitted.
    """
    check_recalibration(cohort, plan, parent)
    ready = prepare(cohort, randomised=False)
    members = parent.manifest["members"]
    seeds = np.random.SeedSequence(plan.seed).spawn(members + 1)
    index = {name: hazard.coefficients.mean(axis=1) for name, hazard in parent.hazards.items()}
    tasks = (
        delayed(_fit_member)(seed, ready, _member(parent, place), index)
        for place, seed in enumerate(seeds[:-1])
    )
    fitted: list[MemberFit] = []
    for member in Parallel(n_jobs=plan.jobs, return_as="generator")(tasks):
        fitted.append(member)
        on_member()
    draft = replace(
        parent,
        manifest=_manifest(parent, cohort, plan),
        digest="",
        hazards=stack_cox([member.cox for member in fitted]),
        card="",
        forests={},
    )
    expected = expected_events(parent, ready, np.random.default_rng(seeds[-1]))
    return replace(draft, card=_card(draft, parent, cohort, (fitted, expected)))


def _member(parent: Bundle, place: int) -> dict[str, CoxFit]:
    return {
        name: CoxFit(
            hazard.coefficients[:, place], float(hazard.arm[place]), hazard.baseline[:, place]
        )
        for name, hazard in parent.hazards.items()
    }


def _fit_member(
    seed: np.random.SeedSequence,
    ready: Prepared,
    member: dict[str, CoxFit],
    mean_coefficients: dict[str, FloatArray],
) -> MemberFit:
    none = np.zeros((ready.cohort.size, 0))

    def fit(rng: np.random.Generator) -> MemberFit:
        weights, design = draw_sample(ready, rng)
        cox, slopes = {}, {}
        for name, old in member.items():
            times, surgery = ready.times[name], ready.cohort.arm * old.arm
            index = (design @ mean_coefficients[name])[:, None]
            found = fit_weighted_cox(index, times, Weighted(weights, surgery))
            slope = float(found.coefficients[0])
            known = surgery + slope * (design @ old.coefficients)
            baseline = fit_weighted_cox(none, times, Weighted(weights, known)).baseline
            slopes[name] = slope
            cox[name] = CoxFit(slope * old.coefficients, old.arm, baseline)
        return MemberFit(cox, slopes)

    return draw_until_fitted(fit, seed)[0]


def expected_events(bundle: Bundle, ready: Prepared, rng: np.random.Generator) -> dict[str, float]:
    """Return how many events of each hazard a bundle expects in a cohort, mean over members.

    The sum over patients of the cumulative hazard at the end of observation, in the own arm.
    """
    cohort = ready.cohort
    table = fill_gaps(cohort.table, ready.classes, np.ones(cohort.size), rng)
    design = design_matrix(table)
    observed = hazard_events(cohort.outcomes)
    return {n: _expected(bundle.hazards[n], design, cohort.arm, observed[n][0]) for n in HAZARDS}


def _expected(hazard: CoxHazard, design: FloatArray, arm: FloatArray, months: FloatArray) -> float:
    members = range(len(hazard.arm))
    sums = [
        np.interp(months, MONTHS, hazard.baseline[:, m])
        @ np.exp(design @ hazard.coefficients[:, m] + arm * hazard.arm[m])
        for m in members
    ]
    return float(np.mean(sums))


def _manifest(parent: Bundle, cohort: LocalCohort, plan: Recalibration) -> dict[str, Any]:
    kept = {k: v for k, v in parent.manifest.items() if k not in _MADE_ANEW}
    events = {n: int(event.sum()) for n, (_, event) in hazard_events(cohort.outcomes).items()}
    return {
        **kept,
        "id": plan.name,
        "version": plan.version,
        "kind": [COX],
        "seed": plan.seed,
        "packages": {name: version(name) for name in RECORDED_PACKAGES},
        "recalibration": describe(cohort, events, randomised=False, effect="parent"),
        "parent": {"id": parent.id, "version": parent.version, "digest": parent.digest},
    }


_TEMPLATE = """# Model card: {id} {version}

{intended_use}

**Recalibrated on a local cohort of {patients} patients** (data file {digest}) from the bundle
{parent} {parent_version} ({parent_digest}), whose training data are: {training_data}. The bundle
holds no patient row. {left_out}

## What was fitted anew

The baseline of each hazard (Breslow) and one slope of the parent's prognostic index (the mean over
its members), for each member on a bootstrap resample of the local patients. A slope of 1 says
that the parent spreads patients as far as they are apart; below 1, too far. The effect of surgery
is the parent's, with its differences between subgroups where it has them: it entered as a known
part of the log hazard. The parent's forests, if it has any, are not in this bundle, because they
cannot be recalibrated so.

| hazard | events | expected by the parent | observed / expected | slope | 95% limits |
| --- | --- | --- | --- | --- | --- |
{rows}

Figures reach to month {last_month}: until then at least {still_observed} local patients were
observed for every outcome. Later months are refused.

{gaps}

## What an interval means

{interval_meaning} What the parent assumes of the covariates' effects remains assumed.

## Assumptions beside the parent's

- The parent's covariates weigh against each other here as they do there; only their common
  strength, hazard by hazard, was looked at.
- The effect of surgery is the same here as for the parent.
- Local patients without observation to the end are like those with it, given the index.

# The parent's card

What it says of forests, of the baseline and of published figures beside served ones is about the
parent alone.

{parent_card}
"""


def _card(
    bundle: Bundle,
    parent: Bundle,
    cohort: LocalCohort,
    fits: tuple[list[MemberFit], dict[str, float]],
) -> str:
    described = bundle.manifest["recalibration"]
    fitted, expected = fits
    rows = []
    for name in HAZARDS:
        slopes = np.array([member.slopes[name] for member in fitted])
        low, high = np.quantile(slopes, [0.025, 0.975])
        events = described["events"][name]
        rows.append(
            f"| {name.replace('_', ' ')} | {events} | {expected[name]:.1f} "
            f"| {events / expected[name]:.2f} | {slopes.mean():.2f} | {low:.2f} to {high:.2f} |"
        )
    return _TEMPLATE.format(
        id=bundle.id,
        version=bundle.version,
        intended_use=INTENDED_USE,
        patients=described["patients"],
        digest=described["data_digest"],
        parent=parent.id,
        parent_version=parent.version,
        parent_digest=parent.digest,
        training_data=parent.training_data,
        left_out=left_out_words(cohort.left_out),
        rows="\n".join(rows),
        last_month=described["last_month"],
        still_observed=STILL_OBSERVED,
        gaps=gap_words(gaps(cohort.table), cohort.size),
        interval_meaning=COHORT_INTERVAL_MEANING,
        parent_card=_demoted(parent.card),
    )


def _demoted(card: str) -> str:
    """Return a card whose headings stand one level lower."""
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in card.splitlines())
