"""The patients that are measured with."""

from __future__ import annotations

from typing import Any

PATIENT: dict[str, Any] = {
    "age": 47,
    "menopausal_status": "pre",
    "ecog_ps": 0,
    "clinical_t": "T4",
    "clinical_n": "N1",
    "er_status": "positive",
    "her2_status": "negative",
    "metastatic_sites": ["bone"],
}

_T = ("T1", "T2", "T3", "T4")
_N = ("N0", "N1", "N2", "N3")


def csv_list(rows: int) -> bytes:
    """Return a CSV of different patients, all values known."""
    lines = [
        "age,menopausal_status,ecog_ps,clinical_t,clinical_n,er_status,her2_status,"
        "metastatic_organs,liver_metastasis,bone_only_metastasis"
    ]
    for number in range(rows):
        age = 30 + number % 50
        menopause = "post" if age > 51 else "pre"
        stage = f"{_T[number // 50 % 4]},{_N[number // 200 % 4]}"
        lines.append(f"{age},{menopause},{number % 2},{stage},positive,negative,1,false,true")
    return "\n".join(lines).encode()
