"""What a second model says of survival, where it is far from the figures that are shown."""

from __future__ import annotations

import numpy as np

from models.analyses import Analysis
from models.assess import assess
from models.caveat_case import FAR_APART
from models.intervals import Estimates
from models.language import N_, _, joined
from models.outcomes import ARM_LABELS, ARMS, COX, FOREST, MODEL_LABELS, OVERALL_EFFECT
from models.prediction import Prediction
from models.rounding import for_machines, percent
from models.table import table_of
from service.cost import combination_count
from service.page.figures import MOST_COMBINATIONS
from service.page.measured import NOT_COMPARED, says
from service.page.words import time_words

#: Of the outcomes, survival stands first.
_SURVIVAL = 0
_OTHER = {COX: FOREST, FOREST: COX}

_APART = N_(
    "A second model, the {model}, puts survival when {arm} at {other}% ({level} interval {lower} "
    "to {upper}) {time} after the decision, not {own}%."
)
_NEITHER = N_("Neither has been compared with patients.")
_NO_RELIANCE = N_("For this combination of values do not rely on the survival figures.")
_NOT_ASKED = N_(
    "A second model, the {model}, was not asked: too many values are not known for a quick answer."
)


def second_model(prediction: Prediction) -> str:
    """Return what the bundle's other model says of survival, under the whole trial's effect.

    It is told where a probability is apart by `models.caveat_case.FAR_APART` or more: where it is
    most. ``""`` where the models agree, where there is no other one, and out of scope.
    """
    shown = prediction.options.shown
    other = Analysis(_OTHER[shown.model], OVERALL_EFFECT)
    held = other in prediction.bundle.held
    if not prediction.in_scope or shown.effect != OVERALL_EFFECT or not held:
        return ""
    if other not in prediction.analyses and _is_long(prediction):
        return _(_NOT_ASKED).format(model=_(MODEL_LABELS[other.model]))
    return _compared(prediction, _figures(prediction, other), other.model)


def _is_long(prediction: Prediction) -> bool:
    return combination_count(prediction.patient, prediction.bundle) > MOST_COMBINATIONS


def _figures(prediction: Prediction, analysis: Analysis) -> Estimates:
    """Return an analysis's figures, shape (outcomes, shown arms, horizons)."""
    known = prediction.analyses.get(analysis)
    if known is not None:
        return known
    table = table_of([prediction.patient])
    found = assess(table, prediction.bundle, prediction.options.question, analysis)
    return Estimates(found.estimate[0], found.lower[0], found.upper[0])


def _compared(prediction: Prediction, found: Estimates, model: str) -> str:
    """Return where survival is furthest apart, or ``""`` where it is not far.

    Parameters
    ----------
    found : Estimates
        The other model's, shape (outcomes, shown arms, horizons).
    """
    own = for_machines(prediction.shown.estimate)[_SURVIVAL, : len(ARMS)]
    other = for_machines(found.estimate)[_SURVIVAL, : len(ARMS)]
    gaps = for_machines(np.abs(other - own))
    arm, place = np.unravel_index(gaps.argmax(), gaps.shape)
    if gaps[arm, place] < FAR_APART:
        return ""
    sides = (found.estimate, found.lower, found.upper)
    estimate, lower, upper = (percent(float(side[_SURVIVAL, arm, place])) for side in sides)
    apart = _(_APART).format(
        model=_(MODEL_LABELS[model]),
        arm=_(ARM_LABELS[ARMS[arm]]),
        other=estimate,
        level=f"{prediction.options.interval_level:.0%}",
        lower=lower,
        upper=upper,
        time=time_words(prediction.options.horizons_months[place]),
        own=percent(float(own[arm, place])),
    )
    neither = _(_NEITHER) if says(prediction.bundle.card, NOT_COMPARED) else ""
    return joined(apart, neither, _(_NO_RELIANCE))
