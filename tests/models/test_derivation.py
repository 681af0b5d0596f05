"""What follows from what, and what cannot both be true."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.covariates import FIELDS
from models.derivation import derive
from tests.support.examples import examples

NOTHING = dict.fromkeys(FIELDS)
SITES = FIELDS["metastatic_sites"].values


def derived_from(**known):
    values, problems = derive({**NOTHING, **known})
    assert problems == []
    return values


def contradictions(**known):
    _, problems = derive({**NOTHING, **known})
    assert {problem.code for problem in problems} <= {"contradiction"}
    return [problem.field for problem in problems]


def spread(values):
    return (
        values["metastatic_organs"],
        values["liver_metastasis"],
        values["bone_only_metastasis"],
    )


@pytest.mark.parametrize(
    ("sites", "organs", "liver", "bone_only"),
    [
        (("bone",), "1", False, True),
        (("liver",), "1", True, False),
        (("lung",), "1", False, False),
        (("bone", "liver"), "2+", True, False),
        (("bone", "lung"), "2+", False, False),
        (("bone", "liver", "lung"), "2+", True, False),
    ],
)
def test_sites_give_organs_liver_and_bone_only(sites, organs, liver, bone_only):
    assert spread(derived_from(metastatic_sites=sites)) == (organs, liver, bone_only)


@pytest.mark.parametrize(("sites", "brain"), [(("brain",), True), (("bone",), False)])
def test_sites_give_brain_metastasis(sites, brain):
    values = derived_from(metastatic_sites=sites)
    assert values["eligibility.brain_metastasis"] is brain


def test_bone_only_gives_one_organ_and_no_liver():
    assert spread(derived_from(bone_only_metastasis=True)) == ("1", False, True)


def test_liver_gives_not_bone_only():
    assert spread(derived_from(liver_metastasis=True)) == (None, True, False)


def test_several_organs_give_not_bone_only():
    assert spread(derived_from(metastatic_organs="2+")) == ("2+", None, False)


def test_one_organ_gives_nothing():
    assert spread(derived_from(metastatic_organs="1")) == ("1", None, None)


@pytest.mark.parametrize(
    ("er", "her2", "triple_negative"),
    [
        ("negative", "negative", True),
        ("positive", None, False),
        (None, "positive", False),
        ("positive", "negative", False),
        ("negative", None, None),
        (None, "negative", None),
        (None, None, None),
    ],
)
def test_receptors_give_triple_negative(er, her2, triple_negative):
    values = derived_from(er_status=er, her2_status=her2)
    assert values["triple_negative"] is triple_negative


def test_triple_negative_gives_both_receptors():
    values = derived_from(triple_negative=True)
    assert (values["er_status"], values["her2_status"]) == ("negative", "negative")


def test_both_negative_but_not_triple_negative_stands():
    values = derived_from(er_status="negative", her2_status="negative", triple_negative=False)
    assert values["triple_negative"] is False


@pytest.mark.parametrize(
    ("known", "field"),
    [
        ({"triple_negative": True, "er_status": "positive"}, "er_status"),
        ({"triple_negative": True, "her2_status": "positive"}, "her2_status"),
        ({"bone_only_metastasis": True, "liver_metastasis": True}, "liver_metastasis"),
        ({"bone_only_metastasis": True, "metastatic_organs": "2+"}, "metastatic_organs"),
        ({"metastatic_sites": ("bone",), "metastatic_organs": "2+"}, "metastatic_organs"),
        ({"metastatic_sites": ("bone", "lung"), "metastatic_organs": "1"}, "metastatic_organs"),
        ({"metastatic_sites": ("liver",), "liver_metastasis": False}, "liver_metastasis"),
        ({"metastatic_sites": ("lung",), "liver_metastasis": True}, "liver_metastasis"),
        ({"metastatic_sites": ("lung",), "bone_only_metastasis": True}, "bone_only_metastasis"),
        (
            {"metastatic_sites": ("brain",), "eligibility.brain_metastasis": False},
            "eligibility.brain_metastasis",
        ),
        (
            {"metastatic_sites": ("bone",), "eligibility.brain_metastasis": True},
            "eligibility.brain_metastasis",
        ),
    ],
)
def test_contradiction_names_the_field(known, field):
    assert field in contradictions(**known)


def test_contradictions_are_found_at_once():
    found = contradictions(
        triple_negative=True,
        er_status="positive",
        her2_status="positive",
        metastatic_sites=("bone",),
        metastatic_organs="2+",
    )
    assert {"er_status", "her2_status", "metastatic_organs"} <= set(found)


def test_contradiction_is_said_once_for_a_field():
    found = contradictions(
        metastatic_sites=("bone",), bone_only_metastasis=True, metastatic_organs="2+"
    )
    assert len(found) == len(set(found))


def test_contradiction_says_why():
    _, (problem, *_) = derive(
        {**NOTHING, "metastatic_sites": ("liver",), "liver_metastasis": False}
    )
    assert "false cannot be, because the sites include liver" in problem.message


def test_what_was_not_sent_is_not_blamed():
    values = {**NOTHING, "metastatic_sites": ("bone",), "liver_metastasis": True}
    _, problems = derive(values)
    assert [problem.field for problem in problems] == ["liver_metastasis"]


def test_contradiction_says_what_would_be_accepted():
    _, (problem, *_) = derive(
        {**NOTHING, "metastatic_sites": ("liver",), "liver_metastasis": False}
    )
    assert problem.accepted == "true, or not known"


@examples(60)
@given(st.sets(st.sampled_from(SITES), min_size=1))
def test_any_sites_agree_with_what_is_derived(sites):
    in_order = tuple(site for site in SITES if site in sites)
    values = derived_from(metastatic_sites=in_order)
    assert spread(values) == (
        "1" if len(sites) == 1 else "2+",
        "liver" in sites,
        sites == {"bone"},
    )


@examples(60)
@given(st.sets(st.sampled_from(SITES), min_size=1))
def test_what_is_derived_can_be_read_again(sites):
    in_order = tuple(site for site in SITES if site in sites)
    values = derived_from(metastatic_sites=in_order)
    assert derive(values) == (values, [])


def test_the_list_of_sites_is_believed_so_that_one_mistake_is_told_once():
    stated = {
        "metastatic_sites": ("bone", "liver"),
        "bone_only_metastasis": True,
        "liver_metastasis": True,
        "metastatic_organs": "2+",
    }
    _, problems = derive({**NOTHING, **stated})
    assert [problem.field for problem in problems] == ["bone_only_metastasis"]
