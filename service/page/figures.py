"""The pictures of a result: curves over five years, and counts of one hundred women."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from models.assess import Question, assess
from models.bundle import Bundle
from models.intervals import Estimates
from models.language import _
from models.options import Options
from models.outcomes import ARM_LABELS, ARMS, DEFAULT_HORIZONS, OUTCOMES, SURVIVALS
from models.patient import Patient
from models.table import FloatArray, table_of
from service.cost import combination_count
from service.page.curves import Course, curves_figure
from service.page.icon_array import Count, icon_array
from service.page.words import capitalised, percents, time_words

#: Months between the points of a curve; when much is not known, the table's horizons suffice.
_STEP = 3
#: Combinations of unknown values up to which a page computes more than its tables need.
MOST_COMBINATIONS = 100


@dataclass(frozen=True)
class Icons:
    """One arm's icon array with its words."""

    picture: Markup
    words: str


def curve_months(patient: Patient, bundle: Bundle) -> tuple[int, ...]:
    """Return the months at which curves are computed."""
    if combination_count(patient, bundle) > MOST_COMBINATIONS:
        return DEFAULT_HORIZONS
    return tuple(range(_STEP, DEFAULT_HORIZONS[-1] + 1, _STEP))


def curves_of(patient: Patient, bundle: Bundle, options: Options, month: int) -> list[Markup]:
    """Return the curves of each outcome under the analysis that is shown.

    Parameters
    ----------
    month : int
        The horizon that a line marks.
    """
    months = curve_months(patient, bundle)
    question = Question(months, options.interval_level)
    found = assess(table_of([patient]), bundle, question, options.shown)
    return [
        _curves(_course(found, place, (0, *months), month), place)
        for place in range(len(OUTCOMES))
    ]


def _course(found: Estimates, place: int, months: tuple[int, ...], month: int) -> Course:
    start = 1.0 if OUTCOMES[place] in SURVIVALS else 0.0

    def from_start(values: FloatArray) -> FloatArray:
        arms = values[0, place, : len(ARMS)]
        return np.concatenate([np.full((len(ARMS), 1), start), arms], axis=1)

    figures = Estimates(*map(from_start, (found.estimate, found.lower, found.upper)))
    return Course(months, figures, month)


def _curves(course: Course, place: int) -> Markup:
    title = _("{outcome} over five years in both arms; the table has the figures")
    arms = [_(ARM_LABELS[arm]) for arm in ARMS]
    return curves_figure(course, arms, title.format(outcome=_(OUTCOMES[place].label)))


def icons_of(part: Mapping[str, Any], place: int, month: int) -> tuple[Icons, ...]:
    """Return both arms' icon arrays of one outcome.

    Parameters
    ----------
    part : mapping
        The outcome's figures by arm.
    place : int
        Which of the horizons.
    month : int
        The same in months.
    """
    return tuple(_icons(part[arm], place, _(ARM_LABELS[arm]), month) for arm in ARMS)


def _icons(band: Mapping[str, list[float]], place: int, arm: str, month: int) -> Icons:
    count = Count(*percents(band, place))
    words = _("{arm}, {time}: about {estimate} of 100 ({lower} to {upper})").format(
        arm=capitalised(arm),
        time=time_words(month),
        estimate=count.estimate,
        lower=count.lower,
        upper=count.upper,
    )
    return Icons(icon_array(count), words)
