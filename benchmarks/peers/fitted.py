"""The models that the peers serve: scikit-survival's, fitted to the shipped reference cohort.

Four hazards (death, local progression, ulceration, bleeding), the arm among the covariates. The
Cox models are ``CoxPHSurvivalAnalysis()``; the forests are grown with the settings of one member
of the bundle, or with scikit-survival's default of 100 trees.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sksurv.ensemble import RandomSurvivalForest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from benchmarks.own import Cox
from models.design_matrix import TERM_NAMES
from models.forest import ForestHazard
from models.outcomes import ARMS, OUTCOMES
from models.table import FloatArray
from training.cohort_csv import read_cohort
from training.fitting import MONTHS, hazard_events
from training.forest import FEATURE_SHARE, SMALLEST_LEAF, TREES, flatten
from training.reference import reference_csv

#: The first hazard of each outcome.
HAZARDS = tuple(outcome.event_hazards[0] for outcome in OUTCOMES)
DEFAULT_TREES = 100
#: The files in which the peers find their models.
COX_FILE, FOREST_FILE, LARGE_FOREST_FILE = "cox", "forest", "large-forest"
_SEED = 20250704


@dataclass(frozen=True)
class Sample:
    """What the models are fitted to.

    Attributes
    ----------
    columns : array, shape (patients, terms + 1)
        The design matrix, the arm last.
    events : dict of (months, happened)
        By hazard.
    """

    columns: FloatArray
    events: dict[str, tuple[FloatArray, Any]]


@cache
def sample() -> Sample:
    """Return the reference cohort."""
    cohort = read_cohort(reference_csv())
    patients = cohort.patients
    events = hazard_events(cohort.outcomes)
    columns = np.column_stack([patients.design, patients.arm])
    return Sample(columns, {name: events[name] for name in HAZARDS})


@cache
def cox_peers() -> tuple[CoxPHSurvivalAnalysis, ...]:
    """Return scikit-survival's Cox models."""
    return tuple(_fit(CoxPHSurvivalAnalysis(), name) for name in HAZARDS)


@cache
def forest_peers(trees: int = TREES) -> tuple[RandomSurvivalForest, ...]:
    """Return scikit-survival's forests, grown with the settings of a member of the bundle."""
    settings = {"min_samples_leaf": SMALLEST_LEAF, "max_features": FEATURE_SHARE}
    return tuple(
        _fit(RandomSurvivalForest(n_estimators=trees, random_state=_SEED, **settings), name)
        for name in HAZARDS
    )


def _fit(model: Any, name: str, columns: Any = None) -> Any:
    months, happened = sample().events[name]
    design = sample().columns if columns is None else columns
    return model.fit(design, Surv.from_arrays(happened, months))


def own_cox() -> Cox:
    """Return the peers' coefficients and baselines as our arrays, one member."""
    arm = np.array([model.coef_[-1] for model in cox_peers()])
    return Cox(
        coefficients=np.stack([model.coef_[:-1] for model in cox_peers()], axis=1)[..., None],
        arm_ratios=np.exp(np.stack([np.zeros_like(arm), arm], axis=1))[..., None],
        baselines=np.stack([baseline_at(model, MONTHS) for model in cox_peers()])[..., None],
    )


def own_forests() -> tuple[ForestHazard, ...]:
    """Return the peers' trees as our arrays, one member, no factor."""
    return tuple(
        ForestHazard(flatten(model), factor=np.ones((1, len(ARMS))), kept=1.0)
        for model in forest_peers()
    )


def baseline_at(model: CoxPHSurvivalAnalysis, months: FloatArray) -> FloatArray:
    """Return a cumulative baseline hazard at some months; zero before the first event."""
    steps = model.cum_baseline_hazard_
    values = np.concatenate([[0.0], steps.y])
    found: FloatArray = values[np.searchsorted(steps.x, months, side="right")]
    return found


def last_steps(model: CoxPHSurvivalAnalysis, months: FloatArray) -> FloatArray:
    """Return the last observed time up to each of some months."""
    times = model.cum_baseline_hazard_.x
    found: FloatArray = times[np.searchsorted(times, months, side="right") - 1]
    return found


def write_models(folder: Path) -> None:
    """Write the models as the peers load them: pickles, and one of joblib's files.

    The latter's Cox models were fitted on a data frame, whose names they check.
    """
    held = {
        COX_FILE: cox_peers(),
        FOREST_FILE: forest_peers(),
        LARGE_FOREST_FILE: forest_peers(DEFAULT_TREES),
    }
    for name, models in held.items():
        named = dict(zip(HAZARDS, models, strict=True))
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(named))
    frame = pd.DataFrame(sample().columns, columns=[*TERM_NAMES, "arm"])
    fits = {name: _fit(CoxPHSurvivalAnalysis(), name, frame) for name in HAZARDS}
    joblib.dump(fits, folder / f"{COX_FILE}.joblib")
