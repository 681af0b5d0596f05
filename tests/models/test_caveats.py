"""Which caveats stand beside which answer."""

import re

import pytest
from hypothesis import given

from models import caveats as module
from models.caveat_fillings import EACH
from models.caveat_rules import RULES
from models.caveats import FIRST_SIGHT, SEVERITIES, Case, caveat_texts, caveats_for
from models.evidence import evidence, interaction_of, pairs
from models.evidence.consistency import AGREES, CONFLICTS, other_trials
from models.evidence.credibility import assessment_of
from models.evidence.interactions import NOT_RATED
from models.language import LANGUAGES, current_language, speaking
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
    "earlier_trials",
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


ORDER = list(caveat_texts())


def forget():
    """Let the caches of the caveats forget."""
    module._caveats.cache_clear()
    module._told.cache_clear()


def row_of(code):
    """Return the code of the row of the file that a caveat was told from."""
    (row,) = [r for r in ORDER if r == code] or [
        r for r in ORDER if "each" in caveat_texts()[r] and code.startswith(f"{r}_")
    ]
    return row


def sentences(text):
    return [part for part in re.split(r"(?<=[.!?])\s+", text) if part]


@pytest.mark.parametrize("code", [*ALWAYS, *ALWAYS_WHEN_SYNTHETIC])
@examples(10)
@given(message=complete_messages() | incomplete_messages())
def test_fixed_caveat_is_always_there(code, message):
    found = caveats_for(Case(read_patient(message), default_bundle(), Options((48,))))
    assert code in [caveat.code for caveat in found]


def test_fixed_caveats_are_those_without_a_rule():
    fixed = {c for c, row in caveat_texts().items() if not {"when", "each"} & set(row)}
    assert fixed == set(ALWAYS)


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
        ({"er_status": "positive"}, "subgroup_er_positive", True),
        ({"er_status": None}, "subgroup_er_positive", False),
    ],
)
def test_each_subgroup_that_she_belongs_to_is_a_caveat(changes, code, there):
    assert (code in caveats(**changes)) == there


def test_conflict_of_other_trials_has_their_evidence():
    found = caveats()["other_trials_conflict_premenopausal"].evidence
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
    for severity in SEVERITIES:
        places = [ORDER.index(row_of(c.code)) for c in found if c.severity == severity]
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
@given(complete_messages() | incomplete_messages())
def test_no_sentence_is_longer_than_25_words(message):
    for caveat in caveats_for(Case(read_patient(message), default_bundle(), EVERYTHING)):
        for sentence in sentences(f"{caveat.text} {caveat.applies_because}"):
            assert len(sentence.split()) <= 25, f"{caveat.code}: {sentence}"


def test_every_caveat_of_the_file_has_a_known_severity():
    assert {row["severity"] for row in caveat_texts().values()} <= set(SEVERITIES)


@pytest.mark.parametrize(("key", "known"), [("when", RULES), ("each", EACH)])
def test_every_rule_that_is_named_exists_and_every_rule_is_named(key, known):
    assert {row[key] for row in caveat_texts().values() if key in row} == set(known)


def test_no_row_has_two_rules():
    assert not [code for code, row in caveat_texts().items() if {"when", "each"} <= set(row)]


@pytest.mark.parametrize("code", caveat_texts())
def test_every_figure_that_is_named_exists(code):
    known = set(evidence()) | SUBGROUP_CODES
    assert set(caveat_texts()[code].get("evidence", ())) <= known


def test_primary_endpoint_is_told_with_its_level():
    text = caveats()["primary_endpoint_not_met"].text
    assert "0.86, 90% interval as reported 0.69 to 1.07" in text


def test_early_progression_is_told_with_both_arms():
    assert "32.7% v. 18.5%" in caveats()["early_distant_progression"].text


def test_crossover_is_told_with_its_counts():
    text = caveats()["crossover"].text
    assert "of 205 not offered it 7 had it early and 40 later" in text
    assert "29 of 202 offered surgery declined" in text


def test_caveat_as_it_stands_in_an_answer():
    caveat = caveats()["open_label"]
    assert caveat.as_dict() == {
        "code": "open_label",
        "severity": "info",
        "text": caveat.text,
        "applies_because": caveat.applies_because,
        "evidence": [],
        "place": "Methods, Study design and participants",
    }


#: Names of drugs, receptors, trials and tables that hold a digit.
NAMES_WITH_DIGITS = ("CDK4/6", "HER2", "E2108", "Table 1")


@pytest.mark.parametrize("code", ORDER)
def test_no_figure_is_typed(code):
    row = caveat_texts()[code]
    text = re.sub(r"{\w+}", "", f"{row['text']} {row['because']}")
    for name in NAMES_WITH_DIGITS:
        text = text.replace(name, "")
    assert not re.search(r"\d", text)


ALL_SUBGROUPS = {group.code: (pair, group) for pair in pairs() for group in pair.subgroups}
#: A patient of each subgroup.
MEMBERS = {
    "er_negative": {"er_status": "negative"},
    "er_positive": {},
    "her2_negative": {},
    "her2_positive": {"her2_status": "positive"},
    "triple_negative": {"er_status": "negative"},
    "not_triple_negative": {},
    "premenopausal": {},
    "postmenopausal": {"menopausal_status": "post"},
    "ps_0": {},
    "ps_1_or_2": {"ecog_ps": 1},
    "one_organ": {},
    "two_or_more_organs": {"metastatic_sites": ["bone", "lung"]},
    "no_liver": {},
    "liver": {"metastatic_sites": ["liver"]},
    "bone_only": {},
    "not_bone_only": {"metastatic_sites": ["lung"]},
}


@pytest.mark.parametrize("code", ALL_SUBGROUPS)
def test_a_subgroups_ratio_has_its_level_interval_interaction_and_rating(code):
    pair, group = ALL_SUBGROUPS[code]
    text = caveats(**MEMBERS[code])[f"subgroup_{code}"].text
    interaction = interaction_of(pair)
    lower, upper = group.interval
    assert f"hazard ratio of death {group.estimate:.2f}" in text
    assert f"({group.level:.0%} interval {lower:.2f} to {upper:.2f})" in text
    assert f"Interaction p {interaction.p:.2g}, one of eight pairs" in text
    assert (
        f"credibility of a difference: {assessment_of(pair.id).rating.replace('_', ' ')}." in text
    )


@pytest.mark.parametrize("code", ALL_SUBGROUPS)
def test_no_other_caveat_tells_a_subgroups_ratio(code):
    _, group = ALL_SUBGROUPS[code]
    found = caveats((12, 96), asked={"effect": "all"}, **MEMBERS[code])
    told = {name for name, c in found.items() if f"{group.estimate:.2f} " in f"{c.text} "}
    assert not {name for name in told if not name.startswith("subgroup_")}


@pytest.mark.parametrize(
    ("promising", "threatening"),
    [
        ("premenopausal", "postmenopausal"),
        ("one_organ", "two_or_more_organs"),
        ("her2_negative", "her2_positive"),
        ("no_liver", "liver"),
    ],
)
def test_a_subgroup_that_threatens_is_told_with_the_restraint_of_one_that_promises(
    promising, threatening
):
    def told(code):
        caveat = caveats(**MEMBERS[code])[f"subgroup_{code}"]
        text = caveat.text.replace(ALL_SUBGROUPS[code][1].label, "")
        return caveat.severity, re.sub(r"\d+\.\d+", "0", text)

    (severity, text), other = told(promising), told(threatening)
    assert "no evidence that surgery helps her" in text
    rated = assessment_of(ALL_SUBGROUPS[promising][0].id).rating != NOT_RATED
    swapped = ("does more", "does less") if rated else ("helps", "harms")
    assert other == (severity, text.replace(*swapped))


@pytest.mark.parametrize(
    ("code", "does"),
    [
        ("premenopausal", "more"),
        ("postmenopausal", "less"),
        ("one_organ", "more"),
        ("two_or_more_organs", "less"),
    ],
)
def test_a_rated_subgroup_is_a_hint_of_a_difference_and_of_no_effect(code, does):
    text = caveats(**MEMBERS[code])[f"subgroup_{code}"].text
    assert f"hint that surgery does {does} in this subgroup than in the other" in text
    assert "no evidence that surgery helps her or harms her" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"conflict_premenopausal", "agree_one_organ", "agree_bone_only"}),
        ({"er_status": "negative", "menopausal_status": "post", "metastatic_sites": ["lung"]},
         {"agree_one_organ", "agree_not_bone_only"}),
        ({"her2_status": "positive", "er_status": None, "menopausal_status": None,
          "metastatic_sites": ["lung", "bone"]}, {"agree_not_bone_only"}),
    ],
    ids=["typical", "triple negative", "HER2 positive"],
)  # fmt: skip
def test_other_trials_agree_or_conflict(changes, expected):
    found = caveats(**changes)
    start = "other_trials_"
    assert {code.removeprefix(start) for code in found if code.startswith(start)} == expected


def test_a_conflict_names_who_points_which_way():
    text = caveats()["other_trials_conflict_premenopausal"].text
    against, same = text.split("The same way points")
    assert "premenopausal was below that of the whole trial" in against
    assert "above that trial's own: E2108, age under 40 (1.72 v. 1.11)." in against
    assert "MF07-01, age under 55 (0.57 v. 0.66)." in same
    assert "No interval seen excludes its own trial's overall ratio." in same


def test_an_agreement_is_judged_against_each_trials_own_whole():
    text = caveats()["other_trials_agree_one_organ"].text
    assert "one organ with metastases was below that of the whole trial" in text
    assert "below that trial's own: MF07-01, solitary bone metastasis only (0.47 v. 0.66)" in text


def test_what_e2108_saw_is_told_with_one_organ_only():
    assert "oligometastatic_not_confirmed" in caveats()
    assert "oligometastatic_not_confirmed" not in caveats(metastatic_sites=["bone", "lung"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "HER2 negative, premenopausal, one organ with metastases, no liver metastasis"),
        ({"menopausal_status": "post", "metastatic_sites": ["liver", "bone"]},
         "HER2 negative, postmenopausal, two or more organs with metastases, liver metastasis"),
        ({"her2_status": None, "metastatic_sites": None}, None),
        ({"her2_status": None, "metastatic_sites": None, "metastatic_organs": "1"},
         "premenopausal, one organ with metastases"),
    ],
)  # fmt: skip
def test_a_combination_has_no_estimate_and_that_is_said(changes, words):
    found = caveats(**changes).get("no_estimate_for_combination")
    if words is None:
        assert found is None
    else:
        assert f"no estimate for her combination: {words}." in found.text
        assert not re.search(r"\d", found.text.replace("HER2", ""))


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"ecog_ps": 2}, "few_ps_1_or_2", "47 of 407 (performance status 1 or 2), 23 of them"),
        ({"er_status": "negative"}, "few_triple_negative", "37 of 407 (triple negative), 20 of"),
        ({"clinical_t": "T1"}, "few_t1", "25 of 407 (T1), 17 of them"),
        ({"clinical_t": "T3"}, "few_t3", "48 of 407 (T3), 22 of them"),
        ({"clinical_n": "N0"}, "few_n0", "48 of 407 (N0), 22 of them"),
    ],
)
def test_small_cells_are_counted_by_arm(changes, code, words):
    assert words in caveats(**changes)[code].text


def test_large_cells_are_not_called_few():
    assert not [code for code in caveats() if code.startswith("few")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "At most 117 of the trial's 407 patients"),
        ({"ecog_ps": 1}, "At most 47 of"),
        ({"clinical_t": "T1", "ecog_ps": 1}, "At most 25 of"),
        ({"metastatic_sites": ["liver"]}, "At most 93 of"),
    ],
)
def test_patients_like_her_are_at_most_the_smallest_group_of_table_1(changes, words):
    assert words in caveats(**changes)["patients_like_her"].text


DRUGS = ("cdk46_inhibitors", "checkpoint_inhibitors", "antibody_drug_conjugates")


@pytest.mark.parametrize(
    ("er", "her2", "triple", "expected"),
    [
        ("positive", "negative", None, {"cdk46_inhibitors", "antibody_drug_conjugates"}),
        ("negative", "negative", None, {"checkpoint_inhibitors", "antibody_drug_conjugates"}),
        ("negative", "negative", False, set()),
        ("positive", "positive", None, {"antibody_drug_conjugates"}),
        ("negative", "positive", None, {"antibody_drug_conjugates"}),
        ("positive", None, None, set()),
        (None, None, None, set()),
    ],
)
def test_drugs_of_today_are_named_by_subtype_as_an_assumption(er, her2, triple, expected):
    found = caveats(er_status=er, her2_status=her2, triple_negative=triple)
    named = {drug for drug in DRUGS if f"{drug}_not_in_trial" in found}
    assert named == expected
    for drug in named:
        assert "our assumption" in found[f"{drug}_not_in_trial"].text
    assert "no_modern_drugs" in found


@pytest.mark.parametrize(
    ("er", "her2", "paclitaxel", "hormonal"),
    [
        ("positive", "negative", False, False),
        ("negative", "negative", True, False),
        ("positive", "positive", False, True),
        ("negative", "positive", False, False),
    ],
)
def test_what_her_subtype_was_treated_with_is_said(er, her2, paclitaxel, hormonal):
    found = caveats(er_status=er, her2_status=her2)
    assert ("paclitaxel_alone" in found) == paclitaxel
    assert ("hormonal_therapy_first" in found) == hormonal


@pytest.mark.parametrize(("progression", "there"), [(None, True), (False, False)])
def test_progression_that_is_not_ruled_out_comes_first(progression, there):
    facts = {"progression_on_systemic_therapy": progression}
    options = Options(HORIZONS)
    found = caveats_for(Case(patient_of(eligibility=facts), default_bundle(), options))
    assert (found[0].code == "progression_not_ruled_out") == there
    assert (found[0].severity == "stop") == there


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ecog_ps": 1, "clinical_n": None, "age": 77},
        {"er_status": "negative", "menopausal_status": "post", "metastatic_sites": ["liver"]},
    ],
)
def test_what_is_looked_up_is_what_is_told_anew(changes, language):
    case = Case(patient_of(**changes), default_bundle(), EVERYTHING)
    with speaking(language):
        kept = caveats_for(case)
        forget()
        assert caveats_for(case) == kept


def test_patients_who_differ_in_nothing_that_matters_share_their_caveats():
    one, other = (
        caveats_for(Case(patient_of(age=age), default_bundle(), Options(HORIZONS)))
        for age in (40, 60)
    )
    assert one is other


def test_caveats_are_kept_apart_by_language(monkeypatch):
    monkeypatch.setattr(module, "_", lambda text: f"{current_language()}: {text}")
    forget()
    case = Case(patient_of(), default_bundle(), Options(HORIZONS))
    for language in (*LANGUAGES, LANGUAGES[0]):
        with speaking(language):
            assert all(c.text.startswith(f"{language}: ") for c in caveats_for(case))
    forget()


def test_the_texts_of_a_bundle_are_its_own():
    """Two bundles of the same caches must not borrow each other's words."""
    sizes = [
        caveats(HORIZONS, cohort_bundle(patients=n))["cohort_training_data"].text for n in (99, 88)
    ]
    assert "99 patients" in sizes[0]
    assert "88 patients" in sizes[1]


@pytest.mark.parametrize("code", ORDER)
def test_a_place_is_typed_only_where_no_figure_tells_it(code):
    row = caveat_texts()[code]
    own = {evidence()[name].source for name in row.get("evidence", ()) if name in evidence()}
    assert "place" not in row or own != {"jcog1017"}


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("primary_endpoint_not_met", "Abstract; Results, Efficacy"),
        ("subgroup_premenopausal", "Fig. 3, Menopausal status"),
        ("patients_like_her", "Table 1"),
        ("no_modern_drugs", "Limitations"),
        ("crossover", "Results, Patient characteristics; Results, Efficacy"),
        ("local_outcomes_overlap", None),
    ],
)
def test_the_place_of_the_trials_words_is_told(code, place):
    assert caveats()[code].place == place


@examples(40)
@given(complete_messages() | incomplete_messages())
def test_what_is_hers_is_seen_at_first_sight(message):
    found = caveats_for(Case(read_patient(message), default_bundle(), Options((12, 48))))
    first = [caveat.code for caveat in found[:FIRST_SIGHT]]
    for code in ("primary_endpoint_not_met", "early_distant_progression", "unknown_values"):
        assert code in first or code not in [caveat.code for caveat in found]


@pytest.mark.parametrize("code", ALL_SUBGROUPS)
def test_agreement_and_conflict_are_those_of_the_consistency_over_trials(code):
    found = caveats(**MEMBERS[code])
    directions = {each.direction for each in other_trials(ALL_SUBGROUPS[code][1])}
    assert (f"other_trials_conflict_{code}" in found) == (CONFLICTS in directions)
    agrees = AGREES in directions and CONFLICTS not in directions
    assert (f"other_trials_agree_{code}" in found) == agrees
