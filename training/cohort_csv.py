"""Cohorts as CSV: the columns of the contract, one row a patient."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict

import numpy as np

from models.covariates import COVARIATES, FIELDS
from models.fields import ChoiceField, FlagField
from models.outcomes import ARMS
from models.patient import read_patient_text
from models.table import table_of
from training.cohort import Cohort
from training.simulation import Outcomes
from training.truth import patients_of

OUTCOME_COLUMNS: tuple[str, ...] = (
    "os_months",
    "os_event",
    "lrfs_months",
    "lrfs_event",
    "ulceration_months",
    "ulceration_event",
    "bleeding_months",
    "bleeding_event",
)
COLUMNS: tuple[str, ...] = (
    "row_id",
    "arm",
    *(field.name for field in COVARIATES),
    *OUTCOME_COLUMNS,
)


def cohort_csv(cohort: Cohort) -> str:
    """Return a cohort as CSV text, rows named ``sim-0001`` and so on.

    The sites are given where one organ is affected, because only those are published.
    """
    outcomes = asdict(cohort.outcomes)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row, arm in enumerate(cohort.patients.arm.astype(int)):
        covariates = [
            cohort.sites[row]
            if field.name == "metastatic_sites"
            else _text(field.name, cohort.patients.table[field.name][row])
            for field in COVARIATES
        ]
        ends = [_number(name, outcomes[name][row]) for name in OUTCOME_COLUMNS]
        writer.writerow([f"sim-{row + 1:04d}", ARMS[arm], *covariates, *ends])
    return buffer.getvalue()


def read_cohort(text: str) -> Cohort:
    """Return the cohort of CSV text that `cohort_csv` wrote."""
    rows = list(csv.DictReader(io.StringIO(text)))
    names = [field.name for field in COVARIATES]
    table = table_of([read_patient_text({name: row[name] for name in names}) for row in rows])
    arm = np.array([float(ARMS.index(row["arm"])) for row in rows])
    outcomes = {name: np.array([float(row[name]) for row in rows]) for name in OUTCOME_COLUMNS}
    sites = tuple(row["metastatic_sites"] for row in rows)
    return Cohort(patients_of(table, arm), Outcomes(**outcomes), sites)


def _text(name: str, code: float) -> str:
    field = FIELDS[name]
    if isinstance(field, ChoiceField):
        return str(field.values[int(code)])
    if isinstance(field, FlagField):
        return "true" if code else "false"
    return f"{code:g}"


def _number(name: str, value: float) -> str:
    return f"{value:.4f}" if name.endswith("_months") else f"{value:g}"
