"""One value at a time: what each kind of field reads, refuses and says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from models.covariates import FIELDS
from models.errors import InvalidInput
from models.fields import Choice, ChoiceField, FlagField, NumberField, SetField, echo
from tests.support.examples import examples

AGE = NumberField("age", "Age", "Years.", minimum=0, maximum=120, unit="years")
STAGE = ChoiceField("stage", "Stage", "T.", (Choice("T1", "T1"), Choice("T2", "T2")), hint=" (TX)")
GRADE = ChoiceField("grade", "Grade", "PS.", tuple(Choice(n, f"PS {n}") for n in range(3)))
FLAG = FlagField("flag", "Flag", "Yes or no.")
SITES = SetField("sites", "Sites", "Organs.", (Choice("bone", "bone"), Choice("liver", "liver")))
KINDS = (AGE, STAGE, GRADE, FLAG, SITES)


def problem_of(read, value):
    with pytest.raises(InvalidInput) as caught:
        read(value)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field.name)
def test_null_is_not_known(field):
    assert field.read_json(None) is None


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field.name)
@pytest.mark.parametrize("text", ["", " ", "\t \n"])
def test_empty_text_is_not_known(field, text):
    assert field.read_text(text) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [(AGE, 0), (AGE, 120), (AGE, 47.5), (STAGE, "T2"), (GRADE, 2), (FLAG, True), (FLAG, False)],
)
def test_accepted_json_is_returned_as_it_is(field, value):
    assert field.read_json(value) == value


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (AGE, " 47 ", 47),
        (AGE, "47.5", 47.5),
        (AGE, "47.0", 47),
        (STAGE, "T2", "T2"),
        (GRADE, "2", 2),
        (FLAG, "TRUE", True),
        (FLAG, "False", False),
        (SITES, "liver; bone", ("bone", "liver")),
    ],
)
def test_accepted_text_is_read(field, text, value):
    assert field.read_text(text) == value


def test_whole_number_of_json_is_a_grade():
    assert GRADE.read_json(1.0) == 1
    assert GRADE.read_text("1.0") == 1


def test_flag_is_read_as_a_flag():
    assert FLAG.read_text("true") is True


def test_sites_come_in_the_order_of_the_specification():
    assert SITES.read_json(["liver", "bone"]) == ("bone", "liver")


@pytest.mark.parametrize("field", [AGE, STAGE, GRADE, SITES], ids=lambda field: field.name)
@pytest.mark.parametrize("value", [True, False])
def test_booleans_are_not_other_values(field, value):
    assert problem_of(field.read_json, value).code == "wrong_type"


@pytest.mark.parametrize("value", [0, 1, "true", [], {}])
def test_only_booleans_are_flags(value):
    assert problem_of(FLAG.read_json, value).code == "wrong_type"


@pytest.mark.parametrize("value", ["47", [47], {"years": 47}])
def test_only_numbers_are_ages(value):
    assert problem_of(AGE.read_json, value).code == "wrong_type"


@pytest.mark.parametrize("value", [-0.1, -1, 120.01, 200, pytest.param(10**400, id="huge")])
def test_number_that_cannot_be_is_refused(value):
    assert problem_of(AGE.read_json, value).code == "out_of_range"


@pytest.mark.parametrize("text", ["-1", "200", "1e3"])
def test_text_that_cannot_be_is_refused(text):
    assert problem_of(AGE.read_text, text).code == "out_of_range"


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-Infinity"])
def test_nan_and_infinity_in_text_are_no_numbers(text):
    assert problem_of(AGE.read_text, text).code == "not_a_number"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_in_json_are_no_numbers(value):
    assert problem_of(AGE.read_json, value).code == "not_a_number"


def test_number_too_large_for_the_machine_is_refused():
    assert problem_of(AGE.read_text, "1e999").field == "age"


@pytest.mark.parametrize("text", ["forty", "47 years", "4,7", "0x2F"])
def test_words_are_no_numbers(text):
    assert problem_of(AGE.read_text, text).code == "wrong_type"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("４７", 47),
        ("４7", 47),
        ("\u3000４７．５\u3000", 47.5),
        ("＋４７", 47),
        ("４．７ｅ１", 47),
    ],
)
def test_numbers_may_have_full_width(text, number):
    assert AGE.read_text(text) == number


def test_a_negative_number_of_full_width_is_told_as_it_was_typed():
    problem = problem_of(AGE.read_text, "－４７")
    assert problem.code == "out_of_range"


@pytest.mark.parametrize("text", ["4²", "④⑦", "٤٧", "４，７", "４７歳", "４＿７"])
def test_other_digits_and_signs_are_no_numbers(text):
    assert problem_of(AGE.read_text, text).code == "wrong_type"


@pytest.mark.parametrize("text", ["4_7", "1_0.5"])
def test_digits_with_underscores_are_no_numbers(text):
    assert problem_of(AGE.read_text, text).code == "wrong_type"


@pytest.mark.parametrize(
    ("field", "value"),
    [(STAGE, "T9"), (STAGE, "t1"), (STAGE, ""), (GRADE, 5), (GRADE, -1), (SITES, ["skin"])],
)
def test_value_outside_the_list_is_refused(field, value):
    assert problem_of(field.read_json, value).code == "not_accepted"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (STAGE, "T9"),
        (STAGE, "t1"),
        (GRADE, "1.5"),
        (GRADE, "1.00"),
        (STAGE, "T2.0"),
        (GRADE, "+1"),
        (FLAG, "yes"),
        (FLAG, "1"),
        (SITES, "bone;skin"),
        (SITES, ";"),
        (SITES, "bone;bone"),
    ],
)
def test_text_outside_the_list_is_refused(field, text):
    assert problem_of(field.read_text, text).code == "not_accepted"


@pytest.mark.parametrize(("field", "value"), [(STAGE, 1), (GRADE, "1"), (GRADE, 1.5), (GRADE, {})])
def test_choice_of_another_type_is_refused(field, value):
    assert problem_of(field.read_json, value).code == "wrong_type"


@pytest.mark.parametrize("value", ["bone", 1, {"bone": True}])
def test_sites_must_be_a_list(value):
    assert problem_of(SITES.read_json, value).code == "wrong_type"


@pytest.mark.parametrize("value", [[], ["bone", "bone"], ["bone", None], [["bone"]], [{}]])
def test_list_of_sites_that_means_nothing_is_refused(value):
    assert problem_of(SITES.read_json, value).code == "not_accepted"


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field.name)
def test_refusal_names_the_field(field):
    assert problem_of(field.read_json, {}).field == field.name


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field.name)
def test_refusal_says_what_is_accepted(field):
    assert problem_of(field.read_json, {}).accepted == field.accepted


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field.name)
def test_refusal_starts_with_the_label(field):
    assert problem_of(field.read_json, {}).message.startswith(f"{field.label}: ")


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        (AGE, "a number from 0 to 120 (years); not known: null, or an empty cell"),
        (STAGE, "one of T1, T2; not known: null, or an empty cell (TX)"),
        (GRADE, "one of 0, 1, 2; not known: null, or an empty cell"),
        (FLAG, "true, false; not known: null, or an empty cell"),
        (
            SITES,
            "a list of one or more of bone, liver (in a CSV with ; between them); "
            "not known: null, or an empty cell",
        ),
    ],
)
def test_accepted_values_in_words(field, accepted):
    assert field.accepted == accepted


def test_message_shows_the_value_that_was_sent():
    assert "'T9'" in problem_of(STAGE.read_json, "T9").message


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"name": "Jane"}, "an object"),
        ([["Jane"]], "a nested list"),
        ([{"n": "Jane"}], "a nested"),
    ],
)
def test_echo_hides_what_is_nested(value, shown):
    assert echo(value).startswith(shown)


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field.name)
@pytest.mark.parametrize(
    "value",
    [
        {"name": "Jane Roe"},
        [["Jane Roe"]],
        [{"name": "Jane Roe"}],
        ["bone", ["Jane Roe"]],
        [[["Jane Roe"]]],
    ],
)
def test_no_message_shows_what_is_nested(field, value):
    assert "Jane" not in problem_of(field.read_json, value).message


def test_echo_is_never_longer_than_a_line():
    assert len(echo("x" * 1000)) == 60


def test_echo_marks_what_was_cut():
    assert echo("x" * 1000).endswith("…")


@pytest.mark.parametrize(
    ("field", "value", "number"),
    [(AGE, 47, 47.0), (STAGE, "T2", 1.0), (GRADE, 2, 2.0), (FLAG, True, 1.0), (FLAG, False, 0.0)],
)
def test_value_as_a_number_of_a_table(field, value, number):
    assert field.encode(value) == number


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field.name)
def test_not_known_is_nan_in_a_table(field):
    assert math.isnan(field.encode(None))


def test_sites_have_no_place_in_a_table():
    with pytest.raises(TypeError, match="sites"):
        SITES.encode(("bone",))


@pytest.mark.parametrize("field", [*KINDS, *FIELDS.values()], ids=lambda field: field.name)
def test_schema_is_valid(field):
    Draft202012Validator.check_schema(field.json_schema())


@pytest.mark.parametrize("field", [*KINDS, *FIELDS.values()], ids=lambda field: field.name)
def test_schema_takes_null(field):
    assert Draft202012Validator(field.json_schema()).is_valid(None)


@pytest.mark.parametrize("field", [*KINDS, *FIELDS.values()], ids=lambda field: field.name)
def test_schema_has_title_and_description(field):
    schema = field.json_schema()
    assert (schema["title"], schema["description"]) == (field.label, field.help)


_SENT = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 200),
    st.floats(-10, 200),
    st.sampled_from(["T1", "T9", "bone", "", "true"]),
    st.lists(st.sampled_from(["bone", "liver", "skin"]), max_size=3),
    st.dictionaries(st.just("a"), st.integers(), max_size=1),
)


def _accepts(field, value):
    try:
        field.read_json(value)
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize("field", KINDS, ids=lambda field: field.name)
@examples(60)
@given(value=_SENT)
def test_schema_and_reading_accept_the_same(field, value):
    assert Draft202012Validator(field.json_schema()).is_valid(value) == _accepts(field, value)
