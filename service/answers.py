"""Predictions as JSON: the one rendering of single answers, and its compact form in lists."""

from __future__ import annotations

from typing import Any

from models.bundle import Bundle
from models.harms import HARMS
from models.options import Options
from models.outcomes import OUTCOMES, SHOWN_ARMS, Outcome
from models.prediction import Prediction
from models.rounding import for_machines
from models.texts import ARMS_ARE_POLICIES, CREDIT, INTENDED_USE, INTERVAL_MEANING, TIME_ORIGIN


def common_part(bundle: Bundle, options: Options) -> dict[str, Any]:
    """Return what holds for every patient of a request."""
    return {
        "intended_use": INTENDED_USE,
        "interval_meaning": INTERVAL_MEANING,
        "time_origin": TIME_ORIGIN,
        "arms": ARMS_ARE_POLICIES,
        "credit": CREDIT,
        "model": {
            "id": bundle.id,
            "version": bundle.version,
            "kind": options.model,
            "effect": options.effect,
            "training_data": bundle.training_data,
            "digest": bundle.digest,
        },
        "horizons_months": list(options.horizons_months),
        "interval_level": options.interval_level,
    }


def single_answer(prediction: Prediction, options: Options) -> dict[str, Any]:
    """Return the whole answer on one patient."""
    return {
        "status": prediction.status,
        **common_part(prediction.bundle, options),
        **_patient_part(prediction),
        **_verdict(prediction),
        **({"harms": [harm.as_dict() for harm in HARMS]} if prediction.estimates else {}),
    }


def list_entry(prediction: Prediction) -> dict[str, Any]:
    """Return one patient's part of a list: caveats and subgroups by code."""
    entry = {"status": prediction.status, **_patient_part(prediction), **_verdict(prediction)}
    for name in ("caveats", "subgroups"):
        entry[name] = [row["code"] for row in entry.get(name, [])]
    return entry


def outcomes_part(prediction: Prediction) -> dict[str, Any]:
    """Return the figures by outcome, arm and kind, to four decimals.

    What is withheld has its reason in place of figures.
    """
    return {
        outcome.name: {"quantity": outcome.quantity, **_figures(prediction, place, outcome)}
        for place, outcome in enumerate(OUTCOMES)
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
    if prediction.estimates is None:
        return {"reasons": [note.as_dict() for note in prediction.eligibility.reasons]}
    return {
        "outcomes": outcomes_part(prediction),
        "caveats": [caveat.as_dict() for caveat in prediction.caveats],
        "subgroups": [row.as_dict() for row in prediction.subgroups],
    }


def _figures(prediction: Prediction, place: int, outcome: Outcome) -> dict[str, Any]:
    estimates = prediction.estimates
    if estimates is None:
        raise ValueError("no figures out of scope")
    withheld = prediction.eligibility.ulceration_withheld
    if withheld is not None and is_withheld(prediction, outcome):
        return {"withheld": withheld.as_dict()}
    return {
        arm: {
            "estimate": for_machines(estimates.estimate[place, number]).tolist(),
            "lower": for_machines(estimates.lower[place, number]).tolist(),
            "upper": for_machines(estimates.upper[place, number]).tolist(),
        }
        for number, arm in enumerate(SHOWN_ARMS)
    }
