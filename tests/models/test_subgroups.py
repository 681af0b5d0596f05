"""Which subgroups a patient belongs to, and what is said of them."""

import math

import pytest
from hypothesis import given

from models.evidence import evidence
from models.language import speaking
from models.patient import read_patient
from models.subgroups import SUGGESTED_BY_THE_PAPER, all_subgroups, subgroups_of
from tests.support.bundles import default_bundle, small_bundle, without_subgroup_effects
from tests.support.examples import examples
from tests.support.patients import complete_messages, incomplete_messages, patient_of

CODES = (
    *("er_negative", "er_positive", "her2_negative", "her2_positive"),
    *("triple_negative", "not_triple_negative", "premenopausal", "postmenopausal"),
    *("ps_0", "ps_1_or_2", "one_organ", "two_or_more_organs"),
    *("no_liver", "liver", "bone_only", "not_bone_only"),
)
ROWS = {row.subgroup.code: row for row in all_subgroups()}


def codes_of(patient):
    return [row.subgroup.code for row in subgroups_of(patient)]


def test_all_sixteen_stand_in_the_paper_s_order():
    assert tuple(ROWS) == CODES


def test_typical_patient_belongs_to_eight():
    assert codes_of(patient_of()) == [
        "er_positive",
        "her2_negative",
        "not_triple_negative",
        "premenopausal",
        "ps_0",
        "one_organ",
        "no_liver",
        "bone_only",
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"er_status": "negative"}, "triple_negative"),
        ({"her2_status": "positive"}, "her2_positive"),
        ({"menopausal_status": "post"}, "postmenopausal"),
        ({"ecog_ps": 1}, "ps_1_or_2"),
        ({"ecog_ps": 2}, "ps_1_or_2"),
        ({"metastatic_sites": ["bone", "lung"]}, "two_or_more_organs"),
        ({"metastatic_sites": ["liver"]}, "liver"),
        ({"metastatic_sites": ["lung"]}, "not_bone_only"),
    ],
)
def test_patient_belongs_by_her_values(changes, code):
    assert code in codes_of(patient_of(**changes))


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"menopausal_status": None}, {"premenopausal", "postmenopausal"}),
        ({"ecog_ps": None}, {"ps_0", "ps_1_or_2"}),
        ({"metastatic_sites": None}, {"liver", "no_liver", "bone_only", "not_bone_only"}),
        ({"ecog_ps": 3}, {"ps_0", "ps_1_or_2"}),
    ],
)
def test_patient_belongs_to_nothing_by_what_is_not_known(changes, codes):
    assert codes.isdisjoint(codes_of(patient_of(**changes)))


@examples(50)
@given(complete_messages())
def test_known_patient_belongs_to_one_of_each_pair(message):
    pairs = [row.pair.id for row in subgroups_of(read_patient(message))]
    assert len(pairs) == len(set(pairs)) == 8


@examples(50)
@given(incomplete_messages())
def test_patient_belongs_to_at_most_one_of_each_pair_in_order(message):
    codes = codes_of(read_patient(message))
    assert codes == [code for code in CODES if code in codes]


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_text_has_the_interval_and_its_level(row):
    lower, upper = row.subgroup.interval
    assert f"{row.subgroup.estimate:.2f} (95%" in row.text
    assert f"{lower:.2f} to {upper:.2f})" in row.text


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_text_has_the_p_of_the_interaction(row):
    assert f"Interaction p {row.interaction.p:.2g}, one of eight pairs tested (by Holm" in row.text


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_text_has_the_rating(row):
    rated = row.pair.id in ("menopause", "organs")
    said = (
        "credibility that the effect differs is very low (our assessment)"
        if rated
        else "no suggestion of a different effect; use the overall one"
    )
    assert said in row.text


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_text_says_that_it_drives_no_figure(row):
    assert row.text.endswith("It drives none of the figures shown, exploratory ones aside.")


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_answer_has_what_a_reader_needs(row):
    answer = row.as_dict()
    assert answer["interval_level"] == 0.95
    assert answer["interaction_p"] == round(row.interaction.p, 4)
    assert answer["credibility"] in ("very_low", "not_rated")
    assert answer["text"] == row.text
    assert answer["interaction_p_holm"] == round(row.interaction.p_holm, 4)
    assert answer["interaction_p_bonferroni"] == round(row.interaction.p_bonferroni, 4)
    assert answer["interaction"]["ratio"] == round(row.interaction.ratio, 4)
    assert answer["interaction"]["interval_level"] == 0.95
    assert {answer["interaction"]["first"], answer["interaction"]["second"]} == {
        group.code for group in row.pair.subgroups
    }
    assert answer["rated"]["rating"] == answer["credibility"]
    assert answer["rated"]["our_assessment"] is True
    assert answer["consistency"]


def test_answer_is_made_once_for_each_language():
    row = ROWS["premenopausal"]
    assert row.as_dict() is row.as_dict()
    with speaking("ja"):
        assert row.as_dict() is row.as_dict()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_shrunken_ratio_is_between_the_printed_one_and_none(row):
    bundle = default_bundle()
    found = row.shrunken(bundle)
    assert found.raw == pytest.approx(row.subgroup.estimate / 0.873)
    assert found.interval[0] < found.ratio < found.interval[1]
    assert abs(math.log(found.ratio)) <= abs(math.log(found.raw)) + 0.07
    assert found.interval[0] < 1 < found.interval[1]
    assert found.as_dict()["interval_level"] == 0.95


def test_a_bundle_without_effects_by_subgroups_has_no_shrunken_ratio():
    bundle = without_subgroup_effects(small_bundle())
    assert ROWS["liver"].shrunken(bundle) is None


def test_answer_for_premenopausal_women():
    answer = ROWS["premenopausal"].as_dict()
    assert (answer["hazard_ratio"], answer["interval"]) == (0.538, [0.334, 0.868])


def test_other_trials_that_disagree_are_both_named():
    ids = [row.id for row in ROWS["premenopausal"].other_trials]
    assert ids == ["mf07_01.age_under_55", "e2108.age_under_40"]


def test_other_trial_without_an_interval_says_so():
    trials = ROWS["premenopausal"].as_dict()["other_trials"]
    assert trials[1]["interval"] is None
    assert trials[1]["interval_level"] is None


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_other_trials_are_figures_of_the_evidence(row):
    assert all(evidence()[trial.id] == trial for trial in row.other_trials)


def test_pairs_that_the_paper_suggests_exist():
    assert set(SUGGESTED_BY_THE_PAPER) < {row.pair.id for row in ROWS.values()}
