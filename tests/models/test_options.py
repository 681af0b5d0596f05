"""What may be asked beside the patient."""

import math

import pytest
from jsonschema import Draft202012Validator

from models.assess import Question
from models.errors import InvalidInput
from models.options import (
    OPTION_NAMES,
    OPTION_SCHEMAS,
    Options,
    read_options,
    read_options_text,
)


def problem_of(message, read=read_options):
    with pytest.raises(InvalidInput) as caught:
        read(message)
    (problem,) = caught.value.problems
    return problem


def test_nothing_asked_is_the_default():
    assert read_options({}) == Options((12, 24, 36, 48, 60), "cox", "overall", 0.95, None)


def test_everything_asked_is_read():
    asked = {
        "horizons_months": [6, 96],
        "model": "cox",
        "effect": "overall",
        "interval_level": 0.8,
        "bundle": "jcog1017-synthetic@1.0.0",
    }
    assert read_options(asked) == Options(
        (6, 96), "cox", "overall", 0.8, "jcog1017-synthetic@1.0.0"
    )


@pytest.mark.parametrize("effect", ["overall", "pooled", "learned", "all"])
def test_every_effect_can_be_asked_of_the_forest(effect):
    found = read_options({"model": "forest", "effect": effect})
    assert (found.model, found.effect) == ("forest", effect)


@pytest.mark.parametrize("message", [{"effect": "learned"}, {"effect": "learned", "model": "cox"}])
@pytest.mark.parametrize("read", [read_options, read_options_text])
def test_the_forests_own_effect_is_refused_of_the_cox_model(message, read):
    problem = problem_of(message, read)
    assert (problem.field, problem.code) == ("effect", "not_accepted")
    assert (
        problem.message == "The effect learned is the forest's own; ask for model forest with it."
    )
    assert problem.accepted == "learned with model forest"


def test_the_forests_own_effect_of_an_unknown_model_is_one_problem():
    assert problem_of({"effect": "learned", "model": "oracle"}).field == "model"


def test_question_is_what_the_scoring_needs():
    assert Options((6,), interval_level=0.9).question == Question((6,), 0.9)


def test_other_names_are_left_alone():
    assert read_options({"patient": {}, "hat": 1}) == Options()


def test_horizons_keep_their_order():
    assert read_options({"horizons_months": [60, 12]}).horizons_months == (60, 12)


def test_whole_float_is_a_month():
    assert read_options({"horizons_months": [12.0]}).horizons_months == (12,)


@pytest.mark.parametrize("value", [12, "12", None, {}, True, (12,)])
def test_horizons_must_be_a_list(value):
    assert problem_of({"horizons_months": value}).code == "wrong_type"


def test_horizons_must_not_be_empty():
    assert problem_of({"horizons_months": []}).code == "not_accepted"


@pytest.mark.parametrize("month", [12.5, "12", True, None, [12], math.nan, math.inf])
def test_a_horizon_must_be_a_whole_number(month):
    assert problem_of({"horizons_months": [month]}).code == "wrong_type"


@pytest.mark.parametrize("month", [0, -1, 97, 1000, pytest.param(10**400, id="huge")])
def test_a_horizon_outside_1_to_96_is_refused(month):
    assert problem_of({"horizons_months": [month]}).code == "out_of_range"


def test_a_horizon_too_late_is_refused_with_the_reason():
    assert "cannot tell so far ahead" in problem_of({"horizons_months": [97]}).message


def test_each_wrong_horizon_is_told():
    with pytest.raises(InvalidInput) as caught:
        read_options({"horizons_months": [0, 12, 200, 1.5, 200, -3]})
    problems = caught.value.problems
    assert {problem.field for problem in problems} == {"horizons_months"}
    assert [problem.message.split()[0] for problem in problems] == ["0", "200", "[1.5]", "-3"]


def test_each_wrong_horizon_of_a_text_is_told():
    with pytest.raises(InvalidInput) as caught:
        read_options_text({"horizons_months": "0,200,1.5"})
    assert len(caught.value.problems) == 3


def test_more_horizons_than_there_are_months_are_one_problem():
    problem = problem_of({"horizons_months": [0] * 50 + list(range(100, 150))})
    assert problem.message == "100 months are more than there are."


def test_the_forests_own_effect_is_refused_beside_other_problems():
    with pytest.raises(InvalidInput) as caught:
        read_options({"effect": "learned", "horizons_months": [0], "interval_level": 2})
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["horizons_months", "interval_level", "effect"]


def test_a_model_that_is_not_known_is_told_once():
    assert problem_of({"model": "magic", "effect": "learned"}).field == "model"


@pytest.mark.parametrize("horizons", [[12, 12], [12, 12.0]])
def test_a_horizon_twice_is_refused(horizons):
    assert problem_of({"horizons_months": horizons}).code == "not_accepted"


def test_refusal_of_horizons_shows_nothing_nested():
    message = problem_of({"horizons_months": [["Jane Roe"]]}).message
    assert "Jane" not in message


@pytest.mark.parametrize("name", ["model", "effect"])
@pytest.mark.parametrize("value", ["", "Cox", "wishful", None, 1, ["cox"], {"a": 1}])
def test_only_what_is_served_can_be_asked(name, value):
    problem = problem_of({name: value})
    assert (problem.field, problem.code) == (name, "not_accepted")


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_level_is_read(level):
    assert read_options({"interval_level": level}).interval_level == level


@pytest.mark.parametrize("level", [0.79, 1, 0, -1, 95, math.nan, math.inf])
def test_level_outside_80_to_99_percent_is_refused(level):
    assert problem_of({"interval_level": level}).code == "out_of_range"


@pytest.mark.parametrize("level", ["0.95", None, True, [0.95]])
def test_level_must_be_a_number(level):
    assert problem_of({"interval_level": level}).code == "wrong_type"


@pytest.mark.parametrize("value", [None, 1, ["a"], {"id": "a"}])
def test_bundle_must_be_a_name(value):
    assert problem_of({"bundle": value}).code == "wrong_type"


def test_all_problems_are_found_at_once():
    with pytest.raises(InvalidInput) as caught:
        read_options({"horizons_months": [0], "model": "x", "interval_level": 2, "bundle": 1})
    found = {problem.field: problem.code for problem in caught.value.problems}
    assert found == {
        "horizons_months": "out_of_range",
        "model": "not_accepted",
        "interval_level": "out_of_range",
        "bundle": "wrong_type",
    }


@pytest.mark.parametrize(
    "name", ["horizons_months", "model", "effect", "interval_level", "bundle"]
)
def test_refusal_says_what_is_accepted(name):
    assert problem_of({name: {}}).accepted


def test_texts_are_read():
    texts = {"horizons_months": "12,48,60", "interval_level": "0.9", "model": "cox"}
    assert read_options_text(texts) == Options((12, 48, 60), "cox", "overall", 0.9)


@pytest.mark.parametrize("text", ["", "12,", "12;24", "twelve", "12.5", "nan", "1_2"])
def test_horizons_that_are_no_list_of_months_are_refused(text):
    assert problem_of({"horizons_months": text}, read_options_text).code == "wrong_type"


@pytest.mark.parametrize("text", ["", "95%", "nan", "inf", "95", "0.9_5"])
def test_level_that_is_no_level_is_refused(text):
    assert problem_of({"interval_level": text}, read_options_text).field == "interval_level"


def test_every_option_has_a_schema():
    assert set(OPTION_SCHEMAS) == set(OPTION_NAMES)


def test_the_schema_of_the_effect_says_what_each_changes():
    meaning = OPTION_SCHEMAS["effect"]["description"]
    assert all(f"{effect}: " in meaning for effect in OPTION_SCHEMAS["effect"]["enum"])
    assert "it needs model forest, changes all outcomes and is exploratory" in meaning
    assert "local relapse-free survival is capped" in meaning


@pytest.mark.parametrize("name", OPTION_NAMES)
def test_schema_is_valid(name):
    Draft202012Validator.check_schema(OPTION_SCHEMAS[name])


@pytest.mark.parametrize("name", [n for n in OPTION_NAMES if n != "bundle"])
def test_schema_accepts_its_default_which_is_ours(name):
    default = OPTION_SCHEMAS[name]["default"]
    assert Draft202012Validator(OPTION_SCHEMAS[name]).is_valid(default)
    assert read_options({name: default}) == Options()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("horizons_months", [12, 12]),
        ("horizons_months", []),
        ("horizons_months", [97]),
        ("horizons_months", [True]),
        ("horizons_months", [12.5]),
        ("model", "wishful"),
        ("effect", None),
        ("interval_level", 0.5),
        ("bundle", 1),
    ],
)
def test_schema_refuses_what_is_refused(name, value):
    assert not Draft202012Validator(OPTION_SCHEMAS[name]).is_valid(value)
    assert problem_of({name: value}).field == name
