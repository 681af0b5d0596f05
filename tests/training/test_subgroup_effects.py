"""The joint model of the interactions: its posterior, its limits and its draws."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from models.design_matrix import design_matrix
from models.evidence import pairs
from models.subgroup_effects import memberships
from training.calibration import calibrate_death, identify_death
from training.influence import hazard_ratio_influence, interaction_influence
from training.priors import priors
from training.reference import matched_cohorts
from training.subgroup_effects import (
    SPREAD_SCALE,
    JointModel,
    centring,
    draw_interactions,
    joint_model,
    posterior,
    subgroup_effects,
    subgroup_rows,
)
from training.targets import published_targets

NAMES = [pair.id for pair in pairs()]


@cache
def cohorts():
    return tuple(matched_cohorts())


@cache
def model():
    return joint_model(cohorts())


def two_pairs(spread=1.0):
    """Return a small model of two overlapping pairs."""
    return JointModel(
        observed=np.array([0.6, -0.1]),
        covariance=spread * np.array([[0.09, 0.04], [0.04, 0.12]]),
        expected=np.array([0.05, 0.0]),
        slopes=np.array([[0.9, 0.4], [0.3, 0.95]]),
    )


def test_what_is_observed_is_what_is_printed():
    groups = [pair.subgroups for pair in pairs()]
    expected = [np.log(second.estimate / first.estimate) for first, second in groups]
    assert model().observed == pytest.approx(expected)


def test_the_covariance_is_symmetric_and_positive_definite():
    assert np.array_equal(model().covariance, model().covariance.T)
    assert np.linalg.eigvalsh(model().covariance).min() > 0


def test_an_interaction_shows_most_in_its_own_contrast_and_less_than_in_full():
    slopes = model().slopes
    assert (np.abs(slopes).argmax(axis=1) == np.arange(8)).all()
    assert (np.diag(slopes) < 1).all()
    assert (np.diag(slopes) > 0.7).all()
    organs, bone = NAMES.index("organs"), NAMES.index("bone_only")
    assert slopes[organs, bone] > 0.3


def test_the_truth_of_the_virtual_trials_shows_the_printed_contrasts_in_the_linear_model():
    patients, targets = cohorts()[0].patients, published_targets()
    effects = identify_death(patients, priors()["death"].mean, targets)[0].coefficients
    truth, _ = calibrate_death(patients, effects, targets)
    own = joint_model(cohorts()[:1])
    shown = own.expected + own.slopes @ truth.modification
    assert shown == pytest.approx(own.observed, abs=0.03)


@pytest.mark.parametrize("scale", [0.1, 0.5])
def test_the_posterior_of_two_interactions_is_that_of_a_numeric_integral(scale):
    given = two_pairs()
    precision = np.linalg.inv(given.covariance)
    # The prior's own units: interactions are these points times the spread.
    axis = np.linspace(-6, 6, 121)
    first, second = np.meshgrid(axis, axis, indexing="ij")
    units = np.stack([first.ravel(), second.ravel()])
    prior = np.exp(-0.5 * (units**2).sum(axis=0))
    points, weights = [], []
    for spread in np.arange(0.005, 5, 0.01) * scale:
        apart = (given.observed - given.expected)[:, None] - given.slopes @ (spread * units)
        likelihood = np.exp(-0.5 * (apart * (precision @ apart)).sum(axis=0))
        points.append(spread * units)
        weights.append(np.exp(-0.5 * (spread / scale) ** 2) * likelihood * prior)
    points, weights = np.concatenate(points, axis=1), np.concatenate(weights)
    weights /= weights.sum()
    mean = points @ weights
    found = posterior(given, scale)
    assert found.mean == pytest.approx(mean, abs=1e-3)
    covariance = (points * weights) @ points.T - np.outer(mean, mean)
    assert found.covariance == pytest.approx(covariance, rel=0.01, abs=1e-4)


def test_without_information_interactions_are_shrunk_to_none():
    far = replace(model(), covariance=1e8 * model().covariance)
    assert posterior(far).mean == pytest.approx(np.zeros(8), abs=1e-6)
    prior_variance = SPREAD_SCALE**2  # of a normal whose SD is half-normal
    assert np.diag(posterior(far).covariance) == pytest.approx(
        np.full(8, prior_variance), rel=0.02
    )


def test_with_sure_figures_and_a_wide_prior_nothing_is_shrunk():
    sure = replace(model(), covariance=1e-8 * model().covariance)
    unshrunk = np.linalg.solve(model().slopes, model().observed - model().expected)
    assert posterior(sure, scale=100.0).mean == pytest.approx(unshrunk, abs=1e-3)


def test_a_smaller_scale_shrinks_more():
    sizes = [np.linalg.norm(posterior(model(), scale).mean) for scale in (0.05, 0.1, 0.2, 0.4)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1] / 3


def test_every_subgroup_is_drawn_towards_the_overall_effect():
    rows = subgroup_rows(posterior(model()), centring(cohorts()))
    assert len(rows) == 16
    for row in rows:
        assert row.lower < 1 < row.upper
        assert abs(np.log(row.shrunken)) < max(abs(np.log(row.printed)), 0.1)


def test_a_covariance_that_is_none_is_refused():
    with pytest.raises(np.linalg.LinAlgError):
        posterior(replace(model(), covariance=-model().covariance))


def test_draws_have_the_posteriors_mean_and_covariance():
    found = posterior(model())
    drawn = draw_interactions(found, 20_000, seed=1)
    assert drawn.mean(axis=1) == pytest.approx(found.mean, abs=0.002)
    assert np.cov(drawn) == pytest.approx(found.covariance, abs=0.002)


def test_few_draws_average_close_to_the_posterior_mean():
    found = posterior(model())
    drawn = draw_interactions(found, 200, seed=20250704)
    assert drawn.mean(axis=1) == pytest.approx(found.mean, abs=0.005)


@pytest.mark.parametrize("members", [1, 2, 7])
def test_a_draw_does_not_depend_on_how_many_there_are(members):
    found = posterior(model())
    many = draw_interactions(found, 10, seed=5)
    few = draw_interactions(found, members, seed=5)
    assert few.shape == (8, members)
    assert np.array_equal(few, many[:, :members])


def test_another_seed_draws_others():
    found = posterior(model())
    one, other = (draw_interactions(found, 4, seed) for seed in (1, 2))
    assert not np.isclose(one, other).any()


def test_draws_leave_the_stream_of_the_virtual_trials_alone():
    seeds = np.random.SeedSequence(20250704).spawn(2)
    before = [np.random.default_rng(seed).random() for seed in seeds]
    draw_interactions(posterior(model()), 4, seed=20250704)
    again = np.random.SeedSequence(20250704).spawn(2)
    assert [np.random.default_rng(seed).random() for seed in again] == before


def test_shifts_average_out_to_the_overall_effect_among_those_who_died():
    centre, means = centring(cohorts())
    deaths = np.array([float(sum(g.deaths)) for pair in pairs() for g in pair.subgroups])
    cohort = cohorts()[0]
    died = cohort.outcomes.os_event == 1
    second = memberships(design_matrix(cohort.patients.table))[died]
    assert second.mean(axis=0) == pytest.approx(centre)
    assert (second - centre).mean(axis=0) == pytest.approx(np.zeros(8), abs=1e-12)
    # Close to the printed deaths, of which the reference cohort shows about as many.
    assert centre == pytest.approx(deaths[1::2] / (deaths[::2] + deaths[1::2]), abs=0.05)
    assert np.diag(means[1::2]) == pytest.approx(np.ones(8))
    assert np.diag(means[::2]) == pytest.approx(np.zeros(8))


def test_effects_of_an_ensemble_are_deterministic_and_of_its_size():
    one, other = (subgroup_effects(cohorts(), 6, seed=3) for _ in range(2))
    assert one.interactions.shape == (8, 6)
    assert np.array_equal(one.interactions, other.interactions)
    assert one.of_subgroups.shape == (16, 6)


def test_the_whole_trials_effect_and_the_interactions_hardly_correlate():
    cohort = cohorts()[0]
    arm, outcomes = cohort.patients.arm, cohort.outcomes
    overall = hazard_ratio_influence(arm, outcomes.os_months, outcomes.os_event)
    each = interaction_influence(cohort)
    spread = np.sqrt((each**2).sum(axis=0) * (overall**2).sum())
    assert (np.abs(overall @ each) / spread < 0.25).all()
