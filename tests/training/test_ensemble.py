import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from models.design_matrix import TERM_NAMES
from models.outcomes import HAZARDS, LAST_HORIZON
from tests.training import paper
from tests.training.conftest import TRAINED_MEMBERS, TRAINING_SEED
from training.ensemble import (
    draw_truth,
    fit_ensemble,
    fit_member,
    stack_cox,
    stack_member_forests,
)
from training.expectation import expected_survival
from training.forest import TREES

COX_PARTS = ("coefficients", "arm", "baseline")
TREE_PARTS = ("sizes", "feature", "threshold", "left", "right", "values")


@pytest.fixture(scope="module")
def other_processes():
    return list(fit_ensemble(TRAINING_SEED, TRAINED_MEMBERS, jobs=2))


def assert_identical(first, second):
    for name in HAZARDS:
        for part in COX_PARTS:
            one, other = (getattr(member.cox[name], part) for member in (first, second))
            assert np.array_equal(one, other), f"{name} {part}"
        one, other = (member.forests[name] for member in (first, second))
        assert np.array_equal(one.factor, other.factor), name
        for part in TREE_PARTS:
            same = np.array_equal(getattr(one.trees, part), getattr(other.trees, part))
            assert same, f"{name} {part}"


def test_the_members_do_not_depend_on_the_number_of_processes(members, other_processes):
    for first, second in zip(members, other_processes, strict=True):
        assert_identical(first, second)


def test_a_member_is_its_own_seeds_whatever_the_size_of_the_ensemble(members):
    # The seed of the last member, spawned alone from an ensemble that is larger.
    seed = np.random.SeedSequence(TRAINING_SEED).spawn(10)[TRAINED_MEMBERS - 1]
    assert_identical(members[-1], fit_member(seed))


def test_a_member_does_not_depend_on_the_threads_of_the_linear_algebra(members):
    with threadpool_limits(2):
        again = fit_member(np.random.SeedSequence(TRAINING_SEED).spawn(1)[0])
    assert_identical(members[0], again)


def test_members_differ(members):
    arms = {member.cox["death"].arm for member in members}
    assert len(arms) == TRAINED_MEMBERS
    factors = {member.forests["death"].factor[0] for member in members}
    assert len(factors) == TRAINED_MEMBERS


def test_stacked_arrays_have_the_members_last(members):
    stacked = stack_cox([member.cox for member in members])
    assert tuple(stacked) == HAZARDS
    for name, hazard in stacked.items():
        assert hazard.coefficients.shape == (len(TERM_NAMES), TRAINED_MEMBERS)
        assert hazard.arm.shape == (TRAINED_MEMBERS,)
        assert hazard.baseline.shape == (LAST_HORIZON + 1, TRAINED_MEMBERS)
        for number, member in enumerate(members):
            fit = member.cox[name]
            assert np.array_equal(hazard.coefficients[:, number], fit.coefficients)
            assert hazard.arm[number] == fit.arm
            assert np.array_equal(hazard.baseline[:, number], fit.baseline)


def test_stacked_forests_have_one_members_trees_behind_the_others(members, patients):
    stacked = stack_member_forests(members, patients.design)
    assert tuple(stacked) == HAZARDS
    for name, forest in stacked.items():
        fits = [member.forests[name] for member in members]
        assert forest.members == TRAINED_MEMBERS
        assert forest.factor.tolist() == [fit.factor.tolist() for fit in fits]
        assert 0 <= forest.kept <= 1
        nodes = np.cumsum([0, *(len(fit.trees.feature) for fit in fits)])
        for number, fit in enumerate(fits):
            own = forest.trees.threshold[nodes[number] : nodes[number + 1]]
            assert np.array_equal(own, fit.trees.threshold)
            assert len(fit.trees.sizes) == TREES


@pytest.fixture(scope="module")
def drawn():
    return draw_truth(np.random.default_rng(13))


def test_the_overall_effect_of_each_truth_is_the_published_one(drawn):
    # Its error comes once, from the virtual trial: the truth itself has none.
    patients, truth = drawn
    found = expected_survival([truth.death], patients, truth.follow_up)
    assert np.exp(found.log_hazard_ratios[0]) == pytest.approx(paper.OS_HAZARD_RATIO, abs=1e-3)


def test_effects_on_ulceration_and_bleeding_are_drawn_apart(drawn):
    _, truth = drawn
    assert not np.array_equal(truth.ulceration.coefficients, truth.bleeding.coefficients)
