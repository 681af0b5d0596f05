from dataclasses import replace

import numpy as np
import pytest

from models.design_matrix import TERM_NAMES, design_matrix
from models.outcomes import HAZARDS
from models.table import code_of
from tests.support.cohorts import scaled, simulate, trial_truth
from training.fitting import hazard_events
from training.real.ensemble import filled_designs, prepare
from training.real.reading import read_local_cohort
from training.real.resampling import fill_gaps, gaps, outcome_classes, resample
from training.weighted_cox import Weighted, fit_weighted_cox, timeline


@pytest.fixture(scope="module")
def cohort():
    return read_local_cohort(simulate(1500, 2).text.encode())


def with_gaps(cohort, share, *names):
    """Return the table with a share of values taken away, and where."""
    rng = np.random.default_rng(5)
    taken = rng.random(cohort.size) < share
    table = {name: column.copy() for name, column in cohort.table.items()}
    for name in names:
        table[name][taken] = np.nan
    return table, taken


def fill(cohort, table, seed=1, weights=None, hazard="death"):
    everybody = np.ones(cohort.size) if weights is None else weights
    rng = np.random.default_rng(seed)
    classes = outcome_classes(*hazard_events(cohort.outcomes)[hazard], cohort.arm)
    return fill_gaps(table, classes, everybody, rng)


@pytest.mark.parametrize("by_arm", [True, False])
def test_a_resample_is_as_large_as_the_cohort(cohort, by_arm):
    counts = resample(cohort.arm, np.random.default_rng(3), by_arm=by_arm)
    assert counts.sum() == cohort.size
    assert (counts[cohort.arm == 1].sum() == (cohort.arm == 1).sum()) == by_arm


def test_nothing_is_changed_without_gaps(cohort):
    filled = fill(cohort, cohort.table)
    assert all(np.array_equal(filled[name], cohort.table[name]) for name in cohort.table)
    assert gaps(cohort.table) == {}


def test_only_gaps_are_filled(cohort):
    table, taken = with_gaps(cohort, 0.3, "clinical_n", "age")
    filled = fill(cohort, table)
    for name in table:
        assert np.array_equal(filled[name][~taken], cohort.table[name][~taken]), name
    assert np.isfinite(design_matrix(filled)).all()
    assert gaps(table) == {"age": taken.sum(), "clinical_n": taken.sum()}


def test_filled_values_have_the_cohorts_distribution(cohort):
    table, taken = with_gaps(cohort, 0.5, "clinical_n")
    filled = fill(cohort, table)["clinical_n"][taken]
    for code in range(4):
        share = (cohort.table["clinical_n"][~taken] == code).mean()
        assert (filled == code).mean() == pytest.approx(share, abs=0.06)


def test_what_is_known_within_the_block_is_respected(cohort):
    table = with_gaps(cohort, 0.4, "bone_only_metastasis", "liver_metastasis")[0]
    filled = fill(cohort, table)
    several = filled["metastatic_organs"] == code_of("metastatic_organs", "2+")
    assert not filled["bone_only_metastasis"][several].any()
    bone = filled["bone_only_metastasis"] == 1
    assert not filled["liver_metastasis"][bone].any()


def test_only_patients_of_the_resample_give_values(cohort):
    table, taken = with_gaps(cohort, 0.4, "clinical_n")
    weights = (cohort.table["clinical_n"] == 2).astype(float)
    filled = fill(cohort, table, weights=weights)
    assert set(filled["clinical_n"][taken]) == {2.0}


@pytest.mark.parametrize("hazard", HAZARDS)
def test_filling_looks_at_the_outcome_of_the_hazard(cohort, hazard):
    event = hazard_events(cohort.outcomes)[hazard][1]
    table, taken = with_gaps(cohort, 0.5, "er_status")
    table["er_status"] = np.where(taken, np.nan, event.astype(float))
    filled = fill(cohort, table, hazard=hazard)["er_status"]
    # Classes with hardly any donor are widened.
    assert (filled == event).mean() > 0.98


@pytest.mark.parametrize("hazard", HAZARDS)
def test_each_hazard_has_a_design_filled_by_its_own_outcome(cohort, hazard):
    event = hazard_events(cohort.outcomes)[hazard][1].astype(float)
    table, taken = with_gaps(cohort, 0.5, "clinical_n")
    codes = np.where(event == 1, code_of("clinical_n", "N1"), code_of("clinical_n", "N0"))
    table["clinical_n"] = np.where(taken, np.nan, codes)
    ready = prepare(replace(cohort, table=table), randomised=True)
    designs = filled_designs(ready, np.ones(cohort.size), np.random.default_rng(1))
    column = TERM_NAMES.index("n1_or_more")
    assert (designs[hazard][:, column] == event).all()


def test_filling_looks_at_the_arm(cohort):
    table, taken = with_gaps(cohort, 0.5, "er_status")
    table["er_status"] = np.where(taken, np.nan, cohort.arm)
    filled = fill(cohort, table)["er_status"]
    # Classes with hardly any donor are widened.
    assert (filled == cohort.arm).mean() > 0.98


def test_a_class_with_few_donors_is_widened():
    # One patient asks; of her arm, third and event there is nobody, of her event there are 20.
    event = np.arange(60) < 21
    classes = np.stack([np.arange(60), np.arange(60) // 30 * 2 + event, event]).astype(np.intp)
    table, _ = with_gaps(read_local_cohort(simulate(120, 3).text.encode()), 0.0)
    table = {name: column[:60].copy() for name, column in table.items()}
    table["er_status"] = event.astype(float)
    table["er_status"][0] = np.nan
    filled = fill_gaps(table, classes, np.ones(60), np.random.default_rng(1))
    assert filled["er_status"][0] == 1.0


def effect_of_t4(cohort, tables, hazard):
    """Return the log ratio of T4 to T3, given the other terms and the arm, mean over tables."""
    times = timeline(*hazard_events(cohort.outcomes)[hazard])
    everybody = Weighted(np.ones(cohort.size), np.zeros(cohort.size))
    found = [
        fit_weighted_cox(np.column_stack([design_matrix(t), cohort.arm]), times, everybody)
        for t in tables
    ]
    return np.mean([fit.coefficients[TERM_NAMES.index("t4")] for fit in found])


@pytest.mark.parametrize("hazard", ["ulceration", "bleeding"])
def test_filling_leaves_most_of_an_effect(hazard):
    known, filled = [], []
    for seed in (10, 11):
        cohort = read_local_cohort(
            simulate(8000, seed, scaled(trial_truth(), slope=2.0)).text.encode()
        )
        table, _ = with_gaps(cohort, 0.5, "clinical_t")
        tables = [fill(cohort, table, seed, hazard=hazard) for seed in range(4)]
        known.append(effect_of_t4(cohort, [cohort.table], hazard))
        filled.append(effect_of_t4(cohort, tables, hazard))
    assert np.mean(known) > 1
    assert np.mean(filled) > 0.8 * np.mean(known)


def test_the_same_seed_fills_the_same(cohort):
    table, _ = with_gaps(cohort, 0.3, "clinical_n")
    first, second = fill(cohort, table)["clinical_n"], fill(cohort, table)["clinical_n"]
    assert np.array_equal(first, second)
