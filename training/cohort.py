"""A cohort: patients with outcomes, of which `training.matching` makes trial-like ones."""

from __future__ import annotations

from dataclasses import dataclass

from training.simulation import Outcomes
from training.truth import Patients

#: The seed of the reference cohort: the day the paper was published.
REFERENCE_SEED = 20250704


@dataclass(frozen=True)
class Cohort:
    """Patients with outcomes.

    Attributes
    ----------
    sites : tuple of str
        The only organ with metastases of each patient; empty where several are affected.
    """

    patients: Patients
    outcomes: Outcomes
    sites: tuple[str, ...]
