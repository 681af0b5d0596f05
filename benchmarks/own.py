"""Our side of the arithmetic, in two ways.

**A kernel**, written here and called nowhere else: eight survival curves for each row of a table,
four hazards under two arms, 128 rows at once, each profile scored once. It takes the Cox models'
or forests' arrays and goes through functions that an answer goes through, too (`models.forest`,
`models.intervals.summarise`); a Cox model's ratios and survivals it makes itself, for many rows.
It is what peers are judged by, because their functions give the same curves and no more.

**What an answer goes through**, `models.assess.assess`: row by row, a profile that comes again is
scored again, all hazards of the bundle, four outcomes of which two are incidences that are summed
month by month, the difference between the arms, mean and limits. An answer that shows the pooled
effect of earlier trials beside it has two survivals more.

Neither has caveats, eligibility or texts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.bundles import with_members
from models.analyses import DEFAULT_ANALYSIS, FOREST_ANALYSIS, Analysis
from models.assess import Question, assess
from models.bundle import Bundle
from models.cox import CoxModels
from models.curves import survival
from models.design_matrix import design_matrix
from models.forest import ForestHazard, at_months, member_hazards
from models.intervals import Estimates, summarise
from models.outcomes import ARMS, COX, DEFAULT_HORIZONS, DEFAULT_LEVEL, FOREST
from models.table import FloatArray, Table, row_count, select_rows

#: Rows that are scored together, so that their curves stay in the processor's cache.
BLOCK = 128

#: What an answer is made of under each model.
ANALYSES = {COX: DEFAULT_ANALYSIS, FOREST: FOREST_ANALYSIS}

#: From the design matrix of some rows to figures, rows first.
Score = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Cox:
    """Cox models beside each other, for many rows at once.

    Attributes
    ----------
    coefficients : array, shape (terms, hazards, members)
    arm_ratios : array, shape (hazards, arms, members)
    baselines : array, shape (hazards, months + 1, members)
    """

    coefficients: FloatArray
    arm_ratios: FloatArray
    baselines: FloatArray

    @classmethod
    def of(cls, models: CoxModels, places: list[int]) -> Cox:
        """Return some hazards of a bundle."""
        return cls(
            models.coefficients[:, places],
            models.arm_ratios[:, places].transpose(1, 0, 2),
            models.baselines.cumulative[0][:, places].transpose(1, 0, 2),
        )


def cox_points(models: Cox, months: NDArray[np.intp]) -> Score:
    """Return what scores with one member: survival, (rows, hazards, arms, months)."""
    curves = cox_curves(models, months)
    return lambda design: curves(design)[..., 0]


def cox_curves(models: Cox, months: NDArray[np.intp]) -> Score:
    """Return what gives every member's survival, (rows, hazards, arms, months, members)."""
    baselines = models.baselines[:, months]

    def score(design: FloatArray) -> FloatArray:
        log_ratio = np.zeros((len(design), *models.coefficients.shape[1:]))
        for term, coefficient in zip(design.T, models.coefficients, strict=True):
            log_ratio += term[:, None, None] * coefficient
        by_arm = np.exp(log_ratio)[:, :, None, None] * models.arm_ratios[:, :, None]
        return survival(by_arm * baselines[:, None])

    return score


def forest_points(forests: tuple[ForestHazard, ...], months: NDArray[np.intp]) -> Score:
    """Return what scores with one member: survival, (rows, hazards, arms, months)."""

    def score(design: FloatArray) -> FloatArray:
        by_arm = []
        for arm in range(len(ARMS)):
            columns = np.column_stack([design, np.full(len(design), float(arm))])
            hazards = [at_months(member_hazards(each, columns), months) for each in forests]
            by_arm.append(np.stack(hazards, axis=1)[..., 0])
        return survival(np.stack(by_arm, axis=2))

    return score


def with_intervals(curves: Score) -> Score:
    """Return what gives mean and quantiles, (rows, 3, hazards, arms, months)."""

    def score(design: FloatArray) -> FloatArray:
        found = summarise(curves(design), DEFAULT_LEVEL)
        return np.stack(astuple(found), axis=1)

    return score


def score_table(table: Table, score: Score, block: int = BLOCK) -> FloatArray:
    """Return the figures of every row of a complete table, each profile scored once."""
    first, place = once_each(table)
    design = design_matrix(select_rows(table, first))
    blocks = map(partial(_part, design, block), range(0, len(design), block))
    distinct = np.concatenate([score(rows) for rows in blocks])
    return distinct if len(first) == row_count(table) else distinct[place]


def _part(design: FloatArray, block: int, start: int) -> FloatArray:
    return design[start : start + block]


def once_each(table: Table) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first row of each profile, and for each row the number of its profile.

    When no profile comes again, the rows themselves in their order.
    """
    profile = np.zeros(row_count(table), dtype=np.int64)
    for column in table.values():
        profile = profile * (int(column.max()) + 1) + column.astype(np.int64)
    _, first, place = np.unique(profile, return_index=True, return_inverse=True)
    if len(first) == len(profile):
        rows = np.arange(len(profile))
        return rows, rows
    return first, place


def assessing(bundle: Bundle, members: int, analysis: Analysis) -> Callable[[Table], Estimates]:
    """Return what scores a table as every answer is scored, at five months.

    Parameters
    ----------
    members : int
        Members of the bundle, the first ones; its own come again where it has fewer.
    """
    question = Question(DEFAULT_HORIZONS, DEFAULT_LEVEL)
    return partial(
        assess, bundle=with_members(bundle, members), question=question, analysis=analysis
    )
