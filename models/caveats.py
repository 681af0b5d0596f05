"""The caveats of one answer, each with a code, a severity and why it applies to her.

The texts and their evidence stand in ``caveats.toml``; the rules that decide when one applies
are here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

from models.analyses import Analysis
from models.bundle import Bundle
from models.covariates import FIELDS
from models.evidence import Figure, figure, pairs
from models.options import Options
from models.outcomes import (
    FOREST,
    LEARNED_EFFECT,
    LOCAL_COMPLICATIONS_GIVEN_AT,
    MEDIAN_FOLLOW_UP,
    SUBGROUP_EFFECT,
    UPPER_QUARTILE_OF_FOLLOW_UP,
)
from models.patient import Patient
from models.subgroups import (
    SUGGESTED_BY_THE_PAPER,
    SubgroupEvidence,
    all_subgroups,
    subgroups_of,
)

#: Most pressing first; within a severity the order of the file.
SEVERITIES = ("stop", "warning", "info")

#: Ages within this many years of the trial's limits are called extreme (an assumption).
_LOW_AGE, _HIGH_AGE = 25, 75

#: Probabilities of the two models that differ by so much are called far apart (an assumption).
_FAR_APART = 0.10


@dataclass(frozen=True)
class Caveat:
    """One caveat, ready to be read."""

    code: str
    severity: str
    text: str
    applies_because: str
    evidence: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return the caveat as it stands in an answer."""
        return {
            "code": self.code,
            "severity": self.severity,
            "text": self.text,
            "applies_because": self.applies_because,
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True)
class Case:
    """What the rules look at.

    Attributes
    ----------
    gap : float
        How far the two models' probabilities are apart at most; 0 when one was asked for.
    """

    patient: Patient
    bundle: Bundle
    options: Options
    gap: float = 0.0

    @property
    def horizons(self) -> tuple[int, ...]:
        """Months after the decision that were asked for."""
        return self.options.horizons_months

    @property
    def listed(self) -> tuple[Analysis, ...]:
        """The analyses that stand beside each other."""
        return self.options.listed(self.bundle.held)

    @property
    def effect_of_surgery(self) -> str | None:
        """Where a bundle trained on a real cohort has its effect of surgery from."""
        cohort = self.bundle.manifest.get("cohort")
        return None if cohort is None else str(cohort["effect_of_surgery"])


#: The rules that ``when`` names.
RULES: Mapping[str, Callable[[Case], bool]] = {
    "synthetic": lambda case: case.bundle.training_data == "synthetic",
    "trained_on_cohort": lambda case: case.bundle.training_data == "cohort",
    "recalibrated": lambda case: "recalibration" in case.bundle.manifest,
    "trained_on_cohort_arms": lambda case: case.effect_of_surgery == "cohort",
    "trained_with_published_effect": lambda case: case.effect_of_surgery == "published",
    "past_cohort_median": lambda case: (
        case.bundle.cohort is not None
        and max(case.horizons) > case.bundle.cohort["median_follow_up"]
    ),
    "past_median": lambda case: (
        case.bundle.cohort is None and max(case.horizons) > MEDIAN_FOLLOW_UP
    ),
    "past_upper_quartile": lambda case: (
        case.bundle.cohort is None and max(case.horizons) > UPPER_QUARTILE_OF_FOLLOW_UP
    ),
    "not_48": lambda case: (
        case.bundle.cohort is None
        and any(h != LOCAL_COMPLICATIONS_GIVEN_AT for h in case.horizons)
    ),
    "two_models": lambda case: any(each.model == FOREST for each in case.listed),
    "models_far_apart": lambda case: case.gap >= _FAR_APART,
    "subgroup_effect": lambda case: any(each.effect == SUBGROUP_EFFECT for each in case.listed),
    "learned_effect": lambda case: any(each.effect == LEARNED_EFFECT for each in case.listed),
    "unknown": lambda case: bool(case.patient.unknown_covariates),
    "ps_1_or_2": lambda case: case.patient.values["ecog_ps"] in (1, 2),
    "triple_negative": lambda case: case.patient.values["triple_negative"] is True,
    "extreme_age": lambda case: (
        case.patient.completed_age <= _LOW_AGE or case.patient.completed_age >= _HIGH_AGE
    ),
}


def caveats_for(case: Case) -> list[Caveat]:
    """Return the caveats of one answer, most pressing first, always in the same order."""
    words = {**_evidence_words(), **_patient_words(case)}
    same = _same_for_all()
    found = [
        same.get(code) or _caveat(code, row, words)
        for code, row in caveat_texts().items()
        if "when" not in row or RULES[row["when"]](case)
    ]
    of_subgroups = _subgroup_caveats()
    codes = [row.subgroup.code for row in subgroups_of(case.patient)]
    found += [of_subgroups[code] for code in codes if code in of_subgroups]
    return sorted(found, key=lambda caveat: SEVERITIES.index(caveat.severity))


@cache
def caveat_texts() -> dict[str, dict[str, Any]]:
    """Return the rows of ``caveats.toml`` by code."""
    text = resources.files("models").joinpath("caveats.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _same_for_all() -> dict[str, Caveat]:
    """Return the caveats whose words are the same for every patient, by code."""
    words = _evidence_words()
    return {
        code: _caveat(code, row, words)
        for code, row in caveat_texts().items()
        if _names(row["text"]) | _names(row["because"]) <= set(words)
    }


def _names(text: str) -> set[str]:
    """Return the names that a text has filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _caveat(code: str, row: dict[str, Any], words: dict[str, str]) -> Caveat:
    return Caveat(
        code,
        row["severity"],
        row["text"].format_map(words),
        row["because"].format_map(words),
        tuple(row["evidence"]),
    )


@cache
def _subgroup_caveats() -> dict[str, Caveat]:
    """Return the caveats of the subgroups that the paper points at, by the subgroup's code."""
    suggested = [row for row in all_subgroups() if row.pair.id in SUGGESTED_BY_THE_PAPER]
    return {row.subgroup.code: _subgroup_caveat(row) for row in suggested}


def _subgroup_caveat(row: SubgroupEvidence) -> Caveat:
    return Caveat(
        code=f"subgroup_{row.subgroup.code}",
        severity="info",
        text=row.text,
        applies_because=f"She belongs to this subgroup: {row.subgroup.label}.",
        evidence=(row.subgroup.code, *(trial.id for trial in row.other_trials)),
    )


@cache
def _evidence_words() -> dict[str, str]:
    survival = figure("os.hr.stratified")
    follow_up = figure("follow_up.median")
    sizes = {group.code: sum(group.n) for pair in pairs() for group in pair.subgroups}
    lower, upper = survival.interval or (float("nan"), float("nan"))
    return {
        "os_hr": f"{survival.estimate:.2f}",
        "os_level": f"{survival.level:.0%}",
        "os_interval": f"{lower:.2f} to {upper:.2f}",
        "early_ptr": _share("early_distant_progression.ptr_plus_systemic_therapy"),
        "early_none": _share("early_distant_progression.systemic_therapy"),
        "later": _counts(figure("surgery.later")),
        "declined": _counts(figure("surgery.declined")),
        "median_follow_up": f"{follow_up.estimate:g}",
        "upper_quartile": f"{(follow_up.range or (0, 0))[1]:g}",
        "n_ps": str(sizes["ps_1_or_2"]),
        "n_tn": str(sizes["triple_negative"]),
    }


def _patient_words(case: Case) -> dict[str, str]:
    unknown = [FIELDS[name].label for name in case.patient.unknown_covariates]
    return {
        **_cohort_words(case.bundle),
        "bundle": f"{case.bundle.id} {case.bundle.version}",
        "last_horizon": str(max(case.horizons)),
        "unknown": ", ".join(unknown),
        "gap": f"{100 * case.gap:.0f}",
        "age": f"{case.patient.completed_age:g}",
    }


def _cohort_words(bundle: Bundle) -> dict[str, str]:
    cohort = bundle.cohort
    if cohort is None:
        return {}
    trained = bundle.manifest.get("cohort", cohort)
    parent = bundle.manifest.get("parent", {"id": "", "version": ""})
    return {
        "trained_patients": str(trained["patients"]),
        "cohort_patients": str(cohort["patients"]),
        "cohort_median": f"{cohort['median_follow_up']:.0f}",
        "parent": f"{parent['id']} {parent['version']}",
    }


def _share(name: str) -> str:
    return f"{figure(name).estimate:.1%}"


def _counts(row: Figure) -> str:
    return f"{row.events} of {row.n}"
