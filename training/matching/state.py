"""The state of the search: patients by cells of covariates, and a queue of days.

A patient is a row of small whole numbers, one a block of covariates (`CELLS`). Observation
ends on a day of its own for each patient; `queue` holds the patients in the order of their
days, so that exchanging two patients in it exchanges their times.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.table import FloatArray

IntArray = NDArray[np.int64]

#: Columns of `State.cells`: the blocks that are exchanged whole.
CELLS = ("receptors", "sites", "menopause", "performance_status", "t", "n", "age")
RECEPTORS, SITES, MENOPAUSE, PERFORMANCE_STATUS, T, N, AGE = range(len(CELLS))

#: Values of the receptor block.
TRIPLE_NEGATIVE, ONLY_HER2, ONLY_ER, BOTH = range(4)

#: Values of the site block: the one organ affected, or several with or without the liver.
BONE, LIVER, LUNG, SOFT_TISSUE, OTHER, SEVERAL_WITH_LIVER, SEVERAL = range(7)

#: The place of the triple-negative pair among Fig. 3's eight, and of its two neighbours here.
ER_PAIR, HER2_PAIR, TRIPLE_PAIR, MENOPAUSE_PAIR, PS_PAIR, ORGANS_PAIR, LIVER_PAIR, BONE_PAIR = (
    range(8)
)
PAIRS = 8
STRATA = 8
TERMS = 14

#: The first day on which an observation of the living may end: everyone is followed for 48
#: months of 30.4375 days.
FIRST_CENSORING_DAY = 1461

#: The last day: nobody is followed beyond 132 months.
LAST_DAY = 4017


class State(NamedTuple):
    """What the search changes.

    Attributes
    ----------
    day : array, shape (patients,)
        Days of the ends of observation, ascending, no two equal.
    queue : array, shape (patients,)
        Which patient's observation ends on each of these days.
    arm, event : arrays, shape (patients,)
        0 systemic therapy, 1 surgery too; 0 alive, 1 died. By patient; they never change.
    cells : array, shape (patients, blocks)
        The blocks of covariates, in the order of `CELLS`; age in years.
    half : array, shape (patients, pairs)
        Which of the two subgroups of each pair of Fig. 3 the patient belongs to.
    stratum : array, shape (patients,)
        Stratum of the primary analysis: ER, HER2 and visceral metastasis.
    design : array, shape (patients, terms)
        The design matrix and the arm.
    """

    day: IntArray
    queue: IntArray
    arm: IntArray
    event: IntArray
    cells: IntArray
    half: IntArray
    stratum: IntArray
    design: FloatArray


@njit(cache=False)
def derive(state: State, patient: int) -> None:
    """Set a patient's subgroups, stratum and row of the design matrix from her cells."""
    cells = state.cells[patient]
    receptors, site = cells[RECEPTORS], cells[SITES]
    er = 1 if receptors >= ONLY_ER else 0
    her2 = 1 if receptors in (ONLY_HER2, BOTH) else 0
    several = 1 if site >= SEVERAL_WITH_LIVER else 0
    liver = 1 if site in (LIVER, SEVERAL_WITH_LIVER) else 0
    bone_only = 1 if site == BONE else 0
    # Several organs are taken for visceral disease, an assumption: their sites are not printed.
    visceral = 1 if several == 1 or site in (LIVER, LUNG) else 0
    half = state.half[patient]
    half[ER_PAIR] = er
    half[HER2_PAIR] = her2
    half[TRIPLE_PAIR] = 0 if receptors == TRIPLE_NEGATIVE else 1
    half[MENOPAUSE_PAIR] = cells[MENOPAUSE]
    half[PS_PAIR] = cells[PERFORMANCE_STATUS]
    half[ORGANS_PAIR] = several
    half[LIVER_PAIR] = liver
    half[BONE_PAIR] = 1 - bone_only
    state.stratum[patient] = 4 * er + 2 * her2 + visceral
    row = state.design[patient]
    row[0] = (cells[AGE] - 57.0) / 10.0
    row[1] = cells[MENOPAUSE]
    row[2] = cells[PERFORMANCE_STATUS]
    row[3] = 1.0 if cells[T] >= 3 else 0.0
    row[4] = 1.0 if cells[T] == 4 else 0.0
    row[5] = 1.0 if cells[N] >= 1 else 0.0
    row[6] = 1.0 if cells[N] >= 2 else 0.0
    row[7] = er
    row[8] = her2
    row[9] = er * her2
    row[10] = several
    row[11] = liver
    row[12] = bone_only
    row[13] = state.arm[patient]


def new_state(days: IntArray, arm: IntArray, event: IntArray, cells: IntArray) -> State:
    """Return the state of patients whose observation ends on given days.

    Parameters
    ----------
    days : array, shape (patients,)
        By patient, no two equal.
    """
    size = len(arm)
    queue = np.argsort(days, kind="stable")
    state = State(
        day=days[queue].copy(),
        queue=queue.astype(np.int64),
        arm=arm.astype(np.int64),
        event=event.astype(np.int64),
        cells=cells.astype(np.int64).copy(),
        half=np.zeros((size, PAIRS), dtype=np.int64),
        stratum=np.zeros(size, dtype=np.int64),
        design=np.zeros((size, TERMS)),
    )
    for patient in range(size):
        derive(state, patient)
    return state


def days_of(state: State) -> IntArray:
    """Return each patient's day, by patient."""
    days = np.empty_like(state.day)
    days[state.queue] = state.day
    return days


def copied(state: State) -> State:
    """Return a state of its own arrays."""
    return State(*(array.copy() for array in state))  # type: ignore[arg-type]
