import xml.etree.ElementTree as ET

import numpy as np
import pytest

from training.svg import Plot, page, ticks

SVG = "{http://www.w3.org/2000/svg}"


def plot():
    return Plot("Risk & <time>", "months", "risk", (0.0, 60.0), (0.0, 1.0))


def drawn(figure):
    return ET.fromstring(figure.render())


def test_a_line_goes_through_its_points():
    figure = plot()
    figure.line(np.array([0.0, 60.0]), np.array([0.0, 1.0]), "#000")
    (line,) = drawn(figure).iter(f"{SVG}polyline")
    (x0, y0), (x1, y1) = (map(float, p.split(",")) for p in line.get("points").split())
    assert x0 < x1
    assert y0 > y1  # up is a larger value
    box = drawn(figure).find(f".//{SVG}rect")
    left, top, width, height = (float(box.get(k)) for k in ("x", "y", "width", "height"))
    assert (x0, x1) == (left, left + width)
    assert (y0, y1) == (top + height, top)


def test_a_band_lies_between_its_limits():
    figure = plot()
    figure.band(np.array([0.0, 60.0]), np.array([[0.2, 0.3], [0.4, 0.5]]), "#000")
    (band,) = drawn(figure).iter(f"{SVG}polygon")
    assert len(band.get("points").split()) == 4


def test_the_legend_stands_above_the_axes_and_moves_no_line():
    figure = plot()
    for name in ("first", "second", ""):
        figure.line(np.array([0.0, 60.0]), np.array([0.0, 1.0]), "#000", name)
    root = drawn(figure)
    assert len({line.get("points") for line in root.iter(f"{SVG}polyline")}) == 1
    (moved,) = [g for g in root.iter(f"{SVG}g") if g.get("transform")]
    shift = float(moved.get("transform").removeprefix("translate(0 ").removesuffix(")"))
    assert set(root.iter(f"{SVG}polyline")) <= set(moved.iter())
    top = float(root.find(f".//{SVG}rect").get("y")) + shift
    places = {t.text: float(t.get("y")) for t in root.findall(f"{SVG}text")}
    assert places["first"] < places["second"] < top


def test_the_title_is_told_and_escaped():
    assert drawn(plot()).find(f"{SVG}title").text == "Risk & <time>"


def test_two_figures_of_a_page_do_not_share_a_clip():
    first, second = plot(), Plot("Another", "months", "risk", (0.0, 60.0), (0.0, 1.0))
    names = {drawn(each).find(f".//{SVG}clipPath").get("id") for each in (first, second)}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.0, 60.0, [0, 20, 40, 60]),
        (0.0, 96.0, [0, 20, 40, 60, 80]),
        (-0.2, 0.8, [-0.2, 0, 0.2, 0.4, 0.6, 0.8]),
        (-7.3, 8.1, [-5, 0, 5]),
        (0.0, 0.3, [0, 0.1, 0.2, 0.3]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert list(ticks(low, high)) == pytest.approx(expected)


def test_a_page_is_escaped_and_alone():
    text = page("A < B", "<p>body</p>")
    assert "<title>A &lt; B</title>" in text
    assert "<p>body</p>" in text
    assert "<script" not in text
