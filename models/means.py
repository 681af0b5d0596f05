"""Means over many patients: of a list, not of a person."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.analyses import Analysis
from models.assess import Question, Weights, assess_mean, assess_with_pooled
from models.bundle import Bundle
from models.covariates import TABLE_COVARIATES
from models.intervals import Estimates
from models.population import complete
from models.table import FloatArray, table_of_rows

#: Encoded covariates (`models.table.encoded_row`).
Profile = tuple[float, ...]


def mean_estimates(
    counts: Mapping[Profile, FloatArray], bundle: Bundle, question: Question, analysis: Analysis
) -> tuple[Estimates, Estimates]:
    """Return mean figures of patients with their limits.

    A patient of whom a value is not known stands for all of her completions, each with its
    probability.

    Parameters
    ----------
    counts : mapping of profile to array, shape (outcomes,)
        How many patients of each profile have figures of each outcome.
    bundle, question, analysis
        As in `models.assess.assess_mean`.

    Returns
    -------
    own, pooled : Estimates
        As `models.assess.assess_mean`; of a single patient her own figures. They do not depend
        on the order of the profiles.

    Raises
    ------
    ValueError
        If there is no patient.
    """
    if not counts:
        raise ValueError("nobody to average over")
    if sum(each.max() for each in counts.values()) == 1:
        return _of_one(next(iter(counts)), bundle, question, analysis)
    design, weights = _design(counts, bundle)
    return assess_mean(design, weights, bundle, question, analysis)


def _of_one(
    profile: Profile, bundle: Bundle, question: Question, analysis: Analysis
) -> tuple[Estimates, Estimates]:
    found = assess_with_pooled(table_of_rows([profile]), bundle, question, analysis)
    own, pooled = (Estimates(e.estimate[0], e.lower[0], e.upper[0]) for e in found)
    return own, pooled


def _design(counts: Mapping[Profile, FloatArray], bundle: Bundle) -> tuple[FloatArray, Weights]:
    """Return the distinct design rows of all patients, and for how many each stands."""
    weights: dict[bytes, FloatArray] = {}
    for profile in sorted(counts, key=str):
        values = dict(zip(TABLE_COVARIATES, profile, strict=True))
        design, shares = complete(values, bundle.population)
        of_all = counts[profile]
        of_unsure = of_all * (len(shares) > 1)
        for row, share in zip(design, shares.tolist(), strict=True):
            key = row.tobytes()
            weights[key] = weights.get(key, 0.0) + share * np.stack([of_all, of_unsure])
    rows = np.array([np.frombuffer(key) for key in weights])
    patients, unsure = np.array(list(weights.values())).transpose(1, 0, 2)
    return rows, Weights(patients, unsure)
