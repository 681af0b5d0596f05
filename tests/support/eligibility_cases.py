"""The cases of ``tests/models/eligibility_cases.toml``: patient in, verdict and words out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from models.patient import Patient
from tests.support.patients import CONFIRMED, patient_of

_PLACE = Path(__file__).parents[1] / "models" / "eligibility_cases.toml"


def cases() -> list[dict[str, Any]]:
    """Return the cases as they are written, by title in the order of the file."""
    found: list[dict[str, Any]] = tomllib.loads(_PLACE.read_text(encoding="utf-8"))["case"]
    return found


def changed(case: dict[str, Any], part: str) -> dict[str, Any]:
    """Return the values that a case changes; an empty list stands for not known."""
    return {name: None if value == [] else value for name, value in case.get(part, {}).items()}


def patient_of_case(case: dict[str, Any]) -> Patient:
    """Return the patient of a case."""
    facts = {**CONFIRMED, **changed(case, "facts")}
    return patient_of(**changed(case, "patient"), eligibility=facts)
