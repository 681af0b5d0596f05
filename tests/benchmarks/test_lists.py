"""Peaks of memory: two runs as a pair, results thrown away."""

import pytest

from benchmarks import lists
from benchmarks.timing import FOREIGN


class Quiet:
    """A watch that sees no other program."""

    def foreign(self):
        return 0.0


@pytest.mark.parametrize(("again", "void"), [(101.0, ""), (120.0, "differs from itself, 1.20")])
def test_ours_runs_twice_around_the_other_side(monkeypatch, again, void):
    monkeypatch.setattr(lists, "Watch", Quiet)
    seen = iter([100.0, again])
    first, beside, reason = lists._peaks(lambda: next(seen), lambda: 50.0)
    assert (first, beside) == (100.0, 50.0)
    assert reason.endswith(void)
    assert bool(reason) == bool(void)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_results_are_thrown_away(tmp_path, kind):
    lists.write_csv(tmp_path / "list.csv", 10, 10)
    assert 10 < lists._peak(tmp_path, "list.csv", kind) < 1_000
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_growth_under_load_has_no_figure_and_no_plot(monkeypatch, tmp_path):
    monkeypatch.setattr(lists, "PLOT", tmp_path / "rows.svg")
    monkeypatch.setattr(lists, "GROWTH", (10,))
    monkeypatch.setattr(Quiet, "foreign", lambda _: 2 * FOREIGN)
    monkeypatch.setattr(lists, "Watch", Quiet)
    assert list(lists.growth())[-1] == "| 10 | void: other programs used 0.50 cores | — | — |"
    assert not lists.PLOT.exists()
    monkeypatch.setattr(Quiet, "foreign", lambda _: 0.0)
    assert "void" not in list(lists.growth())[-1]
    assert lists.PLOT.exists()
