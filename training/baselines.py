"""Baseline hazards: cumulative hazards that are straight lines between knots on log-log axes.

One slope is a Weibull hazard; several slopes bend it at the knots.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.table import FloatArray

#: Where the first and last pieces are continued to, in months.
_FIRST, _LAST = 1e-6, 1e6


@dataclass(frozen=True)
class Baseline:
    """A cumulative baseline hazard.

    Attributes
    ----------
    log_level : float
        Log of the cumulative hazard at the reference time.
    slopes : tuple of float
        Slope on log-log axes of each piece; 1 is a constant hazard.
    knots : tuple of float
        Months at which one piece ends and the next begins.
    reference : float
        Months at which `log_level` holds.
    """

    log_level: float
    slopes: tuple[float, ...]
    knots: tuple[float, ...] = ()
    reference: float = 48.0

    def cumulative(self, months: FloatArray) -> FloatArray:
        """Return the cumulative hazard at some months."""
        log_time, log_hazard = self._corners()
        clipped = np.clip(months, _FIRST, _LAST)
        hazard: FloatArray = np.exp(np.interp(np.log(clipped), log_time, log_hazard))
        return hazard

    def months_at(self, hazard: FloatArray) -> FloatArray:
        """Return the months at which the cumulative hazard reaches some values."""
        log_time, log_hazard = self._corners()
        months: FloatArray = np.exp(np.interp(np.log(hazard), log_hazard, log_time))
        return months

    def _corners(self) -> tuple[FloatArray, FloatArray]:
        log_time = np.log(np.array([_FIRST, *self.knots, _LAST]))
        steps = np.diff(log_time) * np.array(self.slopes)
        log_hazard = np.concatenate([[0.0], np.cumsum(steps)])
        at_reference = np.interp(np.log(self.reference), log_time, log_hazard)
        return log_time, log_hazard - at_reference + self.log_level
