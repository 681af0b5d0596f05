"""scikit-survival alone: survival of many patients under both arms, four hazards, five months.

Work: ``predict_survival_function`` of four fitted models for the design matrix of each arm, read
at the months that are asked for. It is fair because each model is asked as its documentation does:
for step functions, which are then called. A forest is also asked for the array of all times, of
which columns are taken, which is quicker (for a Cox model it is slower). The quickest way to a Cox
model's survival leaves that function out: exp(-exp(``model.predict``) H0), as an array. The design
matrix is made before the clock starts, which ours is not. The forest averages
product-limit curves over its trees, ours is exp(-H) of their mean cumulative hazard: the trees
are held equal by ``predict_cumulative_hazard_function``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sksurv.ensemble import RandomSurvivalForest
from sksurv.linear_model import CoxPHSurvivalAnalysis

from models.forest import IntArray
from models.table import FloatArray


def survival_functions(
    models: Sequence[CoxPHSurvivalAnalysis | RandomSurvivalForest],
    arms: Sequence[FloatArray],
    months: FloatArray,
) -> FloatArray:
    """Return survival, shape (hazards, arms, rows, months), by step functions.

    Parameters
    ----------
    arms : sequence of arrays, each of shape (rows, terms + 1)
        The design matrix under each arm.
    """
    return np.array(
        [
            [[curve(months) for curve in model.predict_survival_function(rows)] for rows in arms]
            for model in models
        ]
    )


def cox_survival(
    models: Sequence[CoxPHSurvivalAnalysis], arms: Sequence[FloatArray], months: FloatArray
) -> FloatArray:
    """Return survival, shape (hazards, arms, rows, months), by linear predictors as arrays."""
    return np.array(
        [
            [np.exp(np.multiply.outer(np.exp(model.predict(rows)), -baseline)) for rows in arms]
            for model in models
            for baseline in [model.cum_baseline_hazard_(months)]
        ]
    )


def forest_survival(
    models: Sequence[RandomSurvivalForest], arms: Sequence[FloatArray], months: FloatArray
) -> FloatArray:
    """Return survival, shape (hazards, arms, rows, months)."""
    return np.array(
        [
            [
                model.predict_survival_function(rows, return_array=True)[:, reached(model, months)]
                for rows in arms
            ]
            for model in models
        ]
    )


def forest_hazard(
    models: Sequence[RandomSurvivalForest], arms: Sequence[FloatArray], months: FloatArray
) -> FloatArray:
    """Return cumulative hazards, shape (hazards, arms, rows, months); not timed."""
    return np.array(
        [
            [
                model.predict_cumulative_hazard_function(rows, return_array=True)[
                    :, reached(model, months)
                ]
                for rows in arms
            ]
            for model in models
        ]
    )


def reached(model: RandomSurvivalForest, months: FloatArray) -> IntArray:
    """Return the column of the last step at or before each month."""
    found: IntArray = np.searchsorted(model.unique_times_, months, side="right") - 1
    return found
