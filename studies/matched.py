"""How near matched cohorts come to the publication, and what it leaves open.

Every matched cohort shows the printed figures; what differs between them is what the figures do
not settle. Each seed's cohort is kept in a folder, so that a run goes on from what is there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from models.design_matrix import TERMS
from models.table import FloatArray
from training.cohort import REFERENCE_SEED, Cohort
from training.cohort_csv import read_cohort
from training.matching.cohort import EFFECT_STEPS
from training.matching.effects import fit_effects
from training.matching.folder import add_cohort, cohort_place, missing_seeds
from training.matching.report import (
    FARTHEST_MEDIAN,
    FARTHEST_OF_A_SEED,
    Report,
    agreement,
    report,
)
from training.matching.schedule import OnProgress
from training.matching.state import TERMS as ALL_TERMS
from training.matching.tables import state_of
from training.priors import priors
from training.real.effects import shipped_bundle
from training.reference import reference_csv
from training.writing import write_whole


class Measured(NamedTuple):
    """One cohort of the study.

    Attributes
    ----------
    seconds : float or None
        Processor seconds of the search, if they were noted.
    effects : array, shape (terms,)
        Log hazard ratios of the covariates on death, fitted together with the arm.
    """

    seed: int
    report: Report
    effects: FloatArray
    seconds: float | None


def make_missing(folder: Path, seeds: Sequence[int], on_progress: OnProgress) -> None:
    """Search for the cohorts that a folder lacks, and note the processor seconds of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in missing_seeds(folder, seeds):
        begun = time.process_time()
        add_cohort(folder, seed, on_progress)
        write_whole(_seconds_place(folder, seed), f"{time.process_time() - begun:.1f}\n")


def _seconds_place(folder: Path, seed: int) -> Path:
    return cohort_place(folder, seed).with_suffix(".seconds")


def measure_cohorts(folder: Path, seeds: Sequence[int]) -> list[Measured]:
    """Return the shipped reference cohort and those of some seeds, measured."""
    texts = {REFERENCE_SEED: reference_csv()}
    texts |= {seed: cohort_place(folder, seed).read_text("utf-8") for seed in seeds}
    return [_measured(folder, seed, read_cohort(text)) for seed, text in texts.items()]


def _measured(folder: Path, seed: int, cohort: Cohort) -> Measured:
    effects, _ = fit_effects(state_of(cohort), np.zeros(ALL_TERMS))
    noted = _seconds_place(folder, seed)
    seconds = float(noted.read_text("utf-8")) if noted.exists() else None
    return Measured(seed, report(cohort), effects[: len(TERMS)], seconds)


def nearness_table(cohorts: Sequence[Measured]) -> str:
    """Return how near each cohort comes, as Markdown."""
    head = (
        "seed",
        "ratios and limits of Fig. 3 identical",
        "largest deviation of a ratio or limit",
        "largest deviation of a median or limit, months",
        "counts exact",
        "figures outside Fig. 3 not identical",
        f"within {FARTHEST_OF_A_SEED:g} and {FARTHEST_MEDIAN:g} month",
        "seconds",
    )
    return _table(head, (_nearness(each) for each in cohorts))


def _nearness(cohort: Measured) -> tuple[str, ...]:
    found = cohort.report
    ratios = agreement([*found.of_kind("fig. 3"), *found.of_kind("stratified")])
    medians, exact = agreement(found.of_kind("median")), len(found.counts)
    exact -= len(found.wrong_counts)
    return (
        f"{cohort.seed}{' (reference)' if cohort.seed == REFERENCE_SEED else ''}",
        f"{found.fig_3.identical} of {found.fig_3.of}",
        f"{ratios.farthest:.5f}",
        f"{medians.farthest:.3f}",
        f"{exact} of {len(found.counts)}",
        f"{found.odd_others}",
        "no" if found.differences(reference=False) else "yes",
        "not noted" if cohort.seconds is None else f"{cohort.seconds:.0f}",
    )


def effects_table(cohorts: Sequence[Measured]) -> str:
    """Return the effects of the covariates over cohorts beside the ensemble's, as Markdown."""
    head = (
        *("effect on death", "mean", "SD", "least to most", "prior mean", "prior SD"),
        *("members' mean", "members' SD", "drawn"),
    )
    effects, prior = np.stack([each.effects for each in cohorts]), priors()["death"]
    members = shipped_bundle().hazards["death"].coefficients
    rows = (
        (
            term.label,
            f"{own.mean():+.2f}",
            f"{own.std(ddof=1):.2f}",
            f"{own.min():+.2f} to {own.max():+.2f}",
            f"{mean:+.2f}",
            f"{sd:.2f}",
            f"{drawn.mean():+.2f}",
            f"{drawn.std(ddof=1):.2f}",
            f"{EFFECT_STEPS[term.name]:g}" if term.name in EFFECT_STEPS else "no",
        )
        for term, own, mean, sd, drawn in zip(
            TERMS, effects.T, prior.mean, prior.sd, members, strict=True
        )
    )
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
