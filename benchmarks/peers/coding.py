"""What every peer needs: a patient as a row of numbers, in plain Python.

Work: from decoded JSON to the thirteen columns that the models were fitted on, the arm behind
them. It is fair because it is as lean as can be: no checks, no data frames, no arrays.
"""

from __future__ import annotations

from typing import Any

_AGE_AT_ZERO, _DECADE = 57.0, 10.0


def design_row(patient: dict[str, Any], arm: float) -> list[float]:
    """Return the columns of the design matrix and the arm."""
    t, n = patient["clinical_t"], patient["clinical_n"]
    er, her2 = patient["er_status"] == "positive", patient["her2_status"] == "positive"
    return [
        (patient["age"] - _AGE_AT_ZERO) / _DECADE,
        float(patient["menopausal_status"] == "post"),
        float(patient["ecog_ps"] >= 1),
        float(t in ("T3", "T4")),
        float(t == "T4"),
        float(n != "N0"),
        float(n in ("N2", "N3")),
        float(er),
        float(her2),
        float(er and her2),
        float(patient["metastatic_organs"] == "2+"),
        float(patient["liver_metastasis"]),
        float(patient["bone_only_metastasis"]),
        arm,
    ]
