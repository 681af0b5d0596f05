"""The forest plot: every figure at its place, with its level, in black and white."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import pytest
from click.testing import CliRunner

from models.evidence import evidence, figure, interactions, pairs
from models.evidence.credibility import RATING_LABELS, assessment_of
from service.cli import main
from service.forest_plot import WHOLE_TRIALS, forest_plot

SVG = "{http://www.w3.org/2000/svg}"
PLOT = forest_plot()
ROOT = ET.fromstring(PLOT)
TEXTS = [text.text for text in ROOT.iter(f"{SVG}text")]
GROUPS = [group for pair in pairs() for group in pair.subgroups]
OTHERS = [row for row in evidence().values() if row.speaks_to]
ROWS = [*(figure(name) for name, _ in WHOLE_TRIALS), *GROUPS, *OTHERS]


def lines():
    """Return ends and dash of each interval's line, from top to bottom."""
    found = []
    for path in ROOT.iter(f"{SVG}path"):
        match = re.fullmatch(r"M([\d.]+) ([\d.]+)H([\d.]+)", path.get("d"))
        if match and path.get("stroke-width") == "1.6":
            left, _, right = map(float, match.groups())
            found.append((left, right, path.get("stroke-dasharray") is not None))
    return found


def test_the_command_prints_it():
    result = CliRunner().invoke(main, ["evidence", "--format", "svg"])
    assert (result.exit_code, result.stdout) == (0, PLOT)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_figure_stands_with_its_level(row):
    if row.interval is None:
        assert f"{row.estimate:.2f} (no interval was seen)" in TEXTS
    else:
        lower, upper = row.interval
        shown = f"{row.estimate:.2f} ({lower:.2f} to {upper:.2f}), {row.level:.0%}"
        assert shown in TEXTS


def test_lines_lie_at_their_limits_and_90_percent_is_dashed():
    with_interval = [row for row in ROWS if row.interval]
    found = lines()
    assert len(found) == len(with_interval)
    ends = [end for line in found for end in line[:2]]
    limits = [math.log(limit) for row in with_interval for limit in row.interval]
    slope = (ends[1] - ends[0]) / (limits[1] - limits[0])
    for end, limit in zip(ends, limits, strict=True):
        assert end == pytest.approx(ends[0] + slope * (limit - limits[0]), abs=0.6)
    assert [line[2] for line in found] == [row.level == 0.90 for row in with_interval]


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.id)
def test_pairs_have_p_and_rating_beside(pair):
    row = interactions()[pair.id]
    place = TEXTS.index(f"{row.p:.2g} ({row.p_holm:.2g})")
    assert TEXTS[place + 1] == RATING_LABELS[assessment_of(pair.id).rating]


def test_directions_are_labelled_and_nothing_is_promised():
    assert "\u2190 favours surgery" in TEXTS
    assert "favours no surgery \u2192" in TEXTS
    assert "benefit" not in PLOT.lower()


def test_it_is_legible_in_grey():
    for colour in re.findall(r'(?:fill|stroke)="(#[0-9a-f]+)"', PLOT):
        digits = colour[1:]
        width = len(digits) // 3
        assert digits == digits[:width] * 3, colour


def test_it_needs_nothing_else():
    assert "href" not in PLOT
    assert "<script" not in PLOT
    assert ROOT.find(f"{SVG}title").text
