"""Random survival forests: flattened without loss, calibrated, and freed of their own chance."""

import numpy as np
import pytest
from sksurv.ensemble import RandomSurvivalForest
from sksurv.util import Surv

from models.forest import KNOTS, LEAF, at_months, member_hazards, tree_hazards
from models.outcomes import HAZARDS
from training.ensemble import draw_truth
from training.forest import (
    FEATURE_SHARE,
    SMALLEST_LEAF,
    TREES,
    flatten,
    grow_forest,
    grow_forests,
    kept_share,
    stack_forests,
)
from training.simulation import EVENT, independent_uniforms, simulate_outcomes


@pytest.fixture(scope="module")
def trial():
    """Return the covariates with the arm, and the outcomes, of one virtual trial."""
    rng = np.random.default_rng(11)
    patients, truth = draw_truth(rng)
    outcomes = simulate_outcomes(patients, truth, independent_uniforms(patients, rng))
    return np.column_stack([patients.design, patients.arm]), outcomes


@pytest.fixture(scope="module")
def deaths(trial):
    covariates, outcomes = trial
    return covariates, outcomes.os_months, outcomes.os_event == EVENT


@pytest.fixture(scope="module")
def members(deaths):
    """Return three forests grown with other seeds on the same trial."""
    return [grow_forest(*deaths, seed=seed) for seed in (1, 2, 3)]


def grown(deaths, seed):
    forest = RandomSurvivalForest(
        n_estimators=TREES,
        min_samples_leaf=SMALLEST_LEAF,
        max_features=FEATURE_SHARE,
        random_state=seed,
    )
    covariates, months, event = deaths
    return forest.fit(covariates, Surv.from_arrays(event, months))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_flattened_forest_is_scikit_survivals_at_the_knots(deaths, seed):
    forest = grown(deaths, seed)
    covariates = deaths[0]
    theirs = forest.predict_cumulative_hazard_function(covariates, return_array=True)
    steps = np.column_stack([np.zeros(len(covariates)), theirs])
    wanted = steps[:, np.searchsorted(forest.unique_times_, KNOTS, side="right")]
    ours = tree_hazards(flatten(forest), covariates).mean(axis=1)
    assert np.abs(ours - wanted).max() < 1e-6


def test_each_tree_is_scikit_survivals(deaths):
    forest = grown(deaths, seed=3)
    ours = tree_hazards(flatten(forest), deaths[0])
    for number, tree in enumerate(forest.estimators_):
        theirs = tree.predict_cumulative_hazard_function(deaths[0], return_array=True)
        steps = np.column_stack([np.zeros(len(theirs)), theirs])
        wanted = steps[:, np.searchsorted(tree.unique_times_, KNOTS, side="right")]
        assert np.abs(ours[:, number] - wanted).max() < 1e-6


@pytest.mark.parametrize("arm", [0, 1])
def test_expected_events_of_each_arm_are_those_observed(deaths, arm):
    # From scikit-survival's own curves, each read at the patient's own time.
    covariates, months, event = deaths
    chosen = covariates[:, -1] == arm
    curves = grown(deaths, seed=1).predict_cumulative_hazard_function(covariates[chosen])
    end = np.minimum(months[chosen], KNOTS[-1])
    read = [
        curve(min(own, curve.x[-1])) if own >= curve.x[0] else 0.0
        for curve, own in zip(curves, end, strict=True)
    ]
    observed = (event[chosen] & (months[chosen] <= KNOTS[-1])).sum()
    assert grow_forest(*deaths, seed=1).factor[arm] == pytest.approx(observed / sum(read))


def test_where_covariates_mean_nothing_the_factors_are_about_one():
    rng = np.random.default_rng(6)
    factors = []
    for seed in range(12):
        covariates = rng.integers(0, 2, (400, 6)).astype(float)
        death, end = rng.exponential(60, 400), rng.uniform(48, 110, 400)
        months = np.ceil(np.minimum(death, end) * 30) / 30
        factors.append(grow_forest(covariates, months, death <= end, seed).factor)
    assert np.mean(factors) == pytest.approx(1, abs=0.01)


def test_members_are_pulled_towards_their_mean(deaths, members):
    rows = deaths[0][:5]
    raw = member_hazards(stack_forests(members, kept=1.0), rows)
    half = member_hazards(stack_forests(members, kept=0.5), rows)
    assert half.mean(axis=1) == pytest.approx(raw.mean(axis=1))
    assert half.std(axis=1) == pytest.approx(raw.std(axis=1) / 2)


def test_hazards_do_not_fall_and_are_not_negative(deaths, members):
    hazards = member_hazards(stack_forests(members, kept=0.7), deaths[0])
    assert hazards.min() >= 0
    assert np.diff(hazards, axis=-1).min() >= 0


def test_forests_that_differ_by_chance_alone_keep_little(deaths, members):
    # The members share one trial: all of their spread is the chance of growing few trees.
    many = [grow_forest(*deaths, seed=seed) for seed in range(20)]
    without = np.column_stack([deaths[0][:60, :-1], np.zeros(60)])
    assert kept_share(many, without) < 0.5


def test_what_is_kept_is_what_many_trees_would_vary(deaths):
    # Bootstrap samples stand for virtual trials: ten trees each against a hundred each.
    covariates, months, event = deaths
    rng = np.random.default_rng(4)
    samples = [rng.integers(0, len(months), len(months)) for _ in range(25)]
    few = [grow_forest(covariates[s], months[s], event[s], n) for n, s in enumerate(samples)]
    without = np.column_stack([covariates[:40, :-1], np.zeros(40)])
    spread = member_hazards(stack_forests(few, kept_share(few, without)), without).std(axis=1)
    many = []
    for seed in range(10):
        more = [
            grow_forest(covariates[s], months[s], event[s], 1000 * (seed + 1) + n)
            for n, s in enumerate(samples)
        ]
        many.append(member_hazards(stack_forests(more, 1.0), without))
    wanted = np.mean(many, axis=0).std(axis=1)
    assert spread.mean() == pytest.approx(wanted.mean(), rel=0.1)


def test_every_hazard_of_the_bundle_has_a_forest(trial):
    covariates, outcomes = trial
    forests = grow_forests(covariates[:, :-1], covariates[:, -1], outcomes, seed=5)
    assert tuple(forests) == HAZARDS
    for forest in forests.values():
        assert (forest.factor > 0).all()
        assert forest.half_factors.shape == (2, 2)
        assert len(forest.trees.sizes) == TREES
        assert forest.trees.sizes.sum() == len(forest.trees.feature)
        assert (forest.trees.feature == LEAF).sum() == len(forest.trees.values)


def test_the_same_seed_grows_the_same_forest(deaths):
    first, again = (grow_forest(*deaths, seed=9) for _ in range(2))
    assert np.array_equal(first.trees.values, again.trees.values)
    assert np.array_equal(first.trees.threshold, again.trees.threshold)


def test_months_lie_on_straight_lines_between_the_knots():
    hazards = np.arange(1.0, len(KNOTS) + 1)[None, None, :]
    found = at_months(hazards, np.array([2, 4, 6, 96]))
    assert found[0, :, 0] == pytest.approx([0.5, 1.0, 1.5, 24.0])
