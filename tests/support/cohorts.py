"""Simulated cohorts that play the part of real ones: what is true of them is known."""

import csv
import io
from dataclasses import dataclass, fields, replace
from functools import cache

import numpy as np

from models.design_matrix import design_matrix
from models.table import Table, select_rows
from training.calibration import calibrate, identify_death
from training.cohort import REFERENCE_SEED, Cohort
from training.cohort_csv import cohort_csv
from training.covariate_sampling import sample_covariates
from training.priors import priors
from training.simulation import Outcomes, independent_uniforms, simulate_outcomes
from training.targets import published_targets
from training.truth import HazardTruth, Patients, Truth, patients_of, sample_patients


@dataclass(frozen=True)
class Simulated:
    """A cohort, its CSV, and the truth it was drawn from."""

    text: str
    patients: Patients
    truth: Truth


@cache
def trial_truth():
    """Return the truth of the reference cohort, without modification of the effect of surgery."""
    patients = sample_patients(np.random.default_rng(REFERENCE_SEED))
    targets = published_targets()
    complication = priors()["complication"].mean
    effects = {
        "death": identify_death(patients, priors()["death"].mean, targets)[0].coefficients,
        "progression": priors()["progression"].mean,
        "ulceration": complication,
        "bleeding": complication,
    }
    truth = calibrate(patients, effects, targets)
    return replace(truth, death=replace(truth.death, modification=None))


def many_patients(size, rng):
    """Return covariates like the trial's, and arms by a fair coin."""
    tables = [sample_covariates(rng)[0] for _ in range(-(-size // 407))]
    joined: Table = {n: np.concatenate([table[n] for table in tables]) for n in tables[0]}
    table = select_rows(joined, rng.permutation(len(joined["age"]))[:size])
    return table, (rng.random(size) < 0.5).astype(float)


def simulate(size, seed, truth=None, arm_of=None):
    """Return a simulated cohort.

    Parameters
    ----------
    truth : Truth, optional
        By default the trial's.
    arm_of : callable, optional
        From the design and a generator to the arms, when they are not randomised.
    """
    truth = truth or trial_truth()
    rng = np.random.default_rng(seed)
    table, arm = many_patients(size, rng)
    if arm_of is not None:
        arm = arm_of(design_matrix(table), rng)
    patients = patients_of(table, arm)
    outcomes = simulate_outcomes(patients, truth, independent_uniforms(patients, rng))
    sites = ("",) * size
    return Simulated(cohort_csv(Cohort(patients, outcomes, sites)), patients, truth)


def confounded(size, seed):
    """Return a cohort whose healthier patients were operated on, for a reason not recorded.

    Half of the patients have twice the hazard of death and progression, which no column tells;
    of them one in five was offered surgery, of the others four in five.
    """
    rng = np.random.default_rng(seed)
    table, _ = many_patients(size, rng)
    frail = rng.random(size) < 0.5
    arm = (rng.random(size) < np.where(frail, 0.2, 0.8)).astype(float)
    patients = patients_of(table, arm)
    drawn = [
        simulate_outcomes(patients, truth, independent_uniforms(patients, rng))
        for truth in (trial_truth(), scaled(trial_truth(), level=2.0))
    ]
    mixed = Outcomes(
        *(
            np.where(frail, getattr(drawn[1], f.name), getattr(drawn[0], f.name))
            for f in fields(Outcomes)
        )
    )
    text = cohort_csv(Cohort(patients, mixed, ("",) * size))
    return Simulated(text, patients, trial_truth()), frail


def alive_without_surgery(patients, truths, month):
    """Return the true share of patients alive at a month if nobody is offered surgery.

    Parameters
    ----------
    truths : sequence of HazardTruth
        What is true of the death of each patient.
    """
    months = np.array([float(month)])
    hazards = [
        truth.baseline.cumulative(months)[0] * np.exp(row @ truth.coefficients)
        for truth, row in zip(truths, patients.design, strict=True)
    ]
    return float(np.exp(-np.array(hazards)).mean())


def scaled(truth, *, level=1.0, slope=1.0):
    """Return a truth with baselines and effects multiplied."""

    def change(hazard: HazardTruth):
        baseline = replace(hazard.baseline, log_level=hazard.baseline.log_level + np.log(level))
        return replace(hazard, baseline=baseline, coefficients=slope * hazard.coefficients)

    names = ("death", "progression", "ulceration", "bleeding")
    return replace(truth, **{name: change(getattr(truth, name)) for name in names})


def rows_of(text):
    """Return the rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def text_of(rows):
    """Return a CSV of rows."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
