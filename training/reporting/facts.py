"""The words that the answers of the checklists are filled in with.

Every number in an answer comes from here, and from the bundle, the evidence or the priors.
"""

from __future__ import annotations

import numpy as np

from models.bundle import Bundle
from models.eligibility import AGE_RANGE
from models.evidence import figure, table_1
from models.outcomes import ARMS, LOCAL_COMPLICATIONS_GIVEN_AT, PTR, SYSTEMIC_THERAPY
from models.texts import ARMS_ARE_POLICIES, INTENDED_USE, TIME_ORIGIN
from training.priors import ASSUMPTION, priors

#: Where the effect of surgery of a cohort's bundle is from, in words.
_EFFECTS = {"cohort": "estimated from its arms", "published": "taken from the trial"}


def facts(bundle: Bundle) -> dict[str, str]:
    """Return every word by its name; those of a cohort only when the bundle has one."""
    return {
        **_of_bundle(bundle),
        **_of_trial(),
        **_of_priors(),
        **_of_cohort(bundle),
    }


def _of_bundle(bundle: Bundle) -> dict[str, str]:
    manifest = bundle.manifest
    return {
        "id": bundle.id,
        "version": bundle.version,
        "members": str(manifest["members"]),
        "seed": str(manifest["seed"]),
        "packages": ", ".join(f"{name} {text}" for name, text in manifest["packages"].items()),
        "terms": str(len(manifest["terms"])),
        "last_month": str(bundle.last_month),
        "intended_use": INTENDED_USE,
        "time_origin": TIME_ORIGIN,
        "arms": ARMS_ARE_POLICIES,
        "local_month": str(LOCAL_COMPLICATIONS_GIVEN_AT),
    }


def _of_trial() -> dict[str, str]:
    table = table_1()
    sizes, ages = table["arms"], table["age"]
    deaths = {arm: _events(f"os.events.{arm}") for arm in ARMS}
    impaired = sum(
        count
        for arm in ARMS
        for grade, count in table["counts"][arm]["ecog_ps"].items()
        if grade != "0"
    )
    survival, follow_up = figure("os.hr.stratified"), figure("follow_up.median")
    lower, upper = survival.interval or (np.nan, np.nan)
    first, third = follow_up.range or (np.nan, np.nan)
    return {
        "patients": str(sum(sizes.values())),
        "arm_none": str(sizes[SYSTEMIC_THERAPY]),
        "arm_ptr": str(sizes[PTR]),
        "deaths": str(sum(deaths.values())),
        "deaths_none": str(deaths[SYSTEMIC_THERAPY]),
        "deaths_ptr": str(deaths[PTR]),
        "declined": str(_events("surgery.declined")),
        "later": str(_events("surgery.later")),
        "ps_impaired": str(impaired),
        "age_none": str(ages[SYSTEMIC_THERAPY]["median"]),
        "age_ptr": str(ages[PTR]["median"]),
        "age_low": str(AGE_RANGE[0]),
        "age_high": str(AGE_RANGE[1]),
        "os_hr": f"{survival.estimate:.2f}",
        "os_level": f"{survival.level:.0%}",
        "os_low": f"{lower:.2f}",
        "os_high": f"{upper:.2f}",
        "follow_up_median": f"{follow_up.estimate:g}",
        "follow_up_low": f"{first:g}",
        "follow_up_high": f"{third:g}",
        "follow_up_minimum": f"{figure('follow_up.minimum').estimate:g}",
    }


def _events(name: str) -> int:
    events = figure(name).events
    if events is None:
        raise ValueError(f"{name} has no count")
    return events


def _of_priors() -> dict[str, str]:
    sources = [source for prior in priors().values() for source in prior.sources]
    assumed = sum(source == ASSUMPTION for source in sources)
    return {"assumed_priors": str(assumed), "all_priors": str(len(sources))}


def _of_cohort(bundle: Bundle) -> dict[str, str]:
    cohort = bundle.manifest.get("cohort")
    if cohort is None:
        return {}
    return {
        "cohort_patients": str(cohort["patients"]),
        "data_digest": str(cohort["data_digest"]),
        "effect_source": _EFFECTS[cohort["effect_of_surgery"]],
    }
