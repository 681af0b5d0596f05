"""One drawing of intervals: where each stands, for a template that writes the SVG.

The drawing is 360 units wide, so that its words are legible on a phone; black on white by the
colour of the words around it. Arms stand on a scale of probability, differences on one of their
own around no difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.rounding import percent

WIDTH = 360
_LEFT, _RIGHT = 18.0, 342.0
_TITLE, _ROW, _WORDS, _LINE = 26.0, 44.0, 14.0, 28.0
_NAMES, _AXIS, _SIDES = 18.0, 40.0, 16.0
#: So far from each other, and from the edges, the names of limits and estimate must be.
_APART, _EDGE = 40.0, 70.0
#: Scales of differences end at a multiple of this probability.
_STEP = 0.05


@dataclass(frozen=True)
class Interval:
    """An interval to draw: its name, its figures in words, and its figures."""

    label: str
    words: str
    estimate: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Bar:
    """An interval in its place; all but the words in units of the drawing.

    Attributes
    ----------
    is_named : bool
        Whether there is room to name limits and estimate below it.
    """

    label: str
    words: str
    words_y: float
    line_y: float
    estimate: float
    lower: float
    upper: float
    is_named: bool = False


@dataclass(frozen=True)
class Tick:
    """A mark on an axis and its number, in percent or percentage points."""

    x: float
    number: str


@dataclass(frozen=True)
class Panel:
    """Bars over one axis; `zero` is where no difference stands, ``None`` for arms."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    title_y: float
    axis_y: float
    zero: float | None = None

    @property
    def bottom(self) -> float:
        """Where the next panel can begin."""
        return self.axis_y + _AXIS + (0 if self.zero is None else _SIDES)


@dataclass(frozen=True)
class Drawing:
    """Two panels below each other."""

    arms: Panel
    differences: Panel

    @property
    def width(self) -> int:
        """Width in units of the drawing."""
        return WIDTH

    @property
    def height(self) -> float:
        """Height in units of the drawing."""
        return self.differences.bottom


def draw(arms: Sequence[Interval], differences: Sequence[Interval]) -> Drawing:
    """Return the drawing of some arms' intervals and, below them, of some differences'."""
    above = draw_arms(arms)
    return Drawing(above, draw_differences(differences, above.bottom))


def draw_arms(arms: Sequence[Interval], top: float = 0.0) -> Panel:
    """Return the panel of arms' intervals below a place."""
    return _panel(arms, (0.0, 1.0), (0, 0.25, 0.5, 0.75, 1), top)


def draw_differences(differences: Sequence[Interval], top: float = 0.0) -> Panel:
    """Return the panel of differences' intervals below a place."""
    widest = max(max(abs(each.lower), abs(each.upper)) for each in differences)
    end = max(_STEP, _STEP * math.ceil(widest / _STEP))
    return _panel(differences, (-end, end), (-end, 0, end), top)


def _panel(
    intervals: Sequence[Interval],
    scale: tuple[float, float],
    ticks: Sequence[float],
    top: float,
) -> Panel:
    signed = scale[0] < 0
    bars, y = [], top + _TITLE
    for place, each in enumerate(intervals):
        bar = _bar(each, scale, y)
        bar = replace(bar, is_named=not signed and place == 0 and _has_room(bar))
        bars.append(bar)
        y += _ROW + (_NAMES if bar.is_named else 0)
    return Panel(
        tuple(bars),
        tuple(Tick(_x(value, scale), _number(value, signed)) for value in ticks),
        top + _WORDS,
        y,
        _x(0, scale) if signed else None,
    )


def _bar(each: Interval, scale: tuple[float, float], top: float) -> Bar:
    estimate, lower, upper = (_x(v, scale) for v in (each.estimate, each.lower, each.upper))
    places = (top + _WORDS, top + _LINE)
    return Bar(each.label, each.words, *places, estimate, lower, upper)


def _x(value: float, scale: tuple[float, float]) -> float:
    least, most = scale
    return round(_LEFT + (_RIGHT - _LEFT) * (value - least) / (most - least), 1)


def _has_room(bar: Bar) -> bool:
    inside = bar.lower >= _EDGE and bar.upper <= WIDTH - _EDGE
    return inside and min(bar.estimate - bar.lower, bar.upper - bar.estimate) >= _APART


def _number(value: float, signed: bool) -> str:
    whole = percent(value)
    if not signed:
        return f"{whole}%"
    return f"{'+' if whole > 0 else '−' if whole < 0 else ''}{abs(whole)}"
