"""The scoring function against a slow reference, and what must hold for every patient."""

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
from models.assess import Question, assess, member_predictions
from models.design_matrix import design_matrix
from models.outcomes import FOREST, LEARNED_EFFECT, MODELS, OUTCOMES, OVERALL_EFFECT
from models.patient import read_patient
from models.table import select_rows
from tests.models import reference
from tests.support.bundles import default_bundle, small_bundle
from tests.support.examples import examples
from tests.support.patients import (
    TYPICAL,
    complete_messages,
    incomplete_messages,
    message_of,
    table_from,
)

HORIZONS = (1, 2, 6, 12, 24, 36, 48, 60, 80, 96)
QUESTION = Question(HORIZONS, 0.95)
SURVIVALS, INCIDENCES = slice(0, 2), slice(2, 4)
ARMS, DIFFERENCE = slice(0, 2), 2
TINY = 1e-12
#: How the slow reference comes to the hazards of each analysis.
BY_HAND = {
    DEFAULT_ANALYSIS: reference.cox,
    Analysis(FOREST, OVERALL_EFFECT): reference.forest,
    Analysis(FOREST, LEARNED_EFFECT): reference.learned,
    SUBGROUP_ANALYSIS: reference.by_subgroups(reference.cox),
    FOREST_SUBGROUP_ANALYSIS: reference.by_subgroups(reference.forest),
}
of_each_model = pytest.mark.parametrize(
    "analysis", BY_HAND, ids=lambda analysis: f"{analysis.model} {analysis.effect}"
)
#: Patients of whom little enough is open to write out every completion.
PARTLY_KNOWN = {
    "performance status": {"ecog_ps": None},
    "menopause": {"menopausal_status": None},
    "menopause of the youngest": {"menopausal_status": None, "age": 20},
    "age": {"age": None},
    "one receptor": {"er_status": None},
    "both receptors": {"er_status": None, "her2_status": None},
    "sites": {"metastatic_sites": None},
    "liver": {"metastatic_sites": None, "metastatic_organs": "2+"},
    "stage": {"clinical_t": None, "clinical_n": None},
}


def score(messages, bundle=None, question=QUESTION, analysis=DEFAULT_ANALYSIS):
    return assess(table_from(messages), bundle or default_bundle(), question, analysis)


def sides(found):
    return {"estimate": found.estimate, "lower": found.lower, "upper": found.upper}


def same(one, other):
    return all(np.array_equal(sides(one)[name], sides(other)[name]) for name in sides(one))


def compare_with_reference(message, members, months, level, analysis=DEFAULT_ANALYSIS):
    bundle = small_bundle(members)
    found = score([message], bundle, Question(months, level), analysis)
    filled = reference.filled_in(read_patient(message).values, bundle, BY_HAND[analysis])
    for place, outcome in enumerate(reference.OUTCOMES):
        for arm in range(3):
            for column, month in enumerate(months):
                asked = reference.Asked(outcome, arm, month)
                expected = reference.assess(filled, bundle, asked, level)
                at = (0, place, arm, column)
                served = (found.estimate[at], found.lower[at], found.upper[at])
                assert served == pytest.approx(expected, rel=0, abs=1e-9)


@of_each_model
@examples(6)
@given(message=complete_messages(), level=st.sampled_from([0.8, 0.95, 0.99]))
def test_figures_are_those_of_the_reference(analysis, message, level):
    compare_with_reference(message, 20, (1, 17, 48), level, analysis)


@of_each_model
def test_last_month_is_that_of_the_reference(analysis):
    compare_with_reference(TYPICAL, 4, (96,), 0.95, analysis)


@of_each_model
@pytest.mark.parametrize("open_", PARTLY_KNOWN.values(), ids=PARTLY_KNOWN)
def test_figures_of_the_partly_known_are_those_of_the_reference(open_, analysis):
    compare_with_reference(message_of(**open_), 5, (2, 9), 0.9, analysis)


@examples(10)
@given(complete_messages(), st.sampled_from(range(1, 97)))
def test_each_members_figures_are_those_of_the_reference(message, month):
    bundle = small_bundle(6)
    design = design_matrix(table_from([message]))
    for analysis, model in BY_HAND.items():
        found = member_predictions(design, bundle, (month,), analysis)[0, :, :, 0]
        ((hazard_of, _),) = reference.filled_in(read_patient(message).values, bundle, model)
        for place, outcome in enumerate(reference.OUTCOMES):
            for arm in range(3):
                asked = reference.Asked(outcome, arm, month)
                expected = reference.figures(hazard_of, 6, asked)
                assert found[place, arm] == pytest.approx(expected, rel=0, abs=1e-9), analysis


def test_outcomes_stand_in_the_order_of_the_vocabulary():
    assert tuple(outcome.name for outcome in OUTCOMES) == reference.OUTCOMES


@of_each_model
def test_comparison_with_the_reference_can_fail(analysis):
    bundle = small_bundle(4)
    found = score([TYPICAL], bundle, Question((12,), 0.95), analysis).estimate[0, 0, 0, 0]
    other = read_patient(message_of(age=68, metastatic_sites=["liver", "lung"])).values
    asked = reference.Asked("overall_survival", 0, 12)
    filled = reference.filled_in(other, bundle, BY_HAND[analysis])
    expected, _, _ = reference.assess(filled, bundle, asked, 0.95)
    assert abs(found - expected) > 1e-6


def test_a_table_of_no_rows_has_no_figures():
    assert score([]).estimate.shape == (0, 4, 3, len(HORIZONS))


def test_figures_have_a_place_for_each_outcome_arm_and_horizon():
    assert score([TYPICAL, TYPICAL]).lower.shape == (2, 4, 3, len(HORIZONS))


def test_horizons_are_answered_in_the_order_asked():
    forwards = score([TYPICAL], question=Question((12, 60), 0.95)).estimate
    backwards = score([TYPICAL], question=Question((60, 12), 0.95)).estimate
    assert np.array_equal(forwards, backwards[..., ::-1])


@of_each_model
@pytest.mark.parametrize("message", [TYPICAL, message_of(ecog_ps=None)], ids=["known", "open"])
def test_a_horizon_does_not_depend_on_the_others(message, analysis):
    alone = score([message], None, Question((48,), 0.95), analysis)
    beside = score([message], None, Question((12, 48, 96), 0.95), analysis)
    # Some processors add completions in another order when there are more horizons.
    np.testing.assert_allclose(alone.estimate[..., 0], beside.estimate[..., 1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(alone.upper[..., 0], beside.upper[..., 1], rtol=0, atol=1e-12)


def assert_bounds(found):
    for side in sides(found).values():
        assert ((side[:, :, ARMS] >= 0) & (side[:, :, ARMS] <= 1)).all()
        assert (np.abs(side[:, :, DIFFERENCE]) <= 1).all()


def assert_ordered(found):
    assert (found.lower <= found.estimate).all()
    assert (found.estimate <= found.upper).all()


def assert_monotone_in_time(found):
    for name, side in sides(found).items():
        steps = np.diff(side[:, :, ARMS], axis=-1)
        assert steps[:, SURVIVALS].max() <= TINY, f"{name} of survival rises"
        assert steps[:, INCIDENCES].min() >= -TINY, f"{name} of incidence falls"


def assert_local_relapse_free_survival_is_the_smaller(found):
    for side in sides(found).values():
        assert (side[:, 1, ARMS] <= side[:, 0, ARMS] + TINY).all()


def assert_difference_of_the_arms(found):
    arms = found.estimate[:, :, 1] - found.estimate[:, :, 0]
    assert found.estimate[:, :, DIFFERENCE] == pytest.approx(arms, abs=TINY)


PROPERTIES = (
    assert_bounds,
    assert_ordered,
    assert_monotone_in_time,
    assert_local_relapse_free_survival_is_the_smaller,
    assert_difference_of_the_arms,
)


@of_each_model
@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
@examples(20)
@given(message=complete_messages())
def test_of_every_patient(holds, analysis, message):
    holds(score([message], analysis=analysis))


@cache
def score_partly_known(name, analysis):
    question = Question(tuple(range(1, 97)), 0.95)
    return score([message_of(**PARTLY_KNOWN[name])], default_bundle(), question, analysis)


@of_each_model
@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
@pytest.mark.parametrize("name", PARTLY_KNOWN)
def test_of_some_partly_known_patients_in_every_month(holds, name, analysis):
    holds(score_partly_known(name, analysis))


@of_each_model
@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda holds: holds.__name__)
@examples(8)
@given(message=incomplete_messages())
def test_of_every_partly_known_patient(holds, analysis, message):
    holds(score([message], small_bundle(40), analysis=analysis))


ROWS = st.lists(complete_messages() | incomplete_messages(1), min_size=2, max_size=20)


@of_each_model
@examples(10)
@given(messages=ROWS)
def test_a_row_does_not_depend_on_its_neighbours(analysis, messages):
    table = table_from(messages)
    together = assess(table, small_bundle(), QUESTION, analysis)
    for row in range(len(messages)):
        one = select_rows(table, slice(row, row + 1))
        alone = assess(one, small_bundle(), QUESTION, analysis)
        assert np.array_equal(alone.estimate[0], together.estimate[row])
        assert np.array_equal(alone.lower[0], together.lower[row])
        assert np.array_equal(alone.upper[0], together.upper[row])


@of_each_model
@examples(10)
@given(messages=ROWS, random=st.randoms(use_true_random=False))
def test_permuted_rows_give_permuted_figures(analysis, messages, random):
    order = list(range(len(messages)))
    random.shuffle(order)
    table = table_from(messages)
    straight = assess(table, small_bundle(), QUESTION, analysis)
    shuffled = assess(select_rows(table, np.array(order)), small_bundle(), QUESTION, analysis)
    assert np.array_equal(shuffled.estimate, straight.estimate[order])
    assert np.array_equal(shuffled.upper, straight.upper[order])


def test_many_rows_give_what_each_gives_alone():
    messages = [message_of(age=20 + years) for years in range(61)]
    together = score(messages)
    alone = [score([message]) for message in messages]
    assert np.array_equal(together.estimate, np.concatenate([each.estimate for each in alone]))
    assert np.array_equal(together.lower, np.concatenate([each.lower for each in alone]))


@examples(15)
@given(complete_messages() | incomplete_messages(1), st.floats(0.8, 0.99), st.floats(0.8, 0.99))
def test_wider_level_gives_a_band_that_is_not_narrower(message, one, other):
    narrow, wide = (
        score([message], small_bundle(), Question(HORIZONS, level))
        for level in sorted([one, other])
    )
    assert (wide.lower <= narrow.lower + TINY).all()
    assert (wide.upper >= narrow.upper - TINY).all()
    assert np.array_equal(wide.estimate, narrow.estimate)


@of_each_model
def test_the_same_question_gives_the_same_bits(analysis):
    one, other = (score([message_of(ecog_ps=None)], analysis=analysis) for _ in range(2))
    assert same(one, other)


def test_unknown_triple_negative_status_is_not_averaged_over():
    table = table_from([TYPICAL])
    known = assess(table, default_bundle(), QUESTION)
    table["triple_negative"] = np.array([np.nan])
    assert same(assess(table, default_bundle(), QUESTION), known)


@of_each_model
def test_partly_known_estimate_lies_between_those_of_the_completions(analysis):
    completions = score([message_of(ecog_ps=0), message_of(ecog_ps=1)], analysis=analysis).estimate
    partly = score([message_of(ecog_ps=None)], analysis=analysis).estimate[0]
    assert (partly >= completions.min(axis=0) - TINY).all()
    assert (partly <= completions.max(axis=0) + TINY).all()


@of_each_model
@examples(10)
@given(message=complete_messages())
def test_for_every_member_local_relapse_free_survival_is_the_smaller(analysis, message):
    design = design_matrix(table_from([message]))
    members = member_predictions(design, default_bundle(), HORIZONS, analysis)
    assert (members[:, 1, ARMS] <= members[:, 0, ARMS]).all()


@pytest.mark.parametrize("model", MODELS)
@examples(10)
@given(message=complete_messages())
def test_surgery_has_one_ratio_of_the_hazards_of_death(model, message):
    bundle = default_bundle()
    design = design_matrix(table_from([message]))
    analysis = Analysis(model, OVERALL_EFFECT)
    alive = member_predictions(design, bundle, (12, 96), analysis)[0, 0]
    ratio = np.log(alive[1]) / np.log(alive[0])
    assert ratio == pytest.approx(np.exp(np.tile(bundle.hazards["death"].arm, (2, 1))))
