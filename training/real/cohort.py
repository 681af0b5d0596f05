"""A real cohort: patients with gaps, what happened to them, and what was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from models.outcomes import LAST_HORIZON
from models.table import FloatArray, Table, select_rows
from training.simulation import Outcomes

#: So many patients must still be observed for a month to have figures (an assumption).
STILL_OBSERVED = 10


@dataclass(frozen=True)
class LocalCohort:
    """Patients of a real cohort.

    Attributes
    ----------
    table : dict of arrays, shape (patients,)
        Encoded covariates; NaN is not known.
    arm : array, shape (patients,)
        0 not offered surgery, 1 offered surgery.
    outcomes : Outcomes
    digest : str
        ``sha256:`` and the digest of the data file.
    left_out : dict of str to int
        Rows that were not used, by reason.
    """

    table: Table
    arm: FloatArray
    outcomes: Outcomes
    digest: str
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of patients."""
        return len(self.arm)

    @property
    def last_month(self) -> int:
        """The last whole month at which enough patients are still observed for each outcome.

        0 when there is none.
        """
        ends = [getattr(self.outcomes, name) for name in _MONTHS]
        longest = min(float(np.sort(months)[-STILL_OBSERVED]) for months in ends)
        return int(min(longest, LAST_HORIZON))

    @property
    def rows_digest(self) -> str:
        """``sha256:`` and the digest of the patients' values, in whatever order they stand.

        Covariates, arms, times and events as they were read, without the names of the rows: the
        same for the same patients with other line ends, other columns or in another order.
        """
        columns = [
            *(self.table[name] for name in sorted(self.table)),
            self.arm,
            *(getattr(self.outcomes, f.name) for f in fields(Outcomes)),
        ]
        rows = sorted(repr(row) for row in np.column_stack(columns).tolist())
        return "sha256:" + hashlib.sha256("\n".join(rows).encode()).hexdigest()

    @property
    def median_follow_up(self) -> float:
        """Median observed time in months, deaths included."""
        return float(np.median(self.outcomes.os_months))

    def rows(self, chosen: NDArray[np.intp]) -> LocalCohort:
        """Return the cohort of some rows."""
        outcomes = Outcomes(*(getattr(self.outcomes, f.name)[chosen] for f in fields(Outcomes)))
        return LocalCohort(
            select_rows(self.table, chosen), self.arm[chosen], outcomes, self.digest, self.left_out
        )


_MONTHS = ("os_months", "lrfs_months", "ulceration_months", "bleeding_months")
