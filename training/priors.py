"""Priors of the prognostic effects, read from ``priors.toml`` and drawn."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from models.design_matrix import TERM_NAMES
from models.table import FloatArray

ASSUMPTION = "assumption"

#: Prior correlation of the effects of age and menopause, which share what they explain (an
#: assumption).
AGE_MENOPAUSE_CORRELATION = -0.5
_MENOPAUSE = TERM_NAMES.index("postmenopausal")


@dataclass(frozen=True)
class Prior:
    """Normal priors of the log hazard ratios of all terms.

    Independent, but for age and menopause (`AGE_MENOPAUSE_CORRELATION`, an assumption).

    Attributes
    ----------
    mean, sd : arrays, shape (terms,)
        Log hazard ratio a step of the design matrix.
    error : array, shape (terms, terms)
        Sampling covariance of what the paper's deaths by subgroup say of the effects; infinite
        on the diagonal where they say nothing.
    cohort_sd : array, shape (terms,)
        How far one matched cohort's own effect may be from it; infinite: nothing is known.
    sources : tuple of str
        A source, or ``assumption``.
    """

    mean: FloatArray
    sd: FloatArray
    error: FloatArray
    cohort_sd: FloatArray
    sources: tuple[str, ...]

    @property
    def speaks(self) -> NDArray[np.bool_]:
        """Of which effects the trial's deaths speak, shape (terms,)."""
        return np.isfinite(np.diag(self.error))

    @property
    def gain(self) -> FloatArray:
        """How far the trial's reading moves a draw, shape (spoken, spoken).

        Prior covariance over the sum of prior covariance and error. Age is not updated, so
        menopause has its prior variance given age.
        """
        variance = self.sd**2
        variance[_MENOPAUSE] *= 1 - AGE_MENOPAUSE_CORRELATION**2
        spoken = np.ix_(self.speaks, self.speaks)
        prior = np.diag(variance)[spoken]
        solved = np.linalg.solve(prior + self.error[spoken], prior)
        return np.asarray(solved, dtype=np.float64).T


@cache
def priors() -> dict[str, Prior]:
    """Return the priors by hazard: ``death``, ``progression`` and ``complication``."""
    text = resources.files("training").joinpath("priors.toml").read_text(encoding="utf-8")
    return {hazard: _prior(hazard, rows) for hazard, rows in tomllib.loads(text).items()}


def _prior(hazard: str, rows: dict[str, dict[str, float | str]]) -> Prior:
    ordered = [rows[name] for name in TERM_NAMES]
    silent = np.diag(np.full(len(TERM_NAMES), np.inf))
    return Prior(
        mean=np.array([row["mean"] for row in ordered], dtype=float),
        sd=np.array([row["sd"] for row in ordered], dtype=float),
        error=_measured_error() if hazard == "death" else silent,
        cohort_sd=np.array([row.get("cohort_sd", np.inf) for row in ordered], dtype=float),
        sources=tuple(str(row["source"]) for row in ordered),
    )


def _measured_error() -> FloatArray:
    """Return the covariance that ``python -m studies errors`` measured."""
    place = resources.files("training").joinpath("measured", "effect_errors.toml")
    measured = tomllib.loads(place.read_text(encoding="utf-8"))
    error = np.diag(np.full(len(TERM_NAMES), np.inf))
    places = [TERM_NAMES.index(name) for name in measured["terms"]]
    error[np.ix_(places, places)] = np.array(measured["covariance"])
    return error


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

    Where the trial speaks, its reading plus a sampling error counts as an observation of the
    effects and moves the draw by the usual gain (Matheron's rule: the result has the
    posterior's mean and covariance). Elsewhere the draw stands: it is a cut, the effects of
    age, T and N are not updated through the others.

    Parameters
    ----------
    drawn : array, shape (terms,)
        A draw from the prior.
    identified : array, shape (terms,)
        The effects with which the expected deaths by subgroup equal the published ones; not
        used where the trial does not speak.
    """
    speaks = prior.speaks
    if not speaks.any():
        return drawn
    error = np.linalg.cholesky(prior.error[np.ix_(speaks, speaks)])
    observed = identified[speaks] + error @ rng.standard_normal(len(error))
    updated = drawn.copy()
    updated[speaks] += prior.gain @ (observed - drawn[speaks])
    return updated
