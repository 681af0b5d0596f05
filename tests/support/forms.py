"""Patients as a form sends them and as a row of CSV holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def form_texts(patient: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form's fields for a JSON patient; a site is a repeated field."""
    flat = {name: value for name, value in patient.items() if name != "eligibility"}
    for name, value in (patient.get("eligibility") or {}).items():
        flat[f"eligibility.{name}"] = value
    return {name: _text(value) for name, value in flat.items() if value is not None}


def csv_cells(patient: Mapping[str, Any]) -> dict[str, str]:
    """Return the cells of a JSON patient by column; sites are separated by semicolons."""
    return {
        name: ";".join(text) if isinstance(text, list) else text
        for name, text in form_texts(patient).items()
    }


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return list(value) if isinstance(value, list) else str(value)
