"""Icon arrays: as many cells as counted, and a frame from limit to limit."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from service.page.icon_array import Count, icon_array, icon_patterns

CELL_AREA = 12 * 16
WHOLE = 100


def corners_of(piece):
    """Return the corners of one polygon."""
    x, y = map(int, re.match(r"M(-?\d+) (-?\d+)", piece).groups())
    corners = [(x, y)]
    for side, place in re.findall(r"([HV])(-?\d+)", piece):
        x, y = (int(place), y) if side == "H" else (x, int(place))
        corners.append((x, y))
    return corners


def area(path):
    """Return the area that a path of closed polygons encloses, in cells."""
    total = 0.0
    for piece in path.rstrip("z").split("z"):
        corners = corners_of(piece)
        turned = zip(corners, corners[1:] + corners[:1], strict=True)
        total += sum(ax * by - bx * ay for (ax, ay), (bx, by) in turned) / 2
    return abs(total) / CELL_AREA


def paths(picture):
    return re.findall(r' d="([^"]*)"', picture)


counts = st.lists(st.integers(0, WHOLE), min_size=3, max_size=3).map(sorted)


@given(counts)
def test_dark_icons_are_the_estimate_and_the_frame_holds_the_interval(ordered):
    lower, estimate, upper = ordered
    others, some, frame = paths(icon_array(Count(estimate, lower, upper)))
    assert area(some) == estimate
    assert area(others) == WHOLE - estimate
    assert area(frame) == upper - lower


@given(counts)
def test_nothing_is_drawn_outside_the_ten_by_ten_cells(ordered):
    lower, estimate, upper = ordered
    for path in paths(icon_array(Count(estimate, lower, upper))):
        for piece in path.rstrip("z").split("z"):
            for x, y in corners_of(piece):
                assert 0 <= x <= 120
                assert 0 <= y <= 160


def test_cells_are_counted_row_by_row():
    _others, some, _frame = paths(icon_array(Count(23, 0, 0)))
    assert some == "M0 0H120V32H36V48H0V16z"


def test_every_pattern_that_an_array_uses_is_defined():
    used = set(re.findall(r"url\(#([\w-]+)\)", icon_array(Count(5, 1, 9))))
    assert used == set(re.findall(r'pattern id="([\w-]+)"', icon_patterns()))
