"""One patient as an example: in the contract, on the page about intervals, in the README."""

from __future__ import annotations

from typing import Any

#: As JSON has her; every covariate is known.
EXAMPLE_PATIENT: dict[str, Any] = {
    "age": 47,
    "menopausal_status": "pre",
    "ecog_ps": 0,
    "clinical_t": "T4",
    "clinical_n": "N1",
    "er_status": "positive",
    "her2_status": "negative",
    "metastatic_sites": ["bone"],
}
