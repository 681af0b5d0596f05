"""The JSON Schema of a patient, derived from the specification of the fields."""

from __future__ import annotations

from typing import Any

from models.covariates import COVARIATES, ELIGIBILITY_FACTS, ELIGIBILITY_PREFIX
from models.patient import LEAST_KNOWN

#: The dialect of JSON Schema that the contract is written in.
JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"

#: What a patient is, and the least that must be known of her.
DESCRIPTION = (
    "Covariates of JCOG1017's Table 1 and facts of eligibility; null and absent mean not known. "
    f"{LEAST_KNOWN}"
)


def patient_json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a patient as `models.patient.read_patient` takes it."""
    facts = {
        field.name.removeprefix(ELIGIBILITY_PREFIX): field.json_schema()
        for field in ELIGIBILITY_FACTS
    }
    eligibility = {
        "type": ["object", "null"],
        "title": "Eligibility",
        "description": "Facts that decide whether the trial speaks about this patient.",
        "properties": facts,
        "additionalProperties": False,
    }
    return {
        "$schema": JSON_SCHEMA,
        "title": "Patient",
        "description": DESCRIPTION,
        "type": "object",
        "properties": {
            **{field.name: field.json_schema() for field in COVARIATES},
            "eligibility": eligibility,
        },
        "additionalProperties": False,
    }
