"""The statistics that a trial report prints, computed from a cohort with scikit-survival."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.nonparametric import kaplan_meier_estimator
from sksurv.util import Surv

from models.outcomes import LOCAL_COMPLICATIONS_GIVEN_AT
from models.table import FloatArray
from training.simulation import EVENT, Outcomes


@dataclass(frozen=True)
class Headline:
    """The headline of a trial report; arrays are by arm.

    Attributes
    ----------
    os_hr, lrfs_hr : float
        Unstratified Cox hazard ratios, surgery / no surgery.
    os_medians, lrfs_medians : array, shape (arms,)
        Kaplan-Meier medians in months; NaN when not reached.
    deaths : array, shape (arms,)
    ulceration, bleeding : array, shape (arms,)
        Plain proportions by 48 months.
    follow_up_quartiles : array, shape (3,)
        Quartiles of the observed time in months, deaths included.
    """

    os_hr: float
    os_medians: FloatArray
    lrfs_hr: float
    lrfs_medians: FloatArray
    deaths: FloatArray
    ulceration: FloatArray
    bleeding: FloatArray
    follow_up_quartiles: FloatArray


def headline(arm: FloatArray, outcomes: Outcomes) -> Headline:
    """Return the headline of a cohort.

    Parameters
    ----------
    arm : array, shape (patients,)
        0 systemic therapy, 1 PTR plus systemic therapy.
    """
    death, relapse = outcomes.os_event == EVENT, outcomes.lrfs_event == EVENT
    return Headline(
        os_hr=hazard_ratio(arm, outcomes.os_months, death),
        os_medians=_by_arm(arm, lambda rows: median(outcomes.os_months[rows], death[rows])),
        lrfs_hr=hazard_ratio(arm, outcomes.lrfs_months, relapse),
        lrfs_medians=_by_arm(arm, lambda rows: median(outcomes.lrfs_months[rows], relapse[rows])),
        deaths=_by_arm(arm, lambda rows: float(death[rows].sum())),
        ulceration=_proportion(arm, outcomes.ulceration_months, outcomes.ulceration_event),
        bleeding=_proportion(arm, outcomes.bleeding_months, outcomes.bleeding_event),
        follow_up_quartiles=np.quantile(outcomes.os_months, [0.25, 0.5, 0.75]),
    )


def hazard_ratio(arm: FloatArray, months: FloatArray, event: FloatArray) -> float:
    """Return the hazard ratio of the arm alone (Efron's ties)."""
    log_ratio, _ = cox_of_arm(arm, months, event)
    return float(np.exp(log_ratio))


def cox_of_arm(arm: FloatArray, months: FloatArray, event: FloatArray) -> tuple[float, float]:
    """Return the log hazard ratio of the arm alone (Efron's ties) and its standard error.

    The standard error takes tied deaths one after the other.
    """
    model = CoxPHSurvivalAnalysis(ties="efron")
    model.fit(arm[:, None], Surv.from_arrays(event, months))
    log_ratio = float(model.coef_[0])
    order = np.argsort(-months, kind="stable")
    treated, without = np.cumsum(arm[order]), np.cumsum(1 - arm[order])
    weighted = treated * np.exp(log_ratio)
    share = (weighted / (without + weighted))[event[order]]
    return log_ratio, float(1 / np.sqrt((share * (1 - share)).sum()))


def median(months: FloatArray, event: FloatArray) -> float:
    """Return the Kaplan-Meier median in months, NaN when it is not reached."""
    times, survival = kaplan_meier_estimator(event, months)
    reached = np.flatnonzero(survival <= 0.5)
    return float(times[reached[0]]) if len(reached) else float("nan")


def _proportion(arm: FloatArray, months: FloatArray, event: FloatArray) -> FloatArray:
    happened = (event == EVENT) & (months <= LOCAL_COMPLICATIONS_GIVEN_AT)
    return _by_arm(arm, lambda rows: float(happened[rows].mean()))


def _by_arm(arm: FloatArray, of_rows: Callable[[FloatArray], float]) -> FloatArray:
    return np.array([of_rows(arm == value) for value in (0, 1)])
