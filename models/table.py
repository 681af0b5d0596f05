"""Patients as a table of columns: one float array a covariate, NaN for not known.

A column holds `models.fields.Field.encode` of each value: years for the age (completed), the
place in the list of choices for the others, 0 and 1 for flags.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.covariates import FIELDS, TABLE_COVARIATES
from models.patient import Patient

FloatArray = NDArray[np.float64]
Table = dict[str, FloatArray]

_ENCODERS = tuple((name, FIELDS[name].encode) for name in TABLE_COVARIATES)


def table_of(patients: Sequence[Patient]) -> Table:
    """Return the columns of some patients, each of shape (patients,)."""
    columns = np.array(
        [[encode(patient.values[name]) for patient in patients] for name, encode in _ENCODERS]
    )
    table = dict(zip(TABLE_COVARIATES, columns, strict=True))
    table["age"] = np.floor(table["age"])
    return table


def row_count(table: Table) -> int:
    """Return the number of rows of a table."""
    return len(table["age"])


def select_rows(table: Table, rows: NDArray[np.intp] | slice) -> Table:
    """Return some rows of a table as a table."""
    return {name: column[rows] for name, column in table.items()}


def code_of(name: str, value: str | int) -> float:
    """Return the number that stands for a choice in its column."""
    return FIELDS[name].encode(value)
