"""Which analyses stand beside each other, and which one is the answer's own."""

import pytest

from models.analyses import DEFAULT_ANALYSIS, Analysis, listed_analyses, shown_analysis
from models.outcomes import ALL_EFFECTS, ANALYSIS_EFFECTS, EFFECTS, MODELS

EVERY = [
    *("cox overall", "cox pooled", "forest overall", "forest pooled"),
    *("cox subgroup", "forest subgroup", "forest learned"),
]

#: By model and effect: what is shown, and what is listed of a bundle that holds everything.
EXPECTED = {
    ("cox", "overall"): ("cox overall", []),
    ("cox", "pooled"): ("cox pooled", ["cox overall", "cox pooled"]),
    ("cox", "subgroup"): ("cox overall", ["cox overall", "cox subgroup"]),
    ("cox", "all"): ("cox overall", EVERY),
    ("forest", "overall"): ("forest overall", ["cox overall", "forest overall"]),
    ("forest", "pooled"): (
        "forest pooled",
        ["cox overall", "cox pooled", "forest overall", "forest pooled"],
    ),
    ("forest", "subgroup"): (
        "forest overall",
        ["cox overall", "forest overall", "cox subgroup", "forest subgroup"],
    ),
    ("forest", "learned"): (
        "forest overall",
        ["cox overall", "forest overall", "forest learned"],
    ),
    ("forest", "all"): ("forest overall", EVERY),
}
#: What a bundle of Cox models alone can answer.
COX_ALONE = (DEFAULT_ANALYSIS, Analysis("cox", "pooled"))
each_choice = pytest.mark.parametrize(("model", "effect"), EXPECTED)


def name(analysis):
    return f"{analysis.model} {analysis.effect}"


def test_every_choice_is_looked_at():
    choices = {(model, effect) for model in MODELS for effect in EFFECTS}
    assert choices - set(EXPECTED) == {("cox", "learned")}


@each_choice
def test_shown_is_what_was_asked_for_unless_it_is_exploratory(model, effect):
    assert name(shown_analysis(model, effect)) == EXPECTED[model, effect][0]


@each_choice
def test_listed_are_the_default_and_what_was_asked_for(model, effect):
    listed = [name(each) for each in listed_analyses(model, effect)]
    assert listed == EXPECTED[model, effect][1]


@each_choice
def test_an_exploratory_effect_is_never_shown_first_or_alone(model, effect):
    assert not shown_analysis(model, effect).exploratory
    listed = listed_analyses(model, effect)
    exploratory = [each.exploratory for each in listed]
    assert exploratory == sorted(exploratory), "exploratory ones stand last"
    assert not listed or listed[0] == DEFAULT_ANALYSIS
    assert not listed or shown_analysis(model, effect) in listed


@each_choice
def test_no_analysis_is_listed_twice_or_alone(model, effect):
    listed = listed_analyses(model, effect)
    assert len(set(listed)) == len(listed)
    assert len(listed) != 1


def test_all_effects_of_a_bundle_without_forests_are_the_cox_models():
    listed = listed_analyses("cox", ALL_EFFECTS, COX_ALONE)
    assert [name(each) for each in listed] == ["cox overall", "cox pooled"]


@pytest.mark.parametrize("effect", ["overall", "pooled", "all"])
def test_the_cox_model_alone_lists_no_forest_where_there_is_none(effect):
    assert {each.model for each in listed_analyses("cox", effect, COX_ALONE)} <= {"cox"}


@pytest.mark.parametrize("effect", ANALYSIS_EFFECTS)
@pytest.mark.parametrize("model", MODELS)
def test_effects_that_differ_between_patients_are_exploratory(model, effect):
    assert Analysis(model, effect).exploratory == (effect in ("subgroup", "learned"))


def test_the_default_is_the_cox_model_under_the_whole_trials_effect():
    assert Analysis("cox", "overall") == DEFAULT_ANALYSIS
