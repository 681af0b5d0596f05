"""Harms and burdens of surgery, as the trial counted them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from models.evidence import Figure, figure
from models.outcomes import ARMS, PTR


@dataclass(frozen=True)
class Harm:
    """One harm: its figures by arm, where an arm can have it."""

    code: str
    text: str
    figures: dict[str, str]

    def as_dict(self) -> dict[str, object]:
        """Return the harm as it stands in an answer: made once, and not to be changed."""
        return self._answer

    @cached_property
    def _answer(self) -> dict[str, object]:
        arms = {arm: _counts(figure(name)) for arm, name in self.figures.items()}
        return {"code": self.code, **arms, "interval_level": 0.95, "text": self.text}


HARMS: tuple[Harm, ...] = (
    Harm(
        "early_distant_progression",
        "Progression at metastatic sites three months after the decision.",
        {arm: f"early_distant_progression.{arm}" for arm in ARMS},
    ),
    Harm(
        "complications_grade_2_or_more",
        "Early complications of surgery of grade 2 or more, among those operated on.",
        {PTR: "complications.grade_2_or_more"},
    ),
    Harm(
        "complications_grade_3_or_more",
        "Early complications of surgery of grade 3 or more, among those operated on.",
        {PTR: "complications.grade_3_or_more"},
    ),
)


def _counts(row: Figure) -> dict[str, object]:
    return {
        "events": row.events,
        "n": row.n,
        "estimate": row.estimate,
        "interval": list(row.interval or ()),
    }
