"""Three cohorts whose truth is known: what is trained, evaluated and recalibrated finds it."""

import numpy as np
import pytest

from models.assess import member_predictions
from models.design_matrix import TERM_NAMES
from models.outcomes import HAZARDS
from tests.support.bundles import cox_bundle
from tests.support.cohorts import (
    alive_without_surgery,
    confounded,
    scaled,
    simulate,
    trial_truth,
)
from training.evaluation.evaluate import Settings, evaluate_bundle
from training.evaluation.predicted import predict_own_arm
from training.real.effects import published_effects
from training.real.findings import Plan
from training.real.reading import read_local_cohort
from training.real.recalibrate import Recalibration, recalibrate_bundle
from training.real.train import train_on_cohort

SIZE = 3000
MEMBERS = 30
MONTH = 36
RANDOMISED_SEED, CONFOUNDED_SEED, ELSEWHERE_SEED, FRESH_SEED = 5, 2, 3, 4

#: What is true of each hazard of the bundle whose coefficients are those of one truth.
TRUTH_OF = {
    "death": "death",
    "local_progression": "progression",
    "ulceration": "ulceration",
    "bleeding": "bleeding",
}


def read(simulated):
    return read_local_cohort(simulated.text.encode())


def trained(cohort, *, randomised):
    plan = Plan("a-cohort", "1.0.0", 7, MEMBERS, randomised, jobs=1)
    return train_on_cohort(cohort, plan)


def evaluated(bundle, cohort):
    """Return (estimate, lower, upper) by outcome and figure."""
    predicted = predict_own_arm(cohort, bundle, MONTH, jobs=1)
    settings = Settings((MONTH,), MONTH, resamples=60, seed=1, jobs=1, subgroups=False)
    found = evaluate_bundle(cohort, predicted, settings)
    return {(m.outcome, m.name): (m.estimate, m.lower, m.upper) for m in found.metrics}


def around(values, sds=2.5):
    """Return limits around the mean of members."""
    return values.mean() - sds * values.std(ddof=1), values.mean() + sds * values.std(ddof=1)


def without_surgery(bundle, cohort, month):
    """Return the mean predicted survival of all patients when not offered surgery."""
    from models.design_matrix import design_matrix

    found = member_predictions(design_matrix(cohort.table), bundle, [month])
    return float(found[:, 0, 0].mean())


# One: proportional hazards, randomised.


@pytest.fixture(scope="module")
def randomised():
    return simulate(SIZE, RANDOMISED_SEED)


@pytest.fixture(scope="module")
def randomised_bundle(randomised):
    return trained(read(randomised), randomised=True)[0]


@pytest.mark.parametrize("hazard", TRUTH_OF)
def test_a_randomised_cohort_gives_its_effect_of_surgery(randomised, randomised_bundle, hazard):
    truth = getattr(randomised.truth, TRUTH_OF[hazard])
    low, high = around(randomised_bundle.hazards[hazard].arm)
    assert low < truth.effect < high


@pytest.mark.parametrize("hazard", TRUTH_OF)
def test_a_randomised_cohort_gives_its_prognosis(randomised, randomised_bundle, hazard):
    truth = getattr(randomised.truth, TRUTH_OF[hazard])
    held = [
        low < true < high
        for (low, high), true in zip(
            map(around, randomised_bundle.hazards[hazard].coefficients),
            truth.coefficients,
            strict=True,
        )
    ]
    assert sum(held) >= len(TERM_NAMES) - 2


def test_its_figures_are_right_for_other_patients_of_the_same_kind(randomised_bundle):
    found = evaluated(randomised_bundle, read(simulate(SIZE, FRESH_SEED)))
    for outcome in ("overall_survival", "local_relapse_free_survival"):
        intercept, slope = (found[outcome, f"calibration_{n}"] for n in ("intercept", "slope"))
        assert abs(intercept[0]) < 0.12
        assert 0.85 < slope[0] < 1.15
    _, low, high = found["overall_survival", "calibration_slope"]
    assert low < 1 < high


def test_proportional_hazards_pass_their_tests(randomised):
    _, found = trained(read(randomised), randomised=True)
    p_values = np.concatenate([test.p_values for test in found.tests.values()])
    assert (p_values < 0.05).mean() < 0.15


def test_hazards_that_cross_are_seen(randomised):
    # A covariate that multiplies the hazard early and divides it late.
    cohort = read(randomised)
    months = cohort.outcomes.os_months
    table = {**cohort.table, "ecog_ps": cohort.table["ecog_ps"].copy()}
    died = cohort.outcomes.os_event == 1
    table["ecog_ps"][died & (months < 20)] = 1.0
    table["ecog_ps"][died & (months >= 20)] = 0.0
    crossed = type(cohort)(table, cohort.arm, cohort.outcomes, cohort.digest)
    _, found = trained(crossed, randomised=False)
    place = TERM_NAMES.index("ps_1_or_more")
    assert found.tests["death"].p_values[place] < 1e-6


# Two: confounded by what is not recorded.


@pytest.fixture(scope="module")
def chosen():
    simulated, frail = confounded(SIZE, CONFOUNDED_SEED)
    return simulated, frail, read(simulated)


def test_confounded_arms_are_not_believed(chosen):
    simulated, _, cohort = chosen
    bundle, _ = trained(cohort, randomised=False)
    naive, _ = trained(cohort, randomised=True)
    effect = simulated.truth.death.effect
    assert np.exp(naive.hazards["death"].arm.mean()) < 0.75 * np.exp(effect)
    for name in HAZARDS:
        published = published_effects()[name]
        error = published.standard_error / np.sqrt(MEMBERS)
        assert bundle.hazards[name].arm.mean() == pytest.approx(published.mean, abs=3 * error)
        assert bundle.hazards[name].arm.std(ddof=1) == pytest.approx(
            published.standard_error, rel=0.45
        )
    truths = [simulated.truth.death, scaled(simulated.truth, level=2.0).death]
    own = [truths[int(each)] for each in chosen[1]]
    true = alive_without_surgery(simulated.patients, own, 60)
    assert without_surgery(bundle, cohort, 60) == pytest.approx(true, abs=0.03)
    assert abs(without_surgery(naive, cohort, 60) - true) > 0.05


def test_death_in_all_its_forms_has_one_draw(chosen):
    bundle, _ = trained(chosen[2], randomised=False)
    for name in ("local_progression", "ulceration", "bleeding"):
        drawn = bundle.hazards[f"death_without_{name}"].arm
        assert np.array_equal(drawn, bundle.hazards["death"].arm)
        assert not np.array_equal(bundle.hazards[name].arm, bundle.hazards["death"].arm)


# Three: another baseline and another strength of prognosis than the trial's.


@pytest.fixture(scope="module")
def elsewhere():
    return scaled(trial_truth(), level=2.0, slope=0.5)


def test_a_miscalibrated_bundle_is_seen_and_mended(elsewhere):
    local, fresh = (read(simulate(SIZE, s, elsewhere)) for s in (ELSEWHERE_SEED, FRESH_SEED))
    # All members: the mean of a few holds chance of its own, in which direction patients differ.
    parent = cox_bundle(200)
    before = evaluated(parent, fresh)
    plan = Recalibration("mended", "1.1.0", 3, jobs=1)
    after = evaluated(recalibrate_bundle(parent, local, plan), fresh)
    for outcome in ("overall_survival", "local_relapse_free_survival"):
        _, low, high = before[outcome, "calibration_intercept"]
        assert low > 0.3
        _, low, high = before[outcome, "calibration_slope"]
        assert high < 1
    _, low, high = after["overall_survival", "calibration_intercept"]
    assert low < 0 < high
    _, low, high = after["overall_survival", "calibration_slope"]
    assert low < 1 < high
    for outcome in ("local_relapse_free_survival", "local_ulceration", "local_bleeding"):
        assert abs(after[outcome, "calibration_intercept"][0]) < 0.15
        assert 0.75 < after[outcome, "calibration_slope"][0] < 1.25
        assert after[outcome, "brier"][0] < before[outcome, "brier"][0]


def test_recalibration_keeps_the_effect_of_surgery(elsewhere):
    local, parent = read(simulate(800, 9, elsewhere)), cox_bundle(5)
    mended = recalibrate_bundle(parent, local, Recalibration("mended", "1.1.0", 3, jobs=1))
    for name in HAZARDS:
        assert np.array_equal(mended.hazards[name].arm, parent.hazards[name].arm)
        ratio = mended.hazards[name].coefficients / parent.hazards[name].coefficients
        assert np.ptp(ratio, axis=0) == pytest.approx(0, abs=1e-9)


# Gaps.


def test_gaps_cost_little_of_the_truth(randomised):
    rng = np.random.default_rng(8)
    cohort = read(randomised)
    table = {name: column.copy() for name, column in cohort.table.items()}
    for name in ("er_status", "her2_status", "clinical_n"):
        table[name][rng.random(SIZE) < 0.2] = np.nan
    gappy = type(cohort)(table, cohort.arm, cohort.outcomes, cohort.digest)
    bundle, found = trained(gappy, randomised=True)
    assert set(found.gaps) == {"er_status", "her2_status", "clinical_n"}
    truth = randomised.truth.death
    place = TERM_NAMES.index("er_positive")
    estimate = bundle.hazards["death"].coefficients[place].mean()
    assert estimate == pytest.approx(truth.coefficients[place], abs=0.35)
    low, high = around(bundle.hazards["death"].arm)
    assert low < truth.effect < high
