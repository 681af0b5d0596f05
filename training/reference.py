"""The reference cohort that is shipped."""

from __future__ import annotations

from importlib import resources


def reference_csv() -> str:
    """Return the shipped reference cohort as CSV text."""
    return resources.files("training").joinpath("reference", "cohort.csv").read_text("utf-8")
