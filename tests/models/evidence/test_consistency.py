"""What other trials say to a pair of Fig. 3."""

from dataclasses import replace

import pytest

from models.evidence import evidence, pairs
from models.evidence.consistency import (
    AGREES,
    CONFLICTS,
    UNCLEAR,
    consistency_text,
    none_excludes_its_trial,
    other_trials,
    ratio_text,
    side_of_whole,
)

GROUPS = {group.code: group for pair in pairs() for group in pair.subgroups}
PAIRS = {pair.id: pair for pair in pairs()}

#: By hand: each figure over its own trial's whole, beside the subgroup over JCOG1017's 0.873.
BY_HAND = {
    ("premenopausal", "mf07_01.age_under_55"): AGREES,  # 0.57/0.66; 0.538/0.873
    ("premenopausal", "e2108.age_under_40"): CONFLICTS,  # 1.72/1.11
    ("er_positive", "mf07_01.er_or_pgr_positive"): UNCLEAR,  # 0.64/0.66
    ("er_positive", "meta_2021.hormone_receptor_positive"): UNCLEAR,  # 0.96/0.97
    ("her2_negative", "mf07_01.her2_negative"): UNCLEAR,
    ("her2_positive", "meta_2021.her2_positive"): UNCLEAR,  # 0.93/0.97; 1.282/0.873
    ("triple_negative", "meta_2021.triple_negative"): UNCLEAR,  # 0.852/0.873 points nowhere
    ("triple_negative", "e2108.triple_negative"): UNCLEAR,
    ("one_organ", "mf07_01.solitary_bone"): AGREES,
    ("bone_only", "mf07_01.solitary_bone"): AGREES,
    ("bone_only", "meta_2021.bone_only"): UNCLEAR,
    ("not_bone_only", "meta_2021.visceral"): AGREES,
}


def test_every_other_trial_points_where_it_does_by_hand():
    found = {
        (code, each.figure.id): each.direction
        for code, group in GROUPS.items()
        for each in other_trials(group)
    }
    assert found == BY_HAND


def test_a_trial_without_an_interval_excludes_nothing():
    without = [
        each for g in GROUPS.values() for each in other_trials(g) if not each.figure.interval
    ]
    assert {each.figure.id for each in without} == {"e2108.age_under_40", "e2108.triple_negative"}
    assert all(each.holds_overall is None for each in without)


def test_every_interval_holds_its_own_trials_overall_ratio():
    seen = [each for g in GROUPS.values() for each in other_trials(g) if each.figure.interval]
    assert all(each.holds_overall for each in seen)


def test_menopause_is_agreed_with_and_contradicted():
    text = consistency_text(PAIRS["menopause"])
    assert "1 the same way, 1 the other way, 0 neither" in text
    assert "0.57 (95% interval 0.38 to 0.86)" in text
    assert "1.72 (no interval was seen)" in text
    assert "not prespecified" in text


@pytest.mark.parametrize("pair", ["performance_status", "liver"])
def test_silence_is_told(pair):
    assert consistency_text(PAIRS[pair]) == "No other trial that was read speaks to it."


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_mf07_01_is_never_named_without_its_caution(pair):
    text = consistency_text(pair)
    assert text.count("its arms were unlike") == ("MF07-01," in text)


@pytest.mark.parametrize(
    ("pair", "shared"), [("er", True), ("bone_only", True), ("organs", False)]
)
def test_shared_patients_are_told(pair, shared):
    assert ("include the single ones" in consistency_text(PAIRS[pair])) is shared


def test_a_ratio_has_its_level():
    assert ratio_text(evidence()["e2108.os.hr"]) == "1.11 (90% interval 0.82 to 1.52)"


def test_a_figure_stands_beside_its_own_trials_whole():
    (mf07_01, e2108) = other_trials(GROUPS["premenopausal"])
    assert mf07_01.beside_its_trial() == (
        "MF07-01, age under 55 (not prespecified): 0.57 (95% interval 0.38 to 0.86), beside 0.66 "
        "in that whole trial; not clearly different."
    )
    assert "beside 1.11 in that whole trial; points the other way." in e2108.beside_its_trial()
    assert e2108.against_its_trial() == "E2108, age under 40 (1.72 v. 1.11)"


def test_what_an_interval_excludes_is_not_denied():
    (found, *_others) = other_trials(GROUPS["premenopausal"])
    assert none_excludes_its_trial([found]) != ""
    assert none_excludes_its_trial([replace(found, holds_overall=False)]) == ""
    clear = replace(found, holds_overall=False).beside_its_trial()
    assert clear.endswith("in that whole trial; points the same way.")


@pytest.mark.parametrize(
    ("code", "side"), [("premenopausal", -1), ("postmenopausal", 1), ("ps_0", 0)]
)
def test_a_subgroup_is_on_a_side_of_the_whole_trial(code, side):
    assert side_of_whole(GROUPS[code]) == side
