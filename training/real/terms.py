"""Which terms of the models a cohort can estimate, and whether it has the events for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.design_matrix import TERMS
from models.errors import Problem
from models.outcomes import HAZARDS
from models.table import FloatArray
from training.fitting import hazard_events
from training.real.cohort import LocalCohort

#: A term is dropped when fewer patients, or fewer events, stand on one of its sides
#: (assumptions: an effect of fewer is hardly more than its chance).
FEWEST_PATIENTS_A_SIDE = 10
FEWEST_EVENTS_A_SIDE = 5

#: Events per estimated parameter below which a hazard is refused (the customary ten).
EVENTS_PER_PARAMETER = 10

#: The effect of surgery in messages, where it is estimated.
_PLACE_OF_ARM = "the effect of surgery"


@dataclass(frozen=True)
class HazardTerms:
    """What one hazard is fitted with.

    Attributes
    ----------
    events : int
    kept : boolean array, shape (terms,)
    dropped : dict of str to str
        Labels of the terms that are held at zero, with the reason.
    parameters : int
        Number of effects that are estimated.
    """

    events: int
    kept: NDArray[np.bool_]
    dropped: dict[str, str]
    parameters: int

    @property
    def ratio(self) -> float:
        """Events per parameter."""
        return self.events / max(self.parameters, 1)


def hazard_terms(cohort: LocalCohort, *, randomised: bool) -> dict[str, HazardTerms]:
    """Return what each hazard of a cohort can be fitted with.

    Parameters
    ----------
    randomised : bool
        Whether the effect of surgery is estimated, too.
    """
    sides = [_side(column) for column in _known_design(cohort).T]
    found = {}
    for name, (_, event) in hazard_events(cohort.outcomes).items():
        reasons = [_reason(side, event) for side in sides]
        kept = np.array([reason is None for reason in reasons])
        dropped = {
            term.label: reason
            for term, reason in zip(TERMS, reasons, strict=True)
            if reason is not None
        }
        parameters = int(kept.sum()) + int(randomised)
        found[name] = HazardTerms(int(event.sum()), kept, dropped, parameters)
    return found


def _known_design(cohort: LocalCohort) -> FloatArray:
    """Return the terms, NaN where what they are read from is not known."""
    table = cohort.table
    columns = []
    for term in TERMS:
        # A term is not known when it changes with what is put into the gaps.
        with_low = term.read({n: np.nan_to_num(c, nan=-1.0) for n, c in table.items()})
        with_high = term.read({n: np.nan_to_num(c, nan=99.0) for n, c in table.items()})
        with_one = term.read({n: np.nan_to_num(c, nan=1.0) for n, c in table.items()})
        sure = (with_low == with_high) & (with_low == with_one)
        columns.append(np.where(sure, with_low, np.nan))
    return np.column_stack(columns)


def _side(column: FloatArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Return who is on either side of a term, ``None`` when it is no yes or no."""
    values = np.unique(column[~np.isnan(column)])
    if not set(values) <= {0.0, 1.0}:
        return None
    return column == 0, column == 1


def _reason(
    side: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None, event: NDArray[np.bool_]
) -> str | None:
    if side is None:
        return None
    patients = min(int(rows.sum()) for rows in side)
    events = min(int(event[rows].sum()) for rows in side)
    if patients < FEWEST_PATIENTS_A_SIDE:
        return f"{patients} patients on one side"
    return f"{events} events on one side" if events < FEWEST_EVENTS_A_SIDE else None


def refuse_arms(cohort: LocalCohort) -> list[Problem]:
    """Return the problem of a cohort that has one arm only, or hardly another."""
    smallest = min(int((cohort.arm == arm).sum()) for arm in (0, 1))
    if smallest >= FEWEST_PATIENTS_A_SIDE:
        return []
    message = f"Column arm: one arm has {smallest} patients."
    accepted = f"both arms, at least {FEWEST_PATIENTS_A_SIDE} patients in each"
    return [Problem("arm", "too_few_patients", message, accepted)]


def refuse_follow_up(cohort: LocalCohort) -> list[Problem]:
    """Return the problem of a cohort that was hardly observed."""
    if cohort.last_month >= 1:
        return []
    message = "Columns *_months: hardly anybody was observed for a month."
    return [Problem("os_months", "too_few_patients", message, "longer observation")]


def refuse_few_events(
    terms: dict[str, HazardTerms], *, force: bool, randomised: bool
) -> list[Problem]:
    """Return the problems of hazards with too few events for their parameters.

    Parameters
    ----------
    force : bool
        Refuse only hazards without enough events for any term.
    """
    problems = []
    for name in HAZARDS:
        found = terms[name]
        enough = (
            found.events >= FEWEST_EVENTS_A_SIDE
            if force
            else (found.ratio >= EVENTS_PER_PARAMETER)
        )
        if not enough:
            with_arm = f", {_PLACE_OF_ARM} among them" if randomised else ""
            message = (
                f"Hazard {name}: {found.events} events for {found.parameters} parameters"
                f"{with_arm}, {found.ratio:.1f} events per parameter."
            )
            problems.append(Problem(column_of(name), "too_few_events", message, _wanted(force)))
    return problems


def _wanted(force: bool) -> str:
    if force:
        return f"at least {FEWEST_EVENTS_A_SIDE} events"
    return f"at least {EVENTS_PER_PARAMETER} events per parameter, or --force"


def column_of(hazard: str) -> str:
    """Return the column of the CSV that a hazard's events come from."""
    if hazard == "death":
        return "os_event"
    local = hazard.removeprefix("death_without_")
    return "lrfs_event" if local == "local_progression" else f"{local}_event"
