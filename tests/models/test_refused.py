"""Names that are refused: identifiers and what comes after the decision."""

import pytest

from models.covariates import FIELDS
from models.refused import IDENTIFIERS, POST_RANDOMISATION, refuse_name

KNOWN = ("age", "ecog_ps")

SPELLINGS = (
    "birth_date",
    "BIRTH_DATE",
    "Birth Date",
    "birth-date",
    " birth_date ",
    "birthDate",
    "eligibility.birth_date",
    "patientName",
    "firstName",
    "medicalRecordNumber",
    "E-Mail",
)


@pytest.mark.parametrize("name", SPELLINGS)
def test_identifier_is_recognised_however_it_is_spelt(name):
    assert refuse_name(name, KNOWN).code == "identifier"


@pytest.mark.parametrize("name", ["Surgical Margins", "PCR", "pathological-response"])
def test_post_randomisation_is_recognised_however_it_is_spelt(name):
    assert refuse_name(name, KNOWN).code == "post_randomisation"


def test_identifier_comes_with_a_hint():
    assert "row_id" in refuse_name("mrn", KNOWN).accepted


def test_any_other_name_is_unknown():
    assert refuse_name("shoe_size", KNOWN).code == "unknown_field"


def test_unknown_name_lists_the_known_ones():
    assert refuse_name("shoe_size", KNOWN).accepted == "age, ecog_ps"


def test_long_unknown_name_is_cut():
    assert len(refuse_name("x" * 1000, KNOWN).message) < 100


def test_refusal_names_the_field_as_it_was_sent():
    assert refuse_name("Birth Date", KNOWN).field == "Birth Date"


def test_no_name_is_refused_for_two_reasons():
    assert IDENTIFIERS.isdisjoint(POST_RANDOMISATION)


def test_no_field_of_the_specification_is_refused():
    plain = {name.removeprefix("eligibility.") for name in FIELDS}
    assert plain.isdisjoint(IDENTIFIERS | POST_RANDOMISATION)


@pytest.mark.parametrize("name", ["Age", "AGE", " age", "ECOG PS", "ecog-ps", "ecogPs"])
def test_a_name_in_another_spelling_is_told_how_to_write_it(name):
    problem = refuse_name(name, KNOWN)
    assert problem.code == "unknown_field"
    assert problem.accepted in KNOWN
    assert problem.message.endswith(f"; write {problem.accepted}.")
