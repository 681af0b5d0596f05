"""How often an interval holds the truth: one replicate of the coverage study.

A truth is drawn from the priors as they are, not held to the paper's deaths by subgroup: otherwise
it would be known better than any trial of its size can tell. Its trial is drawn, its figures are
published with the paper's rounding, and a whole ensemble is made from those figures alone. The
question is whether its intervals hold what the truth says of the population's average and of some
profiles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from models.curves import cumulative_incidence, survival
from models.design_matrix import design_matrix
from models.evidence import pairs
from models.intervals import summarise
from models.table import FloatArray, Table, row_count
from studies.ensembles import (
    HORIZONS,
    LEVEL,
    first_possible,
    fit_ensemble_of,
    population,
    profiles,
    subject_members,
)
from training.calibration import CalibrationFailed
from training.ensemble import Knowledge, VirtualTrial, draw_truth, observe
from training.expectation import cumulative_hazards
from training.priors import priors, shifted
from training.publication import NotPublishable, published_by
from training.targets import published_targets
from training.truth import Patients, Truth, is_member


@dataclass(frozen=True)
class Setting:
    """What is varied over a study.

    Attributes
    ----------
    members : int
        Members of each ensemble.
    shift : float
        By how many SDs the truths' priors are moved from those that the ensemble assumes.
    interactions : float
        How much of Fig. 3's differences between subgroups is true: 0 is the model's own
        assumption (one effect of surgery for all), 1 takes each printed difference at its word.
    """

    members: int = 200
    shift: float = 0.0
    interactions: float = 0.0


@dataclass(frozen=True)
class Replicate:
    """What one replicate found.

    Attributes
    ----------
    failure : str
        Why there are no figures, or ``""``.
    truth, lower, upper : arrays, shape (subjects, outcomes, shown arms, horizons)
        Empty after a failure.
    redrawn : int
        Members that had to be drawn again.
    """

    failure: str
    truth: FloatArray
    lower: FloatArray
    upper: FloatArray
    redrawn: int = 0


def run_replicate(seed: np.random.SeedSequence, setting: Setting) -> Replicate:
    """Return one replicate; the same seed and setting give the same one."""
    with threadpool_limits(limits=1):
        of_truth, of_members = seed.spawn(2)
        nothing = np.zeros(0)
        try:
            trial = _draw_trial(np.random.default_rng(of_truth), setting)
            published = published_by(trial.patients, trial.outcomes)
            known = Knowledge(published, priors())
            bundle, redrawn = fit_ensemble_of(of_members, known, setting.members)
        except (NotPublishable, CalibrationFailed) as error:
            return Replicate(str(error), nothing, nothing, nothing)
        served = summarise(subject_members(bundle), LEVEL)
        return Replicate("", _true(trial), served.lower, served.upper, redrawn)


def _draw_trial(rng: np.random.Generator, setting: Setting) -> VirtualTrial:
    known = Knowledge(published_targets(), shifted(priors(), setting.shift))
    patients, truth = first_possible(lambda: draw_truth(rng, known, held=False))
    if truth.death.modification is None:
        raise TypeError("a truth of death has modifications")
    death = replace(truth.death, modification=setting.interactions * truth.death.modification)
    return observe(patients, replace(truth, death=death), rng)


def _true(trial: VirtualTrial) -> FloatArray:
    """Return what the truth says, as `Replicate.truth`."""
    average = true_risks(trial.truth, trial.patients, population()).mean(axis=0)
    own = true_risks(trial.truth, trial.patients, profiles())
    arms = np.concatenate([average[None], own])
    return np.concatenate([arms, arms[:, :, 1:2] - arms[:, :, 0:1]], axis=2)


def true_risks(truth: Truth, trial: Patients, table: Table) -> FloatArray:
    """Return what is true of some patients under either policy.

    Parameters
    ----------
    trial : Patients
        The trial that the truth was drawn for: what its effect's modification is centred on.
    table : Table
        The patients.

    Returns
    -------
    array, shape (rows, outcomes, arms, horizons)
        Probabilities at `HORIZONS`.
    """
    by_arm = [_risks_in_arm(truth, _in_arm(table, arm, trial)) for arm in (0.0, 1.0)]
    return np.stack(by_arm, axis=2)


def _in_arm(table: Table, arm: float, trial: Patients) -> Patients:
    """Return the rows of a table as patients of one arm; modifiers are centred as the trial's."""
    second = [pair.subgroups[1] for pair in pairs()]
    centre = np.array([is_member(trial.table, subgroup).mean() for subgroup in second])
    members = np.array([is_member(table, subgroup) for subgroup in second])
    return Patients(
        table, np.full(row_count(table), arm), design_matrix(table), members, members.T - centre
    )


def _risks_in_arm(truth: Truth, patients: Patients) -> FloatArray:
    """Return true probabilities, shape (rows, outcomes, horizons)."""
    months = np.array(HORIZONS, dtype=float)
    grid = np.arange(1.0, max(HORIZONS) + 1)
    death = cumulative_hazards(truth.death, patients, months)
    progression = cumulative_hazards(truth.progression, patients, months)
    competing = cumulative_hazards(truth.death, patients, grid)[..., None]
    incidences = [
        cumulative_incidence(cumulative_hazards(event, patients, grid)[..., None], competing)[
            :, np.array(HORIZONS) - 1, 0
        ]
        for event in (truth.ulceration, truth.bleeding)
    ]
    return np.stack([survival(death), survival(death + progression), *incidences], axis=1)
