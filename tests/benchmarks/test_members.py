"""Bundles with more or fewer members than the shipped one, and how a row grows with them."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from benchmarks import members
from benchmarks.bundles import with_members
from benchmarks.own import ANALYSES, assessing
from benchmarks.points import Sizes, made_lists
from models.assess import Question, assess
from models.outcomes import DEFAULT_HORIZONS, DEFAULT_LEVEL
from tests.support.bundles import default_bundle, small_bundle

QUESTION = Question(DEFAULT_HORIZONS, DEFAULT_LEVEL)


@pytest.fixture(scope="module")
def table():
    return made_lists(Sizes(distinct=3)).table


@pytest.mark.parametrize("model", ANALYSES)
def test_fewer_members_are_the_first_ones(table, model):
    analysis = ANALYSES[model]
    found = assessing(default_bundle(), 5, analysis)(table)
    expected = assess(table, small_bundle(5), QUESTION, analysis)
    assert np.array_equal(found.lower, expected.lower)


@pytest.mark.parametrize("model", ANALYSES)
def test_members_that_come_again_leave_the_mean(table, model):
    analysis = ANALYSES[model]
    twice = with_members(small_bundle(4), 8)
    found = assess(table, twice, QUESTION, analysis).estimate
    expected = assess(table, small_bundle(4), QUESTION, analysis).estimate
    assert found == pytest.approx(expected, abs=1e-12)


def test_the_plot_has_a_line_for_each_model():
    drawn = members.drawn({"cox": {1: 0.1, 1_000: 2.0}, "forest": {1: 1.0, 10: 9.0}})
    lines = ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}polyline")
    assert len(list(lines)) == 2


def test_a_void_size_shows_no_figure_and_is_not_drawn(monkeypatch, tmp_path):
    monkeypatch.setattr(members, "PLOT", tmp_path / "members.svg")
    reasons = iter(["because", "", "because", ""])
    monkeypatch.setattr(members, "void_because", lambda *_: next(reasons))
    *_, void, held = members.growth([1, 2], rounds=1)
    assert void == "| 1 | void: because | void: because |"
    assert "void" not in held
    assert members.PLOT.exists()


def test_growth_without_a_figure_has_no_plot(monkeypatch, tmp_path):
    monkeypatch.setattr(members, "PLOT", tmp_path / "members.svg")
    monkeypatch.setattr(members, "void_because", lambda *_: "because")
    assert list(members.growth([1], rounds=1))[-1] == "| 1 | void: because | void: because |"
    assert not members.PLOT.exists()


def test_each_size_runs_as_a_pair(monkeypatch, tmp_path):
    monkeypatch.setattr(members, "PLOT", tmp_path / "members.svg")
    pairs = []
    monkeypatch.setattr(members, "void_because", lambda one, again, _: pairs.append((one, again)))
    list(members.growth([1, 2], rounds=3))
    assert len(pairs) == 2 * len(ANALYSES)
    assert all(len(one) == len(again) == 3 for one, again in pairs)
