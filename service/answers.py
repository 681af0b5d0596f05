"""Predictions as JSON: the one rendering of single answers, and its compact form in lists."""

from __future__ import annotations

from typing import Any

from models.bundle import Bundle
from models.harms import HARMS
from models.intervals import Estimates
from models.options import Options
from models.outcomes import OUTCOMES, OVERALL_EFFECT, POOLED_EFFECT, SHOWN_ARMS, Outcome
from models.pooled import pooled_figure
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
        **_verdict(prediction, options),
        **({"harms": [harm.as_dict() for harm in HARMS]} if prediction.estimates else {}),
    }


def list_entry(prediction: Prediction, options: Options) -> dict[str, Any]:
    """Return one patient's part of a list: caveats and subgroups by code."""
    verdict = _verdict(prediction, options)
    entry = {"status": prediction.status, **_patient_part(prediction), **verdict}
    for name in ("caveats", "subgroups"):
        entry[name] = [row["code"] for row in entry.get(name, [])]
    return entry


def outcomes_part(prediction: Prediction, effect: str = OVERALL_EFFECT) -> dict[str, Any]:
    """Return the figures by outcome, arm and kind, to four decimals.

    Survival is given under the effect that is asked for. What is withheld has its reason in
    place of figures.
    """
    outcomes = {
        outcome.name: {"quantity": outcome.quantity, **_figures(prediction, place, outcome)}
        for place, outcome in enumerate(OUTCOMES)
    }
    if effect == POOLED_EFFECT:
        pooled = pooled_part(prediction)
        outcomes[OUTCOMES[0].name] |= {arm: pooled[arm] for arm in SHOWN_ARMS}
    return outcomes


def pooled_part(prediction: Prediction) -> dict[str, Any]:
    """Return overall survival under the pooled effect, with the published ratio behind it."""
    if prediction.pooled is None:
        raise ValueError("no figures out of scope")
    published = pooled_figure()
    return {
        "evidence": published.id,
        "hazard_ratio": published.estimate,
        "interval": list(published.interval or ()),
        "interval_level": published.level,
        **{arm: _band(prediction.pooled, (number,)) for number, arm in enumerate(SHOWN_ARMS)},
    }


def _analyses(prediction: Prediction, options: Options) -> dict[str, Any]:
    """Return the effects beside each other, the default first, when another was asked for."""
    if options.effect == OVERALL_EFFECT:
        return {}
    analyses = [
        {
            "model": options.model,
            "effect": effect,
            "exploratory": False,
            "outcomes": outcomes_part(prediction, effect),
        }
        for effect in (OVERALL_EFFECT, POOLED_EFFECT)
    ]
    return {"analyses": analyses}


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


def _verdict(prediction: Prediction, options: Options) -> dict[str, Any]:
    if prediction.estimates is None:
        return {"reasons": [note.as_dict() for note in prediction.eligibility.reasons]}
    return {
        "outcomes": outcomes_part(prediction, options.effect),
        "pooled_survival": pooled_part(prediction),
        **_analyses(prediction, options),
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
    return {arm: _band(estimates, (place, number)) for number, arm in enumerate(SHOWN_ARMS)}


def _band(estimates: Estimates, place: tuple[int, ...]) -> dict[str, list[float]]:
    return {
        kind: for_machines(getattr(estimates, kind)[place]).tolist()
        for kind in ("estimate", "lower", "upper")
    }
