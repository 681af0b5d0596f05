"""The design matrix, counted by hand."""

import numpy as np
import pytest
from hypothesis import given

from models.design_matrix import TERM_NAMES, design_matrix, profile_of
from models.patient import read_patient
from models.table import encoded_row
from tests.support.examples import examples
from tests.support.patients import complete_messages, message_of, patient_of, table_from


def row_for(**changes):
    (row,) = design_matrix(table_from([message_of(**changes)]))
    return dict(zip(TERM_NAMES, row.tolist(), strict=True))


def test_typical_patient_by_hand():
    assert row_for() == {
        "age_per_decade": -1.0,
        "postmenopausal": 0.0,
        "ps_1_or_more": 0.0,
        "t3_or_more": 1.0,
        "t4": 1.0,
        "n1_or_more": 1.0,
        "n2_or_more": 0.0,
        "er_positive": 1.0,
        "her2_positive": 0.0,
        "er_and_her2_positive": 0.0,
        "organs_2_or_more": 0.0,
        "liver": 0.0,
        "bone_only": 1.0,
    }


def test_another_patient_by_hand():
    row = row_for(
        age=80,
        menopausal_status="post",
        ecog_ps=2,
        clinical_t="T3",
        clinical_n="N3",
        her2_status="positive",
        metastatic_sites=["liver", "bone"],
    )
    assert list(row.values()) == pytest.approx([2.3, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0])


@pytest.mark.parametrize(
    ("stage", "t3_or_more", "t4"), [("T1", 0, 0), ("T2", 0, 0), ("T3", 1, 0), ("T4", 1, 1)]
)
def test_t_is_coded_step_by_step(stage, t3_or_more, t4):
    row = row_for(clinical_t=stage)
    assert (row["t3_or_more"], row["t4"]) == (t3_or_more, t4)


@pytest.mark.parametrize(
    ("stage", "n1_or_more", "n2_or_more"),
    [("N0", 0, 0), ("N1", 1, 0), ("N2", 1, 1), ("N3", 1, 1)],
)
def test_n_is_coded_step_by_step(stage, n1_or_more, n2_or_more):
    row = row_for(clinical_n=stage)
    assert (row["n1_or_more"], row["n2_or_more"]) == (n1_or_more, n2_or_more)


@pytest.mark.parametrize(
    ("er", "her2", "expected"),
    [
        ("negative", "negative", (0, 0, 0)),
        ("positive", "negative", (1, 0, 0)),
        ("negative", "positive", (0, 1, 0)),
        ("positive", "positive", (1, 1, 1)),
    ],
)
def test_receptors_have_their_interaction(er, her2, expected):
    row = row_for(er_status=er, her2_status=her2)
    found = tuple(row[n] for n in ("er_positive", "her2_positive", "er_and_her2_positive"))
    assert found == expected


def test_performance_status_1_and_2_are_one():
    assert row_for(ecog_ps=1) == row_for(ecog_ps=2)


def test_age_is_floored():
    assert row_for(age=57.9)["age_per_decade"] == 0.0


@pytest.mark.parametrize("name", ["age", "ecog_ps", "clinical_t", "er_status"])
def test_unknown_value_is_refused(name):
    with pytest.raises(ValueError, match=name):
        design_matrix(table_from([message_of(), message_of(**{name: None})]))


def test_unknown_triple_negative_does_not_matter():
    table = table_from([message_of()])
    table["triple_negative"] = np.array([np.nan])
    assert design_matrix(table).shape == (1, len(TERM_NAMES))


def test_refusal_names_only_what_matters():
    table = table_from([message_of(age=None)])
    table["triple_negative"] = np.array([np.nan])
    with pytest.raises(ValueError, match="age") as caught:
        design_matrix(table)
    assert "triple_negative" not in str(caught.value)


@examples(50)
@given(complete_messages())
def test_a_higher_stage_has_every_step_of_a_lower_one(message):
    row = dict(zip(TERM_NAMES, design_matrix(table_from([message]))[0], strict=True))
    assert row["t4"] <= row["t3_or_more"]
    assert row["n2_or_more"] <= row["n1_or_more"]


@examples(50)
@given(complete_messages())
def test_every_term_but_age_is_0_or_1(message):
    row = design_matrix(table_from([message]))[0]
    assert set(row[1:].tolist()) <= {0.0, 1.0}


@examples(400)
@given(one=complete_messages(), other=complete_messages())
def test_profiles_are_the_same_where_the_terms_are(one, other):
    # Little differs, or they would never be the same.
    close = {**one, "clinical_t": other["clinical_t"], "clinical_n": other["clinical_n"]}
    close["ecog_ps"] = other["ecog_ps"]
    same_terms = np.equal(*(design_matrix(table_from([message])) for message in (one, close)))
    profiles = [profile_of(encoded_row(read_patient(message))) for message in (one, close)]
    assert (profiles[0] == profiles[1]) == same_terms.all()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"clinical_t": "T1"}, {"clinical_t": "T2"}, True),
        ({"clinical_t": "T2"}, {"clinical_t": "T3"}, False),
        ({"clinical_n": "N2"}, {"clinical_n": "N3"}, True),
        ({"ecog_ps": 1}, {"ecog_ps": 2}, True),
        ({"age": 44}, {"age": 44.9}, True),
        ({"age": 44}, {"age": 45}, False),
        ({"er_status": "negative"}, {"her2_status": "positive"}, False),
        ({"clinical_t": "T1", "er_status": None}, {"clinical_t": "T2", "er_status": None}, False),
    ],
)
def test_what_no_term_tells_apart_is_one_profile(one, other, same):
    profiles = [profile_of(encoded_row(patient_of(**changes))) for changes in (one, other)]
    assert (str(profiles[0]) == str(profiles[1])) == same
