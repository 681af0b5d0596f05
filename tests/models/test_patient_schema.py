"""The published schema of a patient accepts what is read."""

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from models.covariates import COVARIATES
from models.patient import LEAST_KNOWN, read_patient
from models.patient_schema import patient_json_schema
from tests.support.examples import examples
from tests.support.patients import CONFIRMED, any_messages, incomplete_messages, message_of

SCHEMA = patient_json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_schema_is_valid():
    Draft202012Validator.check_schema(SCHEMA)


def test_schema_says_the_least_that_must_be_known():
    assert LEAST_KNOWN in SCHEMA["description"]


def test_schema_has_every_covariate_and_the_facts():
    assert set(SCHEMA["properties"]) == {*(f.name for f in COVARIATES), "eligibility"}


def test_schema_has_every_fact():
    assert set(SCHEMA["properties"]["eligibility"]["properties"]) == set(CONFIRMED)


@pytest.mark.parametrize(
    "change",
    [
        {"age": 200},
        {"age": "47"},
        {"clinical_t": "T9"},
        {"ecog_ps": True},
        {"shoe_size": 38},
        {"metastatic_sites": []},
        {"metastatic_sites": ["bone", "bone"]},
        {"eligibility": {"hair": True}},
        {"eligibility": []},
        {"eligibility": {"female": "yes"}},
    ],
)
def test_schema_refuses_what_cannot_be(change):
    assert not VALIDATOR.is_valid(message_of(**change))


@examples(60)
@given(any_messages())
def test_schema_accepts_what_is_read(message):
    read_patient(message)
    VALIDATOR.validate(message)


@examples(30)
@given(incomplete_messages())
def test_schema_accepts_unknown_values(message):
    read_patient(message)
    VALIDATOR.validate(message)
