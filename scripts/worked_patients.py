"""Write docs/worked-patients.md: what `equipoise evidence --patient` says of twelve patients.

``python scripts/worked_patients.py`` writes the page; a test holds the page equal to it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.bundle import load_bundle
from models.patient import read_patient
from service.bundles import default_folder
from service.explanation import explanation

PAGE = Path(__file__).parents[1] / "docs" / "worked-patients.md"

_TYPICAL: dict[str, Any] = {
    "age": 58,
    "menopausal_status": "post",
    "ecog_ps": 0,
    "clinical_t": "T2",
    "clinical_n": "N1",
    "er_status": "positive",
    "her2_status": "negative",
    "metastatic_sites": ["bone", "lung"],
}


@dataclass(frozen=True)
class Worked:
    """One patient, and what a careful reader should take from the answer."""

    title: str
    reading: str
    changes: dict[str, Any]

    @property
    def message(self) -> dict[str, Any]:
        """The patient as sent; what is not known is left out."""
        return {name: each for name, each in (_TYPICAL | self.changes).items() if each is not None}


PATIENTS: tuple[Worked, ...] = (
    Worked(
        "Typical of the trial",
        "Nearly the median patient. Six of her eight ratios are below one and two above; that is "
        "no pattern, and none of them is a reason to leave the overall effect.",
        {},
    ),
    Worked(
        "Premenopausal, one organ",
        "The combination that tempts most. The two low ratios must not be multiplied, and after "
        "correction for eight pairs neither p is below 0.1. Shrunken, little of them is left.",
        {"age": 42, "menopausal_status": "pre", "metastatic_sites": ["lung"]},
    ),
    Worked(
        "Premenopausal, two organs",
        "Two rated tags that point opposite ways. Neither wins: both are rated very low.",
        {"age": 46, "menopausal_status": "pre", "metastatic_sites": ["bone", "liver"]},
    ),
    Worked(
        "Bone only, hormone receptor positive",
        "Solitary bone disease in MF07-01 and bone-only disease in the four trials are not the "
        "same; the latter shows nothing.",
        {"age": 63, "metastatic_sites": ["bone"]},
    ),
    Worked(
        "HER2 positive with liver metastases",
        "Both ratios are above one, with intervals far to either side, and neither is rated. "
        "They say nothing on local control.",
        {"age": 51, "her2_status": "positive", "metastatic_sites": ["liver"]},
    ),
    Worked(
        "Triple negative",
        "37 patients of the trial. E2108's ratio has no interval that was seen; it is a warning "
        "and no estimate.",
        {
            "age": 55,
            "er_status": "negative",
            "her2_status": "negative",
            "metastatic_sites": ["lung"],
        },
    ),
    Worked(
        "ER negative, HER2 positive",
        "Not triple negative, though ER negative: each tag counts other patients.",
        {
            "age": 60,
            "er_status": "negative",
            "her2_status": "positive",
            "metastatic_sites": ["liver", "bone"],
        },
    ),
    Worked(
        "Performance status 2 from bone pain",
        "Fig. 3 has PS 1 and 2 together, 47 patients; the trial took PS 2 only where bone "
        "metastases cause it.",
        {"age": 68, "ecog_ps": 2, "metastatic_sites": ["bone"]},
    ),
    Worked(
        "Menopause not known",
        "No tag on menopause, although her age makes one side likely: what is not known is not "
        "guessed for a tag.",
        {"age": 51, "menopausal_status": None},
    ),
    Worked(
        "Little known",
        "Only what was sent, and what follows from it, gives a tag.",
        {
            "age": 70,
            "ecog_ps": None,
            "clinical_t": None,
            "clinical_n": None,
            "er_status": None,
            "metastatic_sites": None,
            "liver_metastasis": True,
        },
    ),
    Worked(
        "Out of scope: progression on systemic therapy",
        "No subgroup is shown: the trial randomised nobody like her.",
        {"eligibility": {"progression_on_systemic_therapy": True}},
    ),
    Worked(
        "Out of scope: brain metastasis",
        "The same, with another reason.",
        {"metastatic_sites": ["bone", "brain"]},
    ),
)


def page() -> str:
    """Return the page, with the shipped bundle's shrunken ratios."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    bundle = load_bundle(default_folder())
    yield "<!-- Written by `make docs`; changes here are overwritten. -->"
    yield ""
    yield "# Twelve worked patients"
    yield ""
    yield (
        "What `equipoise evidence --patient FILE` says of twelve invented patients, each with one "
        "thing to take from it. `--format json` gives the same as values. "
        "[The evidence](reference/evidence.md) has every figure, and how credibility is rated."
    )
    for place, each in enumerate(PATIENTS, 1):
        yield from ("", f"## {place}. {each.title}", "", each.reading, "")
        yield from ("```json", json.dumps(each.message), "```", "")
        text = explanation(read_patient(each.message), bundle)
        yield from ("```text", text.rstrip("\n"), "```")


def main() -> int:
    """Write the page and return 0."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
