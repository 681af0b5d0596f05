import tomllib
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from models.design_matrix import TERM_NAMES
from training.cohort_csv import read_cohort
from training.fitting import hazard_events
from training.priors import draw, hold_to_trial, priors
from training.reference import reference_csv
from training.weighted_cox import Weighted, fit_weighted_cox, timeline

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


def test_the_trial_speaks_of_the_effects_that_fig_3_has_and_of_no_others():
    for hazard in HAZARDS:
        spoken = [
            n for n, speaks in zip(TERM_NAMES, priors()[hazard].speaks, strict=True) if speaks
        ]
        assert sorted(spoken) == (sorted(SPOKEN_OF) if hazard == "death" else [])


def test_matched_cohorts_are_held_where_the_trial_speaks():
    prior = priors()["death"]
    assert np.array_equal(np.isfinite(prior.cohort_sd), prior.speaks)


def test_the_error_is_no_smaller_than_407_patients_allow():
    # A Cox model of the reference cohort has standard errors like these; expected deaths by
    # subgroup use less than it.
    error = np.sqrt(np.diag(priors()["death"].error))
    cohort = read_cohort(reference_csv())
    months, event = hazard_events(cohort.outcomes)["death"]
    design = np.column_stack([cohort.patients.design, cohort.patients.arm])
    sample = Weighted(np.ones(len(months)), np.zeros(len(months)))
    fit = fit_weighted_cox(design, timeline(months, event), sample)
    own = np.sqrt(np.diag(fit.covariance))[: len(TERM_NAMES)]
    speaks = priors()["death"].speaks
    assert (error[speaks] > 0.7 * own[speaks]).all()
    assert (error[speaks] < 2 * own[speaks]).all()


def test_the_errors_of_the_receptors_go_together():
    error = priors()["death"].error
    er, her2, both = map(
        TERM_NAMES.index, ("er_positive", "her2_positive", "er_and_her2_positive")
    )
    assert error[er, her2] > 0
    assert error[er, both] < 0
    assert error[her2, both] < 0
    assert np.array_equal(error, error.T)


@pytest.mark.parametrize("hazard", HAZARDS)
def test_arrays_are_in_the_order_of_the_terms(hazard):
    prior = priors()[hazard]
    wanted = [rows()[hazard][name] for name in TERM_NAMES]
    assert prior.mean.tolist() == [row["mean"] for row in wanted]
    assert prior.sd.tolist() == [row["sd"] for row in wanted]
    assert prior.cohort_sd.tolist() == [row.get("cohort_sd", np.inf) for row in wanted]
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


def with_error(prior, error):
    """Return a prior with another error where the trial speaks."""
    spoken, changed = np.ix_(prior.speaks, prior.speaks), prior.error.copy()
    changed[spoken] = error
    return replace(prior, error=changed)


def test_a_trial_without_error_gives_the_identified_effects():
    death = priors()["death"]
    sharp = with_error(death, 1e-16 * np.eye(death.speaks.sum()))
    drawn = draw(death, np.random.default_rng(1))
    identified = np.linspace(-1, 1, len(TERM_NAMES))
    held = hold_to_trial(drawn, sharp, identified, np.random.default_rng(2))
    assert held[death.speaks] == pytest.approx(identified[death.speaks], abs=1e-6)
    assert np.array_equal(held[~death.speaks], drawn[~death.speaks])


def posterior(prior, identified):
    """Return the posterior of the spoken effects by precisions, menopause given age left open.

    The prior has age in it, which is a nuisance that the cut does not update: given age, menopause
    has a shifted mean and a smaller variance.
    """
    speaks = prior.speaks
    variance = prior.sd**2
    variance[TERM_NAMES.index("postmenopausal")] *= 0.75
    before = np.diag(1 / variance[speaks])
    seen = np.linalg.inv(prior.error[np.ix_(speaks, speaks)])
    covariance = np.linalg.inv(before + seen)
    mean = covariance @ (before @ prior.mean[speaks] + seen @ identified[speaks])
    # Of menopause's mean given age, the part that the posterior keeps varies with age.
    place = int(np.flatnonzero(speaks).tolist().index(TERM_NAMES.index("postmenopausal")))
    moved = covariance @ before[:, place] * -0.5 * prior.sd[TERM_NAMES.index("postmenopausal")]
    return mean, covariance + np.outer(moved, moved)


def test_held_draws_have_the_joint_posteriors_mean_and_covariance(death_draws):
    prior = priors()["death"]
    rng = np.random.default_rng(8)
    identified = np.linspace(-0.6, 0.6, len(TERM_NAMES))
    held = np.array([hold_to_trial(each, prior, identified, rng) for each in death_draws])
    mean, covariance = posterior(prior, identified)
    spoken, sd = held[:, prior.speaks], np.sqrt(np.diag(covariance))
    error = sd / np.sqrt(DRAWS)
    assert (np.abs(spoken.mean(axis=0) - mean) < 4 * error).all()
    assert (np.abs(spoken.std(axis=0) - sd) < 4 * error / np.sqrt(2)).all()
    apart = np.abs(np.corrcoef(spoken.T) - covariance / np.outer(sd, sd))
    assert apart.max() < 4.5 / np.sqrt(DRAWS)
    assert np.array_equal(held[:, ~prior.speaks], death_draws[:, ~prior.speaks])
