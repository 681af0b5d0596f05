"""Predictions as JSON: the one rendering of single answers, and its compact form in lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from models.analyses import Analysis
from models.bundle import Bundle
from models.harms import HARMS
from models.intervals import Estimates
from models.language import _
from models.options import Options
from models.outcomes import OUTCOMES, SHOWN_ARMS, Outcome
from models.pooled import pooled_figure
from models.prediction import Prediction
from models.rounding import for_machines
from models.texts import CREDIT, INTENDED_USE, TIME_ORIGIN, arms_are_policies, interval_meaning


def common_part(bundle: Bundle, options: Options) -> dict[str, Any]:
    """Return what holds for every patient of a request."""
    return {
        "intended_use": _(INTENDED_USE),
        "interval_meaning": interval_meaning(
            {options.shown, *options.listed(bundle.held)}, of_cohort=bundle.cohort is not None
        ),
        "time_origin": _(TIME_ORIGIN),
        "arms": arms_are_policies(),
        "credit": _(CREDIT),
        "model": {
            "id": bundle.id,
            "version": bundle.version,
            "kind": options.shown.model,
            "effect": options.shown.effect,
            "training_data": bundle.training_data,
            "digest": bundle.digest,
        },
        "horizons_months": list(options.horizons_months),
        "interval_level": options.interval_level,
    }


def single_answer(prediction: Prediction) -> dict[str, Any]:
    """Return the whole answer on one patient."""
    return {
        "status": prediction.status,
        **common_part(prediction.bundle, prediction.options),
        **_patient_part(prediction),
        "eligibility": prediction.eligibility.as_dict(),
        **_verdict(prediction),
        **({"harms": [harm.as_dict() for harm in HARMS]} if prediction.in_scope else {}),
    }


def list_entry(prediction: Prediction) -> dict[str, Any]:
    """Return one patient's part of a list: caveats and subgroups by code."""
    verdict = _verdict(prediction)
    entry = {"status": prediction.status, **_patient_part(prediction), **verdict}
    for name in ("caveats", "subgroups"):
        entry[name] = [row["code"] for row in entry.get(name, [])]
    return entry


def outcomes_part(prediction: Prediction, analysis: Analysis | None = None) -> dict[str, Any]:
    """Return the figures by outcome, arm and kind, to four decimals.

    What is withheld has its reason in place of figures.

    Parameters
    ----------
    analysis : Analysis or None
        One that was computed; ``None`` is the one that the answer shows.
    """
    estimates = prediction.shown if analysis is None else prediction.analyses[analysis]
    return {
        outcome.name: {
            "quantity": _(outcome.quantity),
            **(_withheld(prediction, outcome) or _by_arm(*figures)),
        }
        for outcome, *figures in zip(OUTCOMES, *_rounded(estimates), strict=True)
    }


def pooled_part(prediction: Prediction) -> dict[str, Any]:
    """Return overall survival under the pooled effect, with the published ratio behind it."""
    published = pooled_figure()
    return {
        "evidence": published.id,
        "hazard_ratio": published.estimate,
        "interval": list(published.interval or ()),
        "interval_level": published.level,
        **_by_arm(*_rounded(prediction.pooled_survival)),
    }


def disagreement_part(prediction: Prediction) -> dict[str, Any]:
    """Return forest minus Cox by outcome and arm, to four decimals; empty when not both stand.

    What is withheld has no disagreement either.
    """
    forest_minus_cox = prediction.disagreement
    if forest_minus_cox is None:
        return {}
    return {
        outcome.name: {
            arm: for_machines(forest_minus_cox[place, number]).tolist()
            for number, arm in enumerate(SHOWN_ARMS)
        }
        for place, outcome in enumerate(OUTCOMES)
        if not is_withheld(prediction, outcome)
    }


def _analyses(prediction: Prediction) -> dict[str, Any]:
    """Return the analyses beside each other, the default first, when another was asked for."""
    if not prediction.listed:
        return {}
    analyses = [
        {
            "model": analysis.model,
            "effect": analysis.effect,
            "exploratory": analysis.exploratory,
            "outcomes": outcomes_part(prediction, analysis),
        }
        for analysis in prediction.listed
    ]
    disagreement = disagreement_part(prediction)
    return {
        "analyses": analyses,
        **({"forest_minus_cox": disagreement} if disagreement else {}),
    }


def is_withheld(prediction: Prediction, outcome: Outcome) -> bool:
    """Return whether figures of an outcome have no meaning for this patient."""
    return (
        outcome.name == "local_ulceration"
        and prediction.eligibility.ulceration_withheld is not None
    )


def _patient_part(prediction: Prediction) -> dict[str, Any]:
    return {
        "inputs": prediction.patient.as_inputs(),
        "assumed": list(prediction.patient.unknown_covariates),
        "applicability": [note.as_dict() for note in prediction.eligibility.applicability],
    }


def _verdict(prediction: Prediction) -> dict[str, Any]:
    if not prediction.in_scope:
        return {"reasons": [note.as_dict() for note in prediction.eligibility.reasons]}
    return {
        "outcomes": outcomes_part(prediction),
        "pooled_survival": pooled_part(prediction),
        **_analyses(prediction),
        "caveats": [caveat.as_dict() for caveat in prediction.caveats],
        "subgroups": [row.as_dict() for row in prediction.subgroups],
    }


def _withheld(prediction: Prediction, outcome: Outcome) -> dict[str, Any]:
    withheld = prediction.eligibility.ulceration_withheld
    if withheld is None or not is_withheld(prediction, outcome):
        return {}
    return {"withheld": withheld.as_dict()}


def _rounded(estimates: Estimates) -> list[Any]:
    """Return estimates, lower and upper limits as nested lists, to four decimals.

    Raises
    ------
    ValueError
        If one is not finite, which no sound bundle gives.
    """
    sides = np.stack([estimates.estimate, estimates.lower, estimates.upper])
    if not np.isfinite(sides).all():
        raise ValueError("a figure is not finite")
    rounded: list[Any] = for_machines(sides).tolist()
    return rounded


def _by_arm(
    estimate: list[list[float]], lower: list[list[float]], upper: list[list[float]]
) -> dict[str, dict[str, list[float]]]:
    """Return the band of each arm."""
    return {
        arm: {"estimate": estimate[place], "lower": lower[place], "upper": upper[place]}
        for place, arm in enumerate(SHOWN_ARMS)
    }
