"""When each caveat of ``caveats.toml`` applies; its ``when`` names the rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from models.caveat_case import Profile
from models.outcomes import (
    FOREST,
    LEARNED_EFFECT,
    LOCAL_COMPLICATIONS_GIVEN_AT,
    MEDIAN_FOLLOW_UP,
    SUBGROUP_EFFECT,
    UPPER_QUARTILE_OF_FOLLOW_UP,
)

NEGATIVE, POSITIVE = "negative", "positive"


def _past(profile: Profile, month: float) -> bool:
    """Return whether an answer from the trial has a horizon behind a month."""
    return not _of_cohort(profile) and profile.asked.last_horizon > month


def _of_cohort(profile: Profile) -> bool:
    return profile.asked.bundle.cohort_median is not None


def _past_cohort_median(profile: Profile) -> bool:
    median = profile.asked.bundle.cohort_median
    return median is not None and profile.asked.last_horizon > median


def _lists(profile: Profile, effect: str) -> bool:
    return any(each.effect == effect for each in profile.asked.listed)


def is_hormone_sensitive(profile: Profile) -> bool:
    """Return whether she is known to be ER positive and HER2 negative."""
    return (profile.er_status, profile.her2_status) == (POSITIVE, NEGATIVE)


def _has_conjugates(profile: Profile) -> bool:
    """Return whether her subtype is one for which we take antibody-drug conjugates to exist."""
    return (
        profile.her2_status == POSITIVE
        or profile.triple_negative is True
        or is_hormone_sensitive(profile)
    )


#: The rules that ``when`` names.
RULES: Mapping[str, Callable[[Profile], bool]] = {
    "progression_unknown": lambda profile: profile.progression is None,
    "synthetic": lambda profile: profile.asked.bundle.training_data == "synthetic",
    "trained_on_cohort": lambda profile: profile.asked.bundle.training_data == "cohort",
    "recalibrated": lambda profile: profile.asked.bundle.recalibrated,
    "trained_on_cohort_arms": lambda profile: profile.asked.bundle.effect_of_surgery == "cohort",
    "trained_with_published_effect": (
        lambda profile: profile.asked.bundle.effect_of_surgery == "published"
    ),
    "past_cohort_median": _past_cohort_median,
    "past_median": lambda profile: _past(profile, MEDIAN_FOLLOW_UP),
    "past_upper_quartile": lambda profile: _past(profile, UPPER_QUARTILE_OF_FOLLOW_UP),
    "not_48": lambda profile: (
        not _of_cohort(profile)
        and any(h != LOCAL_COMPLICATIONS_GIVEN_AT for h in profile.asked.options.horizons_months)
    ),
    "two_models": lambda profile: any(each.model == FOREST for each in profile.asked.listed),
    "models_far_apart": lambda profile: profile.gap is not None,
    "subgroup_effect": lambda profile: _lists(profile, SUBGROUP_EFFECT),
    "learned_effect": lambda profile: _lists(profile, LEARNED_EFFECT),
    "unknown": lambda profile: bool(profile.unknown),
    "extreme_age": lambda profile: profile.extreme_age is not None,
    "one_organ": lambda profile: "one_organ" in profile.subgroups,
    "hormone_sensitive": is_hormone_sensitive,
    "her2_and_er_positive": (
        lambda profile: (profile.er_status, profile.her2_status) == (POSITIVE, POSITIVE)
    ),
    "er_and_her2_negative": (
        lambda profile: (profile.er_status, profile.her2_status) == (NEGATIVE, NEGATIVE)
    ),
    "triple_negative": lambda profile: profile.triple_negative is True,
    "has_conjugates": _has_conjugates,
}
