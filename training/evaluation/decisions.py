"""Decision curves: how well a threshold of predicted risk picks out those with the event.

The measure is Vickers and Elkin's (2006): true positives minus false positives, these weighted by
the odds of the threshold, per patient. Censoring is made up for by weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.table import FloatArray
from training.evaluation.observed import Observed, happened_by

THRESHOLDS = np.arange(0.05, 0.96, 0.05)


@dataclass(frozen=True)
class DecisionCurve:
    """Net true positives per patient by threshold.

    Attributes
    ----------
    model : array, shape (thresholds,)
        When those above the threshold are picked out.
    everybody : array, shape (thresholds,)
        When all are.
    """

    model: FloatArray
    everybody: FloatArray


def decision_curve(risk: FloatArray, observed: Observed, month: float) -> DecisionCurve:
    """Return the decision curve at a month.

    Raises
    ------
    CannotCompute
        If nobody was observed until then.
    """
    event, weights = happened_by(observed, month)
    odds = THRESHOLDS / (1 - THRESHOLDS)
    picked = risk[:, None] >= THRESHOLDS
    hits = (weights * event) @ picked / len(risk)
    false = (weights * (1 - event)) @ picked / len(risk)
    share, rest = (weights * event).mean(), (weights * (1 - event)).mean()
    return DecisionCurve(hits - false * odds, share - rest * odds)
