"""Where the cumulative hazards of an analysis come from: one function a patient's design.

A source gives the cumulative hazards of chosen causes at chosen months in both arms, member by
member; the curves of `models.assess` know no more of a model than that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.analyses import Analysis
from models.bundle import Bundle
from models.forest import ForestHazard, at_months, member_hazards
from models.outcomes import FOREST, HAZARDS, LEARNED_EFFECT, OUTCOMES, SUBGROUP_EFFECT
from models.table import FloatArray

#: From names of hazards and months to cumulative hazards of shape
#: (rows, hazards, arms, months, members); the arms are no surgery and surgery.
Source = Callable[[Sequence[str], NDArray[np.intp]], FloatArray]

#: The hazards of overall survival.
_DEATH = OUTCOMES[0].event_hazards


def hazard_source(design: FloatArray, bundle: Bundle, analysis: Analysis) -> Source:
    """Return the source of an analysis for some patients.

    Survival's pooled effect is no matter of a source: it replaces the ratio between its arms
    (`models.assess`), so ``pooled`` is answered like ``overall``.

    Parameters
    ----------
    design : array, shape (rows, terms)

    Raises
    ------
    ValueError
        If the bundle does not hold the effect.
    """
    if analysis.effect == LEARNED_EFFECT:
        return _learned_source(design, bundle)
    of_model = _forest_source if analysis.model == FOREST else _cox_source
    source = of_model(design, bundle)
    if analysis.effect == SUBGROUP_EFFECT:
        return _moved_by_subgroups(source, design, bundle)
    return source


def _moved_by_subgroups(source: Source, design: FloatArray, bundle: Bundle) -> Source:
    """Return a source whose ratio of death, surgery / no surgery, is moved for each patient.

    Hazards of other causes, on which the local outcomes rest, keep the whole trial's effect.
    """
    if bundle.subgroup_effects is None:
        raise ValueError(f"the bundle holds no effect {SUBGROUP_EFFECT}")
    factors = np.exp(bundle.subgroup_effects.shifts(design))

    def hazards_at(names: Sequence[str], months: NDArray[np.intp]) -> FloatArray:
        hazards = source(names, months)
        for place, name in enumerate(names):
            if name in _DEATH:
                hazards[:, place, 1] = hazards[:, place, 1] * factors[:, None]
        return hazards

    return hazards_at


def _cox_source(design: FloatArray, bundle: Bundle) -> Source:
    models = bundle.cox
    ratios = models.ratios(design)

    def hazards_at(names: Sequence[str], months: NDArray[np.intp]) -> FloatArray:
        return models.cumulative_hazards(ratios, _places(names), months)

    return hazards_at


def _forest_source(design: FloatArray, bundle: Bundle) -> Source:
    """Return the forest's hazards without surgery, and those times the Cox model's ratio.

    Trees on so few patients blend the arms' hazards. The ratio is the one that the same
    virtual trial gives given the covariates; put on the forest, which tells patients less
    apart, its marginal effect comes out a little larger than the Cox model's.
    """

    def hazards_at(names: Sequence[str], months: NDArray[np.intp]) -> FloatArray:
        without = _forests_at(_with_arm(design, 0.0), bundle, names, months)
        ratios = bundle.cox.arm_ratios[_places(names)]
        hazards: FloatArray = without[:, :, None] * ratios[:, :, None, :]
        return hazards

    return hazards_at


def _learned_source(design: FloatArray, bundle: Bundle) -> Source:
    """Return the forest's own contrast: its hazards with the arm as one of its covariates."""

    def hazards_at(names: Sequence[str], months: NDArray[np.intp]) -> FloatArray:
        by_arm = [_forests_at(_with_arm(design, arm), bundle, names, months) for arm in (0.0, 1.0)]
        return np.stack(by_arm, axis=2)

    return hazards_at


def _forests_at(
    covariates: FloatArray, bundle: Bundle, names: Sequence[str], months: NDArray[np.intp]
) -> FloatArray:
    """Return cumulative hazards of shape (rows, hazards, months, members)."""
    forests: list[ForestHazard] = [bundle.forests[name] for name in names]
    hazards = [at_months(member_hazards(forest, covariates), months) for forest in forests]
    return np.stack(hazards, axis=1)


def _with_arm(design: FloatArray, arm: float) -> FloatArray:
    return np.column_stack([design, np.full(len(design), arm)])


def _places(names: Sequence[str]) -> list[int]:
    return [HAZARDS.index(name) for name in names]
