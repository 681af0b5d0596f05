"""A folder of matched cohorts, one file a seed; what is there is not made again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from training.cohort_csv import cohort_csv
from training.matching.cohort import matched_cohort
from training.matching.schedule import OnProgress
from training.writing import write_whole


def cohort_place(folder: Path, seed: int) -> Path:
    """Return where the cohort of a seed is kept."""
    return folder / f"cohort-{seed:04d}.csv"


def missing_seeds(folder: Path, seeds: Sequence[int]) -> list[int]:
    """Return the seeds whose cohorts are not there yet."""
    return [seed for seed in seeds if not cohort_place(folder, seed).exists()]


def add_cohort(folder: Path, seed: int, on_progress: OnProgress) -> None:
    """Search for the cohort of a seed and write it, whole or not at all."""
    text = cohort_csv(matched_cohort(seed, on_progress=on_progress))
    write_whole(cohort_place(folder, seed), text)
