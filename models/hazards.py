"""Where the cumulative hazards of an analysis come from: one function of a patient's design.

Every model comes down to the same form: in each arm, curves of all causes, and a ratio that
multiplies each of them, member by member. The curves of `models.assess` know no more of a model
than that; what does not differ between patients stays in the curves and is prepared once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.analyses import Analysis
from models.baselines import COMPETING, EVENTS, Baselines
from models.bundle import Bundle
from models.curves import incidences_at
from models.forest import at_months, member_hazards
from models.outcomes import (
    FOREST,
    HAZARDS,
    LEARNED_EFFECT,
    OUTCOMES,
    SUBGROUP_EFFECT,
)
from models.table import FloatArray

#: Where the hazards of overall survival stand.
_DEATH = [HAZARDS.index(name) for name in OUTCOMES[0].event_hazards]
_SURGERY = 1


@dataclass(frozen=True)
class Hazards:
    """One patient's cumulative hazards in both arms, no surgery first: curves times ratios.

    Attributes
    ----------
    baselines : Baselines
        The curves.
    ratios : array, shape (arms, hazards, members)
        What multiplies them.
    """

    baselines: Baselines
    ratios: FloatArray

    def cumulative(self, causes: slice, months: NDArray[np.intp]) -> FloatArray:
        """Return cumulative hazards, shape (arms, months, chosen hazards, members)."""
        curves = self.baselines.cumulative[:, months, causes]
        found: FloatArray = curves * self.ratios[:, None, causes]
        return found

    def incidences(self, months: NDArray[np.intp]) -> FloatArray:
        """Return cumulative incidences, shape (incidences, arms, months, members)."""
        arms, _, members = self.ratios.shape
        event, competing = (
            self.ratios[:, places].reshape(arms, -1) for places in (EVENTS, COMPETING)
        )
        found = incidences_at(self.baselines.incidences, event, competing, months)
        return found.reshape(arms, len(months), -1, members).transpose(2, 0, 1, 3)


#: From a patient's row of the design matrix to her hazards.
Source = Callable[[FloatArray], Hazards]


def hazard_source(bundle: Bundle, analysis: Analysis, last: int) -> Source:
    """Return the source of an analysis.

    Survival's pooled effect is no matter of a source: it replaces the ratio between its arms
    (`models.assess`), so ``pooled`` is answered like ``overall``.

    Parameters
    ----------
    last : int
        The last month that hazards are asked for.

    Raises
    ------
    ValueError
        If the bundle does not hold the effect.
    """
    if analysis.effect == LEARNED_EFFECT:
        return _learned_source(bundle, last)
    source = _forest_source(bundle, last) if analysis.model == FOREST else _cox_source(bundle)
    if analysis.effect == SUBGROUP_EFFECT:
        return _moved_by_subgroups(source, bundle)
    return source


def _moved_by_subgroups(source: Source, bundle: Bundle) -> Source:
    """Return a source whose ratio of death, surgery / no surgery, is moved for each patient.

    Hazards of other causes, on which the local outcomes rest, keep the whole trial's effect.
    """
    effects = bundle.subgroup_effects
    if effects is None:
        raise ValueError(f"the bundle holds no effect {SUBGROUP_EFFECT}")

    def hazards_of(row: FloatArray) -> Hazards:
        hazards = source(row)
        ratios = hazards.ratios.copy()
        ratios[_SURGERY, _DEATH] *= np.exp(effects.shifts(row[None])[0])
        return replace(hazards, ratios=ratios)

    return hazards_of


def _cox_source(bundle: Bundle) -> Source:
    models = bundle.cox

    def hazards_of(row: FloatArray) -> Hazards:
        return Hazards(models.baselines, models.ratios(row))

    return hazards_of


def _forest_source(bundle: Bundle, last: int) -> Source:
    """Return the forest's hazards without surgery, and those times the Cox model's ratio.

    Trees on so few patients blend the arms' hazards. The ratio is the one that the same
    virtual trial gives given the covariates; put on the forest, which tells patients less
    apart, its marginal effect comes out a little larger than the Cox model's.
    """

    def hazards_of(row: FloatArray) -> Hazards:
        without = _forest_curves(row, 0.0, bundle, last)
        return Hazards(Baselines(without[None]), bundle.cox.arm_ratios)

    return hazards_of


def _learned_source(bundle: Bundle, last: int) -> Source:
    """Return the forest's own contrast: its hazards with the arm as one of its covariates."""
    ratios = np.ones_like(bundle.cox.arm_ratios)

    def hazards_of(row: FloatArray) -> Hazards:
        by_arm = [_forest_curves(row, arm, bundle, last) for arm in (0.0, 1.0)]
        return Hazards(Baselines(np.stack(by_arm)), ratios)

    return hazards_of


def _forest_curves(row: FloatArray, arm: float, bundle: Bundle, last: int) -> FloatArray:
    """Return what the forests say of one patient in one arm, (months + 1, hazards, members)."""
    covariates = np.append(row, arm)[None]
    at_knots = [member_hazards(bundle.forests[name], covariates)[0] for name in HAZARDS]
    by_month = at_months(np.concatenate(at_knots), np.arange(last + 1))
    return by_month.reshape(last + 1, len(HAZARDS), -1)
