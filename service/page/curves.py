"""One outcome over time in both arms: curves with their bands, as SVG made on the server.

The arms are told apart without colour: one curve is dashed with a shaded band, the other solid
with a hatched one, and each has its name at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from markupsafe import Markup

from models.intervals import Estimates
from models.table import FloatArray

_WIDTH, _HEIGHT = 500, 246
#: Sixteen pixels for three months, and two for a percent.
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 362, 10, 210
_YEAR = 12
#: Pixels that two names at the curves' ends need between them.
_APART = 15
#: The classes of the arms in the style sheet, in their order.
_ARMS = ("none", "ptr")


@dataclass(frozen=True)
class Course:
    """What is drawn.

    Attributes
    ----------
    months : tuple of int
        Ascending, from 0.
    figures : Estimates
        Probabilities, arrays of shape (arms, months).
    month : int
        The one that sentences and counts speak of; a line marks it.
    """

    months: tuple[int, ...]
    figures: Estimates
    month: int


def curve_definitions(unit: str) -> Markup:
    """Return what all curves refer to: axes and the hatching; it has to stand once on a page.

    Parameters
    ----------
    unit : str
        What the horizontal axis counts.
    """
    return Markup(  # noqa: S704 - the unit is escaped, all else are numbers
        '<svg class="definitions" width="0" height="0" aria-hidden="true"><defs>'
        '<pattern id="hatching" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern>'
        f'<g id="axes" font-size="13"><path class="axis" d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}"/>'
        f"{''.join(_percents())}{''.join(_years())}"
        f'<text x="{(_LEFT + _RIGHT) / 2:g}" y="{_BOTTOM + 32}" text-anchor="middle">'
        f"{escape(unit)}</text></g></defs></svg>"
    )


def curves_figure(course: Course, arms: Sequence[str], title: str) -> Markup:
    """Return the curves of one outcome.

    Parameters
    ----------
    arms : sequence of str
        The names of both arms.
    title : str
        What is drawn, for those who cannot see it.
    """
    figures = course.figures
    bands = (
        _band(course.months, lower, upper, name)
        for lower, upper, name in zip(figures.lower, figures.upper, _ARMS, strict=True)
    )
    lines = (
        f'<path class="curve {name}" d="{_path(course.months, estimate)}"/>'
        for estimate, name in zip(figures.estimate, _ARMS, strict=True)
    )
    return Markup(  # noqa: S704 - the words are escaped, all else are numbers
        f'<svg class="curves" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<title>{escape(title)}</title><use href="#axes"/>{"".join(bands)}'
        f'<path class="month" d="M{_x(course.month):g} {_TOP}V{_BOTTOM}"/>'
        f"{''.join(lines)}{''.join(_names(course, arms))}</svg>"
    )


def _band(months: Sequence[int], lower: FloatArray, upper: FloatArray, name: str) -> str:
    there_and_back = np.concatenate([upper, lower[::-1]])
    path = _path((*months, *months[::-1]), there_and_back)
    return f'<path class="band {name}" d="{path}z"/>'


def _path(months: Sequence[int], probabilities: FloatArray) -> str:
    """Return a line through points in whole pixels, each told from the one before: it is short.

    Points on a straight line between their neighbours are left out.
    """
    x = np.array([_x(month) for month in months], dtype=int)
    y = np.array([_y(float(value)) for value in probabilities], dtype=int)
    steps = _straightened(list(zip(np.diff(x).tolist(), np.diff(y).tolist(), strict=True)))
    told = " ".join(f"{right} {down}" for right, down in steps)
    return f"M{x[0]} {y[0]}l{told.replace(' -', '-')}"


def _straightened(steps: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return steps, those behind each other in one direction as one."""
    found: list[tuple[int, int]] = []
    for right, down in steps:
        before = found[-1] if found else (0, 0)
        turns = before[0] * down != before[1] * right
        goes_on = before[0] * right + before[1] * down > 0
        if goes_on and not turns:
            found[-1] = (before[0] + right, before[1] + down)
        else:
            found.append((right, down))
    return found


def _names(course: Course, arms: Sequence[str]) -> Iterator[str]:
    """Yield the arms' names at their curves' ends, far enough from each other to be read."""
    first, second = (float(_y(float(row[-1]))) for row in course.figures.estimate)
    gap = _APART - abs(second - first)
    if gap > 0:
        shift = np.copysign(gap / 2, second - first)
        first, second = first - shift, second + shift
    for place, name, arm in zip((first, second), _ARMS, arms, strict=True):
        yield f'<text class="{name}" x="{_RIGHT + 6}" y="{place + 4:g}">{escape(arm)}</text>'


def _percents() -> Iterator[str]:
    for percent in range(0, 101, 25):
        y = _y(percent / 100)
        yield (
            f'<path class="grid" d="M{_LEFT} {y:g}H{_RIGHT}"/>'
            f'<text x="{_LEFT - 5}" y="{y + 4:g}" text-anchor="end">{percent}%</text>'
        )


def _years() -> Iterator[str]:
    for month in range(0, 61, _YEAR):
        x = _x(month)
        yield f'<text x="{x:g}" y="{_BOTTOM + 16}" text-anchor="middle">{month}</text>'


def _x(month: float) -> int:
    return round(_LEFT + month / 60 * (_RIGHT - _LEFT))


def _y(probability: float) -> int:
    return round(_BOTTOM - probability * (_BOTTOM - _TOP))
