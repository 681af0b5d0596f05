"""Cox models as plain arrays: log hazard ratios and a baseline, member by member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.baselines import Baselines
from models.outcomes import HAZARDS
from models.table import FloatArray


@dataclass(frozen=True)
class CoxHazard:
    """One cause-specific Cox model, member by member.

    Attributes
    ----------
    coefficients : array, shape (terms, members)
        Log hazard ratios.
    arm : array, shape (members,)
        Log hazard ratio of PTR, surgery / no surgery.
    baseline : array, shape (LAST_HORIZON + 1, members)
        Cumulative baseline hazard without surgery at months 0, 1, ..., 96.
    """

    coefficients: FloatArray
    arm: FloatArray
    baseline: FloatArray


@dataclass(frozen=True)
class CoxModels:
    """All Cox models of a bundle side by side, in the order of `models.outcomes.HAZARDS`.

    Attributes
    ----------
    coefficients : array, shape (terms, hazards, members)
    arm_ratios : array, shape (arms, hazards, members)
        Hazard ratio of each arm to no surgery.
    baselines : Baselines
        Those without surgery, up to `models.outcomes.LAST_HORIZON`.
    """

    coefficients: FloatArray
    arm_ratios: FloatArray
    baselines: Baselines

    def ratios(self, row: FloatArray) -> FloatArray:
        """Return one patient's hazard ratios to the baseline, shape (arms, hazards, members).

        Parameters
        ----------
        row : array, shape (terms,)
            Her row of the design matrix.
        """
        # Most terms are 0 or 1: these are left out, or added as they are.
        log_ratio = np.zeros(self.coefficients.shape[1:])
        for term, coefficient in zip(row.tolist(), self.coefficients, strict=True):
            if term:
                log_ratio += coefficient if term == 1 else term * coefficient
        ratios: FloatArray = np.exp(log_ratio) * self.arm_ratios
        return ratios


def side_by_side(hazards: Mapping[str, CoxHazard]) -> CoxModels:
    """Return the models of a bundle in one block, so that all are scored at once."""
    in_order = [hazards[name] for name in HAZARDS]
    arm = np.stack([hazard.arm for hazard in in_order])
    return CoxModels(
        coefficients=np.stack([hazard.coefficients for hazard in in_order], axis=1),
        arm_ratios=np.exp(np.stack([np.zeros_like(arm), arm])),
        baselines=Baselines(np.stack([hazard.baseline for hazard in in_order], axis=1)[None]),
    )
