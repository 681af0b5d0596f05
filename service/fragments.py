"""What answers share, written as JSON once: by bundle and options, and by text.

Nothing here depends on a patient's figures. All texts are those of the context's language, which
is in the key of whatever is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from orjson import Fragment

from models.bundle import Bundle
from models.caveats import Caveat
from models.eligibility import criterion_answers
from models.harms import HARMS
from models.language import _, current_language
from models.options import Options
from models.subgroups import all_subgroups
from models.texts import CREDIT, INTENDED_USE, TIME_ORIGIN, arms_are_policies, interval_meaning
from service.encoding import fragment

#: So many bundles with options, and so many caveats, are kept.
_KEPT_QUESTIONS, _KEPT_CAVEATS = 16, 4096


def common_part(bundle: Bundle, options: Options) -> dict[str, Any]:
    """Return what holds for every patient of a request, not written yet."""
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


def common_parts(bundle: Bundle, options: Options) -> Mapping[str, Fragment]:
    """Return `common_part` with each of its parts written."""
    return _common_parts(bundle, options, current_language())


def caveat_parts(caveats: tuple[Caveat, ...]) -> list[Fragment]:
    """Return caveats as they stand in an answer."""
    return [_caveat_part(caveat) for caveat in caveats]


def subgroup_parts() -> Mapping[str, Fragment]:
    """Return the evidence on each subgroup as it stands in an answer, by its code."""
    return _subgroup_parts(current_language())


def harms_part() -> Fragment:
    """Return the list of harms as it stands in an answer."""
    return _harms_part(current_language())


def criterion_parts() -> Mapping[tuple[str, str], Fragment]:
    """Return each criterion in each state as `models.eligibility.criterion_answers` does."""
    return _criterion_parts(current_language())


@lru_cache(_KEPT_QUESTIONS)
def _common_parts(
    bundle: Bundle,
    options: Options,
    language: str,  # noqa: ARG001
) -> Mapping[str, Fragment]:
    return {name: fragment(part) for name, part in common_part(bundle, options).items()}


# A caveat has its words with it, so it needs no language.
@lru_cache(_KEPT_CAVEATS)
def _caveat_part(caveat: Caveat) -> Fragment:
    return fragment(caveat.as_dict())


@cache
def _subgroup_parts(language: str) -> Mapping[str, Fragment]:  # noqa: ARG001
    return {row.subgroup.code: fragment(row.as_dict()) for row in all_subgroups()}


@cache
def _harms_part(language: str) -> Fragment:  # noqa: ARG001
    return fragment([harm.as_dict() for harm in HARMS])


@cache
def _criterion_parts(language: str) -> Mapping[tuple[str, str], Fragment]:
    return {key: fragment(row) for key, row in criterion_answers(language).items()}
