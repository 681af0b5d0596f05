"""Matched cohorts: from a seed to 205 + 202 patients who show every printed figure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from models.design_matrix import TERM_NAMES
from models.table import FloatArray
from training.calibration import (
    CalibrationFailed,
    Closeness,
    FreeSlopes,
    Manner,
    calibrate,
    identify_death,
)
from training.cohort import REFERENCE_SEED, Cohort
from training.matching.anneal import new_search
from training.matching.figures import EffectTargets, published_figures
from training.matching.local import local_outcomes
from training.matching.schedule import STRETCHES, OnProgress, run
from training.matching.start import days_apart, start_cells, start_days
from training.matching.state import State, days_of, new_state
from training.matching.tables import sites_of_cells, table_of_cells
from training.matching.triple_negative import put_in_order
from training.priors import Prior, draw, priors
from training.targets import published_targets
from training.truth import Patients, Truth, patients_of, sample_patients

#: Deviation from a drawn effect that counts like one printed step, log hazard ratio: effects
#: that no printed figure speaks about, and those that Fig. 3 holds weakly.
_FREE, _WEAK = 0.03, 0.25
EFFECT_STEPS = {
    "age_per_decade": _FREE,
    "t3_or_more": _FREE,
    "t4": _FREE,
    "n1_or_more": _FREE,
    "n2_or_more": _FREE,
    "ps_1_or_more": _WEAK,
    "er_positive": _WEAK,
    "liver": _WEAK,
}

#: A search starts close to the printed medians, as steep as they and the hazard ratio ask for:
#: one cohort is to show them, while a member of the ensemble gives way where they contradict
#: each other.
_CLOSE = Manner(FreeSlopes(death=1.4), closeness=Closeness(0.005, 1.4, 0.4, 1e-8))

_PRIOR_OF = {
    "death": "death",
    "progression": "progression",
    "ulceration": "complication",
    "bleeding": "complication",
}
_MOST_DRAWS = 100


class Drawn(NamedTuple):
    """What a seed settles before the search: covariates, effects and the truth they give."""

    patients: Patients
    effects: dict[str, FloatArray]
    truth: Truth


def matched_cohort(
    seed: int, *, stretches: int = STRETCHES, on_progress: OnProgress = lambda _: None
) -> Cohort:
    """Return one matched cohort; the same seed gives the same cohort on one machine.

    The prognostic effects that the trial leaves open are drawn by the seed; the reference
    cohort has the prior means, or what the deaths by subgroup say.

    Parameters
    ----------
    stretches : int
        Length of the search (`training.matching.schedule`).
    on_progress : callable
        Called with the part of the search that is done.
    """
    with threadpool_limits(limits=1):  # small matrices: threads would only wait
        rng = np.random.default_rng(seed)
        drawn = draw_effects(rng, at_prior_means=seed == REFERENCE_SEED)
        state = start(drawn.patients, drawn.truth, rng)
        search = new_search(state, published_figures(), effect_targets(drawn.effects["death"]))
        run(search, rng, stretches=stretches, on_progress=on_progress)
        return finish(search.state, drawn.truth, rng)


def draw_effects(rng: np.random.Generator, *, at_prior_means: bool) -> Drawn:
    """Return patients, prognostic effects and the truth with which they show the figures.

    Raises
    ------
    CalibrationFailed
        If no draw can be calibrated.
    """
    targets = published_targets()
    for _ in range(_MOST_DRAWS):
        patients = sample_patients(rng)
        prior = priors()
        effects = {
            hazard: prior[name].mean if at_prior_means else draw(prior[name], rng)
            for hazard, name in _PRIOR_OF.items()
        }
        try:
            identified = identify_death(patients, effects["death"], targets, _CLOSE)[
                0
            ].coefficients
            effects["death"] = (
                identified
                if at_prior_means
                else _hold_to_cohorts(effects["death"], prior["death"], identified, rng)
            )
            return Drawn(patients, effects, calibrate(patients, effects, targets, _CLOSE))
        except CalibrationFailed:
            continue
    raise CalibrationFailed("no draw of the effects can be calibrated")


def _hold_to_cohorts(
    drawn: FloatArray, prior: Prior, identified: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return a draw of what one cohort's own effects may be, effect by effect.

    As `training.priors.hold_to_trial`, but with the spread over cohorts that match all figures
    (`Prior.cohort_sd`) in place of the trial's sampling error, which a cohort does not have: its
    deaths by subgroup are the trial's own.
    """
    speaks = np.isfinite(prior.cohort_sd)
    error_sd = np.where(speaks, prior.cohort_sd, 0.0)
    variance = prior.sd**2
    gain = np.where(speaks, variance / np.where(speaks, variance + error_sd**2, 1.0), 0.0)
    observed = np.where(speaks, identified, 0.0) + error_sd * rng.standard_normal(len(drawn))
    held: FloatArray = drawn + gain * (observed - drawn)
    return held


def start(patients: Patients, truth: Truth, rng: np.random.Generator) -> State:
    """Return a state with every published count, times from the truth, the smallest row solved."""
    cells, event = start_cells(patients.table, patients.arm, rng)
    dealt = patients_of(table_of_cells(cells), patients.arm)
    days = start_days(dealt, truth, event, rng)
    ordered = put_in_order(days, patients.arm, event, cells, published_figures(), rng)
    return new_state(days_apart(ordered), patients.arm.astype(np.int64), event, cells)


def effect_targets(effects: FloatArray) -> EffectTargets:
    """Return the drawn effects on death as targets, those that the publication leaves open.

    Parameters
    ----------
    effects : array, shape (terms,)
        Log hazard ratios, without the arm's.
    """
    step = [EFFECT_STEPS.get(name, np.inf) for name in TERM_NAMES]
    return EffectTargets(np.append(effects, 0.0), np.array([*step, np.inf]))


def finish(state: State, truth: Truth, rng: np.random.Generator) -> Cohort:
    """Return the cohort of a state, with local outcomes."""
    patients = patients_of(table_of_cells(state.cells), state.arm.astype(float))
    outcomes = local_outcomes(patients, truth, days_of(state), state.event, rng)
    return Cohort(patients, outcomes, sites_of_cells(state.cells))
