"""The reference cohort as it is shipped, read once."""

import csv
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import training
from models.design_matrix import TERM_NAMES, design_matrix
from models.outcomes import ARMS
from models.patient import read_patient_text
from models.table import table_of
from training.cohort_csv import OUTCOME_COLUMNS
from training.simulation import DIED_FIRST, EVENT, Outcomes

COHORT_CSV = Path(training.__file__).parent / "reference" / "cohort.csv"
NAMES = (*TERM_NAMES, "arm")


@dataclass(frozen=True)
class ShippedCohort:
    """The design matrix, arm and outcomes of the shipped CSV."""

    design: np.ndarray
    arm: np.ndarray
    outcomes: Outcomes

    @property
    def columns(self):
        """The covariates and the arm."""
        return np.column_stack([self.design, self.arm])

    def hazards(self):
        """Return time and event of each of the seven hazards."""
        out = self.outcomes
        died = (out.lrfs_event == EVENT) & (out.os_event == EVENT)
        died &= out.lrfs_months == out.os_months
        relapse = np.where(died, DIED_FIRST, out.lrfs_event)
        local = {
            "local_progression": (out.lrfs_months, relapse),
            "ulceration": (out.ulceration_months, out.ulceration_event),
            "bleeding": (out.bleeding_months, out.bleeding_event),
        }
        found = {"death": (out.os_months, out.os_event == EVENT)}
        for name, (months, kind) in local.items():
            found[name] = (months, kind == EVENT)
            found[f"death_without_{name}"] = (months, kind == DIED_FIRST)
        return found


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep the linear algebra to one thread: on small matrices more of them only wait."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def cohort():
    with COHORT_CSV.open(newline="") as file:
        rows = list(csv.DictReader(file))
    covariates = [name for name in rows[0] if name not in ("row_id", "arm", *OUTCOME_COLUMNS)]
    table = table_of([read_patient_text({name: row[name] for name in covariates}) for row in rows])
    outcomes = {
        field.name: np.array([float(row[field.name]) for row in rows])
        for field in fields(Outcomes)
    }
    arm = np.array([float(ARMS.index(row["arm"])) for row in rows])
    return ShippedCohort(design_matrix(table), arm, Outcomes(**outcomes))
