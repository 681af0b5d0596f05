"""Priors of the prognostic effects, read from ``priors.toml`` and drawn."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import numpy as np

from models.design_matrix import TERM_NAMES
from models.table import FloatArray

ASSUMPTION = "assumption"

#: Prior correlation of the effects of age and menopause, which share what they explain.
AGE_MENOPAUSE_CORRELATION = -0.5


@dataclass(frozen=True)
class Prior:
    """Normal priors of the log hazard ratios of all terms.

    Independent, but for age and menopause (`AGE_MENOPAUSE_CORRELATION`).

    Attributes
    ----------
    mean, sd : arrays, shape (terms,)
        Log hazard ratio a step of the design matrix.
    trial_sd : array, shape (terms,)
        How tightly the paper's deaths by subgroup hold the effect; infinite: not at all.
    sources : tuple of str
        A source, or ``assumption``.
    """

    mean: FloatArray
    sd: FloatArray
    trial_sd: FloatArray
    sources: tuple[str, ...]


@cache
def priors() -> dict[str, Prior]:
    """Return the priors by hazard: ``death``, ``progression`` and ``complication``."""
    text = resources.files("training").joinpath("priors.toml").read_text(encoding="utf-8")
    return {hazard: _prior(rows) for hazard, rows in tomllib.loads(text).items()}


def _prior(rows: dict[str, dict[str, float | str]]) -> Prior:
    ordered = [rows[name] for name in TERM_NAMES]
    return Prior(
        mean=np.array([row["mean"] for row in ordered], dtype=float),
        sd=np.array([row["sd"] for row in ordered], dtype=float),
        trial_sd=np.array([row.get("trial_sd", np.inf) for row in ordered], dtype=float),
        sources=tuple(str(row["source"]) for row in ordered),
    )


def shifted(by_hazard: dict[str, Prior], sds: float) -> dict[str, Prior]:
    """Return priors whose means are moved by so many of their standard deviations."""
    return {
        hazard: replace(prior, mean=prior.mean + sds * prior.sd)
        for hazard, prior in by_hazard.items()
    }


def draw(prior: Prior, rng: np.random.Generator) -> FloatArray:
    """Return one draw of all effects, shape (terms,)."""
    noise = rng.standard_normal(len(prior.mean))
    age, menopause = TERM_NAMES.index("age_per_decade"), TERM_NAMES.index("postmenopausal")
    rho = AGE_MENOPAUSE_CORRELATION
    noise[menopause] = rho * noise[age] + np.sqrt(1 - rho**2) * noise[menopause]
    drawn: FloatArray = prior.mean + prior.sd * noise
    return drawn


def hold_to_trial(
    drawn: FloatArray, prior: Prior, identified: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return a draw that is updated with what the trial's deaths by subgroup say.

    Where the trial speaks (finite `trial_sd`), the trial's reading plus an error of that SD
    counts as an observation of the effect and moves the draw by the usual gain (Matheron's
    rule: effect by effect, the result has the posterior's mean and variance). Elsewhere the
    draw stands: it is a cut, the effects of age, T and N are not updated through the others.

    Parameters
    ----------
    drawn : array, shape (terms,)
        A draw from the prior.
    identified : array, shape (terms,)
        The effects with which the expected deaths by subgroup equal the published ones; not
        used where the trial does not speak.
    """
    speaks = np.isfinite(prior.trial_sd)
    error_sd = np.where(speaks, prior.trial_sd, 0.0)
    variance = prior.sd**2
    gain = np.where(speaks, variance / np.where(speaks, variance + error_sd**2, 1.0), 0.0)
    observed = np.where(speaks, identified, 0.0) + error_sd * rng.standard_normal(len(drawn))
    updated: FloatArray = drawn + gain * (observed - drawn)
    return updated
