"""What was observed of one outcome, and the weights that make up for censoring.

Inverse probability of censoring weights (IPCW) stand on Kaplan-Meier's estimate of the censoring
time, the same for all patients: that observation ends independently of prognosis is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.outcomes import OUTCOMES
from models.table import FloatArray
from training.real.cohort import LocalCohort
from training.simulation import CENSORED, DIED_FIRST, EVENT

_COLUMNS = {
    "overall_survival": "os",
    "local_relapse_free_survival": "lrfs",
    "local_ulceration": "ulceration",
    "local_bleeding": "bleeding",
}


class CannotCompute(ArithmeticError):
    """A figure that these patients do not determine; the message says why."""


@dataclass(frozen=True)
class Observed:
    """Observed times of one outcome and what ended them.

    Attributes
    ----------
    months : array, shape (patients,)
    status : array, shape (patients,)
        0 censored, 1 event, 2 died before the event.
    """

    months: FloatArray
    status: FloatArray

    def rows(self, chosen: NDArray[np.intp]) -> Observed:
        """Return what was observed of some rows."""
        return Observed(self.months[chosen], self.status[chosen])

    def events_by(self, month: float) -> int:
        """Return the number of observed events by a month."""
        return int(((self.status == EVENT) & (self.months <= month)).sum())


def observed_of(cohort: LocalCohort) -> dict[str, Observed]:
    """Return what was observed of each outcome; an event of a survival is its end."""
    return {
        outcome.name: Observed(
            getattr(cohort.outcomes, f"{_COLUMNS[outcome.name]}_months"),
            getattr(cohort.outcomes, f"{_COLUMNS[outcome.name]}_event"),
        )
        for outcome in OUTCOMES
    }


def still_uncensored(observed: Observed, at: FloatArray) -> FloatArray:
    """Return Kaplan-Meier's proportion still uncensored just before some months.

    At tied times events come before censorings, as in `survfit` and scikit-survival.
    """
    order = np.argsort(observed.months, kind="stable")
    months, censored = observed.months[order], observed.status[order] == CENSORED
    distinct, first = np.unique(months, return_index=True)
    sizes = np.diff(np.append(first, len(months)))
    ends = np.add.reduceat(censored.astype(float), first)
    at_risk = len(months) - first
    # Those with an event at the same time have left before the censored ones.
    factors = 1 - ends / np.maximum(at_risk - (sizes - ends), 1)
    steps = np.concatenate([[1.0], np.cumprod(factors)])
    found: FloatArray = steps[np.searchsorted(distinct, at, side="left")]
    return found


def censoring_months(observed: Observed, last: float, rng: np.random.Generator) -> FloatArray:
    """Return when each patient is censored; after an event, a draw of when she would be.

    Drawn from Kaplan-Meier's distribution of the censoring time, given that it is not before the
    event; at a last month for those whom it does not reach.
    """
    censored = observed.status == CENSORED
    times = np.unique(observed.months[censored])
    after = still_uncensored(observed, np.nextafter(times, np.inf))
    level = rng.random(len(censored)) * still_uncensored(observed, observed.months)
    # Falling steps: the first time at which fewer than the level are left.
    place = np.searchsorted(-after, -level, side="right")
    drawn = np.append(times, last)[place]
    return np.where(
        censored, observed.months, np.minimum(np.maximum(drawn, observed.months), last)
    )


def happened_by(observed: Observed, month: float) -> tuple[FloatArray, FloatArray]:
    """Return who had the event by a month, and the weight of each patient.

    Those censored before have weight 0; those whose state is known have one over the probability
    of being uncensored until it was known. Whoever is censored at the month itself was free of
    the event through it, so a cohort whose observation ends there for everybody has figures.

    Raises
    ------
    CannotCompute
        If nobody without an event was observed until then.
    """
    ended = (observed.months <= month) & (observed.status != CENSORED)
    beyond = (observed.months >= month) & ~ended
    if not beyond.any():
        raise CannotCompute(f"nobody was observed until month {month:g}")
    own = still_uncensored(observed, observed.months)
    # G(month-), the chance of being observed until the month. scikit-survival takes those
    # censored at the month for gone, and G(month); without such patients the two are one.
    at_month = float(still_uncensored(observed, np.array([month]))[0])
    weights = np.zeros(len(ended))
    weights[ended] = 1 / own[ended]
    weights[beyond] = 1 / at_month
    event = (ended & (observed.status == EVENT)).astype(float)
    return event, weights


def observed_risk(observed: Observed, months: FloatArray) -> FloatArray:
    """Return Aalen-Johansen's cumulative incidence at some months.

    Without deaths before the event it is one minus Kaplan-Meier.
    """
    distinct, place = np.unique(observed.months, return_inverse=True)
    events = np.bincount(place, observed.status == EVENT, len(distinct))
    deaths = np.bincount(place, observed.status == DIED_FIRST, len(distinct))
    at_risk = len(place) - np.concatenate([[0], np.cumsum(np.bincount(place))[:-1]])
    free = np.concatenate([[1.0], np.cumprod(1 - (events + deaths) / at_risk)])
    incidence = np.concatenate([[0.0], np.cumsum(free[:-1] * events / at_risk)])
    found: FloatArray = incidence[np.searchsorted(distinct, months, side="right")]
    return found
