"""The curves that a patient's ratios multiply: every cause of a model, member beside member."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from models.curves import CompetingRisks
from models.outcomes import HAZARDS, INCIDENCES
from models.table import FloatArray

#: Where the hazards of the incidences stand: of their events, and of what competes with them.
EVENTS = [HAZARDS.index(outcome.hazards[0]) for outcome in INCIDENCES]
COMPETING = [HAZARDS.index(outcome.hazards[1]) for outcome in INCIDENCES]


@dataclass(frozen=True)
class Baselines:
    """Cumulative hazards of every cause, month by month.

    Attributes
    ----------
    cumulative : array, shape (1 or arms, months + 1, hazards, members)
        Cumulative hazards at months 0, 1, ..., in the order of `models.outcomes.HAZARDS`; zero
        at month 0. One for both arms where ratios alone tell them apart.
    """

    cumulative: FloatArray

    @cached_property
    def incidences(self) -> CompetingRisks:
        """The incidences' events and what competes; lanes are outcomes and members."""
        arms, months = self.cumulative.shape[:2]
        event, competing = (
            self.cumulative[:, :, places].reshape(arms, months, -1)
            for places in (EVENTS, COMPETING)
        )
        return CompetingRisks.of(event, competing)
