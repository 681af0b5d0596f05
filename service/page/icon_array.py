"""One hundred women as icons: how many have an outcome, and how far its interval reaches."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

#: Icons in a row, and of a whole array.
_ROW, _WHOLE = 10, 100
#: Width and height of an icon's cell in pixels, and the space around the array for its frame.
_CELL, _EDGE = (12, 16), 2

#: One icon: a head and a body. Both patterns are defined once a page, and used by every array.
_ICON = "M6 1.5a2.4 2.4 0 1 1 0 4.8a2.4 2.4 0 1 1 0 -4.8zM2.6 14.5v-4.2q0 -3 3.4 -3t3.4 3v4.2z"


@dataclass(frozen=True)
class Count:
    """How many of one hundred women, by an estimate and the limits of its interval."""

    estimate: int
    lower: int
    upper: int


def icon_patterns() -> Markup:
    """Return what icon arrays refer to; it has to stand once on their page."""
    patterns = "".join(
        f'<pattern id="{name}" width="{_CELL[0]}" height="{_CELL[1]}" '
        f'patternUnits="userSpaceOnUse"><path class="icon {name}" d="{_ICON}"/></pattern>'
        for name in ("some", "others")
    )
    return Markup(  # noqa: S704 - numbers and names of ours alone
        f'<svg class="definitions" width="0" height="0" aria-hidden="true"><defs>{patterns}</defs>'
        "</svg>"
    )


def icon_array(count: Count) -> Markup:
    """Return an array: filled icons up to the estimate, a frame from limit to limit.

    The words beside it say the same, so it is hidden from those who cannot see it.
    """
    width, height = _CELL[0] * _ROW, _CELL[1] * _WHOLE // _ROW
    return Markup(  # noqa: S704 - numbers alone
        f'<svg class="icons" aria-hidden="true" viewBox="{-_EDGE} {-_EDGE} {width + 2 * _EDGE} '
        f'{height + 2 * _EDGE}">'
        f'<path fill="url(#others)" d="{_cells(count.estimate, _WHOLE)}"/>'
        f'<path fill="url(#some)" d="{_cells(0, count.estimate)}"/>'
        f'<path class="frame" d="{_cells(count.lower, count.upper)}"/></svg>'
    )


def _cells(start: int, stop: int) -> str:
    """Return the outline of the cells from one to before another, in reading order."""
    if start >= stop:
        return "M0 0"
    (top, left), (bottom, right) = divmod(start, _ROW), divmod(stop, _ROW)
    if not right:  # the last row is full
        bottom, right = bottom - 1, _ROW
    if top == bottom:
        return _box(left, right, top)
    if bottom == top + 1 and right <= left:  # two pieces that do not touch
        return _box(left, _ROW, top) + _box(0, right, bottom)
    corners = [
        (left, top),
        (_ROW, top),
        (_ROW, bottom),
        (right, bottom),
        (right, bottom + 1),
        (0, bottom + 1),
        (0, top + 1),
        (left, top + 1),
    ]
    return _polygon(corners)


def _box(left: int, right: int, row: int) -> str:
    return _polygon([(left, row), (right, row), (right, row + 1), (left, row + 1)])


def _polygon(corners: list[tuple[int, int]]) -> str:
    """Return a closed path whose sides are level and upright by turns, the first one level.

    A side to where the path is already is left out.
    """
    places = [(column * _CELL[0], row * _CELL[1]) for column, row in corners]
    sides = [
        f"H{x}" if number % 2 else f"V{y}"
        for number, (x, y) in enumerate(places)
        if number and (x, y) != places[number - 1]
    ]
    return f"M{places[0][0]} {places[0][1]}{''.join(sides)}z"
