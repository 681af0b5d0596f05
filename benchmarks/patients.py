"""The patients that are measured with."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product
from typing import Any

from models.example import EXAMPLE_PATIENT

PATIENT = EXAMPLE_PATIENT

#: The same patient without the list of sites: what the models know of them.
CODED = {
    **{name: value for name, value in PATIENT.items() if name != "metastatic_sites"},
    "metastatic_organs": "1",
    "liver_metastasis": False,
    "bone_only_metastasis": True,
}

_HEADER = (
    "age,menopausal_status,ecog_ps,clinical_t,clinical_n,er_status,her2_status,"
    "metastatic_organs,liver_metastasis,bone_only_metastasis"
)
_AGES = [f"{age},{'post' if age > 51 else 'pre'}" for age in range(25, 75)]
_SIGNS = ("positive", "negative")
_SPREADS = ("1,false,true", "1,true,false", "1,false,false", "2+,true,false", "2+,false,false")
_VALUES = (
    _SPREADS,
    _AGES,
    ("T1", "T2", "T3", "T4"),
    ("N0", "N1", "N2", "N3"),
    _SIGNS,
    _SIGNS,
    ("0", "1"),
)


def csv_list(rows: int, distinct: int) -> bytes:
    """Return a CSV of patients with all values known, at most so many of them different."""
    profiles = [
        f"{age},{ecog},{t},{n},{er},{her2},{spread}"
        for spread, age, t, n, er, her2, ecog in islice(product(*_VALUES), distinct)
    ]
    lines = [profiles[number % len(profiles)] for number in range(rows)]
    return "\n".join([_HEADER, *lines]).encode()


def different_profiles() -> Iterator[dict[str, Any]]:
    """Yield patients with all values known and coded as in a list, no two of them alike."""
    names = _HEADER.split(",")
    for spread, age, *others in product(*_VALUES):
        t, n, er, her2, ecog = others
        row = f"{age},{ecog},{t},{n},{er},{her2},{spread}".split(",")
        yield {name: _decoded(name, text) for name, text in zip(names, row, strict=True)}


def _decoded(name: str, text: str) -> str | int | bool:
    if name in ("age", "ecog_ps"):
        return int(text)
    return text == "true" if text in ("true", "false") else text


def different_patients() -> Iterator[dict[str, Any]]:
    """Yield patients with all values known, no two of them alike."""
    for age, t, n, er, her2, ecog in product(
        range(25, 75), ("T1", "T2", "T3", "T4"), ("N0", "N1", "N2", "N3"), _SIGNS, _SIGNS, (0, 1)
    ):
        yield {
            **PATIENT,
            "age": age,
            "menopausal_status": "post" if age > 51 else "pre",
            "ecog_ps": ecog,
            "clinical_t": t,
            "clinical_n": n,
            "er_status": er,
            "her2_status": her2,
        }
