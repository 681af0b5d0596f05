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
from models.errors import InvalidInput, Problem
from models.outcomes import COX, HAZARDS
from models.table import FloatArray
from models.texts import COHORT_INTERVAL_MEANING, INTENDED_USE
from training.ensemble import stack_cox
from training.fitting import CoxFit, hazard_events
from training.real.card import gap_section, left_out_words
from training.real.cohort import STILL_OBSERVED, LocalCohort
from training.real.ensemble import (
    Prepared,
    draw_sample,
    draw_until_fitted,
    filled_designs,
    named,
    prepare,
)
from training.real.resampling import gaps
from training.real.terms import (
    EVENTS_PER_PARAMETER,
    column_of,
    refuse_follow_up,
    refuse_unknown,
)
from training.real.train import RECORDED_PACKAGES, count_events, describe
from training.weighted_cox import MONTHS, NoMaximum, Weighted, fit_weighted_cox

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
    problems = refuse_follow_up(cohort) + refuse_unknown(cohort)
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
) -> tuple[Bundle, list[str]]:
    """Return the recalibrated bundle, and what must be said of its slopes; nothing is written.

    Raises
    ------
    InvalidInput
        As `check_recalibration`; and if the slope of death may be zero, unless forced.
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
    slopes = {name: np.array([each.slopes[name] for each in fitted]) for name in HAZARDS}
    _refuse_slopes(slopes, plan)
    draft = replace(
        parent,
        manifest=_manifest(parent, cohort, plan),
        digest="",
        hazards=stack_cox([member.cox for member in fitted]),
        card="",
        forests={},
    )
    events = compare_events(parent, ready, np.random.default_rng(seeds[-1]))
    card = _card(draft, parent, cohort, (slopes, events))
    return replace(draft, card=card), slope_warnings(slopes)


def _limits(slopes: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(slopes, [0.025, 0.975])
    return float(low), float(high)


def slope_warnings(slopes: dict[str, FloatArray]) -> list[str]:
    """Return a sentence for each hazard whose slope's 95% limits do not lie above zero."""
    return [
        f"Hazard {name}: the slope's 95% limits, {low:.2f} to {high:.2f}, do not lie above 0: the "
        "parent's prognosis does not show in these patients."
        for name, (low, high) in ((name, _limits(found)) for name, found in slopes.items())
        if low <= 0
    ]


def _refuse_slopes(slopes: dict[str, FloatArray], plan: Recalibration) -> None:
    said = slope_warnings({"death": slopes["death"]})
    if said and not plan.force:
        accepted = "a slope above 0, or --force"
        raise InvalidInput([Problem("os_event", "no_prognosis", said[0], accepted)])


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
        weights, designs = draw_sample(ready, rng)
        cox, slopes = {}, {}
        for name, old in member.items():
            times, surgery = ready.times[name], ready.cohort.arm * old.arm
            design = designs[name]
            index = (design @ mean_coefficients[name])[:, None]
            try:
                found = fit_weighted_cox(index, times, Weighted(weights, surgery))
            except NoMaximum as error:
                raise named(error, name, ["the parent's prognostic index"]) from None
            slope = float(found.coefficients[0])
            known = surgery + slope * (design @ old.coefficients)
            baseline = fit_weighted_cox(none, times, Weighted(weights, known)).baseline
            slopes[name] = slope
            cox[name] = CoxFit(slope * old.coefficients, old.arm, baseline)
        return MemberFit(cox, slopes)

    return draw_until_fitted(fit, seed)[0]


def compare_events(
    bundle: Bundle, ready: Prepared, rng: np.random.Generator
) -> dict[str, tuple[int, float]]:
    """Return observed events and those that a bundle expects, up to its last month, by hazard.

    Expected is the sum over patients of the cumulative hazard at the end of observation, in the
    own arm: minus the logarithm of the members' mean survival of that hazard.
    """
    cohort, last = ready.cohort, bundle.last_month
    designs = filled_designs(ready, np.ones(cohort.size), rng)
    found = {}
    for name, (months, event) in hazard_events(cohort.outcomes).items():
        ends = np.minimum(months, last)
        expected = _expected(bundle.hazards[name], designs[name], cohort.arm, ends)
        found[name] = (int((event & (months <= last)).sum()), expected)
    return found


def _expected(hazard: CoxHazard, design: FloatArray, arm: FloatArray, months: FloatArray) -> float:
    survival = np.zeros(len(months))
    members = len(hazard.arm)
    for m in range(members):
        cumulative = np.interp(months, MONTHS, hazard.baseline[:, m])
        ratio = np.exp(design @ hazard.coefficients[:, m] + arm * hazard.arm[m])
        survival += np.exp(-cumulative * ratio)
    return float(-np.log(survival / members).sum())


def _manifest(parent: Bundle, cohort: LocalCohort, plan: Recalibration) -> dict[str, Any]:
    kept = {k: v for k, v in parent.manifest.items() if k not in _MADE_ANEW}
    return {
        **kept,
        "id": plan.name,
        "version": plan.version,
        "kind": [COX],
        "seed": plan.seed,
        "packages": {name: version(name) for name in RECORDED_PACKAGES},
        "recalibration": describe(cohort, count_events(cohort), randomised=False, effect="parent"),
        "parent": {
            "id": parent.id,
            "version": parent.version,
            "digest": parent.digest,
            "rows_digests": list(parent.rows_digests),
        },
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

| hazard | events by month {compared} | expected | observed / expected | slope | 95% limits |
| --- | --- | --- | --- | --- | --- |
{rows}

Both events and those expected are counted up to month {compared}, the parent's last, and up to the
end of each patient's observation. Expected is the sum over patients of the cumulative hazard that
the mean of the members' survival gives, because that mean is what is served.
{warned}
Figures reach to month {last_month}: until then at least {still_observed} local patients were
observed for every outcome. Later months are refused.

{gaps}

## What an interval means

{interval_meaning} What the parent assumes of the covariates' effects remains assumed.

## Assumptions beside the parent's

- The parent's covariates weigh against each other here as they do there; only their common
  strength, hazard by hazard, was looked at.
- The effect of surgery is the same here as for the parent. The baselines are those of both arms
  together under that effect, so that patients who were chosen for surgery move them.
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
    fits: tuple[dict[str, FloatArray], dict[str, tuple[int, float]]],
) -> str:
    described = bundle.manifest["recalibration"]
    slopes, compared = fits
    rows = []
    for name in HAZARDS:
        low, high = _limits(slopes[name])
        events, expected = compared[name]
        rows.append(
            f"| {name.replace('_', ' ')} | {events} | {expected:.1f} | {events / expected:.2f} "
            f"| {slopes[name].mean():.2f} | {low:.2f} to {high:.2f} |"
        )
    warned = [f"\n**{said}**" for said in slope_warnings(slopes)]
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
        compared=parent.last_month,
        warned="\n".join(warned) + "\n" if warned else "",
        last_month=described["last_month"],
        still_observed=STILL_OBSERVED,
        gaps=gap_section(gaps(cohort.table), cohort.size),
        interval_meaning=COHORT_INTERVAL_MEANING,
        parent_card=_demoted(parent.card),
    )


def _demoted(card: str) -> str:
    """Return a card whose headings stand one level lower."""
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in card.splitlines())
