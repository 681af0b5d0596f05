"""Sentences that stand on every output: told with `models.language._` where they are shown."""

from collections.abc import Collection

from models.analyses import Analysis
from models.evidence import figure
from models.language import N_, _, joined
from models.outcomes import FOREST, SUBGROUP_EFFECT

INTENDED_USE = N_(
    "Research and education for health professionals. Not assessed, cleared or CE-marked as a "
    "medical device; not for clinical decisions until it is."
)

INTERVAL_MEANING = N_(
    "An interval is about the average risk of women with these recorded covariates, in the "
    "trial's setting, given the model. It is not the range for one woman, and does not cover "
    "newer drugs or other countries. It carries the sampling error of a trial of this size as "
    "the model sees it, what the published figures leave open, assumed prognostic effects, and "
    "the error of the effect of surgery once."
)

#: The same for a bundle whose baselines come from a real cohort.
COHORT_INTERVAL_MEANING = N_(
    "An interval is about the average risk of women with these recorded covariates, in the "
    "cohort's setting, given the model. It is not the range for one woman, and does not cover "
    "newer drugs or other countries. It carries the sampling error of the cohort's patients "
    "(bootstrap) and the error of the effect of surgery once. It does not cover unmeasured "
    "differences between patients, or how the cohort was chosen."
)

#: What must be said beside `INTERVAL_MEANING` where the forest's figures are shown.
FOREST_INTERVALS = N_(
    "The forest's intervals are narrower than that: they are the spread over simulated trials "
    "after the forest has pulled every patient towards the average, and carry the assumed "
    "prognostic effects only in part. The model card says how often they miss."
)

#: What must be said beside it where the effect by subgroups is shown.
SUBGROUP_INTERVALS = N_(
    "Under the effect by subgroups, intervals also carry the error of the trial's differences "
    "between subgroups, after these were drawn towards the whole trial's effect. How large such "
    "differences can be is assumed."
)

TIME_ORIGIN = N_(
    "Month 0 is the decision about surgery after three months of systemic therapy without "
    "progression, not diagnosis. T, N, ER, HER2, sites and menopause are as before systemic "
    "therapy, performance status as now (our assumption: the paper dates none of them)."
)

_DECLINED = figure("surgery.declined")
_EARLY, _LATER = figure("surgery.early"), figure("surgery.later")

_ARMS = N_(
    "The arms are policies: being offered surgery or not (intention to treat). In the trial "
    "{declined} of {offered} offered surgery declined; of {not_offered} not offered it {early} "
    "had it early and {later} later."
)
#: Who declined surgery or had it although it was not offered, and of how many.
ARM_COUNTS = {
    "declined": _DECLINED.events,
    "offered": _DECLINED.n,
    "early": _EARLY.events,
    "later": _LATER.events,
    "not_offered": _LATER.n,
}

#: In English, as the model card has it.
ARMS_ARE_POLICIES = _ARMS.format(**ARM_COUNTS)

CREDIT = N_(
    "Trial: Shien T, Hara F, Aogi K, et al. JCOG1017 (PRIM-BC). Br J Cancer 2025. "
    "https://doi.org/10.1038/s41416-025-03097-z (CC BY 4.0). Its authors are not involved in "
    "Equipoise."
)


def arms_are_policies() -> str:
    """Return what the arms are, in the language of the context."""
    return _(_ARMS).format(**ARM_COUNTS)


def interval_meaning(analyses: Collection[Analysis], *, of_cohort: bool = False) -> str:
    """Return what the intervals of an answer mean in which some analyses' figures stand.

    Parameters
    ----------
    of_cohort : bool
        Whether the bundle's baselines come from a real cohort.
    """
    further = {
        FOREST_INTERVALS: any(each.model == FOREST for each in analyses),
        SUBGROUP_INTERVALS: any(each.effect == SUBGROUP_EFFECT for each in analyses),
    }
    first = COHORT_INTERVAL_MEANING if of_cohort else INTERVAL_MEANING
    return joined(_(first), *(_(text) for text, needed in further.items() if needed))
