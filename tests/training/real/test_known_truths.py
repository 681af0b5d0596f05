"""Three cohorts whose truth is known: what is trained, evaluated and recalibrated finds it."""

from dataclasses import replace

import numpy as np
import pytest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from models.design_matrix import TERM_NAMES, design_matrix
from models.outcomes import HAZARDS
from models.table import select_rows
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
from training.fitting import hazard_events
from training.real.effects import (
    PROGRESSION,
    cohorts_progression,
    draw_effects,
    published_effects,
    shipped_bundle,
)
from training.real.findings import Plan
from training.real.reading import read_local_cohort
from training.real.recalibrate import Recalibration, recalibrate_bundle
from training.real.train import train_on_cohort
from training.reference import reference_csv
from training.truth import patients_of
from training.weighted_cox import Weighted, fit_weighted_cox, timeline

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


def of_arm(risks, arm):
    return [r for r in risks if r.outcome == "overall_survival" and r.arm == arm]


def test_the_baseline_is_that_of_patients_who_were_not_offered_surgery(chosen):
    simulated, frail, cohort = chosen
    _, found = trained(cohort, randomised=False)
    risks = of_arm(found.risks, 0)
    assert [risk.month for risk in risks] == [12, 36, 60]
    for risk in risks:
        assert risk.served == pytest.approx(risk.observed, abs=0.03)
    # What is true of them if nobody is offered surgery: those chosen for it do not come in.
    rows = np.flatnonzero(cohort.arm == 0)
    truths = [simulated.truth.death, scaled(simulated.truth, level=2.0).death]
    patients = patients_of(select_rows(simulated.patients.table, rows), cohort.arm[rows])
    own = [truths[int(each)] for each in frail[rows]]
    true = alive_without_surgery(patients, own, 60)
    assert 1 - risks[-1].served == pytest.approx(true, abs=0.03)


def test_selection_shows_in_the_arm_that_was_offered_surgery(chosen, randomised):
    _, found = trained(chosen[2], randomised=False)
    late = of_arm(found.risks, 1)[-1]
    assert late.served - late.observed > 0.1
    _, fair = trained(read(randomised), randomised=True)
    for risk in fair.risks:
        assert risk.served == pytest.approx(risk.observed, abs=0.05)


def test_a_hazard_with_hardly_an_event_after_surgery_has_a_baseline(randomised):
    cohort = read(randomised)
    outcomes = cohort.outcomes
    rows = np.flatnonzero((outcomes.ulceration_event == 1) & (cohort.arm == 1))
    event, months = outcomes.ulceration_event.copy(), outcomes.ulceration_months.copy()
    event[rows] = np.where(outcomes.os_event[rows] == 1, 2.0, 0.0)
    months[rows] = outcomes.os_months[rows]
    none = replace(
        cohort, outcomes=replace(outcomes, ulceration_event=event, ulceration_months=months)
    )
    bundle, found = trained(none, randomised=False)
    (risk,) = [
        r for r in found.risks if (r.outcome, r.arm, r.month) == ("local_ulceration", 0, 36)
    ]
    assert risk.served == pytest.approx(risk.observed, abs=0.03)
    assert "Ulceration is fitted to patients who were not offered surgery alone" in bundle.card


def test_effects_are_drawn_together_from_one_member_of_the_shipped_bundle():
    shipped = {name: hazard.arm for name, hazard in shipped_bundle().hazards.items()}
    rng = np.random.default_rng(3)
    draws = [draw_effects(rng) for _ in range(400)]
    own = 0
    for drawn in draws:
        (member,) = np.flatnonzero(shipped["death"] == drawn["death"])
        for name in set(HAZARDS) - {PROGRESSION}:
            assert drawn[name] == shipped[name][member]
        own += drawn[PROGRESSION] == shipped[PROGRESSION][member]
    assert 0.4 < own / len(draws) < 0.6
    found = np.array([[drawn[name] for name in HAZARDS] for drawn in draws])
    for column, name in zip(found.T, HAZARDS, strict=True):
        effect = published_effects()[name]
        assert column.mean() == pytest.approx(effect.mean, abs=0.2 * effect.standard_error)
        assert column.std() == pytest.approx(effect.standard_error, rel=0.2)


def test_the_matched_cohorts_ratio_of_progression_is_within_one_sd():
    ratios, errors = cohorts_progression()
    reference = read_local_cohort(reference_csv().encode())
    model = CoxPHSurvivalAnalysis(ties="efron")
    months, event = hazard_events(reference.outcomes)[PROGRESSION]
    design = np.column_stack([design_matrix(reference.table), reference.arm])
    model.fit(design, Surv.from_arrays(event, months))
    assert ratios[0] == pytest.approx(model.coef_[-1], abs=1e-6)
    assert len(ratios) == len(errors) == 11
    effect = published_effects()[PROGRESSION]
    assert abs(ratios[0] - effect.mean) < effect.standard_error
    assert abs(np.log(0.2) - effect.mean) < effect.standard_error


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
    after = evaluated(recalibrate_bundle(parent, local, plan)[0], fresh)
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
    mended, _ = recalibrate_bundle(parent, local, Recalibration("mended", "1.1.0", 3, jobs=1))
    for name in HAZARDS:
        assert np.array_equal(mended.hazards[name].arm, parent.hazards[name].arm)
        ratio = mended.hazards[name].coefficients / parent.hazards[name].coefficients
        assert np.ptp(ratio, axis=0) == pytest.approx(0, abs=1e-9)


# Optimism.


def test_the_expected_slope_is_what_other_patients_show():
    few, many = read(simulate(500, 12)), read(simulate(SIZE, FRESH_SEED))
    plan = Plan("few", "1.0.0", 7, MEMBERS, randomised=True, force=True, jobs=1)
    bundle, found = train_on_cohort(few, plan)
    for name in TRUTH_OF:
        index = design_matrix(many.table) @ bundle.hazards[name].coefficients
        times = timeline(*hazard_events(many.outcomes)[name])
        everybody = Weighted(np.ones(many.size), np.zeros(many.size))
        slopes = [
            fit_weighted_cox(np.column_stack([each, many.arm]), times, everybody).coefficients[0]
            for each in index.T
        ]
        assert 0.2 < found.slopes[name] < 0.98
        assert f"| {found.slopes[name]:.2f} |" in bundle.card
        # A resample's index in its cohort, and in others: both below one.
        assert np.mean(slopes) < 0.98


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
