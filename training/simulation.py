"""Drawing the outcomes of a virtual trial from its truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray
from training.truth import HazardTruth, Patients, Truth

DAYS_PER_MONTH = 30.4375

CENSORED, EVENT, DIED_FIRST = 0, 1, 2


@dataclass(frozen=True)
class Outcomes:
    """Observed times in months and what ended them, one entry a patient.

    Attributes
    ----------
    os_event, lrfs_event : arrays
        0 censored, 1 event.
    ulceration_event, bleeding_event : arrays
        0 censored, 1 event, 2 died first.
    """

    os_months: FloatArray
    os_event: FloatArray
    lrfs_months: FloatArray
    lrfs_event: FloatArray
    ulceration_months: FloatArray
    ulceration_event: FloatArray
    bleeding_months: FloatArray
    bleeding_event: FloatArray

    def first_local_event(self) -> FloatArray:
        """Return what ended local relapse-free survival: 0 censored, 1 local progression, 2 death.

        A relapse-free time that ends with the patient's death is counted as death without
        local progression.
        """
        died = (self.lrfs_event == EVENT) & (self.os_event == EVENT)
        died &= self.lrfs_months == self.os_months
        return np.where(died, DIED_FIRST, self.lrfs_event).astype(float)


class Uniforms(Protocol):
    """A source of uniform numbers for the patients of a trial, shape (patients,)."""

    def __call__(self) -> FloatArray:
        """Return fresh numbers between 0 and 1."""


def independent_uniforms(patients: Patients, rng: np.random.Generator) -> Uniforms:
    """Return the source of a virtual trial: patients drawn independently."""
    return lambda: rng.random(len(patients.arm))


def spread_uniforms(patients: Patients, rng: np.random.Generator) -> Uniforms:
    """Return a source spread evenly within each arm, in random order.

    A cohort from it lies close to what is expected: its curves hardly vary from draw to draw,
    so it shows a trial's results but not how far chance would move them.
    """

    def draw() -> FloatArray:
        uniforms = np.empty(len(patients.arm))
        for arm in (0, 1):
            rows = np.flatnonzero(patients.arm == arm)
            spread = (np.arange(len(rows)) + rng.random(len(rows))) / len(rows)
            uniforms[rows] = rng.permutation(spread)
        return uniforms

    return draw


def simulate_outcomes(patients: Patients, truth: Truth, uniforms: Uniforms) -> Outcomes:
    """Return outcomes drawn from a truth.

    Given the covariates, death, local progression, ulceration and bleeding are independent
    (an assumption: the paper gives each alone). Times are whole days, at least one.
    """

    def strikes(hazard: HazardTruth) -> FloatArray:
        return _whole_days(event_months(hazard, patients, uniforms()))

    death = strikes(truth.death)
    progression = strikes(truth.progression)
    end = _whole_days(truth.follow_up.months_at(uniforms()))
    os_months = np.minimum(death, end)
    relapse = np.minimum(progression, death)
    ulceration = strikes(truth.ulceration)
    bleeding = strikes(truth.bleeding)
    return Outcomes(
        os_months,
        _flag(death <= end),
        np.minimum(relapse, end),
        _flag(relapse <= end),
        np.minimum(ulceration, os_months),
        _first_event(ulceration, death, end),
        np.minimum(bleeding, os_months),
        _first_event(bleeding, death, end),
    )


def event_months(truth: HazardTruth, patients: Patients, uniform: FloatArray) -> FloatArray:
    """Return the months at which a hazard alone would strike, from uniform numbers."""
    exponential = -np.log1p(-uniform)
    return truth.baseline.months_at(exponential / np.exp(truth.log_ratio(patients)))


def _whole_days(months: FloatArray) -> FloatArray:
    days: FloatArray = np.maximum(np.ceil(months * DAYS_PER_MONTH), 1.0)
    return days / DAYS_PER_MONTH


def _first_event(event: FloatArray, death: FloatArray, end: FloatArray) -> FloatArray:
    happened = event <= np.minimum(death, end)
    return np.where(happened, EVENT, np.where(death <= end, DIED_FIRST, CENSORED)).astype(float)


def _flag(happened: NDArray[np.bool_]) -> FloatArray:
    return happened.astype(float)
