"""The start of the search: patients with every published count, and times from a model.

In each arm the blocks of covariates are dealt to those who died and those who live, so that the
events of every subgroup are the published ones. The times are evenly spread over those that the
truth of a virtual trial gives, in an order that follows the patients' hazards.
"""

from __future__ import annotations

import numpy as np

from models.evidence import figure, pairs, table_1
from models.outcomes import ARMS
from models.table import FloatArray, Table
from training.covariate_sampling import receptor_counts, site_counts
from training.matching.state import (
    AGE,
    BONE,
    CELLS,
    LIVER,
    LUNG,
    MENOPAUSE,
    OTHER,
    PERFORMANCE_STATUS,
    RECEPTORS,
    SEVERAL,
    SEVERAL_WITH_LIVER,
    SITES,
    SOFT_TISSUE,
    IntArray,
    N,
    T,
)
from training.simulation import DAYS_PER_MONTH, independent_uniforms, simulate_outcomes
from training.truth import Patients, Truth

#: Virtual trials whose times are pooled.
_POOLED = 20


def deaths_of(code: str, arm: int) -> int:
    """Return the deaths of a subgroup of Fig. 3 in an arm."""
    (group,) = (group for pair in pairs() for group in pair.subgroups if group.code == code)
    return group.deaths[arm]


def receptor_deaths(arm: int) -> list[int]:
    """Return the deaths of an arm in each ER x HER2 cell; they follow from Fig. 3."""
    triple = deaths_of("triple_negative", arm)
    only_her2 = deaths_of("er_negative", arm) - triple
    only_er = deaths_of("her2_negative", arm) - triple
    both = deaths_of("her2_positive", arm) - only_her2
    return [triple, only_her2, only_er, both]


def site_deaths(arm: int, sizes: list[int], rng: np.random.Generator) -> list[int]:
    """Return the deaths of an arm in each cell of sites.

    Fig. 3 leaves open how many of those with liver metastasis alone died: they are drawn among
    all deaths with liver metastasis, within what the other counts allow.

    Parameters
    ----------
    sizes : list of int
        Patients in the cells of `covariate_sampling.site_counts`: bone, liver alone, other
        organ alone, several with liver, several without.
    """
    bone, liver = deaths_of("bone_only", arm), deaths_of("liver", arm)
    one, several = deaths_of("one_organ", arm), deaths_of("two_or_more_organs", arm)

    def cells(alone: int) -> list[int]:
        return [bone, alone, one - bone - alone, liver - alone, several - liver + alone]

    while True:
        found = cells(int(rng.hypergeometric(sizes[1], sizes[3], liver)))
        if all(0 <= dead <= size for dead, size in zip(found, sizes, strict=True)):
            return found


def start_cells(table: Table, arm: FloatArray, rng: np.random.Generator) -> tuple[IntArray, ...]:
    """Return cells and events with every published count, patients in random order in an arm.

    Parameters
    ----------
    table, arm
        Covariates of a virtual trial; the age goes with menopause, T and N are dealt freely.

    Returns
    -------
    cells : array, shape (patients, blocks)
        The search's codes of the covariates.
    event : array, shape (patients,)
        1 died, 0 alive.
    """
    other_sites = _other_sites(rng)
    cells, events = [], []
    for number in range(len(ARMS)):
        rows = np.flatnonzero(arm == number)
        own = {name: column[rows] for name, column in table.items()}
        arm_cells, event = _arm_cells(own, number, other_sites[number], rng)
        order = rng.permutation(len(rows))
        cells.append(arm_cells[order])
        events.append(event[order])
    return np.concatenate(cells), np.concatenate(events)


def _arm_cells(
    table: Table, arm: int, other_sites: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    size, dead = len(table["age"]), figure(f"os.events.{ARMS[arm]}").events or 0
    event = (np.arange(size) < dead).astype(np.int64)
    cells = np.zeros((size, len(CELLS)), dtype=np.int64)

    def deal(values: IntArray, deaths: list[int], sizes: list[int]) -> IntArray:
        """Return values for the dead and then for the living, each in random order."""
        alive = [all_ - died for all_, died in zip(sizes, deaths, strict=True)]
        return np.concatenate(
            [rng.permutation(np.repeat(values, part)) for part in (deaths, alive)]
        )

    sizes = receptor_counts(ARMS[arm])
    cells[:, RECEPTORS] = deal(np.arange(len(sizes)), receptor_deaths(arm), sizes)

    sizes = site_counts(ARMS[arm])
    place = deal(np.arange(len(sizes)), site_deaths(arm, sizes, rng), sizes)
    cells[:, SITES] = np.array([BONE, LIVER, -1, SEVERAL_WITH_LIVER, SEVERAL])[place]
    cells[cells[:, SITES] == -1, SITES] = rng.permutation(other_sites)

    counts = table_1()["counts"][ARMS[arm]]["ecog_ps"]
    deaths = [deaths_of("ps_0", arm), deaths_of("ps_1_or_2", arm)]
    cells[:, PERFORMANCE_STATUS] = deal(np.arange(2), deaths, [counts["0"], counts["1"]])

    post = table["menopausal_status"].astype(np.int64)
    rows = [rng.permutation(np.flatnonzero(post == half)) for half in (0, 1)]
    deaths = [deaths_of("premenopausal", arm), deaths_of("postmenopausal", arm)]
    split = [np.split(own, [died]) for own, died in zip(rows, deaths, strict=True)]
    order = np.concatenate(
        [rng.permutation(np.concatenate([own[part] for own in split])) for part in (0, 1)]
    )
    cells[:, MENOPAUSE], cells[:, AGE] = post[order], table["age"][order]
    cells[:, T], cells[:, N] = table["clinical_t"], table["clinical_n"]
    return cells, event


def _other_sites(rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Return the single sites other than bone and liver by arm: both arms' dealt at random."""
    counts = table_1()["one_organ_sites"]
    codes = [LUNG, SOFT_TISSUE, OTHER]
    sites = rng.permutation(
        np.repeat(codes, [counts[name] for name in ("lung", "soft_tissue", "other")])
    )
    first, second = np.split(sites, [site_counts(ARMS[0])[2]])
    return first, second


def start_days(
    patients: Patients, truth: Truth, event: IntArray, rng: np.random.Generator
) -> IntArray:
    """Return the day on which each patient's observation ends, no two equal."""
    pooled_arm = np.tile(patients.arm, _POOLED)
    trials = [
        simulate_outcomes(patients, truth, independent_uniforms(patients, rng))
        for _ in range(_POOLED)
    ]
    months = np.concatenate([trial.os_months for trial in trials])
    died = np.concatenate([trial.os_event for trial in trials])
    ratio = np.exp(truth.death.log_ratio(patients))
    wanted = np.zeros(len(event))
    for arm in (0, 1):
        for ended in (0, 1):
            rows = np.flatnonzero((patients.arm == arm) & (event == ended))
            pool = months[(pooled_arm == arm) & (died == ended)]
            spread = np.quantile(pool, (np.arange(len(rows)) + 0.5) / len(rows))
            waiting = rng.standard_exponential(len(rows))
            order = np.argsort(waiting / ratio[rows] if ended else waiting, kind="stable")
            wanted[rows[order]] = spread
    return days_apart(np.round(wanted * DAYS_PER_MONTH).astype(np.int64))


def days_apart(days: IntArray) -> IntArray:
    """Return days of which no two are equal, none earlier than before."""
    order = np.argsort(days, kind="stable")
    apart = days.copy()
    last = 0
    for row in order:
        last = max(last + 1, int(days[row]))
        apart[row] = last
    return np.where(apart < 1, 1, apart)
