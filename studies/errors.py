"""How far a trial's deaths by subgroup are from the truth, as effects of the covariates.

The effects with which the expected deaths by subgroup equal those of a trial's report err as the
deaths do. Virtual trials tell by how much, and together: where women with HER2-positive tumours
died less often than expected by chance, several effects are off at once.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from models.design_matrix import TERM_NAMES
from models.table import FloatArray
from training.calibration import (
    IDENTIFIED_TERMS,
    CalibrationFailed,
    Manner,
    free_slopes,
    identify_death,
)
from training.ensemble import draw_trial
from training.publication import NotPublishable, published_by

_PLACES = [TERM_NAMES.index(name) for name in IDENTIFIED_TERMS]


def measure_errors(seed: int, trials: int) -> FloatArray:
    """Return the errors of virtual trials; the same seed gives the same ones.

    Returns
    -------
    array, shape (trials, identified terms)
        Log hazard ratio by the trial's report minus the true one. Trials without a report, or
        whose deaths no effects show, are left out.
    """
    seeds = np.random.SeedSequence(seed).spawn(trials)
    found: Iterable[FloatArray | None] = Parallel(n_jobs=-1)(map(delayed(_error), seeds))
    return np.array([each for each in found if each is not None])


def _error(seed: np.random.SeedSequence) -> FloatArray | None:
    with threadpool_limits(limits=1):
        try:
            trial = draw_trial(np.random.default_rng(seed))
            report = published_by(trial.patients, trial.outcomes)
            true = trial.truth.death.coefficients
            manner = Manner(free_slopes(trial.truth))
            found = identify_death(trial.patients, true, report, manner)[0].coefficients
        except (NotPublishable, CalibrationFailed):
            return None
    error: FloatArray = (found - true)[_PLACES]
    return error


def errors_toml(errors: FloatArray, seed: int) -> str:
    """Return the covariance around nought as TOML, terms in the order of `IDENTIFIED_TERMS`.

    Around nought and not around their mean, so that a bias counts as an error, too.
    """
    covariance = errors.T @ errors / len(errors)
    names = "".join(f'    "{name}",\n' for name in IDENTIFIED_TERMS)
    rows = "".join(f"    [{', '.join(f'{cell:.4f}' for cell in row)}],\n" for row in covariance)
    return (
        f"# Written by `python -m studies errors` ({len(errors)} virtual trials, seed {seed}): "
        "by how much the\n"
        "# effects on death that a trial's deaths by subgroup give differ from the true ones; "
        "covariance of\n# log hazard ratios.\n\n"
        f"terms = [\n{names}]\ncovariance = [\n{rows}]\n"
    )
