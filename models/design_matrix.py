"""The design matrix of the regression models, derived from a table of columns.

Ordered stages are coded cumulatively (T3 or more; T4), so that each coefficient is the step
from one stage to the next. The receptors have their interaction, because the paper gives the
deaths of triple-negative patients (Fig. 3): all four ER x HER2 cells are free.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from models.covariates import TABLE_COVARIATES
from models.table import FloatArray, Table, code_of, codes_of_column, table_of_rows

#: Age at which the age term is zero, in years: the median of arm A (Table 1).
REFERENCE_AGE = 57.0


@dataclass(frozen=True)
class Term:
    """One column of the design matrix and how it is read from the table."""

    name: str
    label: str
    read: Callable[[Table], FloatArray]


def _at_least(field: str, value: str | int) -> Callable[[Table], FloatArray]:
    threshold = code_of(field, value)
    return lambda table: (table[field] >= threshold).astype(float)


def _equals(field: str, value: str | int) -> Callable[[Table], FloatArray]:
    code = code_of(field, value)
    return lambda table: (table[field] == code).astype(float)


_ER_POSITIVE = _equals("er_status", "positive")
_HER2_POSITIVE = _equals("her2_status", "positive")

TERMS: tuple[Term, ...] = (
    Term(
        "age_per_decade",
        "age, per 10 years",
        lambda table: (table["age"] - REFERENCE_AGE) / 10.0,
    ),
    Term("postmenopausal", "postmenopausal", _equals("menopausal_status", "post")),
    Term("ps_1_or_more", "performance status 1 or 2", _at_least("ecog_ps", 1)),
    Term("t3_or_more", "T3 or T4", _at_least("clinical_t", "T3")),
    Term("t4", "T4, beyond T3", _at_least("clinical_t", "T4")),
    Term("n1_or_more", "N1 to N3", _at_least("clinical_n", "N1")),
    Term("n2_or_more", "N2 or N3, beyond N1", _at_least("clinical_n", "N2")),
    Term("er_positive", "ER positive", _ER_POSITIVE),
    Term("her2_positive", "HER2 positive", _HER2_POSITIVE),
    Term(
        "er_and_her2_positive",
        "ER and HER2 positive, beyond both",
        lambda table: _ER_POSITIVE(table) * _HER2_POSITIVE(table),
    ),
    Term("organs_2_or_more", "two or more organs", _equals("metastatic_organs", "2+")),
    Term("liver", "liver metastasis", lambda table: table["liver_metastasis"]),
    Term("bone_only", "bone-only metastasis", lambda table: table["bone_only_metastasis"]),
)

TERM_NAMES: tuple[str, ...] = tuple(term.name for term in TERMS)


def design_matrix(table: Table) -> FloatArray:
    """Return the design matrix of a complete table, shape (rows, terms).

    Raises
    ------
    ValueError
        If a value is not known; unknown values are averaged over before (`models.population`).
    """
    asked = [name for name in table if name != "triple_negative"]
    is_unknown = np.isnan(np.array([table[name] for name in asked]))
    if is_unknown.any():
        unknown = [name for name, column in zip(asked, is_unknown, strict=True) if column.any()]
        raise ValueError(f"not known for some rows: {', '.join(unknown)}")
    # Stacking by rows and turning once is quicker than np.column_stack for a single patient.
    return np.ascontiguousarray(np.array([term.read(table) for term in TERMS]).T)


def profile_of(row: tuple[float, ...]) -> tuple[float, ...]:
    """Return what figures depend on: rows of the same profile have the same figures.

    In a complete row, values that no term tells apart (T0, T1 and T2) stand as the first of
    them. In an incomplete one every known value bears on how the others are completed
    (`models.population`), so it is its own profile.

    Parameters
    ----------
    row : tuple of float
        As `models.table.encoded_row`.
    """
    profile = []
    for value, alike in zip(row, _first_alike(), strict=True):
        if alike is not None and len(set(alike)) == 1:
            profile.append(alike[0])
        elif math.isnan(value):
            return row
        else:
            profile.append(value if alike is None else alike[int(value)])
    return tuple(profile)


@cache
def _first_alike() -> tuple[tuple[float, ...] | None, ...]:
    """Return for each column the first code that gives the same terms, by code.

    ``None`` where values are measured, not chosen.
    """
    columns = [codes_of_column(name) for name in TABLE_COVARIATES]
    most = max(len(codes) for codes in columns if codes is not None)
    # Beside each value of the other columns: terms of two columns differ there, if anywhere.
    beside = [
        [codes[min(number, len(codes) - 1)] if codes else 0.0 for codes in columns]
        for number in range(most)
    ]
    return tuple(
        None if codes is None else _first_of_the_same(place, codes, beside)
        for place, codes in enumerate(columns)
    )


def _first_of_the_same(
    place: int, codes: tuple[float, ...], beside: list[list[float]]
) -> tuple[float, ...]:
    """Return the first code of the same terms for each code of a column."""
    terms = []
    for code in codes:
        rows = [(*row[:place], code, *row[place + 1 :]) for row in beside]
        terms.append(design_matrix(table_of_rows(rows)).tobytes())
    return tuple(codes[terms.index(each)] for each in terms)
