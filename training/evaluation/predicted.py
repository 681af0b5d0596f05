"""What a bundle predicts for patients at hand, each under her own arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.assess import member_predictions
from models.bundle import Bundle
from models.outcomes import OUTCOMES, SURVIVALS
from models.population import complete
from models.table import FloatArray, Table, select_rows
from training.real.cohort import LocalCohort

_CHUNK = 200


@dataclass(frozen=True)
class Predicted:
    """Predicted risks.

    Attributes
    ----------
    months : array of int, shape (months,)
        Whole months from 1.
    risks : dict of array, shape (patients, months)
        By outcome, the probability of the event by then; of a survival, of its end. Means over
        members, and over what unknown values may be, as an answer has them.
    """

    months: NDArray[np.intp]
    risks: dict[str, FloatArray]

    def at(self, outcome: str, month: int) -> FloatArray:
        """Return each patient's risk at a month."""
        return self.risks[outcome][:, int(month) - 1]

    def survival_at_end(self, outcome: str, ends: FloatArray) -> FloatArray:
        """Return each patient's probability without the event at a month of her own.

        Between whole months the cumulative hazard is a straight line.
        """
        risks = np.clip(self.risks[outcome], 0.0, 1 - 1e-12)
        hazard = np.column_stack([np.zeros(len(ends)), -np.log1p(-risks)])
        below = np.minimum(np.floor(ends).astype(int), len(self.months))
        above = np.minimum(below + 1, len(self.months))
        rows = np.arange(len(ends))
        share = ends - below
        between = (1 - share) * hazard[rows, below] + share * hazard[rows, above]
        survival: FloatArray = np.exp(-between)
        return survival


def predict_own_arm(cohort: LocalCohort, bundle: Bundle, last: int, jobs: int = -1) -> Predicted:
    """Return the predictions for all months up to a last one.

    Parameters
    ----------
    jobs : int
        Processes; the result does not depend on it.
    """
    parts = np.array_split(np.arange(cohort.size), max(1, cohort.size // _CHUNK))
    tasks = (
        delayed(_predict)(select_rows(cohort.table, part), cohort.arm[part], bundle, last)
        for part in parts
    )
    chunks = Parallel(n_jobs=jobs)(tasks)
    found = np.concatenate(chunks)
    return Predicted(
        np.arange(1, last + 1),
        {outcome.name: found[:, place] for place, outcome in enumerate(OUTCOMES)},
    )


def _predict(table: Table, arm: FloatArray, bundle: Bundle, last: int) -> FloatArray:
    """Return risks of shape (patients, outcomes, months)."""
    horizons = range(1, last + 1)
    risks = np.zeros((len(arm), len(OUTCOMES), last))
    with threadpool_limits(limits=1):
        for row, own in enumerate(arm.astype(int)):
            values = {name: float(column[row]) for name, column in table.items()}
            design, weights = complete(values, bundle.population)
            for line, weight in zip(design, weights, strict=True):
                members = member_predictions(line[None], bundle, horizons)[0, :, own]
                risks[row] += weight * members.mean(axis=-1)
    survivals = slice(0, len(SURVIVALS))
    risks[:, survivals] = 1 - risks[:, survivals]
    return risks
