"""How far subgroups may move a patient's effect of surgery: never past the most extreme one."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.covariates import TABLE_COVARIATES
from models.design_matrix import design_matrix
from models.evidence import pairs
from models.patient import read_patient
from models.population import complete
from models.subgroup_effects import MODIFIER_PAIRS, SubgroupEffects, bounded, memberships
from models.table import table_of
from tests.models import reference
from tests.support.bundles import default_bundle, small_bundle
from tests.support.examples import examples
from tests.support.patients import any_messages, complete_messages, table_from
from training.truth import is_member

TINY = 1e-12
BUNDLES = {
    "default": default_bundle,
    "small": small_bundle,
    "two members": lambda: small_bundle(2),
}
each_bundle = pytest.mark.parametrize("bundle", BUNDLES.values(), ids=BUNDLES)


def shifts_of(message, bundle=default_bundle):
    return bundle().subgroup_effects.shifts(design_matrix(table_from([message])))[0]


@cache
def every_profile():
    """Return the design rows of every combination of what the subgroups depend on."""
    completions, _ = complete(
        dict.fromkeys(TABLE_COVARIATES, np.nan),
        default_bundle().population,
    )
    _, first = np.unique(memberships(completions), axis=0, return_index=True)
    return completions[first]


def test_the_pairs_are_those_of_the_figure():
    assert tuple(pair.id for pair in pairs()) == MODIFIER_PAIRS


@examples(60)
@given(complete_messages())
def test_a_patient_is_in_the_second_subgroup_as_the_figure_has_it(message):
    patient = read_patient(message)
    table = table_of([patient])
    found = memberships(design_matrix(table))[0]
    # Triple negative by what is entered is triple negative by ER and HER2 in the models.
    table["triple_negative"] = (table["er_status"] == 1.0) * (table["her2_status"] == 1.0)
    assert found.tolist() == [float(is_member(table, pair.subgroups[1])[0]) for pair in pairs()]


def test_every_profile_is_looked_at():
    assert len(every_profile()) == 2 * 2 * 4 * 5  # menopause, PS, receptors, sites


@each_bundle
def test_no_patient_is_further_than_the_most_extreme_subgroup_in_any_member(bundle):
    effects = bundle().subgroup_effects
    found = effects.shifts(every_profile())
    assert (found <= effects.of_subgroups.max(axis=0) + TINY).all()
    assert (found >= effects.of_subgroups.min(axis=0) - TINY).all()
    assert (np.abs(found) <= np.abs(effects.of_subgroups).max(axis=0) + TINY).all()


@each_bundle
def test_no_patient_is_further_than_the_most_extreme_subgroup_on_average(bundle):
    effects = bundle().subgroup_effects
    averages = effects.of_subgroups.mean(axis=1)
    found = effects.shifts(every_profile()).mean(axis=1)
    assert (found <= averages.max() + TINY).all()
    assert (found >= averages.min() - TINY).all()


@examples(40)
@given(any_messages())
def test_the_bound_holds_for_whoever_is_partly_known(message):
    row = {name: float(column[0]) for name, column in table_of([read_patient(message)]).items()}
    design, weights = complete(row, default_bundle().population)
    effects = default_bundle().subgroup_effects
    found = weights @ effects.shifts(design)
    averages = effects.of_subgroups.mean(axis=1)
    assert (found <= effects.of_subgroups.max(axis=0) + TINY).all()
    assert (found >= effects.of_subgroups.min(axis=0) - TINY).all()
    assert averages.min() - TINY <= found.mean() <= averages.max() + TINY


def test_some_patients_are_bounded_and_some_are_not():
    effects = default_bundle().subgroup_effects
    design = every_profile()
    plain = (memberships(design) - effects.centre) @ effects.interactions
    averages = effects.of_subgroups.mean(axis=1)
    outside = (plain.mean(axis=1) > averages.max()) | (plain.mean(axis=1) < averages.min())
    assert 0.1 < outside.mean() < 0.9
    same = np.abs(effects.shifts(design) - plain).max(axis=1) < TINY
    assert not same[outside].any()


@examples(15)
@given(complete_messages())
def test_shifts_are_those_of_the_slow_reference(message):
    bundle = small_bundle()
    expected = reference.subgroup_shifts(read_patient(message).values, bundle.subgroup_effects)
    assert shifts_of(message, small_bundle) == pytest.approx(expected, abs=1e-9)


@examples(20)
@given(st.lists(complete_messages(), min_size=2, max_size=5))
def test_a_shift_does_not_depend_on_who_stands_beside(messages):
    together = default_bundle().subgroup_effects.shifts(design_matrix(table_from(messages)))
    for row, message in zip(together, messages, strict=True):
        assert np.array_equal(row, shifts_of(message))


def test_without_interactions_nobody_is_moved():
    held = default_bundle().subgroup_effects
    none = SubgroupEffects(np.zeros_like(held.interactions), held.centre, held.means)
    assert not none.shifts(every_profile()).any()


def test_one_interaction_alone_moves_by_its_share():
    interactions = np.zeros((8, 4))
    interactions[3] = [0.5, 0.4, 0.3, -0.2]
    centre, means = np.full(8, 0.6), np.full((16, 8), 0.6)
    means[6, 3], means[7, 3] = 0.0, 1.0
    effects = SubgroupEffects(interactions, centre, means)
    design = every_profile()
    post = memberships(design)[:, 3]
    expected = (post - 0.6)[:, None] * interactions[3]
    assert effects.shifts(design) == pytest.approx(expected, abs=1e-12)


limits = st.floats(-1, 1).map(lambda value: round(value, 6))


@examples(60)
@given(
    sums=arrays(float, (5, 7), elements=limits),
    of_subgroups=arrays(float, (6, 7), elements=limits),
)
def test_both_bounds_hold_whatever_the_numbers_and_nothing_else_is_moved(sums, of_subgroups):
    found = bounded(sums, of_subgroups)
    low, high = of_subgroups.min(axis=0), of_subgroups.max(axis=0)
    averages = of_subgroups.mean(axis=1)
    assert (low <= found).all()
    assert (found <= high).all()
    assert (found.mean(axis=1) <= averages.max() + 1e-9).all()
    assert (found.mean(axis=1) >= averages.min() - 1e-9).all()
    clipped = sums.clip(low, high)
    inside = (clipped.mean(axis=1) <= averages.max()) & (clipped.mean(axis=1) >= averages.min())
    assert np.array_equal(found[inside], clipped[inside])


def test_a_patient_past_the_bound_keeps_her_spread_as_far_as_the_members_allow():
    of_subgroups = np.array([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0], [0.2, 0.2, 0.2]])
    wide = np.array([[3.0, 3.1, 3.3]])
    assert bounded(wide, of_subgroups) == pytest.approx(np.ones((1, 3)))
    changing = np.array([[0.4, -0.4], [-0.4, 0.4]])
    sums = np.array([[0.3, 0.1]])
    found = bounded(sums, changing)  # the subgroups' averages are nought
    assert found == pytest.approx(np.array([[0.1, -0.1]]), abs=1e-9)
