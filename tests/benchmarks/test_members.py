"""Bundles with more or fewer members than the shipped one."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from benchmarks import members
from benchmarks.points import Sizes, made_lists
from models.assess import Question, assess
from models.outcomes import DEFAULT_HORIZONS, DEFAULT_LEVEL
from tests.support.bundles import default_bundle, small_bundle

QUESTION = Question(DEFAULT_HORIZONS, DEFAULT_LEVEL)


@pytest.fixture(scope="module")
def table():
    return made_lists(Sizes(distinct=3)).table


@pytest.mark.parametrize("model", members._ANALYSES)
def test_fewer_members_are_the_first_ones(table, model):
    analysis = members._ANALYSES[model]
    found = assess(table, members.with_members(default_bundle(), 5), QUESTION, analysis)
    expected = assess(table, small_bundle(5), QUESTION, analysis)
    assert np.array_equal(found.lower, expected.lower)


@pytest.mark.parametrize("model", members._ANALYSES)
def test_members_that_come_again_leave_the_mean(table, model):
    analysis = members._ANALYSES[model]
    twice = members.with_members(small_bundle(4), 8)
    found = assess(table, twice, QUESTION, analysis).estimate
    expected = assess(table, small_bundle(4), QUESTION, analysis).estimate
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_plot_has_a_line_for_each_model():
    drawn = members.drawn([1, 1_000], {"cox": [0.1, 2.0], "forest": [1.0, 9.0]})
    lines = ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}polyline")
    assert len(list(lines)) == 2


def test_a_void_growth_shows_no_figure(monkeypatch, tmp_path):
    monkeypatch.setattr(members, "PLOT", tmp_path / "members.svg")
    monkeypatch.setattr(members, "void_because", lambda *_: "because")
    lines = list(members.growth([1, 2], rounds=1))
    assert lines[-1].startswith("| void: because")
    assert len(lines) == 3
    assert not members.PLOT.exists()
