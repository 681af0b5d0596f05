"""Sentences on what is uncertain that a result and its sheet share, with a bundle's figures."""

from __future__ import annotations

import math

from models.bundle import Bundle
from models.evidence import figure
from models.language import N_, _, joined
from models.outcomes import OVERALL_EFFECT
from models.prediction import Prediction
from service.page.measured import SHIFTED, read_coverage, read_held

_AS_ASSUMED = N_("They hold only as far as the assumptions do.")
_SHIFTED = N_(
    "In simulated trials whose effects were one standard deviation off the assumed ones, {share} "
    "instead of {level} of the intervals held the truth."
)
_TOO_NARROW = N_("The forest's intervals are too narrow.")
_HELD = N_(
    "In the simulated trials they held the true survival of {share} of patients, instead of "
    "{level}."
)
_RATIO = N_(
    "The model's hazard ratio is {ratio}, a little further from 1 than the trial's {published}."
)
_WHY_FURTHER = N_("It compares the same woman under both offers and adjusts for assumed effects.")
_ONE_RATIO = N_(
    "It is taken as the same for every woman and at all times; the authors saw the difference "
    "increase late ({place})."
)
#: Where the authors say that the difference in survival increased in the late period.
_PLACE = N_("Discussion")


def cox_intervals(bundle: Bundle) -> str:
    """Return how far the Cox model's intervals hold, as the bundle's card measures it."""
    coverage = read_coverage(bundle.card)
    shifted = None if coverage is None else coverage.setting(SHIFTED)
    if coverage is None or shifted is None:
        return _(_AS_ASSUMED)
    share = shifted.together.share
    return joined(_(_AS_ASSUMED), _(_SHIFTED).format(share=share, level=coverage.level))


def forest_intervals(bundle: Bundle) -> str:
    """Return that the forest's intervals are too narrow, as the bundle's card measures it."""
    held = read_held(bundle.card)
    if held is None:
        return _(_TOO_NARROW)
    return joined(_(_TOO_NARROW), _(_HELD).format(share=held.forest, level=held.level))


def served_ratio(bundle: Bundle) -> float:
    """Return the bundle's hazard ratio of death, the geometric mean over its members."""
    return math.exp(float(bundle.hazards["death"].arm.mean()))


def ratio_words(prediction: Prediction, *, short: bool = False) -> str:
    """Return how the model's ratio differs from the printed one, and that it is one for all.

    ``""`` where another effect is shown or the bundle has a cohort's, which was not made to show
    the trial's.

    Parameters
    ----------
    short : bool
        Whether to leave out why it differs.
    """
    bundle, published = prediction.bundle, figure("os.hr.stratified").estimate
    is_trials = bundle.cohort is None and prediction.options.shown.effect == OVERALL_EFFECT
    if not is_trials or published is None:
        return ""
    ratio, printed = f"{served_ratio(bundle):.2f}", f"{published:.2f}"
    further = abs(math.log(float(ratio))) > abs(math.log(float(printed)))
    told = _(_RATIO).format(ratio=ratio, published=printed)
    why = "" if short else _(_WHY_FURTHER)
    return joined(*((told, why) if further else ()), _(_ONE_RATIO).format(place=_(_PLACE)))
