"""Fitting the Cox models of one cohort with scikit-survival."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from models.outcomes import LAST_HORIZON
from models.table import FloatArray
from training.simulation import DIED_FIRST, EVENT, Outcomes

MONTHS = np.arange(LAST_HORIZON + 1, dtype=float)


@dataclass(frozen=True)
class CoxFit:
    """One fitted Cox model.

    Attributes
    ----------
    coefficients : array, shape (terms,)
        Log hazard ratios of the covariates.
    arm : float
        Log hazard ratio of surgery / no surgery, given the covariates.
    baseline : array, shape (97,)
        Breslow's cumulative baseline hazard at months 0 to 96, covariates zero, no surgery.
    """

    coefficients: FloatArray
    arm: float
    baseline: FloatArray

    def spread_over(self, effects: FloatArray) -> CoxFit:
        """Return the model of an index as one of the covariates behind it.

        Parameters
        ----------
        effects : array, shape (terms,)
            What the index was made with.
        """
        return CoxFit(self.coefficients[0] * effects, self.arm, self.baseline)


def fit_hazards(
    design: FloatArray, arm: FloatArray, outcomes: Outcomes, assumed: Mapping[str, FloatArray]
) -> dict[str, CoxFit]:
    """Return the seven Cox models of a cohort by the bundle's names of hazards.

    Local relapse-free survival ends with local progression or with death without it: one
    cause-specific model each, because their sum cannot be proportional between the arms.

    Parameters
    ----------
    design : array, shape (patients, terms)
        The covariates.
    arm : array, shape (patients,)
        0 or 1.
    assumed : mapping of arrays, shape (terms,)
        For local progression, ulceration and bleeding: the effects of the covariates, which
        are assumed and not estimated (`fit_assumed`).
    """
    local = {
        "local_progression": (outcomes.lrfs_months, outcomes.first_local_event()),
        "ulceration": (outcomes.ulceration_months, outcomes.ulceration_event),
        "bleeding": (outcomes.bleeding_months, outcomes.bleeding_event),
    }
    fits = {"death": fit_cox(design, arm, outcomes.os_months, outcomes.os_event == EVENT)}
    for name, (months, event) in local.items():
        fits[name] = fit_assumed(design @ assumed[name], arm, months, event == EVENT).spread_over(
            assumed[name]
        )
        fits[f"death_without_{name}"] = fit_cox(design, arm, months, event == DIED_FIRST)
    return fits


def fit_assumed(
    index: FloatArray, arm: FloatArray, months: FloatArray, event: FloatArray
) -> CoxFit:
    """Return a Cox model of a prognostic index and the arm.

    No covariate effect on local progression, ulceration or bleeding is published, so a virtual
    trial has nothing to say about them but what was put in: what is known of them is the
    prior. The drawn effects are kept as an index, of which only the strength is estimated,
    with the effect of surgery and the baseline.

    Parameters
    ----------
    index : array, shape (patients,)
        The covariates times their assumed effects, log hazard ratio.
    """
    return fit_cox(index[:, None], arm, months, event)


def fit_cox(design: FloatArray, arm: FloatArray, months: FloatArray, event: FloatArray) -> CoxFit:
    """Return a Cox model of one hazard with the arm among the covariates (Efron's ties).

    Parameters
    ----------
    event : boolean array, shape (patients,)
        Whether the observed time ends with the event; all else is censoring, so that a
        competing event gives the cause-specific hazard.
    """
    model = CoxPHSurvivalAnalysis(ties="efron")
    model.fit(np.column_stack([design, arm]), Surv.from_arrays(event, months))
    steps = model.cum_baseline_hazard_
    reached = np.searchsorted(steps.x, MONTHS, side="right")
    baseline = np.concatenate([[0.0], steps.y])[reached]
    return CoxFit(model.coef_[:-1], float(model.coef_[-1]), baseline)
