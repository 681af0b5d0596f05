"""Which caveats stand beside which answer."""

import re

import pytest
from hypothesis import given

from models.caveats import RULES, SEVERITIES, Case, caveat_texts, caveats_for
from models.evidence import evidence, pairs
from models.options import Options
from models.patient import read_patient
from tests.support.bundles import cohort_bundle, cox_bundle, default_bundle, recalibrated_bundle
from tests.support.examples import examples
from tests.support.patients import complete_messages, incomplete_messages, patient_of

ALWAYS = (
    "primary_endpoint_not_met",
    "no_modern_drugs",
    "early_distant_progression",
    "local_outcomes_overlap",
    "open_label",
    "crossover",
)
#: Of every answer from the simulated trials.
ALWAYS_WHEN_SYNTHETIC = (
    "synthetic_training_data",
    "local_risk_individualisation_assumed",
    "survival_individualisation_assumed",
)
HORIZONS = (12, 48, 60)
#: Asks for whatever a caveat can be about.
EVERYTHING = Options((12, 96), effect="all")
#: The caveats on analyses beside the default.
ON_ANALYSES = {"two_models", "subgroup_effect_exploratory", "learned_effect_exploratory"}
SUBGROUP_CODES = {group.code for pair in pairs() for group in pair.subgroups}


def caveats(horizons=HORIZONS, bundle=None, asked=None, **changes):
    options = Options(horizons, **(asked or {}))
    found = caveats_for(Case(patient_of(**changes), bundle or default_bundle(), options))
    return {caveat.code: caveat for caveat in found}


def sentences(text):
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if part]


@pytest.mark.parametrize("code", [*ALWAYS, *ALWAYS_WHEN_SYNTHETIC])
@examples(10)
@given(message=complete_messages() | incomplete_messages())
def test_fixed_caveat_is_always_there(code, message):
    found = caveats_for(Case(read_patient(message), default_bundle(), Options((48,))))
    assert code in [caveat.code for caveat in found]


def test_fixed_caveats_are_those_without_a_rule():
    assert {code for code, row in caveat_texts().items() if "when" not in row} == set(ALWAYS)


def test_synthetic_data_are_named():
    assert "jcog1017-synthetic" in caveats()["synthetic_training_data"].applies_because


#: What is said only of the patients that a bundle learned from.
OF_TRAINING = {
    "synthetic_training_data",
    "survival_individualisation_assumed",
    "local_risk_individualisation_assumed",
    "local_shape_assumed",
    "horizon_past_median_follow_up",
    "horizon_past_upper_quartile",
    "cohort_training_data",
    "recalibrated_on_cohort",
    "effect_of_surgery_from_trial",
    "effect_of_surgery_from_cohort",
    "horizon_past_cohort_follow_up",
}


@pytest.mark.parametrize(
    ("bundle", "horizons", "expected"),
    [
        (
            default_bundle(),
            (12, 90),
            {
                "synthetic_training_data",
                "survival_individualisation_assumed",
                "local_risk_individualisation_assumed",
                "local_shape_assumed",
                "horizon_past_median_follow_up",
                "horizon_past_upper_quartile",
            },
        ),
        (cohort_bundle(), (12, 40), {"cohort_training_data", "effect_of_surgery_from_trial"}),
        (
            cohort_bundle(effect_of_surgery="cohort"),
            (12, 41),
            {
                "cohort_training_data",
                "effect_of_surgery_from_cohort",
                "horizon_past_cohort_follow_up",
            },
        ),
        (
            recalibrated_bundle(),
            (12, 72),
            {
                "synthetic_training_data",
                "survival_individualisation_assumed",
                "local_risk_individualisation_assumed",
                "recalibrated_on_cohort",
                "horizon_past_cohort_follow_up",
            },
        ),
    ],
    ids=["synthetic", "cohort", "randomised", "recalibrated"],
)
def test_each_kind_of_bundle_has_its_caveats(bundle, horizons, expected):
    assert set(caveats(horizons, bundle)) & OF_TRAINING == expected


def test_a_cohort_is_named_with_its_size():
    found = caveats(HORIZONS, cohort_bundle(patients=1234))
    assert "a local cohort of 1234 patients" in found["cohort_training_data"].text
    assert found["cohort_training_data"].severity == "warning"
    assert "less than 40 months" in found["horizon_past_cohort_follow_up"].text


def test_a_recalibration_names_cohort_and_parent():
    text = caveats(HORIZONS, recalibrated_bundle(patients=321))["recalibrated_on_cohort"].text
    assert "a local cohort of 321 patients" in text
    assert "jcog1017-synthetic 0.1.0" in text


@pytest.mark.parametrize(
    ("horizons", "median", "quartile"),
    [((60,), False, False), ((61,), True, False), ((80,), True, False), ((12, 81), True, True)],
)
def test_horizons_past_follow_up_are_flagged(horizons, median, quartile):
    found = caveats(horizons)
    assert ("horizon_past_median_follow_up" in found) == median
    assert ("horizon_past_upper_quartile" in found) == quartile


def test_flag_names_the_last_horizon():
    because = caveats((84, 12))["horizon_past_upper_quartile"].applies_because
    assert because == "A horizon of 84 months was asked for."


@pytest.mark.parametrize(("horizons", "there"), [((48,), False), ((47,), True), ((48, 60), True)])
def test_assumed_course_is_named_at_any_time_but_four_years(horizons, there):
    assert ("local_shape_assumed" in caveats(horizons)) == there


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ({}, set()),
        ({"effect": "pooled"}, set()),
        ({"effect": "subgroup"}, {"subgroup_effect_exploratory"}),
        ({"model": "forest"}, {"two_models"}),
        ({"model": "forest", "effect": "pooled"}, {"two_models"}),
        ({"model": "forest", "effect": "subgroup"}, {"two_models", "subgroup_effect_exploratory"}),
        ({"model": "forest", "effect": "learned"}, {"two_models", "learned_effect_exploratory"}),
        ({"effect": "all"}, ON_ANALYSES),
    ],
)
def test_a_second_model_and_exploratory_effects_are_named(asked, there):
    assert ON_ANALYSES & set(caveats(asked=asked)) == there


def test_all_effects_of_a_bundle_without_forests_need_no_words_on_forests():
    found = caveats(bundle=cox_bundle(), asked={"effect": "all"})
    assert not ON_ANALYSES & set(found)


@pytest.mark.parametrize("effect", ["subgroup", "learned"])
def test_an_exploratory_effect_is_a_warning(effect):
    found = caveats(asked={"model": "forest", "effect": effect})
    assert found[f"{effect}_effect_exploratory"].severity == "warning"


@pytest.mark.parametrize("words", ["exploratory", "no evidence", "chance", "overlap", "several"])
def test_the_effect_by_subgroups_says_what_it_is_worth(words):
    assert words in caveats(asked={"effect": "subgroup"})["subgroup_effect_exploratory"].text


@pytest.mark.parametrize(
    ("gap", "there"), [(0.0, False), (0.0999, False), (0.1, True), (0.45, True)]
)
def test_models_that_are_far_apart_are_named_with_her_own_gap(gap, there):
    options = Options(HORIZONS, model="forest")
    found = {c.code: c for c in caveats_for(Case(patient_of(), default_bundle(), options, gap))}
    assert ("models_far_apart" in found) == there
    if there:
        assert f"up to {100 * gap:.0f} percentage points" in found["models_far_apart"].text
        assert found["models_far_apart"].severity == "warning"


def test_unknown_values_are_listed():
    text = caveats(ecog_ps=None, clinical_n=None)["unknown_values"].text
    assert "ECOG performance status, Clinical N" in text


def test_nothing_unknown_is_not_flagged():
    assert "unknown_values" not in caveats()


@pytest.mark.parametrize(("grade", "there"), [(0, False), (1, True), (2, True), (None, False)])
def test_few_with_performance_status_1_or_2(grade, there):
    found = caveats(ecog_ps=grade)
    assert ("few_ps_1_or_2" in found) == there


def test_few_are_counted():
    assert "47 of 407" in caveats(ecog_ps=1)["few_ps_1_or_2"].text
    assert "37 of 407" in caveats(er_status="negative")["few_triple_negative"].text


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({"er_status": "negative"}, True),
        ({"er_status": "negative", "triple_negative": False}, False),
        ({"er_status": "positive"}, False),
        ({"er_status": None}, False),
    ],
)
def test_few_with_a_triple_negative_tumour(changes, there):
    assert ("few_triple_negative" in caveats(**changes)) == there


@pytest.mark.parametrize(
    ("age", "there"),
    [(20, True), (25.9, True), (26, False), (74.9, False), (75, True), (80, True), (None, False)],
)
def test_extreme_age_is_flagged(age, there):
    assert ("extreme_age" in caveats(age=age)) == there


@pytest.mark.parametrize(
    ("changes", "code", "there"),
    [
        ({"menopausal_status": "pre"}, "subgroup_premenopausal", True),
        ({"menopausal_status": "post"}, "subgroup_premenopausal", False),
        ({"menopausal_status": "post"}, "subgroup_postmenopausal", True),
        ({"menopausal_status": None}, "subgroup_premenopausal", False),
        ({"her2_status": "positive"}, "subgroup_her2_positive", True),
        ({"metastatic_sites": ["liver"]}, "subgroup_liver", True),
        ({"metastatic_sites": ["bone"]}, "subgroup_liver", False),
        ({"metastatic_sites": ["bone"]}, "subgroup_one_organ", True),
        ({"er_status": "positive"}, "subgroup_er_positive", False),
    ],
)
def test_subgroup_that_the_paper_suggests_is_a_caveat(changes, code, there):
    assert (code in caveats(**changes)) == there


def test_subgroup_caveat_names_what_other_trials_said():
    found = caveats()["subgroup_premenopausal"].evidence
    assert found == ("premenopausal", "mf07_01.age_under_55", "e2108.age_under_40")


@examples(40)
@given(complete_messages() | incomplete_messages())
def test_most_pressing_come_first(message):
    found = caveats_for(Case(read_patient(message), default_bundle(), EVERYTHING))
    ranks = [SEVERITIES.index(caveat.severity) for caveat in found]
    assert ranks == sorted(ranks)


@examples(40)
@given(complete_messages() | incomplete_messages())
def test_order_within_a_severity_is_that_of_the_file(message):
    found = caveats_for(Case(read_patient(message), default_bundle(), EVERYTHING))
    order = list(caveat_texts())
    for severity in SEVERITIES:
        places = [
            order.index(caveat.code)
            for caveat in found
            if caveat.severity == severity and caveat.code in order
        ]
        assert places == sorted(places)


@examples(20)
@given(complete_messages() | incomplete_messages())
def test_the_same_case_gives_the_same_caveats(message):
    patient = read_patient(message)
    one, other = (caveats_for(Case(patient, default_bundle(), EVERYTHING)) for _ in range(2))
    assert one == other


@examples(40)
@given(complete_messages() | incomplete_messages())
def test_every_blank_is_filled(message):
    for caveat in caveats_for(Case(read_patient(message), default_bundle(), EVERYTHING)):
        assert not re.search(r"[{}]|\bnan\b|None", caveat.text + caveat.applies_because)


@examples(40)
@given(complete_messages() | incomplete_messages())
def test_codes_are_distinct(message):
    found = caveats_for(Case(read_patient(message), default_bundle(), EVERYTHING))
    assert len({caveat.code for caveat in found}) == len(found)


@examples(40)
@given(complete_messages())
def test_no_sentence_is_longer_than_25_words(message):
    for caveat in caveats_for(Case(read_patient(message), default_bundle(), EVERYTHING)):
        for sentence in sentences(caveat.text):
            assert len(sentence.split()) <= 25, f"{caveat.code}: {sentence}"


def test_every_caveat_of_the_file_has_a_known_severity():
    assert {row["severity"] for row in caveat_texts().values()} <= set(SEVERITIES)


def test_every_rule_that_is_named_exists():
    named = {row["when"] for row in caveat_texts().values() if "when" in row}
    assert named == set(RULES)


@pytest.mark.parametrize("code", caveat_texts())
def test_every_figure_that_is_named_exists(code):
    known = set(evidence()) | SUBGROUP_CODES
    assert set(caveat_texts()[code]["evidence"]) <= known


def test_primary_endpoint_is_told_with_its_level():
    text = caveats()["primary_endpoint_not_met"].text
    assert "0.86, 90% interval as reported 0.69 to 1.07" in text


def test_early_progression_is_told_with_both_arms():
    assert "32.7% v. 18.5%" in caveats()["early_distant_progression"].text


def test_crossover_is_told_with_its_counts():
    text = caveats()["crossover"].text
    assert "40 of 205 not offered surgery" in text
    assert "29 of 202 offered it declined" in text


def test_caveat_as_it_stands_in_an_answer():
    caveat = caveats()["open_label"]
    assert caveat.as_dict() == {
        "code": "open_label",
        "severity": "info",
        "text": caveat.text,
        "applies_because": caveat.applies_because,
        "evidence": [],
    }
