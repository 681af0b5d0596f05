"""One replicate of the coverage study: what is true, what is published, what is served."""

from dataclasses import replace

import numpy as np
import pytest

from models.outcomes import OUTCOMES
from studies.coverage import Setting, run_replicate, true_risks
from studies.ensembles import AVERAGE, HORIZONS, PROFILES, SUBJECTS
from training.ensemble import draw_trial, observe
from training.simulation import EVENT, independent_uniforms, simulate_outcomes
from training.truth import Patients

SMALL = Setting(members=6)
SHAPE = (len(SUBJECTS), len(OUTCOMES), 3, len(HORIZONS))


def seed(number=0):
    return np.random.SeedSequence(77).spawn(number + 1)[number]


@pytest.fixture(scope="module")
def replicate():
    return run_replicate(seed(), SMALL)


@pytest.fixture(scope="module")
def trial():
    return draw_trial(np.random.default_rng(3))


def test_the_average_stands_first(replicate):
    assert (AVERAGE, *PROFILES) == SUBJECTS
    assert replicate.failure == ""
    assert replicate.truth.shape == replicate.lower.shape == replicate.upper.shape == SHAPE


def test_limits_are_ordered_and_the_truth_is_a_probability(replicate):
    assert (replicate.lower <= replicate.upper).all()
    assert ((replicate.truth[:, :, :2] >= 0) & (replicate.truth[:, :, :2] <= 1)).all()
    arms = replicate.truth[:, :, 1] - replicate.truth[:, :, 0]
    assert replicate.truth[:, :, 2] == pytest.approx(arms)


def test_the_same_seed_gives_the_same_replicate(replicate):
    again = run_replicate(seed(), SMALL)
    for name in ("truth", "lower", "upper"):
        assert np.array_equal(getattr(again, name), getattr(replicate, name)), name


def test_another_seed_gives_another(replicate):
    assert not np.allclose(run_replicate(seed(1), SMALL).truth, replicate.truth)


def test_more_members_ask_of_the_same_truth(replicate):
    assert np.array_equal(run_replicate(seed(), Setting(members=2)).truth, replicate.truth)


def test_shifted_priors_change_the_truth_and_nothing_that_is_published_fails(replicate):
    shifted = run_replicate(seed(), replace(SMALL, shift=1.0))
    assert shifted.failure == ""
    assert not np.allclose(shifted.truth, replicate.truth)


def test_without_interactions_the_truths_effect_is_one_for_all(trial):
    flat = replace(trial.truth.death, modification=np.zeros(8))
    truth = replace(trial.truth, death=flat)
    table = {name: column[:50] for name, column in trial.patients.table.items()}
    alive = true_risks(truth, trial.patients, table)[:, 0]
    ratios = np.log(alive[:, 1]) / np.log(alive[:, 0])
    assert ratios == pytest.approx(np.full(ratios.shape, np.exp(flat.effect)))


def test_true_risks_are_the_shares_of_many_simulated_trials(trial):
    # One patient, copied often into both arms, whose outcomes are drawn from the truth.
    copies, row = 20_000, 5
    patients, truth = trial.patients, trial.truth
    arm = np.repeat([0.0, 1.0], copies)

    def copied(array):
        return np.repeat(array[row : row + 1], 2 * copies, axis=0)

    many = Patients(
        {name: copied(column) for name, column in patients.table.items()},
        arm,
        copied(patients.design),
        patients.members,
        copied(patients.modifiers),
    )
    one = {name: column[row : row + 1] for name, column in patients.table.items()}
    wanted = true_risks(truth, patients, one)[0]
    drawn = simulate_outcomes(many, truth, independent_uniforms(many, np.random.default_rng(8)))
    month = HORIZONS.index(48)  # everybody is followed so long
    for number in (0, 1):
        rows = arm == number
        found = [
            (drawn.os_months[rows] > 48).mean(),
            (drawn.lrfs_months[rows] > 48).mean(),
            _had(drawn.ulceration_months, drawn.ulceration_event, rows),
            _had(drawn.bleeding_months, drawn.bleeding_event, rows),
        ]
        assert found == pytest.approx(wanted[:, number, month], abs=0.015)


def _had(months, event, rows):
    return ((event == EVENT) & (months <= 48))[rows].mean()


def test_a_trial_that_cannot_be_published_is_told(monkeypatch):
    def nobody_dies(patients, truth, rng):
        trial = observe(patients, truth, rng)
        outcomes = replace(trial.outcomes, os_event=np.zeros_like(trial.outcomes.os_event))
        return replace(trial, outcomes=outcomes)

    monkeypatch.setattr("studies.coverage.observe", nobody_dies)
    failed = run_replicate(seed(), SMALL)
    assert failed.failure == "a median is not reached"
    assert failed.truth.size == 0
