"""What is filled into the texts of ``caveats.toml``: published figures, and words of the case."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from models.caveat_case import Profile
from models.covariates import FIELDS
from models.eligibility import AGE_RANGE
from models.evidence import Figure, figure, sources, table_1
from models.language import _

#: So many unknown values fit into one sentence of at most 25 words.
_IN_ONE_SENTENCE = 5


@cache
def evidence_words() -> Mapping[str, str]:
    """Return the published figures as they are told; no word of any language is among them."""
    survival, pooled = figure("os.hr.stratified"), figure("meta_2021.os.hr")
    follow_up = figure("follow_up.median")
    ages = table_1()["age"].values()
    return {
        **_ratio_words("os", survival),
        **_ratio_words("pooled", pooled),
        "early_ptr": _share("early_distant_progression.ptr_plus_systemic_therapy"),
        "early_none": _share("early_distant_progression.systemic_therapy"),
        "early_months": str(figure("early_distant_progression.systemic_therapy").horizon_months),
        "early": str(figure("surgery.early").events),
        "later": str(figure("surgery.later").events),
        "n_none": str(figure("surgery.later").n),
        "declined": str(figure("surgery.declined").events),
        "n_surgery": str(figure("surgery.declined").n),
        "median_follow_up": f"{follow_up.estimate:g}",
        "upper_quartile": f"{(follow_up.range or (0, 0))[1]:g}",
        "randomised": str(sum(table_1()["arms"].values())),
        "youngest": str(AGE_RANGE[0]),
        "oldest": str(AGE_RANGE[1]),
        "age_low": str(min(age["quartile_1"] for age in ages)),
        "age_high": str(max(age["quartile_3"] for age in ages)),
    }


def profile_words(profile: Profile) -> Mapping[str, str]:
    """Return what the texts say of the bundle, the question and the patient."""
    bundle = profile.bundle
    return {
        "bundle": bundle.name,
        "trained_patients": str(bundle.trained_patients),
        "cohort_patients": str(bundle.cohort_patients),
        "cohort_median": f"{bundle.cohort_median or 0:.0f}",
        "parent": bundle.parent,
        "last_horizon": str(max(profile.options.horizons_months)),
        "gap": str(profile.gap),
        "age": str(profile.extreme_age),
        **_unknown_words(profile.unknown),
    }


def place_of(evidence: tuple[str, ...]) -> str | None:
    """Return where the words behind some figures stand, or ``None`` without a figure."""
    places = dict.fromkeys(_place(figure(name)) for name in evidence)
    return "; ".join(places) or None


def _place(row: Figure) -> str:
    own = row.source == "jcog1017"
    return row.place if own else f"{sources()[row.source]['link']}, {row.place}"


def _unknown_words(names: tuple[str, ...]) -> Mapping[str, str]:
    """Return the labels of what is not known, in two sentences where one would be too long."""
    labels = [_(FIELDS[name].label) for name in names]
    first, rest = labels[:_IN_ONE_SENTENCE], labels[_IN_ONE_SENTENCE:]
    further = _("Also not known: {unknown}.").format(unknown=_(", ").join(rest)) if rest else ""
    return {"unknown": _(", ").join(first), "further": further}


def _ratio_words(name: str, row: Figure) -> Mapping[str, str]:
    lower, upper = row.interval or (float("nan"), float("nan"))
    return {
        f"{name}_hr": f"{row.estimate:.2f}",
        f"{name}_level": f"{row.level:.0%}",
        f"{name}_lower": f"{lower:.2f}",
        f"{name}_upper": f"{upper:.2f}",
    }


def _share(name: str) -> str:
    return f"{figure(name).estimate:.1%}"
