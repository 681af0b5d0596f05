"""Predictions as JSON: the one rendering of single answers, and its compact form in lists.

What is told alike of many patients is in an answer as it was written before; `json_bytes` of
`service.encoding` writes the rest around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from models.criteria import REGISTRATIONS
from models.eligibility import Eligibility
from models.prediction import Prediction
from service.figures import (
    WrittenFigures,
    disagreement_part,
    is_withheld,
    outcomes_part,
    pooled_part,
    written_figures,
)
from service.fragments import (
    caveat_parts,
    common_part,
    common_parts,
    criterion_parts,
    harms_part,
    subgroup_parts,
)

__all__ = [
    "common_part",
    "disagreement_part",
    "is_withheld",
    "list_entries",
    "outcomes_part",
    "pooled_part",
    "single_answer",
]

#: So many patients' figures are written together.
_BLOCK = 256


def single_answer(prediction: Prediction) -> dict[str, Any]:
    """Return the whole answer on one patient."""
    figures = next(_figures([prediction]))
    answer = {
        "status": prediction.status,
        **common_parts(prediction.bundle, prediction.options),
        **_patient_part(prediction),
        "eligibility": _eligibility_part(prediction.eligibility),
        **_verdict(prediction, figures),
    }
    if prediction.in_scope:
        evidence = subgroup_parts()
        answer["caveats"] = caveat_parts(prediction.caveats)
        answer["subgroups"] = [evidence[row.subgroup.code] for row in prediction.subgroups]
        answer["harms"] = harms_part()
    return answer


def list_entries(predictions: Sequence[Prediction]) -> Iterator[dict[str, Any]]:
    """Yield each patient's part of a list: caveats and subgroups by code."""
    for prediction, figures in zip(predictions, _figures(predictions), strict=True):
        yield {
            "status": prediction.status,
            **_patient_part(prediction),
            **_verdict(prediction, figures),
            "caveats": [caveat.code for caveat in prediction.caveats],
            "subgroups": [row.subgroup.code for row in prediction.subgroups],
        }


def _figures(predictions: Sequence[Prediction]) -> Iterator[WrittenFigures | None]:
    """Yield the figures of each patient, ``None`` out of scope."""
    for start in range(0, len(predictions), _BLOCK):
        block = predictions[start : start + _BLOCK]
        written = written_figures([each for each in block if each.in_scope])
        for each in block:
            yield next(written) if each.in_scope else None


def _patient_part(prediction: Prediction) -> dict[str, Any]:
    return {
        "inputs": prediction.patient.as_inputs(),
        "assumed": list(prediction.patient.unknown_covariates),
        "applicability": [note.as_dict() for note in prediction.eligibility.applicability],
    }


def _eligibility_part(eligibility: Eligibility) -> dict[str, Any]:
    """Return what `Eligibility.as_dict` does."""
    criteria = criterion_parts()
    return {
        "verdict": eligibility.verdict,
        **{name: [criteria[each] for each in eligibility.states(name)] for name in REGISTRATIONS},
    }


def _verdict(prediction: Prediction, figures: WrittenFigures | None) -> dict[str, Any]:
    """Return the figures, or why there are none."""
    if figures is None:
        return {"reasons": [note.as_dict() for note in prediction.eligibility.reasons]}
    return {
        "outcomes": figures.outcomes,
        "pooled_survival": figures.pooled,
        **_analyses(prediction, figures),
    }


def _analyses(prediction: Prediction, figures: WrittenFigures) -> dict[str, Any]:
    """Return the analyses beside each other, the default first, when another was asked for."""
    if not prediction.listed:
        return {}
    analyses = [
        {
            "model": analysis.model,
            "effect": analysis.effect,
            "exploratory": analysis.exploratory,
            "outcomes": outcomes,
        }
        for analysis, outcomes in zip(prediction.listed, figures.listed, strict=True)
    ]
    disagreement = disagreement_part(prediction)
    return {
        "analyses": analyses,
        **({"forest_minus_cox": disagreement} if disagreement else {}),
    }
