import tomllib
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from models.design_matrix import TERM_NAMES
from training.priors import draw, hold_to_trial, priors

HAZARDS = ("death", "progression", "complication")
#: Fig. 3 has a pair for each of these; T, N and age have none.
SPOKEN_OF = (
    "postmenopausal",
    "ps_1_or_more",
    "er_positive",
    "her2_positive",
    "er_and_her2_positive",
    "organs_2_or_more",
    "liver",
    "bone_only",
)
DRAWS = 40_000


def rows():
    text = resources.files("training").joinpath("priors.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def many_draws(prior, seed=3):
    rng = np.random.default_rng(seed)
    return np.array([draw(prior, rng) for _ in range(DRAWS)])


@pytest.fixture(scope="module")
def death_draws():
    return many_draws(priors()["death"])


def test_there_is_a_prior_for_each_kind_of_hazard():
    assert tuple(rows()) == tuple(priors()) == HAZARDS


@pytest.mark.parametrize("hazard", HAZARDS)
def test_each_term_has_mean_sd_and_source_and_no_other_term_is_there(hazard):
    assert set(rows()[hazard]) == set(TERM_NAMES)
    for row in rows()[hazard].values():
        assert {"mean", "sd", "source"} <= set(row)
        assert row["source"].strip()


@pytest.mark.parametrize("hazard", HAZARDS)
def test_binary_covariates_have_an_sd_of_at_least_0_3(hazard):
    # Registries enrol everyone; the trial randomised only women without progression.
    for term, row in rows()[hazard].items():
        assert row["sd"] >= (0.1 if term == "age_per_decade" else 0.3)


def test_the_trial_holds_the_effects_that_fig_3_speaks_of_and_no_others():
    held = [name for name, row in rows()["death"].items() if "trial_sd" in row]
    assert sorted(held) == sorted(SPOKEN_OF)
    assert not any("trial_sd" in row for hazard in HAZARDS[1:] for row in rows()[hazard].values())


@pytest.mark.parametrize("hazard", HAZARDS)
def test_arrays_are_in_the_order_of_the_terms(hazard):
    prior = priors()[hazard]
    wanted = [rows()[hazard][name] for name in TERM_NAMES]
    assert prior.mean.tolist() == [row["mean"] for row in wanted]
    assert prior.sd.tolist() == [row["sd"] for row in wanted]
    assert prior.trial_sd.tolist() == [row.get("trial_sd", np.inf) for row in wanted]
    assert list(prior.sources) == [row["source"] for row in wanted]


def test_draws_have_the_stated_mean_and_sd(death_draws):
    prior = priors()["death"]
    error = prior.sd / np.sqrt(DRAWS)
    assert (np.abs(death_draws.mean(axis=0) - prior.mean) < 4 * error).all()
    # The SD of a sample SD is sd / sqrt(2 n).
    assert (np.abs(death_draws.std(axis=0) - prior.sd) < 4 * error / np.sqrt(2)).all()


def test_only_age_and_menopause_are_correlated_and_by_minus_a_half(death_draws):
    wanted = np.eye(len(TERM_NAMES))
    age, menopause = TERM_NAMES.index("age_per_decade"), TERM_NAMES.index("postmenopausal")
    wanted[age, menopause] = wanted[menopause, age] = -0.5
    assert np.abs(np.corrcoef(death_draws.T) - wanted).max() < 4.5 / np.sqrt(DRAWS)


def test_nothing_is_held_where_the_trial_does_not_speak():
    prior = priors()["progression"]
    drawn = draw(prior, np.random.default_rng(1))
    held = hold_to_trial(drawn, prior, drawn + 9, np.random.default_rng(2))
    assert np.array_equal(held, drawn)


def test_a_trial_without_error_gives_the_identified_effects():
    death = priors()["death"]
    sharp = replace(death, trial_sd=np.full(len(TERM_NAMES), 1e-9))
    drawn = draw(death, np.random.default_rng(1))
    identified = np.linspace(-1, 1, len(TERM_NAMES))
    held = hold_to_trial(drawn, sharp, identified, np.random.default_rng(2))
    assert held == pytest.approx(identified, abs=1e-6)


def test_held_draws_have_the_conjugate_posteriors_mean_and_sd(death_draws):
    prior = priors()["death"]
    rng = np.random.default_rng(8)
    identified = np.linspace(-0.6, 0.6, len(TERM_NAMES))
    held = np.array([hold_to_trial(each, prior, identified, rng) for each in death_draws])
    precision = 1 / prior.sd**2 + 1 / prior.trial_sd**2
    seen = np.where(np.isfinite(prior.trial_sd), identified / prior.trial_sd**2, 0.0)
    mean, sd = (prior.mean / prior.sd**2 + seen) / precision, precision**-0.5
    error = sd / np.sqrt(DRAWS)
    assert (np.abs(held.mean(axis=0) - mean) < 4 * error).all()
    assert (np.abs(held.std(axis=0) - sd) < 4 * error / np.sqrt(2)).all()
