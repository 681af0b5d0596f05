"""What a trial shows on average, computed from its truth without simulation.

The marginal curves, deaths and hazard ratios of a virtual trial in the limit of many patients
like its own: sums over patients on a grid of months. Calibration compares them with the
published figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.curves import cumulative_incidence, survival
from models.table import FloatArray
from training.truth import FollowUp, HazardTruth, Patients

#: Edges of the grid in months, to the end of follow-up.
EDGES = np.arange(0.0, 133.0)
_MIDDLES = (EDGES[1:] + EDGES[:-1]) / 2
_NEWTON_STEPS = 15
_SMALLEST_STEP = 1e-12


@dataclass(frozen=True)
class ExpectedSurvival:
    """Expected results of a time-to-event outcome by group (all patients first) and arm.

    Attributes
    ----------
    curves : array, shape (arms, edges)
        Marginal survival of all patients of each arm at `EDGES`.
    events : array, shape (groups, arms)
        Events observed during follow-up.
    log_hazard_ratios : array, shape (groups,)
        What a Cox model with the arm alone estimates, surgery / no surgery.
    """

    curves: FloatArray
    events: FloatArray
    log_hazard_ratios: FloatArray


def cumulative_hazards(truth: HazardTruth, patients: Patients, months: FloatArray) -> FloatArray:
    """Return each patient's cumulative hazard, shape (patients, months)."""
    ratio = np.exp(truth.log_ratio(patients))
    hazards: FloatArray = ratio[:, None] * truth.baseline.cumulative(months)
    return hazards


def expected_survival(
    hazards: list[HazardTruth], patients: Patients, follow_up: FollowUp
) -> ExpectedSurvival:
    """Return what a trial shows on average of the first event among independent hazards.

    Parameters
    ----------
    hazards : list of HazardTruth
        Hazards that add up; death alone, or local progression and death.
    """
    at_edges = _total_survival(hazards, patients, EDGES)
    # A hazard that is constant within a month; exact to far more digits than are printed.
    at_middles = np.sqrt(at_edges[:, 1:] * at_edges[:, :-1])
    followed = follow_up.followed(_MIDDLES)
    groups = np.vstack([np.ones_like(patients.arm), patients.members])
    rows_by_arm = [patients.arm == arm for arm in (0, 1)]
    dying = (at_edges[:, :-1] - at_edges[:, 1:]) * followed
    events = np.stack([groups[:, rows] @ dying[rows] for rows in rows_by_arm])
    at_risk = np.stack([groups[:, rows] @ (at_middles[rows] * followed) for rows in rows_by_arm])
    curves = np.stack([at_edges[rows].mean(axis=0) for rows in rows_by_arm])
    return ExpectedSurvival(curves, events.sum(axis=2).T, _log_hazard_ratios(events, at_risk))


def expected_incidence(
    event: HazardTruth, death: HazardTruth, patients: Patients, month: int
) -> FloatArray:
    """Return the cumulative incidence of an event by a month in each arm, death competing."""
    months = EDGES[1 : month + 1]
    incidence = cumulative_incidence(
        cumulative_hazards(event, patients, months)[..., None],
        cumulative_hazards(death, patients, months)[..., None],
    )[:, -1, 0]
    return np.array([incidence[patients.arm == arm].mean() for arm in (0, 1)])


def _total_survival(
    hazards: list[HazardTruth], patients: Patients, months: FloatArray
) -> FloatArray:
    total = sum(cumulative_hazards(hazard, patients, months) for hazard in hazards)
    return survival(np.asarray(total))


def _log_hazard_ratios(events: FloatArray, at_risk: FloatArray) -> FloatArray:
    """Solve Cox's score equation for the arm in each group.

    Parameters
    ----------
    events, at_risk : arrays, shape (arms, groups, cells)
    """
    all_events = events.sum(axis=0)
    log_ratio = np.zeros(events.shape[1])
    for _ in range(_NEWTON_STEPS):
        treated = at_risk[1] * np.exp(log_ratio)[:, None]
        share = treated / np.maximum(at_risk[0] + treated, 1e-9)
        score = (events[1] - all_events * share).sum(axis=1)
        information = (all_events * share * (1 - share)).sum(axis=1)
        # Far from a solution a full step can leave the numbers' range.
        step = np.clip(score / np.maximum(information, 1e-9), -1.0, 1.0)
        log_ratio += step
        if np.abs(step).max() < _SMALLEST_STEP:
            break
    return log_ratio
