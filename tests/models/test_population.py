"""How an unknown value is averaged over: small blocks counted by hand, and the default ones."""

import numpy as np
import pytest
from hypothesis import given

from models.design_matrix import TERM_NAMES, design_matrix
from models.population import AGE_GROUPS, Block, complete
from tests.models import reference
from tests.support.bundles import default_bundle
from tests.support.examples import examples
from tests.support.patients import complete_messages, incomplete_messages, message_of, table_from

AGE_TERM = TERM_NAMES.index("age_per_decade")


def block(fields, *cells):
    """Return a block of (values, weight)."""
    values, weights = zip(*cells, strict=True)
    return Block(fields, np.array(values, dtype=float), np.array(weights, dtype=float))


BY_HAND = (
    block(
        ("age", "menopausal_status"),
        ((40, 0), 0.3),
        ((40, 1), 0.1),
        ((60, 0), 0.1),
        ((60, 1), 0.5),
    ),
    block(("ecog_ps",), ((0,), 0.75), ((1,), 0.25)),
    block(("clinical_t",), ((1,), 0.2), ((2,), 0.3), ((4,), 0.5)),
    block(("clinical_n",), ((0,), 1.0)),
    block(
        ("er_status", "her2_status", "triple_negative"),
        ((0, 1, 0), 0.6),
        ((0, 0, 0), 0.1),
        ((1, 1, 1), 0.3),
    ),
    block(
        ("metastatic_organs", "liver_metastasis", "bone_only_metastasis"),
        ((0, 0, 1), 0.25),
        ((0, 1, 0), 0.25),
        ((1, 1, 0), 0.5),
    ),
)


def row_of(**changes):
    """Return the encoded values of the typical patient; changes are encoded ones."""
    table = table_from([message_of()])
    return {**{name: float(column[0]) for name, column in table.items()}, **changes}


def row_from(message):
    return {name: float(column[0]) for name, column in table_from([message]).items()}


def shares(term, population=BY_HAND, **changes):
    """Return the probability of each value of a term."""
    design, weights = complete(row_of(**changes), population)
    column = design[:, TERM_NAMES.index(term)]
    return {value: pytest.approx(weights[column == value].sum()) for value in set(column.tolist())}


NAN = float("nan")


def test_nothing_unknown_is_one_row_of_weight_one():
    design, weights = complete(row_of(), BY_HAND)
    assert np.array_equal(design, design_matrix(table_from([message_of()])))
    assert weights.tolist() == [1.0]


def test_unknown_performance_status_by_hand():
    assert shares("ps_1_or_more", ecog_ps=NAN) == {0.0: 0.75, 1.0: 0.25}


def test_cells_with_equal_rows_are_merged():
    design, _ = complete(row_of(clinical_t=NAN), BY_HAND)
    assert len(design) == 2


def test_weights_of_merged_cells_add_up():
    assert shares("t4", clinical_t=NAN) == {0.0: 0.5, 1.0: 0.5}


def test_blocks_are_crossed():
    design, weights = complete(row_of(ecog_ps=NAN, clinical_t=NAN), BY_HAND)
    assert len(design) == 4
    assert sorted(weights) == pytest.approx([0.125, 0.125, 0.375, 0.375])


def test_unknown_receptor_given_the_other_by_hand():
    changes = {"er_status": NAN, "her2_status": 1.0, "triple_negative": NAN}
    assert shares("er_positive", **changes) == {0.0: 1 / 3, 1.0: 2 / 3}


def test_unknown_sites_given_liver_by_hand():
    changes = {"metastatic_organs": NAN, "liver_metastasis": 1.0, "bone_only_metastasis": 0.0}
    assert shares("organs_2_or_more", **changes) == {0.0: 1 / 3, 1.0: 2 / 3}


def test_menopause_given_age_by_hand():
    assert shares("postmenopausal", age=40.0, menopausal_status=NAN) == {0.0: 0.75, 1.0: 0.25}


def test_menopause_is_taken_from_the_nearest_age():
    changes = {"age": 58.0, "menopausal_status": NAN}
    assert shares("postmenopausal", **changes) == {0.0: 1 / 6, 1.0: 5 / 6}


def test_age_given_menopause_by_hand():
    found = shares("age_per_decade", age=NAN, menopausal_status=0.0)
    assert found == {(40 - 57) / 10: 0.75, (60 - 57) / 10: 0.25}


def test_ages_are_grouped():
    changes = {"age": NAN}
    design, _ = complete(row_of(**changes), default_bundle().population)
    assert len(design) == AGE_GROUPS


def test_grouped_ages_keep_their_mean():
    population = default_bundle().population
    design, weights = complete(row_of(age=NAN), population)
    (ages,) = (b for b in population if "age" in b.fields)
    pre = ages.cells[:, 1] == 0
    expected = np.average(ages.cells[pre, 0], weights=ages.weights[pre])
    assert weights @ design[:, AGE_TERM] * 10 + 57 == pytest.approx(expected)


def test_groups_of_ages_have_about_equal_weight():
    _, weights = complete(row_of(age=NAN), default_bundle().population)
    assert weights.max() < 2 / AGE_GROUPS


def test_older_women_are_more_often_postmenopausal():
    found = []
    for age in range(30, 75, 5):
        changes = {"age": float(age), "menopausal_status": NAN}
        design, weights = complete(row_of(**changes), default_bundle().population)
        found.append(weights @ design[:, TERM_NAMES.index("postmenopausal")])
    assert found == sorted(found)
    assert found[0] < 0.05
    assert found[-1] > 0.95


@pytest.mark.parametrize("age", [20.0, 28.0, 52.0, 80.0])
def test_known_age_is_kept_beside_unknown_menopause(age):
    changes = {"age": age, "menopausal_status": NAN}
    design, _ = complete(row_of(**changes), default_bundle().population)
    assert set(design[:, AGE_TERM].tolist()) == {(age - 57) / 10}


def test_premenopausal_women_are_younger():
    means = []
    for status in (0.0, 1.0):
        changes = {"age": NAN, "menopausal_status": status}
        design, weights = complete(row_of(**changes), default_bundle().population)
        means.append(weights @ design[:, AGE_TERM])
    assert means[0] < means[1]


@examples(40)
@given(incomplete_messages())
def test_weights_add_up_to_one(message):
    _, weights = complete(row_from(message), default_bundle().population)
    assert weights.sum() == pytest.approx(1)
    assert (weights > 0).all()


@examples(40)
@given(incomplete_messages())
def test_completion_is_deterministic(message):
    one, other = (complete(row_from(message), default_bundle().population) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


@examples(40)
@given(complete_messages())
def test_complete_patient_is_one_row(message):
    design, weights = complete(row_from(message), default_bundle().population)
    assert np.array_equal(design, design_matrix(table_from([message])))
    assert weights.tolist() == [1.0]


#: Terms that follow from one covariate alone.
_TERM_OF = {
    "menopausal_status": "postmenopausal",
    "ecog_ps": "ps_1_or_more",
    "clinical_t": "t4",
    "clinical_n": "n1_or_more",
    "er_status": "er_positive",
    "her2_status": "her2_positive",
    "metastatic_organs": "organs_2_or_more",
    "liver_metastasis": "liver",
    "bone_only_metastasis": "bone_only",
}


@examples(40)
@given(incomplete_messages())
def test_known_values_are_kept(message):
    design, _ = complete(row_from(message), default_bundle().population)
    for name, term in _TERM_OF.items():
        if name in message:
            assert len(set(design[:, TERM_NAMES.index(term)].tolist())) == 1


@examples(25)
@given(incomplete_messages(2))
def test_every_row_is_one_of_the_written_out_ones(message):
    derived = row_from(message)
    values = {
        name: None if np.isnan(derived[name]) else reference.decode(name, derived[name])
        for name in ("age", *reference.VALUES)
    }
    written_out = reference.completions(values, default_bundle().population)
    expected = {}
    for filled, weight in written_out:
        key = tuple(round(float(term), 9) for term in reference.terms(filled))
        expected[key] = expected.get(key, 0.0) + weight
    design, weights = complete(derived, default_bundle().population)
    found = {
        tuple(round(term, 9) for term in row): weight
        for row, weight in zip(design.tolist(), weights.tolist(), strict=True)
    }
    assert found == pytest.approx(expected)
