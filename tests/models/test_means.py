"""Means over many patients beside the same worked out otherwise: averaged, and drawn."""

import numpy as np
import pytest

from models.analyses import DEFAULT_ANALYSIS, FOREST_ANALYSIS
from models.assess import Question, assess_with_pooled, member_predictions, pooled_member_survivals
from models.design_matrix import design_matrix, profile_of
from models.means import mean_estimates
from models.outcomes import OUTCOMES, SHOWN_ARMS
from models.population import complete
from models.table import encoded_row, table_of
from tests.support.bundles import small_bundle
from tests.support.patients import patient_of

QUESTION = Question((12, 48), 0.9)
MEMBERS = 200
KNOWN = [
    patient_of(age=age, menopausal_status=status, clinical_t=stage)
    for age, status in ((35, "pre"), (50, "pre"), (66, "post"))
    for stage in ("T1", "T2", "T4")
]
UNSURE = [patient_of(er_status=None), patient_of(er_status=None, her2_status=None, age=66)]
EACH = np.ones(len(OUTCOMES))


def counts_of(patients, counted=EACH):
    found = {}
    for patient in patients:
        profile = profile_of(encoded_row(patient))
        found[profile] = found.get(profile, 0) + counted
    return found


def asked(counts, analysis=DEFAULT_ANALYSIS):
    return mean_estimates(counts, small_bundle(MEMBERS), QUESTION, analysis)


def limits_of(means):
    return np.quantile(means, [0.05, 0.95], axis=-1)


@pytest.mark.parametrize("analysis", [DEFAULT_ANALYSIS, FOREST_ANALYSIS])
def test_patients_are_averaged_within_each_member(analysis):
    own, pooled = asked(counts_of(KNOWN), analysis)
    design = design_matrix(table_of(KNOWN))
    for found, members_of in ((own, member_predictions), (pooled, pooled_member_survivals)):
        means = members_of(design, small_bundle(MEMBERS), (12, 48), analysis).mean(axis=0)
        assert found.estimate == pytest.approx(means.mean(axis=-1), abs=1e-12)
        lower, upper = limits_of(means)
        assert found.lower == pytest.approx(np.minimum(lower, found.estimate), abs=1e-12)
        assert found.upper == pytest.approx(np.maximum(upper, found.estimate), abs=1e-12)


def test_the_mean_is_surer_than_patients_and_less_sure_than_nothing():
    own, _ = asked(counts_of(KNOWN))
    each, _ = assess_with_pooled(table_of(KNOWN), small_bundle(MEMBERS), QUESTION)
    widths = each.upper - each.lower
    assert (own.upper - own.lower <= widths.mean(axis=0) + 1e-12).all()
    assert (own.upper - own.lower > 0).all()


def test_a_list_of_one_is_her_own_figures():
    for patient in (KNOWN[0], UNSURE[1]):
        found = asked(counts_of([patient]))
        alone = assess_with_pooled(table_of([patient]), small_bundle(MEMBERS), QUESTION)
        for mean, own in zip(found, alone, strict=True):
            for side in ("estimate", "lower", "upper"):
                assert np.array_equal(getattr(mean, side), getattr(own, side)[0])


def test_patients_twice_as_many_have_the_same_mean_and_limits():
    once, twice = (asked(counts_of(KNOWN * times))[0] for times in (1, 2))
    for side in ("estimate", "lower", "upper"):
        assert getattr(once, side) == pytest.approx(getattr(twice, side), abs=1e-12)


def test_the_order_of_the_patients_changes_no_bit():
    patients = KNOWN + UNSURE
    one, other = asked(counts_of(patients)), asked(counts_of(patients[::-1]))
    for mean, same in zip(one, other, strict=True):
        assert np.array_equal(mean.lower, same.lower)


def test_an_outcome_is_averaged_over_those_who_have_it():
    without = EACH * [1, 1, 0, 1]
    some = counts_of(KNOWN[:3]) | counts_of(KNOWN[3:], without)
    own, _ = asked(some)
    every, _ = asked(counts_of(KNOWN))
    few, _ = asked(counts_of(KNOWN[:3]))
    assert own.estimate[[0, 1, 3]] == pytest.approx(every.estimate[[0, 1, 3]], abs=1e-12)
    assert own.estimate[2] == pytest.approx(few.estimate[2], abs=1e-12)


def drawn_means(patients, draws, random):
    """Return means of patients whose unknown values are drawn, shape (..., draws)."""
    bundle, total = small_bundle(MEMBERS), 0.0
    for patient in patients:
        values = {name: float(column[0]) for name, column in table_of([patient]).items()}
        design, weights = complete(values, bundle.population)
        members = member_predictions(design, bundle, (12, 48))
        chosen = random.choice(len(weights), size=(draws, MEMBERS), p=weights)
        picked = [members[chosen[draw], ..., np.arange(MEMBERS)] for draw in range(draws)]
        total = total + np.concatenate(picked)
    return np.moveaxis(total, 0, -1) / len(patients)


def test_unknown_values_are_drawn_for_each_patient_by_herself():
    patients = UNSURE * 6 + KNOWN[:3]
    own, _ = asked(counts_of(patients))
    means = drawn_means(patients, 200, np.random.default_rng(20250704))
    assert own.estimate == pytest.approx(means.mean(axis=-1), abs=0.002)
    lower, upper = limits_of(means)
    # The variance is bounded by that of a draw from all of their rows: a little wider at most.
    assert (own.lower <= lower + 0.004).all()
    assert (own.upper >= upper - 0.004).all()
    assert (own.upper - own.lower <= 1.15 * (upper - lower) + 0.004).all()


def test_more_patients_average_their_unknown_values_out():
    few, many = (asked(counts_of(UNSURE * times))[0] for times in (1, 400))
    known = SHOWN_ARMS.index(SHOWN_ARMS[0])
    assert ((many.upper - many.lower)[:, known] < (few.upper - few.lower)[:, known] + 1e-12).all()


def test_of_nobody_there_is_no_mean():
    with pytest.raises(ValueError, match="nobody"):
        asked({})
