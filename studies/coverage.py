"""How often an interval holds the truth: one replicate of the coverage study.

A truth is drawn as for a member of the ensemble; its trial is drawn, its figures are published
with the paper's rounding, and a whole ensemble is made from those figures alone. The question is
whether its intervals hold what the truth says of the population's average and of some profiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from models.assess import member_predictions
from models.bundle import Bundle
from models.curves import cumulative_incidence, survival
from models.design_matrix import TERM_NAMES, design_matrix
from models.evidence import pairs
from models.intervals import Estimates, summarise
from models.patient import read_patient
from models.table import FloatArray, Table, row_count, table_of
from training.calibration import CalibrationFailed
from training.cohort import REFERENCE_SEED
from training.ensemble import (
    Knowledge,
    VirtualTrial,
    draw_trial,
    draw_truth,
    fit_trial,
    observe,
    stack_cox,
)
from training.expectation import cumulative_hazards
from training.priors import priors, shifted
from training.publication import NotPublishable, published_by
from training.targets import published_targets
from training.truth import Patients, Truth, is_member, sample_patients

HORIZONS = (12, 48, 60)
LEVEL = 0.95
AVERAGE = "average of the trial's patients"

#: A member whose figures cannot be met is drawn again; more often than this is a failure.
_MOST_TRIES = 5

_USUAL = {
    "age": 50,
    "menopausal_status": "pre",
    "ecog_ps": 0,
    "clinical_t": "T2",
    "clinical_n": "N1",
    "er_status": "positive",
    "her2_status": "negative",
    "metastatic_organs": "1",
    "liver_metastasis": False,
    "bone_only_metastasis": True,
}

#: Patients whose own risk is looked at, from the most usual to the rare.
PROFILES: dict[str, dict[str, object]] = {
    "ER+ HER2-, bone only, T2 N1": _USUAL,
    "ER+ HER2-, two organs, T4 N2, postmenopausal": {
        **_USUAL,
        "age": 62,
        "menopausal_status": "post",
        "clinical_t": "T4",
        "clinical_n": "N2",
        "metastatic_organs": "2+",
        "bone_only_metastasis": False,
    },
    "ER- HER2+, liver, T4 N1, postmenopausal": {
        **_USUAL,
        "age": 58,
        "menopausal_status": "post",
        "clinical_t": "T4",
        "er_status": "negative",
        "her2_status": "positive",
        "liver_metastasis": True,
        "bone_only_metastasis": False,
    },
    "triple negative, one organ, T3 N1, premenopausal": {
        **_USUAL,
        "age": 42,
        "clinical_t": "T3",
        "er_status": "negative",
        "bone_only_metastasis": False,
    },
    "ER+ HER2-, PS 1, two organs, T2 N0, postmenopausal": {
        **_USUAL,
        "age": 71,
        "menopausal_status": "post",
        "ecog_ps": 1,
        "clinical_n": "N0",
        "metastatic_organs": "2+",
        "bone_only_metastasis": False,
    },
}
Drawn = TypeVar("Drawn")

SUBJECTS: tuple[str, ...] = (AVERAGE, *PROFILES)


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
            bundle, redrawn = _ensemble(of_members, known, setting.members)
        except (NotPublishable, CalibrationFailed) as error:
            return Replicate(str(error), nothing, nothing, nothing)
        served = _served(bundle)
        return Replicate("", _true(trial), served.lower, served.upper, redrawn)


def _draw_trial(rng: np.random.Generator, setting: Setting) -> VirtualTrial:
    known = Knowledge(published_targets(), shifted(priors(), setting.shift))
    patients, truth = _first_possible(lambda: draw_truth(rng, known))
    if truth.death.modification is None:
        raise TypeError("a truth of death has modifications")
    death = replace(truth.death, modification=setting.interactions * truth.death.modification)
    return observe(patients, replace(truth, death=death), rng)


def _first_possible(attempt: Callable[[], Drawn]) -> Drawn:
    """Return the first of a few attempts for which the figures can be met."""
    for _ in range(_MOST_TRIES - 1):
        try:
            return attempt()
        except CalibrationFailed:
            continue
    return attempt()


def _ensemble(seed: np.random.SeedSequence, known: Knowledge, members: int) -> tuple[Bundle, int]:
    """Return a bundle of Cox models, and how many trials had to be drawn beyond its members."""
    drawn = 0

    def draw(rng: np.random.Generator) -> VirtualTrial:
        nonlocal drawn
        drawn += 1
        return draw_trial(rng, known)

    fits = [
        fit_trial(_first_possible(partial(draw, rng)))
        for rng in map(np.random.default_rng, seed.spawn(members))
    ]
    manifest = {"kind": ["cox"], "members": members, "terms": list(TERM_NAMES)}
    return Bundle(manifest, "", stack_cox(fits), (), ""), drawn - members


@cache
def _population() -> Table:
    return sample_patients(np.random.default_rng(REFERENCE_SEED)).table


@cache
def _profiles() -> Table:
    return table_of([read_patient(dict(message)) for message in PROFILES.values()])


def _served(bundle: Bundle) -> Estimates:
    """Return estimates and limits, arrays of the shape of `Replicate.truth`."""

    def members(table: Table) -> Iterator[FloatArray]:
        for row in design_matrix(table):
            yield member_predictions(row[None], bundle, HORIZONS)[0]

    total = np.add.reduce(list(members(_population())))
    average = total / row_count(_population())
    return summarise(np.stack([average, *members(_profiles())]), LEVEL)


def _true(trial: VirtualTrial) -> FloatArray:
    """Return what the truth says, as `Replicate.truth`."""
    average = true_risks(trial.truth, trial.patients, _population()).mean(axis=0)
    own = true_risks(trial.truth, trial.patients, _profiles())
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
