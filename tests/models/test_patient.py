"""A patient as read: everything found at once, the same from JSON and from text."""

import pytest
from hypothesis import given

from models.covariates import FIELDS
from models.errors import InvalidInput
from models.patient import LEAST_KNOWN, read_patient, read_patient_text
from tests.support.examples import examples
from tests.support.patients import TYPICAL, any_messages, message_of, patient_of, row_of

#: Of which two must be known beside age or menopause.
OTHERS = (
    *("ecog_ps", "clinical_t", "clinical_n", "er_status", "her2_status"),
    *("metastatic_organs", "liver_metastasis", "bone_only_metastasis"),
)


def problems_of(message):
    with pytest.raises(InvalidInput) as caught:
        read_patient(message)
    return caught.value.problems


def codes_by_field(message):
    return {problem.field: problem.code for problem in problems_of(message)}


def test_known_values_are_kept():
    values = patient_of().values
    assert all(values[n] == v for n, v in TYPICAL.items() if n != "metastatic_sites")


def test_every_field_has_a_value_or_none():
    assert set(patient_of().values) == set(FIELDS)


def test_derived_fields_are_named_in_order():
    assert patient_of().derived == (
        "triple_negative",
        "metastatic_organs",
        "liver_metastasis",
        "bone_only_metastasis",
        "eligibility.brain_metastasis",
    )


def test_stated_values_are_not_called_derived():
    assert "metastatic_organs" not in patient_of(metastatic_organs="1").derived


def test_all_problems_are_found_at_once():
    message = message_of(
        age=200,
        clinical_t="T9",
        her2_status=True,
        shoe_size=38,
        eligibility={"female": "yes", "hair": "grey"},
    )
    assert codes_by_field(message) == {
        "age": "out_of_range",
        "clinical_t": "not_accepted",
        "her2_status": "wrong_type",
        "shoe_size": "unknown_field",
        "eligibility.female": "wrong_type",
        "eligibility.hair": "unknown_field",
    }


def test_contradictions_are_found_beside_other_problems():
    message = message_of(age=200, triple_negative=True)
    assert codes_by_field(message) == {
        "age": "out_of_range",
        "er_status": "contradiction",
        "triple_negative": "contradiction",
    }


def test_unreadable_value_makes_no_contradiction():
    message = message_of(metastatic_organs=7)
    assert codes_by_field(message) == {"metastatic_organs": "wrong_type"}


def test_unknown_field_lists_the_known_ones():
    (problem,) = problems_of(message_of(shoe_size=38))
    assert all(name in problem.accepted for name in TYPICAL)


def test_unknown_fact_lists_the_known_ones():
    (problem,) = problems_of(message_of(eligibility={"hair": "grey"}))
    assert "eligibility.female" in problem.accepted


@pytest.mark.parametrize("name", ["patient_name", "Birth Date", "MRN", "nhs-number"])
def test_identifier_is_refused_as_one(name):
    assert codes_by_field(message_of(**{name: "Roe"})) == {name: "identifier"}


def test_identifier_among_the_facts_is_refused_as_one():
    message = message_of(eligibility={"birth_date": "1980-01-02"})
    assert codes_by_field(message) == {"eligibility.birth_date": "identifier"}


@pytest.mark.parametrize("name", ["patient_name", "Birth Date", "shoe_size", "margins"])
def test_value_of_a_refused_field_is_never_shown(name):
    (problem,) = problems_of(message_of(**{name: "Jane Roe"}))
    assert "Jane Roe" not in str(problem.as_dict())


def test_post_randomisation_field_is_refused_with_an_explanation():
    (problem,) = problems_of(message_of(surgical_margins="positive"))
    assert problem.code == "post_randomisation"
    assert "after the decision" in problem.message


@pytest.mark.parametrize("message", [None, [], "patient", 1, [TYPICAL]])
def test_patient_must_be_an_object(message):
    assert codes_by_field(message) == {"patient": "wrong_type"}


@pytest.mark.parametrize("facts", [[], "female", 1, True])
def test_eligibility_must_be_an_object(facts):
    assert codes_by_field(message_of(eligibility=facts)) == {"eligibility": "wrong_type"}


@pytest.mark.parametrize("facts", [None, {}])
def test_eligibility_can_be_left_open(facts):
    assert patient_of(eligibility=facts) == patient_of()


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"age": 47},
        {"age": 47, "ecog_ps": 0},
        {"age": 47, "ecog_ps": 0, "clinical_t": None},
        {"ecog_ps": 0, "clinical_t": "T2", "clinical_n": "N1", "er_status": "positive"},
    ],
)
def test_too_little_known_is_refused(message):
    assert codes_by_field(message) == {"patient": "too_few_known"}


@pytest.mark.parametrize(
    ("message", "start"),
    [
        ({"age": 85}, "Only age or menopausal status is known; at least two of ECOG"),
        (
            {"menopausal_status": "pre", "clinical_n": "N1"},
            "Beside age or menopausal status only 1 value is known (Clinical N); at least two of",
        ),
        ({}, "Neither age nor menopausal status is known; one of them is needed, and at least"),
        ({"ecog_ps": 0}, "Neither age nor menopausal status is known; one of them is needed, and"),
        (
            {"ecog_ps": 0, "clinical_t": "T2"},
            "Neither age nor menopausal status is known; one of them is needed.",
        ),
    ],
)
def test_too_little_known_says_what_is_known_and_what_is_needed(message, start):
    with pytest.raises(InvalidInput) as caught:
        read_patient(message)
    (problem,) = caught.value.problems
    assert problem.message.startswith(start)
    assert problem.message.endswith(".")
    assert "at least two of ecog_ps, clinical_t" in problem.accepted


@pytest.mark.parametrize("known", [{"age": 85}, {"menopausal_status": "post"}])
@pytest.mark.parametrize(
    "others",
    [
        {"ecog_ps": 0, "clinical_t": "T2"},
        {"triple_negative": True},
        {"metastatic_sites": ["lung"]},
        {"liver_metastasis": False, "metastatic_organs": "1"},
    ],
)
def test_the_least_that_must_be_known_is_enough(known, others):
    read_patient({**known, **others})


def test_the_least_that_must_be_known_names_every_field_that_counts():
    assert LEAST_KNOWN.startswith("Age or menopausal_status must be known")
    assert all(name in LEAST_KNOWN for name in OTHERS)


def test_too_little_known_is_not_said_beside_other_problems():
    assert codes_by_field({"age": 200}) == {"age": "out_of_range"}


def test_too_little_known_does_not_call_an_unknown_age_known():
    (problem,) = problems_of({"menopausal_status": "pre"})
    assert "Age is known" not in problem.message


@pytest.mark.parametrize("anchor", [{"age": 47}, {"menopausal_status": "pre"}])
def test_age_or_menopause_and_two_others_are_enough(anchor):
    patient = read_patient({**anchor, "ecog_ps": 0, "clinical_t": "T2"})
    assert patient.knows(next(iter(anchor)))


def test_both_receptors_negative_but_not_triple_negative_is_accepted():
    patient = patient_of(er_status="negative", triple_negative=False)
    assert patient.values["triple_negative"] is False


def test_unknown_covariates_are_named_in_order():
    patient = patient_of(ecog_ps=None, age=None, clinical_n=None)
    assert patient.unknown_covariates == ("age", "ecog_ps", "clinical_n")


def test_unknown_facts_and_sites_are_no_unknown_covariates():
    patient = read_patient(
        {
            **{name: value for name, value in TYPICAL.items() if name != "metastatic_sites"},
            "metastatic_organs": "1",
            "liver_metastasis": False,
            "bone_only_metastasis": True,
        }
    )
    assert patient.unknown_covariates == ()


@pytest.mark.parametrize(("age", "completed"), [(47, 47), (47.0, 47), (47.99, 47), (80.9, 80)])
def test_completed_years_are_used(age, completed):
    assert patient_of(age=age).completed_age == completed


def test_unknown_age_is_nan():
    age = patient_of(age=None).completed_age
    assert age != age  # noqa: PLR0124


def test_inputs_are_nested_as_in_a_request():
    inputs = patient_of(eligibility={"female": True}).as_inputs()
    assert inputs["eligibility"]["female"] is True


def test_inputs_hold_the_derived_values():
    inputs = patient_of().as_inputs()
    assert all(name.removeprefix("eligibility.") for name in inputs["derived"])
    assert inputs["bone_only_metastasis"] is True


def test_missing_cells_are_not_known():
    patient = read_patient_text({"age": "47", "ecog_ps": "0", "clinical_t": "T2", "er_status": ""})
    assert not patient.knows("er_status")


def test_all_problems_of_a_row_are_found_at_once():
    with pytest.raises(InvalidInput) as caught:
        read_patient_text({**row_of(TYPICAL), "age": "nan", "ecog_ps": "PS 1"})
    found = {problem.field: problem.code for problem in caught.value.problems}
    assert found == {"age": "not_a_number", "ecog_ps": "not_accepted"}


@examples(100)
@given(any_messages())
def test_json_and_text_give_equal_patients(message):
    assert read_patient(message) == read_patient_text(row_of(message))


@examples(50)
@given(any_messages())
def test_inputs_can_be_read_again(message):
    patient = read_patient(message)
    inputs = patient.as_inputs()
    del inputs["derived"]
    assert read_patient(inputs).values == patient.values
