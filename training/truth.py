"""What is true in a virtual trial: hazards by covariates and arm, and the follow-up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.covariates import FIELDS
from models.design_matrix import design_matrix
from models.evidence import Subgroup, pairs
from models.table import FloatArray, Table
from training.baselines import Baseline
from training.covariate_sampling import sample_covariates


@dataclass(frozen=True)
class Patients:
    """The patients of a virtual trial and what their hazards depend on.

    Attributes
    ----------
    table : dict of arrays, shape (patients,)
        Encoded covariates.
    arm : array, shape (patients,)
        0 systemic therapy, 1 PTR plus systemic therapy.
    design : array, shape (patients, terms)
    members : boolean array, shape (subgroups, patients)
        Who belongs to each of Fig. 3's sixteen subgroups, in the paper's order.
    modifiers : array, shape (patients, pairs)
        Membership in the second subgroup of each pair, centred: what the effect of surgery
        on death may depend on.
    """

    table: Table
    arm: FloatArray
    design: FloatArray
    members: FloatArray
    modifiers: FloatArray


@dataclass(frozen=True)
class HazardTruth:
    """One hazard by covariates and arm.

    log hazard = log baseline + design @ coefficients + arm x effect
    + (arm - 1/2) x (modifiers @ modification): the modification pulls the arms apart around
    the covariates' average effect, so that `coefficients` are average prognosis and not one
    arm's.

    Attributes
    ----------
    coefficients : array, shape (terms,)
        Log hazard ratios of the covariates.
    effect : float
        Log hazard ratio of surgery at average modifiers.
    modification : array, shape (pairs,), or None
        Change of the log hazard ratio of surgery from the first to the second subgroup.
    """

    baseline: Baseline
    coefficients: FloatArray
    effect: float
    modification: FloatArray | None = None

    def log_ratio(self, patients: Patients) -> FloatArray:
        """Return each patient's log hazard ratio to the baseline, in her own arm."""
        ratio: FloatArray = patients.design @ self.coefficients + patients.arm * self.effect
        if self.modification is not None:
            ratio += (patients.arm - 0.5) * (patients.modifiers @ self.modification)
        return ratio


@dataclass(frozen=True)
class FollowUp:
    """When observation ends for the living: the survival function of the censoring time.

    Attributes
    ----------
    beyond_60, beyond_80, beyond_96 : float
        Proportion still followed after so many months; everyone is followed for 48 months
        (Methods, Procedures), nobody beyond 132 (first randomisation in 2011).
    """

    beyond_60: float
    beyond_80: float
    beyond_96: float

    @property
    def corners(self) -> tuple[FloatArray, FloatArray]:
        """Months and the proportion still followed; straight lines between."""
        months = np.array([0.0, 48.0, 60.0, 80.0, 96.0, 132.0])
        return months, np.array([1.0, 1.0, self.beyond_60, self.beyond_80, self.beyond_96, 0.0])

    def followed(self, months: FloatArray) -> FloatArray:
        """Return the proportion still followed at some months."""
        return np.interp(months, *self.corners)

    def months_at(self, proportion: FloatArray) -> FloatArray:
        """Return the months after which a proportion is still followed."""
        months, followed = self.corners
        return np.interp(-proportion, -followed[1:], months[1:])


@dataclass(frozen=True)
class Truth:
    """Everything that a virtual trial is drawn from."""

    death: HazardTruth
    progression: HazardTruth
    ulceration: HazardTruth
    bleeding: HazardTruth
    follow_up: FollowUp


def sample_patients(rng: np.random.Generator) -> Patients:
    """Return the 205 + 202 patients of one virtual trial, without outcomes."""
    return patients_of(*sample_covariates(rng))


def patients_of(table: Table, arm: FloatArray) -> Patients:
    """Return patients with what their hazards depend on, from their covariates and arm."""
    groups = [subgroup for pair in pairs() for subgroup in pair.subgroups]
    members = np.array([is_member(table, subgroup) for subgroup in groups], dtype=float)
    second = members[1::2].T
    return Patients(table, arm, design_matrix(table), members, second - second.mean(axis=0))


def is_member(table: Table, subgroup: Subgroup) -> FloatArray:
    """Return 1 for the rows of a table that belong to a subgroup of Fig. 3, else 0."""
    ((field, values),) = subgroup.where.items()
    wanted = values if isinstance(values, tuple | list) else [values]
    codes = [FIELDS[field].encode(value) for value in wanted]
    return np.isin(table[field], codes).astype(float)
