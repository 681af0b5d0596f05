"""The README's patient and its code blocks."""

from __future__ import annotations

import re
from pathlib import Path

from models.example import EXAMPLE_PATIENT

README = Path(__file__).parents[2] / "README.md"

README_PATIENT = EXAMPLE_PATIENT

#: One patient for each reason of the acceptance list, and the reason's code.
OUT_OF_SCOPE = {
    "progression": (
        {"eligibility": {"progression_on_systemic_therapy": True}},
        "progression_on_systemic_therapy_true",
    ),
    "brain metastasis": ({"metastatic_sites": ["bone", "brain"]}, "brain_metastasis_true"),
    "age 85": ({"age": 85, "menopausal_status": "post"}, "age_outside_trial"),
    "performance status 3": ({"ecog_ps": 3}, "performance_status_outside_trial"),
}


def code_blocks(language: str) -> list[str]:
    """Return the README's code blocks of a language, as they stand."""
    text = README.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
