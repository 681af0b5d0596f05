"""What the trial's subgroup evidence is worth for one patient.

A subgroup's hazard ratio is never given without its interval, the interaction's p and its
rating, and it never drives a figure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from models.bundle import Bundle
from models.evidence import (
    Figure,
    Interaction,
    Pair,
    Subgroup,
    evidence,
    figure,
    interactions,
    pairs,
)
from models.evidence.consistency import consistency_text, ratio_text
from models.evidence.credibility import (
    OUR_ASSESSMENT,
    RATING_LABELS,
    Assessment,
    assessment_of,
)
from models.evidence.interactions import NOT_RATED
from models.language import N_, _, current_language, joined
from models.patient import Patient

#: The pairs for which the paper itself suggests that the effect might vary (Results).
SUGGESTED_BY_THE_PAPER = ("menopause", "her2", "liver", "organs")

#: What holds for every subgroup.
DRIVES_NOTHING = N_("It drives none of the figures shown, exploratory ones aside.")

#: What a subgroup's ratio is divided by: Fig. 3's own row of all patients.
_WHOLE_TRIAL = "os.hr.unstratified"
_SHRUNKEN_LEVEL = 0.95


@dataclass(frozen=True)
class Shrunken:
    """A subgroup's hazard ratio over the whole trial's, as printed and by the joint model.

    Attributes
    ----------
    raw : float
        As Fig. 3 prints both: marginal, one subgroup at a time.
    ratio : float
        By the bundle's joint model, given the covariates; estimate, over its members.
    interval : tuple of float
        Limits of `ratio` at `level`.
    """

    raw: float
    ratio: float
    interval: tuple[float, float]
    level: float = _SHRUNKEN_LEVEL

    def as_dict(self) -> dict[str, object]:
        """Return the ratios as they stand in an answer."""
        return {
            "raw_to_whole_trial": round(self.raw, 3),
            "shrunken_to_whole_trial": round(self.ratio, 3),
            "interval": [round(limit, 3) for limit in self.interval],
            "interval_level": self.level,
        }


@dataclass(frozen=True)
class SubgroupEvidence:
    """One subgroup that a patient belongs to."""

    pair: Pair
    subgroup: Subgroup
    interaction: Interaction
    other_trials: tuple[Figure, ...]

    @cached_property
    def membership(self) -> tuple[str, tuple[object, ...]]:
        """The covariate that makes a patient a member, and the values that do."""
        ((name, values),) = self.subgroup.where.items()
        return name, tuple(values) if isinstance(values, list) else (values,)

    @cached_property
    def assessment(self) -> Assessment:
        """Our assessment of the pair."""
        return assessment_of(self.pair.id)

    @property
    def text(self) -> str:
        """The evidence in words, its worth included, and that it drives no figure."""
        return joined(self.worth, _(DRIVES_NOTHING))

    @property
    def worth(self) -> str:
        """The evidence in words, its worth included."""
        start = _("Subgroup: {subgroup}. The trial's hazard ratio was {ratio}.").format(
            subgroup=_(self.subgroup.label), ratio=ratio_text(self.subgroup)
        )
        test = _(
            "Interaction p {p:.2g}, one of eight pairs tested (by Holm {p_holm:.2g})."
        ).format(p=self.interaction.p, p_holm=self.interaction.p_holm)
        return joined(start, test, worth_text(self.assessment))

    def as_dict(self) -> dict[str, object]:
        """Return the evidence as it stands in an answer: made once, and not to be changed."""
        return _answer(self.subgroup.code, current_language())

    def shrunken(self, bundle: Bundle) -> Shrunken | None:
        """Return the raw ratio beside the bundle's shrunken one.

        ``None`` where the bundle holds no effect by subgroups.
        """
        return _shrunken(self.subgroup, bundle)


def worth_text(assessment: Assessment) -> str:
    """Return in words what a pair's rating is."""
    if assessment.rating == NOT_RATED:
        return _("There is no suggestion of a different effect; use the overall one.")
    return _("The credibility that the effect differs is {rating} ({ours}).").format(
        rating=_(RATING_LABELS[assessment.rating]), ours=_(OUR_ASSESSMENT)
    )


def subgroups_of(patient: Patient) -> tuple[SubgroupEvidence, ...]:
    """Return the subgroups that a patient is known to belong to, in the paper's order."""
    found = [rows.get(patient.values[name]) for name, rows in _by_value()]
    return tuple([row for row in found if row is not None])


@cache
def _by_value() -> tuple[tuple[str, dict[object, SubgroupEvidence]], ...]:
    """Return each pair's covariate and its subgroups by their values, in the paper's order."""
    by_pair: dict[tuple[str, str], dict[object, SubgroupEvidence]] = {}
    for row in all_subgroups():
        name, values = row.membership
        by_pair.setdefault((row.pair.id, name), {}).update(dict.fromkeys(values, row))
    return tuple((name, rows) for (_pair, name), rows in by_pair.items())


@cache
def all_subgroups() -> tuple[SubgroupEvidence, ...]:
    """Return the evidence on all sixteen subgroups of Fig. 3."""
    return tuple(
        SubgroupEvidence(pair, subgroup, interactions()[pair.id], _other_trials(subgroup.code))
        for pair in pairs()
        for subgroup in pair.subgroups
    )


@cache
def _answer(code: str, language: str) -> dict[str, object]:  # noqa: ARG001 - the texts' key
    (row,) = (each for each in all_subgroups() if each.subgroup.code == code)
    found = row.interaction
    return {
        "code": row.subgroup.code,
        "hazard_ratio": row.subgroup.estimate,
        "interval": list(row.subgroup.interval),
        "interval_level": row.subgroup.level,
        "interaction_p": round(found.p, 4),
        "interaction_p_bonferroni": round(found.p_bonferroni, 4),
        "interaction_p_holm": round(found.p_holm, 4),
        "interaction": {
            "first": row.pair.subgroups[0].code,
            "second": row.pair.subgroups[1].code,
            "ratio": round(found.ratio, 4),
            "interval": [round(limit, 4) for limit in found.interval],
            "interval_level": found.level,
        },
        "credibility": row.assessment.rating,
        "rated": row.assessment.as_dict(),
        "consistency": consistency_text(row.pair),
        "other_trials": [_other_trial(each) for each in row.other_trials],
        "text": row.text,
    }


def _other_trials(code: str) -> tuple[Figure, ...]:
    return tuple(row for row in evidence().values() if code in row.speaks_to)


def _other_trial(row: Figure) -> dict[str, object]:
    return {
        "id": row.id,
        "label": _(row.label),
        "hazard_ratio": row.estimate,
        "interval": list(row.interval) if row.interval else None,
        "interval_level": row.level,
        "status": row.status,
    }


def _shrunken(group: Subgroup, bundle: Bundle) -> Shrunken | None:
    effects, whole = bundle.subgroup_effects, figure(_WHOLE_TRIAL).estimate
    if effects is None or whole is None:
        return None
    codes = [row.subgroup.code for row in all_subgroups()]
    shifts = effects.of_subgroups[codes.index(group.code)]
    tail = (1 - _SHRUNKEN_LEVEL) / 2
    lower, upper = np.exp(np.quantile(shifts, [tail, 1 - tail]))
    mean = math.exp(shifts.mean())
    return Shrunken(group.estimate / whole, mean, (float(lower), float(upper)))
