"""The cohorts that are shipped: the reference cohort and the set of matched ones."""

from __future__ import annotations

from importlib import resources

from training.cohort import Cohort
from training.cohort_csv import read_cohort

#: The seeds of the shipped set beside the reference cohort.
MATCHED_SEEDS = range(1, 11)

_FOLDER = resources.files("training").joinpath("reference")


def reference_csv() -> str:
    """Return the shipped reference cohort as CSV text."""
    return _FOLDER.joinpath("cohort.csv").read_text("utf-8")


def matched_csv(seed: int) -> str:
    """Return a cohort of the shipped set as CSV text, one of `MATCHED_SEEDS`."""
    return _FOLDER.joinpath("matched", f"cohort-{seed:04d}.csv").read_text("utf-8")


def matched_cohorts() -> list[Cohort]:
    """Return the reference cohort and the set: all that is known to show the printed figures."""
    return [read_cohort(text) for text in (reference_csv(), *map(matched_csv, MATCHED_SEEDS))]
