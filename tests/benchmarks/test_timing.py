"""What a comparison says: its ratio, and when it says nothing."""

import itertools

import pytest

from benchmarks import load, timing
from benchmarks.table import render
from benchmarks.timing import (
    REPORTED,
    REPORTED_SPEED,
    Asked,
    Row,
    Told,
    compare,
    judged,
    loaded,
    taken_in_turn,
    void_because,
)

TWICE = Asked(2)
AT_MOST_HALF = Asked(0.5, faster=False)
QUIET = 0.1


def row(**changes):
    figures = {"name": "what", "unit": "ms", "ours": 10.0, "other": 40.0, "other_name": "peer"}
    return Row(**{**figures, "asked": TWICE, "ratios": (4.0,), **changes})


class Quiet:
    """A watch that sees what it is told to see."""

    load = 0.0

    def foreign(self):
        return self.load


@pytest.fixture
def watch(monkeypatch):
    seen = Quiet()
    monkeypatch.setattr(timing, "Watch", lambda: seen)
    return seen


def measuring(*values):
    """Return what gives one value after the other, the first one twice for the round before."""
    return itertools.chain(values[:1], itertools.cycle(values)).__next__


@pytest.mark.parametrize("pair", [0.91, 1.0, 1.09])
def test_a_pair_that_agrees_holds(pair):
    assert void_because([10.0] * 3, [10.0 * pair] * 3, QUIET) == ""


@pytest.mark.parametrize("pair", [0.89, 1.11])
def test_a_pair_that_does_not_agree_is_void(pair):
    assert f"{pair:.2f}" in void_because([10.0] * 3, [10.0 * pair] * 3, QUIET)


def test_the_pair_is_judged_by_its_median():
    assert void_because([1.0, 1.0, 1.0], [1.0, 1.05, 9.0], QUIET) == ""


@pytest.mark.parametrize(("foreign", "void"), [(0.25, False), (0.26, True)])
def test_more_than_a_quarter_of_a_core_for_others_is_void(foreign, void):
    assert bool(void_because([1.0], [1.0], foreign)) is void


def test_both_reasons_are_told():
    reason = void_because([1.0], [2.0], 1.5)
    assert "2.00" in reason
    assert "1.50 cores" in reason


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        # The ratios of the medians would be 2, and 0.5.
        (TWICE, "3 times as fast (1 to 10)"),
        (REPORTED_SPEED, "3 times as fast (1 to 10)"),
        (REPORTED, "0.333 times (0.1 to 1)"),
    ],
)
def test_the_ratio_is_the_median_of_the_rounds_ratios_and_has_their_spread(asked, told):
    found = judged(Told("what", "ms", "peer", asked), [1.0, 2.0, 3.0], [10.0, 2.0, 9.0], "")
    assert f" | {told} | " in render(found)


def test_one_round_has_no_spread():
    found = judged(Told("what", "MiB", "peer", AT_MOST_HALF), [1.0], [4.0], "")
    assert " | 0.25 times | " in render(found)


def test_the_order_rotates_and_the_first_round_is_not_counted():
    order = []
    values = itertools.count()

    def side(name):
        def once():
            order.append(name)
            return float(next(values))

        return once

    taken = taken_in_turn(*map(side, "abc"), rounds=3)
    assert "".join(order) == "abc" + "bca" + "cab" + "abc"
    assert taken == [[5.0, 7.0, 9.0], [3.0, 8.0, 10.0], [4.0, 6.0, 11.0]]


def test_a_comparison_runs_ours_as_a_pair_beside_the_other(watch):
    found = compare(Told("what", "ms", "peer", TWICE), lambda: 2.0, lambda: 8.0)
    assert (found.ours, found.other, found.void) == (2.0, 8.0, "")
    assert found.ratios == (4.0,) * timing.ROUNDS
    assert timing.ROUNDS >= 6


def test_a_comparison_under_load_is_void(watch):
    watch.load = 0.9
    assert "0.90 cores" in compare(Told("what", "ms", "peer"), lambda: 2.0, lambda: 8.0).void


def test_a_comparison_whose_pair_differs_is_void(watch):
    # Ours is called twice a round: 1, 2, 1, 2 ...
    found = compare(Told("what", "ms", "peer"), measuring(1.0, 2.0), lambda: 8.0)
    assert "differs from itself" in found.void


def test_a_void_row_has_its_reason_and_no_figure():
    line = render(row(void="other programs used 0.90 cores"))
    assert "void: other programs used 0.90 cores" in line
    for figure in ("10", "40", "4 times", "met"):
        assert figure not in line


@pytest.mark.parametrize(
    ("asked", "ratios", "verdict"),
    [
        (TWICE, [2.0, 2.5, 3.0], "met"),
        (TWICE, [1.7, 1.8, 1.99], "not met"),
        (TWICE, [1.99, 2.5, 3.0], "undecided"),
        (TWICE, [1.0, 1.5, 2.0], "undecided"),
        (AT_MOST_HALF, [0.3, 0.4, 0.5], "met"),
        (AT_MOST_HALF, [0.51, 0.6, 0.7], "not met"),
        (AT_MOST_HALF, [0.3, 0.4, 0.51], "undecided"),
        (REPORTED, [1.0, 4.0], "reported"),
        (REPORTED_SPEED, [1.0, 4.0], "reported"),
    ],
)
def test_what_is_asked_is_judged_by_all_rounds(asked, ratios, verdict):
    line = render(row(asked=asked, ratios=tuple(ratios)))
    assert line.endswith(f"| {verdict} |")
    assert ("| — |" in line) == (verdict == "reported")


def test_other_programs_are_a_reason_only_when_they_worked():
    assert loaded(QUIET) == ""
    assert "0.90 cores" in loaded(0.9)


def test_foreign_load_is_what_is_busy_and_not_our_own(monkeypatch):
    busy, own, now = iter([100.0, 104.0]), iter([10.0, 13.0]), iter([0.0, 2.0])
    monkeypatch.setattr(load, "_busy_seconds", lambda: next(busy))
    monkeypatch.setattr(load, "own_seconds", lambda: next(own))
    monkeypatch.setattr(load.time, "monotonic", lambda: next(now))
    assert load.Watch().foreign() == 0.5
