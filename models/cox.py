"""Cox models as plain arrays: log hazard ratios and a baseline, member by member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    arm_ratios : array, shape (hazards, arms, members)
        Hazard ratio of each arm to no surgery.
    baselines : array, shape (hazards, LAST_HORIZON + 1, members)
    """

    coefficients: FloatArray
    arm_ratios: FloatArray
    baselines: FloatArray

    def ratios(self, design: FloatArray) -> FloatArray:
        """Return hazard ratios to the baseline, shape (rows, hazards, arms, members).

        Parameters
        ----------
        design : array, shape (rows, terms)
        """
        # Term by term: a row's sum has the same order whatever rows stand beside it.
        log_ratio = np.zeros((len(design), *self.coefficients.shape[1:]))
        for term, coefficient in zip(design.T, self.coefficients, strict=True):
            log_ratio += term[:, None, None] * coefficient
        ratios: FloatArray = np.exp(log_ratio)[:, :, None, :] * self.arm_ratios
        return ratios

    def cumulative_hazards(
        self, ratios: FloatArray, places: list[int], months: NDArray[np.intp]
    ) -> FloatArray:
        """Return cumulative hazards, shape (rows, chosen hazards, arms, months, members).

        Parameters
        ----------
        ratios : array, shape (rows, hazards, arms, members)
            As `ratios` gives them.
        places : list of int
            The chosen hazards.
        months : array of int, shape (months,)
        """
        baselines = self.baselines[places][:, months]
        hazards: FloatArray = ratios[:, places, :, None, :] * baselines[:, None]
        return hazards


def side_by_side(hazards: Mapping[str, CoxHazard]) -> CoxModels:
    """Return the models of a bundle in one block, so that all are scored at once."""
    in_order = [hazards[name] for name in HAZARDS]
    arm = np.stack([hazard.arm for hazard in in_order])
    return CoxModels(
        coefficients=np.stack([hazard.coefficients for hazard in in_order], axis=1),
        arm_ratios=np.exp(np.stack([np.zeros_like(arm), arm], axis=1)),
        baselines=np.stack([hazard.baseline for hazard in in_order]),
    )
