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
_SIGNS = ("positive", "negative")
#: Sites of metastases, and the columns that follow from them.
_SPREADS = {
    ("bone",): "1,false,true",
    ("liver",): "1,true,false",
    ("lung",): "1,false,false",
    ("liver", "bone"): "2+,true,false",
    ("lung", "bone"): "2+,false,false",
}
#: As lists write them down. The models tell neither T1 from T2 nor N2 from N3.
_WRITTEN = (
    _SPREADS,
    range(25, 75),
    ("T1", "T2", "T3", "T4"),
    ("N0", "N1", "N2", "N3"),
    _SIGNS,
    _SIGNS,
    (0, 1),
)
#: All of them told apart by the models: none has the figures of another.
_TOLD_APART = (
    _SPREADS,
    range(20, 80),
    ("T2", "T3", "T4"),
    ("N0", "N1", "N2"),
    _SIGNS,
    _SIGNS,
    (0, 1),
)


def csv_list(rows: int, distinct: int, *, told_apart: bool = False) -> bytes:
    """Return a CSV of patients with all values known, at most so many of them different.

    Parameters
    ----------
    told_apart : bool
        Whether the models tell all of them apart; else stages are as lists have them.
    """
    written = product(*(_TOLD_APART if told_apart else _WRITTEN))
    profiles = [_line(*values) for values in islice(written, distinct)]
    lines = [profiles[number % len(profiles)] for number in range(rows)]
    return "\n".join([_HEADER, *lines]).encode()


def different_profiles() -> Iterator[dict[str, Any]]:
    """Yield patients with all values known and coded as in a list; the models tell all apart."""
    names = _HEADER.split(",")
    for values in product(*_TOLD_APART):
        row = _line(*values).split(",")
        yield {name: _decoded(name, text) for name, text in zip(names, row, strict=True)}


def different_patients() -> Iterator[dict[str, Any]]:
    """Yield the same patients with their sites of metastases."""
    for sites, age, t, n, er, her2, ecog in product(*_TOLD_APART):
        yield {
            **PATIENT,
            "age": age,
            "menopausal_status": _menopause(age),
            "ecog_ps": ecog,
            "clinical_t": t,
            "clinical_n": n,
            "er_status": er,
            "her2_status": her2,
            "metastatic_sites": list(sites),
        }


def _line(  # noqa: PLR0913, PLR0917 (the columns of a list)
    sites: tuple[str, ...], age: int, t: str, n: str, er: str, her2: str, ecog: int
) -> str:
    return f"{age},{_menopause(age)},{ecog},{t},{n},{er},{her2},{_SPREADS[sites]}"


def _menopause(age: int) -> str:
    return "post" if age > 51 else "pre"


def _decoded(name: str, text: str) -> str | int | bool:
    if name in ("age", "ecog_ps"):
        return int(text)
    return text == "true" if text in ("true", "false") else text
