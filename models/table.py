"""Patients as a table of columns: one float array a covariate, NaN for not known.

A column holds `models.fields.Field.encode` of each value: years for the age (completed), the
place in the list of choices for the others, 0 and 1 for flags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.covariates import FIELDS, TABLE_COVARIATES
from models.fields import Field, NumberField, Value
from models.patient import Patient

FloatArray = NDArray[np.float64]
Table = dict[str, FloatArray]


def _encoder(field: Field) -> Callable[[Value | None], float]:
    """Return what gives a value's number; few values are looked up."""
    if isinstance(field, NumberField):
        return field.encode
    return {value: field.encode(value) for value in (None, *_choices(field))}.__getitem__


def _choices(field: Field) -> tuple[Value, ...]:
    """Return what may be chosen, in order."""
    return tuple(getattr(field, "values", (False, True)))


_ENCODERS = tuple((name, _encoder(FIELDS[name])) for name in TABLE_COVARIATES)
_AGE = TABLE_COVARIATES.index("age")


def encoded_row(patient: Patient) -> tuple[float, ...]:
    """Return a patient's row of the table, in the order of `TABLE_COVARIATES`."""
    row = [encode(patient.values[name]) for name, encode in _ENCODERS]
    row[_AGE] = patient.completed_age
    return tuple(row)


def table_of_rows(rows: Sequence[tuple[float, ...]]) -> Table:
    """Return the columns of some encoded rows, each of shape (rows,)."""
    columns = np.array(rows, dtype=np.float64).reshape(len(rows), len(TABLE_COVARIATES)).T
    return dict(zip(TABLE_COVARIATES, columns.copy(), strict=True))


def table_of(patients: Sequence[Patient]) -> Table:
    """Return the columns of some patients, each of shape (patients,)."""
    return table_of_rows([encoded_row(patient) for patient in patients])


def row_count(table: Table) -> int:
    """Return the number of rows of a table."""
    return len(table["age"])


def select_rows(table: Table, rows: NDArray[np.intp] | slice) -> Table:
    """Return some rows of a table as a table."""
    return {name: column[rows] for name, column in table.items()}


def code_of(name: str, value: str | int) -> float:
    """Return the number that stands for a choice in its column."""
    return FIELDS[name].encode(value)


def codes_of_column(name: str) -> tuple[float, ...] | None:
    """Return the numbers that a column may hold, in order; ``None`` where values are measured."""
    field = FIELDS[name]
    if isinstance(field, NumberField):
        return None
    return tuple(field.encode(value) for value in _choices(field))
