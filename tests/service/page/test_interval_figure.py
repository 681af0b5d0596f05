"""Every interval stands where its figures say, inside the drawing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.page.interval_figure import WIDTH, Interval, draw
from tests.support.examples import examples

probabilities = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted)
differences = st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(sorted)


def interval(values):
    lower, estimate, upper = values
    return Interval("Name", "words", estimate, lower, upper)


def where(panel, value):
    """Return where a value stands by the numbers of the axis, in percent."""
    first, last = panel.ticks[0], panel.ticks[-1]
    low, high = (float(tick.number.rstrip("%").replace("−", "-")) for tick in (first, last))
    return first.x + (last.x - first.x) * (100 * value - low) / (high - low)


def check_panel(panel, intervals):
    for bar, each in zip(panel.bars, intervals, strict=True):
        for name in ("estimate", "lower", "upper"):
            assert getattr(bar, name) == pytest.approx(where(panel, getattr(each, name)), abs=0.1)
        assert 0 <= bar.lower <= bar.estimate <= bar.upper <= WIDTH
        assert panel.title_y < bar.words_y < bar.line_y < panel.axis_y < panel.bottom
    middles = [bar.line_y for bar in panel.bars]
    assert middles == sorted(set(middles))


@pytest.mark.property
@examples(100)
@given(
    arms=st.lists(probabilities, min_size=2, max_size=2),
    apart=st.lists(differences, min_size=2, max_size=2),
)
def test_bars_stand_by_the_numbers_of_their_axis(arms, apart):
    arms, apart = ([interval(each) for each in kind] for kind in (arms, apart))
    drawing = draw(arms, apart)
    check_panel(drawing.arms, arms)
    check_panel(drawing.differences, apart)
    assert drawing.arms.bottom <= drawing.differences.title_y
    assert drawing.height == drawing.differences.bottom


def test_differences_stand_around_none():
    drawing = draw([interval((0.4, 0.6, 0.8))] * 2, [interval((-0.02, 0.05, 0.13))] * 2)
    panel = drawing.differences
    assert [tick.number for tick in panel.ticks] == ["−15", "0", "+15"]
    assert panel.zero == panel.ticks[1].x == WIDTH / 2
    assert drawing.arms.zero is None
    assert [tick.number for tick in drawing.arms.ticks] == ["0%", "25%", "50%", "75%", "100%"]


@pytest.mark.parametrize(
    ("values", "named"),
    [((0.4, 0.6, 0.8), True), ((0.58, 0.6, 0.62), False), ((0.0, 0.3, 0.6), False)],
)
def test_limits_are_named_where_there_is_room(values, named):
    drawing = draw([interval(values)] * 2, [interval((-0.1, 0.0, 0.1))])
    assert [bar.is_named for bar in drawing.arms.bars] == [named, False]
    assert not any(bar.is_named for bar in drawing.differences.bars)
