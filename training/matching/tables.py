"""Between cells of the search and the columns of a cohort."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray, Table, code_of
from training.cohort import Cohort
from training.matching.state import (
    AGE,
    BONE,
    BOTH,
    CELLS,
    LIVER,
    LUNG,
    MENOPAUSE,
    ONLY_ER,
    ONLY_HER2,
    OTHER,
    PERFORMANCE_STATUS,
    RECEPTORS,
    SEVERAL,
    SEVERAL_WITH_LIVER,
    SITES,
    SOFT_TISSUE,
    TRIPLE_NEGATIVE,
    IntArray,
    N,
    State,
    T,
    new_state,
)
from training.simulation import DAYS_PER_MONTH

#: The names of the only organ affected, and of several (which are not known), by their cell.
SITE_NAMES = {
    BONE: "bone",
    LIVER: "liver",
    LUNG: "lung",
    SOFT_TISSUE: "soft_tissue",
    OTHER: "other",
    SEVERAL_WITH_LIVER: "",
    SEVERAL: "",
}


def table_of_cells(cells: IntArray) -> Table:
    """Return the columns of a cohort from cells, shape (patients, blocks)."""
    receptors, sites = cells[:, RECEPTORS], cells[:, SITES]

    def either(
        name: str, column: IntArray | NDArray[np.bool_], first: str, second: str
    ) -> FloatArray:
        return np.where(column != 0, code_of(name, first), code_of(name, second))

    er, her2 = receptors >= ONLY_ER, np.isin(receptors, [ONLY_HER2, BOTH])
    columns = {
        "age": cells[:, AGE],
        "menopausal_status": either("menopausal_status", cells[:, MENOPAUSE], "post", "pre"),
        "ecog_ps": cells[:, PERFORMANCE_STATUS],
        "clinical_t": cells[:, T],
        "clinical_n": cells[:, N],
        "er_status": either("er_status", er, "positive", "negative"),
        "her2_status": either("her2_status", her2, "positive", "negative"),
        "triple_negative": receptors == TRIPLE_NEGATIVE,
        "metastatic_organs": either("metastatic_organs", sites >= SEVERAL_WITH_LIVER, "2+", "1"),
        "liver_metastasis": np.isin(sites, [LIVER, SEVERAL_WITH_LIVER]),
        "bone_only_metastasis": sites == BONE,
    }
    return {name: np.asarray(column, dtype=float) for name, column in columns.items()}


def sites_of_cells(cells: IntArray) -> tuple[str, ...]:
    """Return the only organ affected of each patient, and nothing where several are."""
    return tuple(SITE_NAMES[int(site)] for site in cells[:, SITES])


def cells_of(cohort: Cohort) -> IntArray:
    """Return the cells of a cohort, shape (patients, blocks)."""
    table = cohort.patients.table
    cells = np.zeros((len(cohort.sites), len(CELLS)), dtype=np.int64)
    er = table["er_status"] == code_of("er_status", "positive")
    her2 = table["her2_status"] == code_of("her2_status", "positive")
    cells[:, RECEPTORS] = 2 * er + her2
    codes = {name: site for site, name in SITE_NAMES.items() if name}
    several = np.where(table["liver_metastasis"] == 1, SEVERAL_WITH_LIVER, SEVERAL)
    cells[:, SITES] = [
        codes.get(name, site) for name, site in zip(cohort.sites, several, strict=True)
    ]
    cells[:, MENOPAUSE] = table["menopausal_status"] == code_of("menopausal_status", "post")
    cells[:, PERFORMANCE_STATUS] = table["ecog_ps"] >= 1
    cells[:, T], cells[:, N] = table["clinical_t"], table["clinical_n"]
    cells[:, AGE] = table["age"]
    return cells


def state_of(cohort: Cohort) -> State:
    """Return the state of a cohort, to be measured."""
    days = np.round(cohort.outcomes.os_months * DAYS_PER_MONTH).astype(np.int64)
    arm = cohort.patients.arm.astype(np.int64)
    return new_state(days, arm, cohort.outcomes.os_event.astype(np.int64), cells_of(cohort))
