"""What Cox models are fitted to, and what a fitted one is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.outcomes import LAST_HORIZON
from models.table import FloatArray
from training.simulation import DIED_FIRST, EVENT, Outcomes

MONTHS = np.arange(LAST_HORIZON + 1, dtype=float)


@dataclass(frozen=True)
class CoxFit:
    """One fitted Cox model.

    Attributes
    ----------
    coefficients : array, shape (terms,)
        Log hazard ratios of the covariates.
    arm : float
        Log hazard ratio of surgery / no surgery, given the covariates.
    baseline : array, shape (97,)
        Breslow's cumulative baseline hazard at months 0 to 96, covariates zero, no surgery.
    """

    coefficients: FloatArray
    arm: float
    baseline: FloatArray


def hazard_events(outcomes: Outcomes) -> dict[str, tuple[FloatArray, NDArray[np.bool_]]]:
    """Return the observed months of each hazard and whether they end with its event.

    All else, a competing event among it, is censoring: the hazards are cause-specific. Local
    relapse-free survival ends with local progression or with death without it, one model each,
    because their sum cannot be proportional between the arms.
    """
    local = {
        "local_progression": (outcomes.lrfs_months, outcomes.first_local_event()),
        "ulceration": (outcomes.ulceration_months, outcomes.ulceration_event),
        "bleeding": (outcomes.bleeding_months, outcomes.bleeding_event),
    }
    found = {"death": (outcomes.os_months, outcomes.os_event == EVENT)}
    for name, (months, event) in local.items():
        found[name] = (months, event == EVENT)
        found[f"death_without_{name}"] = (months, event == DIED_FIRST)
    return found
