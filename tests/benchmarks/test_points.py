"""Both sides of the arithmetic give the same figures, and ours are those of the service."""

import os

import numpy as np
import pytest

from benchmarks import own, points
from benchmarks.peers import fitted
from benchmarks.peers.scikit_survival import cox_survival, forest_survival, survival_functions
from benchmarks.peers.talking import talking
from benchmarks.timing import Asked
from models.assess import Question, assess
from models.outcomes import COX, DEFAULT_HORIZONS, DEFAULT_LEVEL
from models.table import row_count
from tests.support.bundles import default_bundle

SIZES = points.Sizes(rows=250, distinct=100, intervals=20, slow=100, quick=100, r_intervals=100)
MONTHS = np.array(DEFAULT_HORIZONS)
WAYS = ("points", "arrays")


@pytest.fixture(scope="module")
def lists():
    return points.made_lists(SIZES)


@pytest.fixture(scope="module")
def folder(lists, tmp_path_factory):
    path = tmp_path_factory.mktemp("peers")
    points.write_folder(path, lists)
    return path


def test_figures_are_scikit_survivals(lists):
    points.check_scikit_survival(lists)


@pytest.mark.parametrize("way", WAYS)
def test_figures_are_rs(lists, folder, way):
    with talking(["Rscript", "--vanilla", str(points._HERE / "survival.R"), str(folder)]) as peer:
        points.check_talker(peer, folder, lists, way)
        assert peer.seconds(f"{way} 2") >= 0
        assert "survival" in peer.ask("version")
        assert peer.seconds("intervals 2") >= 0


@pytest.mark.parametrize("way", WAYS)
def test_figures_are_those_of_lifelines(lists, folder, way):
    python = os.environ[points.LIFELINES]
    script = str(points._HERE / "lifelines_points.py")
    with talking([python, "-W", "ignore", script, str(folder)]) as peer:
        points.check_talker(peer, folder, lists, way)
        assert peer.seconds(f"{way} 2") >= 0


def test_other_figures_are_refused(lists):
    figures = np.zeros((2, 4, 2, 5))
    points.refuse_apart("peer", figures, np.moveaxis(figures + 0.9e-12, 0, 2))
    with pytest.raises(RuntimeError, match="peer gives other figures"):
        points.refuse_apart("peer", figures, np.moveaxis(figures + 1.1e-12, 0, 2))
    with pytest.raises(RuntimeError, match="peer gives other figures"):
        points.refuse_apart("peer", figures, np.full((4, 2, 2, 5), np.nan))


def test_both_ways_to_ask_a_forest_give_the_same(lists):
    months, arms = MONTHS.astype(float), lists.arms(20)
    models = fitted.forest_peers()
    assert np.array_equal(
        survival_functions(models, arms, months), forest_survival(models, arms, months)
    )


def test_the_quickest_way_to_ask_a_cox_model_gives_the_same(lists):
    months, arms = MONTHS.astype(float), lists.arms(SIZES.distinct)
    models = fitted.cox_peers()
    apart = cox_survival(models, arms, months) - survival_functions(models, arms, months)
    assert np.abs(apart).max() < points.CLOSE


def test_what_answers_go_through_stands_beside_the_same_peer_and_is_not_judged(lists, monkeypatch):
    monkeypatch.setattr(points, "compare", lambda told, *_: told)
    peer = points.Beside("peer", Asked(100), lambda: 1.0)
    *judged, assessed = points._point_rows(peer, COX, lists)
    assert [told.asked for told in judged] == [Asked(100)] * 2
    assert assessed.asked.number is None
    assert assessed.name.startswith("models.assess, cox")
    assert {told.other_name for told in (*judged, assessed)} == {"peer"}


def test_a_profile_that_comes_again_has_the_same_figures(lists):
    score = own.cox_points(fitted.own_cox(), MONTHS)
    distinct = own.score_table(lists.distinct(SIZES.distinct), score)
    repeated = own.score_table(lists.repeated(), score)
    assert row_count(lists.repeated()) == SIZES.rows
    assert np.array_equal(repeated, distinct[np.arange(SIZES.rows) % SIZES.distinct])


def test_no_two_profiles_are_alike(lists):
    first, _ = own.once_each(lists.table)
    assert len(first) == SIZES.distinct


def test_figures_with_intervals_are_those_of_the_service(lists):
    table = lists.distinct(10)
    score = own.with_intervals(own.cox_curves(points.bundle_members(), MONTHS))
    found = own.score_table(table, score, block=1)
    served = assess(table, default_bundle(), Question(DEFAULT_HORIZONS, DEFAULT_LEVEL))
    for place, side in enumerate(("estimate", "lower", "upper")):
        expected = getattr(served, side)[:, 0, :2]
        assert found[:, place, 0] == pytest.approx(expected, abs=1e-14)
