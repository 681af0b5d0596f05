"""What an interval is made of."""

import numpy as np
import pytest
from click.testing import CliRunner

from models.design_matrix import TERMS
from models.outcomes import ARM_LABELS, OUTCOMES
from studies import __main__ as command
from studies.ensembles import HORIZONS, SUBJECTS, fit_ensemble_of, subject_members
from studies.layers import (
    LAYERS,
    SHOWN,
    Layers,
    layers_table,
    measure_layers,
    with_one_effect,
    without_priors,
    without_prognosis,
)
from training.ensemble import Knowledge
from training.priors import draw, priors
from training.targets import published_targets

SHAPE = (len(LAYERS), len(SUBJECTS), len(OUTCOMES), len(ARM_LABELS), len(HORIZONS))


@pytest.fixture(scope="module")
def layers():
    return measure_layers(seed=3, members=5)


def test_what_only_priors_determine_stands_at_its_mean_and_the_rest_varies():
    fixed, stated = without_priors(priors()), priors()
    for hazard, prior in stated.items():
        drawn = draw(fixed[hazard], np.random.default_rng(1))
        silent = ~prior.speaks
        assert drawn[silent].tolist() == prior.mean[silent].tolist()
        assert (drawn[~silent] != prior.mean[~silent]).all()


def test_without_prognosis_nothing_varies():
    for prior in without_prognosis(priors()).values():
        first, second = (draw(prior, np.random.default_rng(seed)) for seed in (1, 2))
        assert first.tolist() == second.tolist()


def test_prognosis_is_held_between_the_prior_and_the_trial():
    held, stated = without_prognosis(priors())["death"].mean, priors()["death"]
    silent = ~stated.speaks
    assert held[silent].tolist() == stated.mean[silent].tolist()
    assert (held[~silent] != stated.mean[~silent]).all()


def test_with_one_effect_survival_differs_by_one_ratio_in_all_members():
    known = Knowledge(published_targets(), priors())
    bundle, _ = fit_ensemble_of(np.random.SeedSequence(2), known, 4)
    survival = subject_members(with_one_effect(bundle))[1, 0, :2]
    ratios = np.log(survival[1]) / np.log(survival[0])
    assert ratios == pytest.approx(np.full(ratios.shape, ratios[0, 0]))


def test_shares_add_up_to_one(layers):
    assert layers.shares.shape == SHAPE
    assert layers.shares.sum(axis=0) == pytest.approx(np.ones(SHAPE[1:]))


def test_without_surgery_the_effect_has_no_share(layers):
    assert np.abs(layers.shares[LAYERS.index("effect of surgery"), :, :, 0]).max() < 1e-12


def test_shares_are_what_the_variance_loses():
    variances = np.array([4.0, 3.0, 1.0, 0.5]).reshape(-1, 1, 1, 1, 1)
    assert Layers(variances).shares.ravel().tolist() == [0.25, 0.5, 0.125, 0.125]


def test_the_table_has_a_row_for_each_subject_outcome_and_arm(layers):
    rows = layers_table(layers).splitlines()
    assert len(rows) == 2 + len(SHOWN) * len(OUTCOMES) * len(ARM_LABELS)
    assert len({row.count("|") for row in rows}) == 1


def test_the_command_writes_shares_and_moves(tmp_path):
    out = tmp_path / "layers.md"
    asked = ["--members", "2", "--moved", "2", "--out", str(out)]
    assert CliRunner().invoke(command.layers, asked).exit_code == 0
    text = out.read_text()
    assert all(term.label in text for term in TERMS)
    assert "priors of prognosis" in text
