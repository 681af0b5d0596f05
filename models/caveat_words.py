"""What is filled into the texts of ``caveats.toml``: published figures, and words of the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


#: What the texts say of the bundle, the question and the patient.
PROFILE_WORDS: Mapping[str, Callable[[Profile], str]] = {
    "bundle": lambda profile: profile.asked.bundle.name,
    "trained_patients": lambda profile: str(profile.asked.bundle.trained_patients),
    "cohort_patients": lambda profile: str(profile.asked.bundle.cohort_patients),
    "cohort_median": lambda profile: f"{profile.asked.bundle.cohort_median or 0:.0f}",
    "parent": lambda profile: profile.asked.bundle.parent,
    "last_horizon": lambda profile: str(profile.asked.last_horizon),
    "gap": lambda profile: str(profile.gap),
    "age": lambda profile: str(profile.extreme_age),
    "unknown": lambda profile: _listed(profile.unknown[:_IN_ONE_SENTENCE]),
    "further": lambda profile: _further(profile.unknown[_IN_ONE_SENTENCE:]),
}


def place_of(evidence: tuple[str, ...]) -> str | None:
    """Return where the words behind some figures stand, or ``None`` without a figure."""
    places = dict.fromkeys(_place(figure(name)) for name in evidence)
    return "; ".join(places) or None


def _place(row: Figure) -> str:
    own = row.source == "jcog1017"
    return row.place if own else f"{sources()[row.source]['link']}, {row.place}"


def _listed(names: tuple[str, ...]) -> str:
    """Return the labels of some fields behind each other."""
    return _(", ").join(_(FIELDS[name].label) for name in names)


def _further(names: tuple[str, ...]) -> str:
    """Return a second sentence on what is not known, ``""`` where the first has room for all."""
    return _("Also not known: {unknown}.").format(unknown=_listed(names)) if names else ""


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
