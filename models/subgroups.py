"""What the trial's subgroup evidence is worth for one patient.

A subgroup's hazard ratio is never given without its interval, the interaction's p and its
rating, and it never drives a figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

from models.evidence import Figure, Interaction, Pair, Subgroup, evidence, interaction_of, pairs
from models.evidence.interactions import NOT_RATED
from models.patient import Patient

#: The pairs for which the paper itself suggests that the effect might vary (Results).
SUGGESTED_BY_THE_PAPER = ("menopause", "her2", "liver", "organs")


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

    @property
    def text(self) -> str:
        """The evidence in words, its worth included."""
        lower, upper = self.subgroup.interval
        start = (
            f"For {self.subgroup.label} the trial's hazard ratio was "
            f"{self.subgroup.estimate:.2f} (95% interval {lower:.2f} to {upper:.2f}). "
        )
        worth = (
            "There is no suggestion of a different effect; use the overall one."
            if self.interaction.credibility == NOT_RATED
            else f"The credibility that the effect differs is {self.interaction.credibility} "
            "(our assessment)."
        )
        test = f"Interaction p {self.interaction.p:.2g}, one of eight pairs tested. "
        return (
            start + test + worth + " It drives none of the figures shown, exploratory ones aside."
        )

    def as_dict(self) -> dict[str, object]:
        """Return the evidence as it stands in an answer: made once, and not to be changed."""
        return self._answer

    @cached_property
    def _answer(self) -> dict[str, object]:
        return {
            "code": self.subgroup.code,
            "hazard_ratio": self.subgroup.estimate,
            "interval": list(self.subgroup.interval),
            "interval_level": self.subgroup.level,
            "interaction_p": round(self.interaction.p, 4),
            "credibility": self.interaction.credibility,
            "other_trials": [_other_trial(row) for row in self.other_trials],
            "text": self.text,
        }


def subgroups_of(patient: Patient) -> tuple[SubgroupEvidence, ...]:
    """Return the subgroups that a patient is known to belong to, in the paper's order."""
    return tuple(row for row in all_subgroups() if _belongs(patient, row))


@cache
def all_subgroups() -> tuple[SubgroupEvidence, ...]:
    """Return the evidence on all sixteen subgroups of Fig. 3."""
    return tuple(
        SubgroupEvidence(pair, subgroup, interaction_of(pair), _other_trials(subgroup.code))
        for pair in pairs()
        for subgroup in pair.subgroups
    )


def _belongs(patient: Patient, row: SubgroupEvidence) -> bool:
    name, values = row.membership
    return patient.values[name] in values


def _other_trials(code: str) -> tuple[Figure, ...]:
    return tuple(row for row in evidence().values() if code in row.speaks_to)


def _other_trial(row: Figure) -> dict[str, object]:
    return {
        "id": row.id,
        "label": row.label,
        "hazard_ratio": row.estimate,
        "interval": list(row.interval) if row.interval else None,
        "interval_level": row.level,
        "status": row.status,
    }
