"""Curve arithmetic: survival from cumulative hazards, incidence with death competing.

All functions are vectorised over leading axes. Times stand on a grid of whole months.
"""

from __future__ import annotations

import numpy as np

from models.table import FloatArray


def survival(cumulative_hazard: FloatArray) -> FloatArray:
    """Return the survival probability exp(-H), of the same shape as H.

    Source: the definition of the cumulative hazard; with Breslow's estimate of H it is the
    usual Cox survival curve.
    """
    return np.exp(-cumulative_hazard)


def cumulative_incidence(event: FloatArray, competing: FloatArray) -> FloatArray:
    """Return the cumulative incidence of an event that competes with another one.

    Within a grid cell both cause-specific hazards are taken as proportional to each other, so
    the cell's share of the event is that of its hazard increments (Aalen-Johansen in the
    limit): I_j = sum over i <= j of (S_{i-1} - S_i) dH1_i / (dH1_i + dH2_i), with
    S = exp(-(H1 + H2)).

    Parameters
    ----------
    event, competing : arrays, shape (..., months, members)
        Cumulative cause-specific hazards H1 and H2 at months 1, 2, ...; zero at month 0.

    Returns
    -------
    array, shape (..., months, members)
        Probability (0 to 1) of the event by each month. With the competing incidence and S it
        adds up to one.
    """
    event_free = survival(event + competing)
    leaving = -np.diff(event_free, axis=-2, prepend=1.0)
    event_step = np.diff(event, axis=-2, prepend=0.0)
    both_steps = event_step + np.diff(competing, axis=-2, prepend=0.0)
    share = np.divide(event_step, both_steps, out=np.zeros_like(both_steps), where=both_steps > 0)
    incidence: FloatArray = np.cumsum(leaving * share, axis=-2)
    return incidence
