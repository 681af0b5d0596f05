"""Which terms of the models a cohort can estimate, and whether it has the events for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.design_matrix import TERM_NAMES, TERMS, design_matrix
from models.errors import Problem
from models.outcomes import ARMS, HAZARDS
from models.table import FloatArray
from training.covariate_sampling import population_blocks
from training.fitting import hazard_events
from training.real.cohort import LocalCohort
from training.real.resampling import fill_gaps

#: A term is dropped when fewer patients, or fewer events, stand on one of its sides
#: (assumptions: an effect of fewer is hardly more than its chance).
FEWEST_PATIENTS_A_SIDE = 10
FEWEST_EVENTS_A_SIDE = 5

#: Events per estimated parameter below which a hazard is refused (the customary ten).
EVENTS_PER_PARAMETER = 10

#: The arms' difference in messages.
SURGERY = "surgery"

#: A term whose values follow from the others', but for such a share of its variance, is dropped.
_NOTHING_OF_ITS_OWN = 1e-8

#: What a term compares must be there, too: the levels that nobody else tells apart from the
#: term's own, as values of terms.
_LEVELS: dict[str, dict[str, dict[str, float]]] = {
    "t4": {"T3": {"t3_or_more": 1.0, "t4": 0.0}},
    "n2_or_more": {"N1": {"n1_or_more": 1.0, "n2_or_more": 0.0}},
    "er_and_her2_positive": {
        f"ER {_er} and HER2 {_her2}": {"er_positive": float(er), "her2_positive": float(her2)}
        for er, _er in enumerate(("negative", "positive"))
        for her2, _her2 in enumerate(("negative", "positive"))
    },
}


@dataclass(frozen=True)
class HazardTerms:
    """What one hazard is fitted with.

    Attributes
    ----------
    events : int
        Of the patients whom it is fitted to.
    kept : boolean array, shape (terms,)
    dropped : dict of str to str
        Labels of the terms that are held at zero, with the reason.
    parameters : int
        Number of effects that are estimated, the arms' difference among them.
    arm : bool
        Whether the arms' difference is estimated; else the hazard is fitted to patients who were
        not offered surgery alone.
    """

    events: int
    kept: NDArray[np.bool_]
    dropped: dict[str, str]
    parameters: int
    arm: bool = True

    @property
    def ratio(self) -> float:
        """Events per parameter."""
        return self.events / max(self.parameters, 1)


def hazard_terms(cohort: LocalCohort, *, randomised: bool) -> dict[str, HazardTerms]:
    """Return what each hazard of a cohort can be fitted with.

    Parameters
    ----------
    randomised : bool
        Whether the arms' difference is the effect of surgery; else it is a nuisance, which a
        hazard with few events after surgery does without.
    """
    known, filled = _known_design(cohort), _filled_design(cohort)
    found = {}
    for name, (_, event) in hazard_events(cohort.outcomes).items():
        with_arm = randomised or int(event[cohort.arm == 1].sum()) >= FEWEST_EVENTS_A_SIDE
        rows = np.ones(cohort.size, dtype=bool) if with_arm else cohort.arm == 0
        dropped = _too_few(known[rows], event[rows])
        first = cohort.arm[rows, None] if with_arm else np.empty((int(rows.sum()), 0))
        dropped |= _redundant(filled[rows], first, dropped)
        kept = np.array([term.name not in dropped for term in TERMS])
        reasons = {term.label: dropped[term.name] for term in TERMS if term.name in dropped}
        parameters = int(kept.sum()) + int(with_arm)
        found[name] = HazardTerms(int(event[rows].sum()), kept, reasons, parameters, with_arm)
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


def _filled_design(cohort: LocalCohort) -> FloatArray:
    """Return a design without gaps, in which terms depend on each other as in a resample."""
    alike = np.zeros((1, cohort.size), dtype=np.intp)
    table = fill_gaps(cohort.table, alike, np.ones(cohort.size), np.random.default_rng(0))
    return design_matrix(table)


def _too_few(known: FloatArray, event: NDArray[np.bool_]) -> dict[str, str]:
    """Return the terms that too few patients or events tell of, by name, with the reason."""
    columns = dict(zip(TERM_NAMES, known.T, strict=True))
    reasons = {}
    for name, column in columns.items():
        reason = _one_sided(column, event) or _thin_level(columns, name, event)
        if reason is not None:
            reasons[name] = reason
    return reasons


def _one_sided(column: FloatArray, event: NDArray[np.bool_]) -> str | None:
    values = np.unique(column[~np.isnan(column)])
    if not set(values) <= {0.0, 1.0}:
        return "the same for all patients" if len(values) < 2 else None
    sides = [column == 0, column == 1]
    patients = min(int(rows.sum()) for rows in sides)
    events = min(int(event[rows].sum()) for rows in sides)
    if patients < FEWEST_PATIENTS_A_SIDE:
        return f"{patients} patients on one side"
    return f"{events} events on one side" if events < FEWEST_EVENTS_A_SIDE else None


def _thin_level(columns: dict[str, FloatArray], name: str, event: NDArray[np.bool_]) -> str | None:
    for label, values in _LEVELS.get(name, {}).items():
        rows = np.all([columns[term] == value for term, value in values.items()], axis=0)
        patients, events = int(rows.sum()), int(event[rows].sum())
        if patients < FEWEST_PATIENTS_A_SIDE:
            return f"{patients} patients with {label}"
        if events < FEWEST_EVENTS_A_SIDE:
            return f"{events} events with {label}"
    return None


def _redundant(
    filled: FloatArray, first: FloatArray, dropped: Mapping[str, str]
) -> dict[str, str]:
    """Return the terms whose values follow from earlier ones, by name, with the reason.

    Parameters
    ----------
    first : array, shape (patients, columns)
        Columns that stay whatever follows from them: that of the arm, or none.
    """
    chosen = [(SURGERY, column) for column in first.T]
    reasons = {}
    for term, column in zip(TERMS, filled.T, strict=True):
        if term.name in dropped:
            continue
        if _own_share(column, [each for _, each in chosen]) > _NOTHING_OF_ITS_OWN:
            chosen.append((term.label, column))
        else:
            reasons[term.name] = _why_redundant(column, chosen)
    return reasons


def _own_share(column: FloatArray, others: Sequence[FloatArray]) -> float:
    """Return the share of a column's variance that a constant and other columns do not give."""
    spread = float(column.var())
    if spread == 0:
        return 0.0
    design = np.column_stack([np.ones(len(column)), *others])
    gram, mixed = design.T @ design, design.T @ column
    rest = column - design @ np.linalg.lstsq(gram, mixed)[0]
    return float(rest @ rest) / (len(column) * spread)


def _why_redundant(column: FloatArray, chosen: Sequence[tuple[str, FloatArray]]) -> str:
    for label, other in chosen:
        if _own_share(column, [other]) <= _NOTHING_OF_ITS_OWN:
            return f"the same patients as: {label}"
    return "it follows from the other terms"


def refuse_unknown(cohort: LocalCohort) -> list[Problem]:
    """Return the problems of covariates of which no patient has all values."""
    problems = []
    for block in population_blocks():
        known = ~np.any([np.isnan(cohort.table[name]) for name in block.fields], axis=0)
        if not known.any():
            names = " and ".join(name for name in block.fields if name != "triple_negative")
            message = f"No patient has a value of {names}, so that gaps cannot be filled."
            problems.append(Problem(block.fields[0], "missing_field", message, "known values"))
    return problems


def refuse_arm_events(terms: dict[str, HazardTerms], cohort: LocalCohort) -> list[Problem]:
    """Return the problems of hazards with hardly an event in an arm that is fitted.

    Without events in both arms there is no finite difference between them; without events of
    patients who were not offered surgery there is no baseline.
    """
    problems = []
    for name, (_, event) in hazard_events(cohort.outcomes).items():
        for value in (0, 1) if terms[name].arm else (0,):
            events = int(event[cohort.arm == value].sum())
            if events < FEWEST_EVENTS_A_SIDE:
                message = f"Hazard {name}: {events} events in the arm {ARMS[value]}."
                accepted = f"at least {FEWEST_EVENTS_A_SIDE} events in each arm"
                problems.append(Problem(column_of(name), "too_few_events", message, accepted))
    return problems


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


def refuse_few_events(terms: dict[str, HazardTerms], *, force: bool) -> list[Problem]:
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
            with_arm = f", {SURGERY} among them" if found.arm else ""
            message = (
                f"Hazard {name}: {found.events} events for {found.parameters} parameters"
                f"{with_arm}, {found.ratio:.1f} events per parameter."
            )
            wanted = _wanted(found.parameters, force=force)
            problems.append(Problem(column_of(name), "too_few_events", message, wanted))
    return problems


def _wanted(parameters: int, *, force: bool) -> str:
    if force:
        return f"at least {FEWEST_EVENTS_A_SIDE} events"
    events = parameters * EVENTS_PER_PARAMETER
    return f"at least {EVENTS_PER_PARAMETER} events per parameter ({events} events), or --force"


def column_of(hazard: str) -> str:
    """Return the column of the CSV that a hazard's events come from."""
    if hazard == "death":
        return "os_event"
    local = hazard.removeprefix("death_without_")
    return "lrfs_event" if local == "local_progression" else f"{local}_event"
