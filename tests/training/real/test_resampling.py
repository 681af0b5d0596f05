import numpy as np
import pytest

from models.design_matrix import design_matrix
from models.table import code_of
from tests.support.cohorts import simulate
from training.real.reading import read_local_cohort
from training.real.resampling import fill_gaps, gaps, outcome_classes, resample


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


def fill(cohort, table, seed=1, weights=None):
    everybody = np.ones(cohort.size) if weights is None else weights
    rng = np.random.default_rng(seed)
    return fill_gaps(table, outcome_classes(cohort), everybody, rng)


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


def test_filling_looks_at_the_outcome(cohort):
    died = cohort.outcomes.os_event == 1
    table, taken = with_gaps(cohort, 0.5, "er_status")
    table["er_status"] = np.where(taken, np.nan, died.astype(float))
    filled = fill(cohort, table)["er_status"]
    # Classes with hardly any donor are widened.
    assert (filled == died).mean() > 0.98


def test_the_same_seed_fills_the_same(cohort):
    table, _ = with_gaps(cohort, 0.3, "clinical_n")
    first, second = fill(cohort, table)["clinical_n"], fill(cohort, table)["clinical_n"]
    assert np.array_equal(first, second)
