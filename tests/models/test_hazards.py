"""Where the hazards of an analysis come from: one arm from the other, or each from its trees."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analyses import (
    DEFAULT_ANALYSIS,
    FOREST_SUBGROUP_ANALYSIS,
    SUBGROUP_ANALYSIS,
    Analysis,
)
from models.curves import cumulative_incidence
from models.design_matrix import design_matrix
from models.forest import KNOTS, at_months, member_hazards
from models.hazards import hazard_source
from models.outcomes import (
    FOREST,
    HAZARDS,
    INCIDENCES,
    LEARNED_EFFECT,
    MODELS,
    OVERALL_EFFECT,
    POOLED_EFFECT,
)
from models.patient import read_patient
from tests.models import reference
from tests.support.bundles import cox_bundle, small_bundle
from tests.support.examples import examples
from tests.support.patients import TYPICAL, complete_messages, table_from

MONTHS = np.array([1, 2, 3, 4, 5, 12, 60, 95, 96])
OVERALL, LEARNED = Analysis(FOREST, OVERALL_EFFECT), Analysis(FOREST, LEARNED_EFFECT)
ASKED = st.lists(st.integers(1, 96), min_size=1, max_size=3, unique=True)
BY_HAND = {
    DEFAULT_ANALYSIS: reference.cox,
    OVERALL: reference.forest,
    LEARNED: reference.learned,
    SUBGROUP_ANALYSIS: reference.by_subgroups(reference.cox),
    FOREST_SUBGROUP_ANALYSIS: reference.by_subgroups(reference.forest),
}
NONE, SURGERY = 0, 1
each_hazard = pytest.mark.parametrize("place", range(len(HAZARDS)), ids=HAZARDS)


ALL = slice(None)


def hazards(analysis, messages=(TYPICAL,), months=MONTHS, causes=ALL):
    """Return cumulative hazards: rows, hazards, arms, months, members."""
    source = hazard_source(small_bundle(), analysis, max(months))
    found = [source(row).cumulative(causes, months) for row in design_matrix(table_from(messages))]
    return np.moveaxis(found, 3, 1)


@cache
def typical(analysis):
    """Return the typical patient's hazards: hazards, arms, months, members."""
    return hazards(analysis)[0]


@pytest.mark.parametrize("analysis", BY_HAND, ids=lambda each: f"{each.model} {each.effect}")
@examples(5)
@given(message=complete_messages(), months=ASKED)
def test_hazards_are_those_of_the_reference(analysis, message, months):
    found = hazards(analysis, [message], np.array(months))[0]
    values = read_patient(message).values
    ((hazard_of, _),) = reference.filled_in(values, small_bundle(), BY_HAND[analysis])
    for place, name in enumerate(HAZARDS):
        for arm in (NONE, SURGERY):
            for column, month in enumerate(months):
                expected = [hazard_of(name, arm, month, member) for member in range(20)]
                assert found[place, arm, column] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("analysis", BY_HAND, ids=lambda each: f"{each.model} {each.effect}")
def test_a_source_gives_rows_hazards_arms_months_and_members(analysis):
    found = hazards(analysis, [TYPICAL] * 3, causes=slice(1, 3))
    assert found.shape == (3, 2, 2, len(MONTHS), 20)
    assert np.array_equal(found[2], typical(analysis)[1:3])


@pytest.mark.parametrize("model", MODELS)
@each_hazard
def test_the_whole_trials_effect_is_the_members_cox_ratio(model, place):
    found = typical(Analysis(model, OVERALL_EFFECT))[place]
    ratio = np.exp(small_bundle().hazards[HAZARDS[place]].arm)
    assert found[SURGERY] == pytest.approx(found[NONE] * ratio, rel=1e-12)


@examples(10)
@given(complete_messages())
def test_the_whole_trials_effect_is_the_same_ratio_for_every_patient(message):
    found = hazards(OVERALL, [message])[0]
    ratios = np.exp([small_bundle().hazards[name].arm for name in HAZARDS])
    expected = found[:, NONE] * ratios[:, None]
    assert found[:, SURGERY] == pytest.approx(expected, rel=1e-12)


@each_hazard
def test_without_surgery_the_forest_is_asked_for_the_arm_without(place):
    assert np.array_equal(typical(OVERALL)[place, NONE], typical(LEARNED)[place, NONE])


@pytest.mark.parametrize("arm", [NONE, SURGERY])
@each_hazard
def test_the_learned_effect_is_the_forest_with_the_arm_as_covariate(place, arm):
    design = design_matrix(table_from([TYPICAL]))
    forest = small_bundle().forests[HAZARDS[place]]
    expected = at_months(member_hazards(forest, np.append(design, [[arm]], axis=1)), MONTHS)
    assert np.array_equal(typical(LEARNED)[place, arm], expected[0])


def test_the_learned_effect_is_not_one_ratio_for_all():
    found = [hazards(LEARNED, [message])[0, 0] for message in (TYPICAL, {**TYPICAL, "age": 75})]
    ratios = [(each[SURGERY] / each[NONE])[-1] for each in found]
    assert np.abs(ratios[0] - ratios[1]).max() > 1e-3


@pytest.mark.parametrize("model", MODELS)
def test_the_pooled_effect_is_no_matter_of_the_source(model):
    pooled = hazards(Analysis(model, POOLED_EFFECT))[0]
    assert np.array_equal(pooled, typical(Analysis(model, OVERALL_EFFECT)))


@pytest.mark.parametrize("analysis", BY_HAND, ids=lambda each: f"{each.model} {each.effect}")
def test_cumulative_hazards_start_above_zero_and_never_fall(analysis):
    found = hazards(analysis, months=np.arange(1, 97))
    assert found.min() >= 0
    assert np.diff(found, axis=3).min() >= 0


def test_the_forest_differs_from_the_cox_model():
    at = MONTHS.tolist().index(60)
    forest, cox = (typical(each)[0, NONE, at].mean() for each in (OVERALL, DEFAULT_ANALYSIS))
    assert abs(forest - cox) > 1e-3
    assert 60 in KNOTS


@pytest.mark.parametrize("analysis", [SUBGROUP_ANALYSIS, FOREST_SUBGROUP_ANALYSIS], ids=str)
def test_subgroups_move_death_with_surgery_and_nothing_else(analysis):
    found, own = typical(analysis), typical(Analysis(analysis.model, OVERALL_EFFECT))
    death = HAZARDS.index("death")
    shifts = small_bundle().subgroup_effects.shifts(design_matrix(table_from([TYPICAL])))[0]
    assert found[death, SURGERY] == pytest.approx(own[death, SURGERY] * np.exp(shifts), rel=1e-12)
    assert np.abs(shifts).max() > 0.01
    assert np.array_equal(found[:, NONE], own[:, NONE])
    others = [place for place in range(len(HAZARDS)) if place != death]
    assert np.array_equal(found[others], own[others])


def test_a_bundle_without_effects_by_subgroups_is_no_source_of_them():
    with pytest.raises(ValueError, match="holds no effect subgroup"):
        hazard_source(cox_bundle(), SUBGROUP_ANALYSIS, 12)


@pytest.mark.parametrize("analysis", BY_HAND, ids=lambda each: f"{each.model} {each.effect}")
@examples(5)
@given(message=complete_messages(), months=ASKED)
def test_incidences_are_those_of_the_hazards(analysis, message, months):
    """Scaled curves give what the plain formula gives for the patient's own hazards."""
    source = hazard_source(small_bundle(), analysis, max(months))
    (row,) = design_matrix(table_from([message]))
    found = source(row).incidences(np.array(months))
    every = hazards(analysis, [message], np.arange(1, max(months) + 1))[0]
    for place, outcome in enumerate(INCIDENCES):
        event, competing = (every[HAZARDS.index(name)] for name in outcome.hazards)
        expected = cumulative_incidence(event, competing)[:, np.array(months) - 1]
        assert found[place] == pytest.approx(expected, rel=0, abs=1e-13)


@pytest.mark.parametrize("analysis", BY_HAND, ids=lambda each: f"{each.model} {each.effect}")
def test_an_incidence_does_not_depend_on_the_other_months(analysis):
    (row,) = design_matrix(table_from([TYPICAL]))
    every = hazard_source(small_bundle(), analysis, 96)(row).incidences(np.arange(96, 0, -1))
    for month in (1, 12, 13, 35, 36, 37, 60, 95):
        source = hazard_source(small_bundle(), analysis, month)
        alone = source(row).incidences(np.array([month]))
        assert np.array_equal(alone[:, :, 0], every[:, :, 96 - month])
