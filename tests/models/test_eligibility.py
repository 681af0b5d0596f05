"""In scope, out of scope, or not confirmed: every criterion in its three states."""

import pytest
from hypothesis import given

from models.covariates import FIELDS
from models.criteria import CRITERIA, STATES
from models.eligibility import check_eligibility, criterion_answers
from models.errors import InvalidInput
from models.language import LANGUAGES, speaking
from models.patient import read_patient
from tests.support.examples import examples
from tests.support.patients import CONFIRMED, any_messages, patient_of, patient_with_facts

#: Fact, the value that excludes.
EXCLUSIONS = {
    "female": False,
    "histologically_proven": False,
    "de_novo_stage_iv": False,
    "progression_on_systemic_therapy": True,
    "primary_resectable": False,
    "primary_bleeding": True,
    "bilateral_or_contralateral": True,
    "prior_chemotherapy_or_breast_radiotherapy": True,
    "treated_for_other_malignancy_within_5_years": True,
    "prior_invasive_breast_cancer": True,
    "adequate_organ_function": False,
}
BRAIN = "brain_metastasis"


def without_sites(**changes):
    """Return a patient whose sites are not listed, so that brain metastasis is open."""
    spread = {"metastatic_organs": "1", "liver_metastasis": False, "bone_only_metastasis": True}
    return patient_of(metastatic_sites=None, **{**spread, **changes})


def reasons(patient):
    return [note.code for note in check_eligibility(patient).reasons]


def notes(patient):
    return {note.code: note.text for note in check_eligibility(patient).applicability}


def not_confirmed(patient):
    """Return all that is named as not known, in words."""
    codes = ("eligibility_not_confirmed", "eligibility_partly_unknown")
    notes = check_eligibility(patient).applicability
    return " ".join(note.text for note in notes if note.code in codes)


def test_confirmed_patient_is_in_scope_without_a_note():
    verdict = check_eligibility(patient_with_facts())
    assert (verdict.reasons, verdict.applicability, verdict.ulceration_withheld) == ((), (), None)


@pytest.mark.parametrize(("fact", "excluding"), EXCLUSIONS.items(), ids=EXCLUSIONS)
def test_exclusion_puts_out_of_scope(fact, excluding):
    patient = patient_with_facts(**{fact: excluding})
    assert reasons(patient) == [f"{fact}_{str(excluding).lower()}"]


@pytest.mark.parametrize(("fact", "excluding"), EXCLUSIONS.items(), ids=EXCLUSIONS)
def test_opposite_of_an_exclusion_is_in_scope_without_a_note(fact, excluding):
    verdict = check_eligibility(patient_with_facts(**{fact: not excluding}))
    assert verdict.in_scope
    assert verdict.applicability == ()


@pytest.mark.parametrize("fact", EXCLUSIONS)
def test_exclusion_that_is_not_known_is_in_scope_and_named(fact):
    patient = patient_with_facts(**{fact: None})
    assert reasons(patient) == []
    assert FIELDS[f"eligibility.{fact}"].label in not_confirmed(patient)


def test_brain_metastasis_puts_out_of_scope():
    assert reasons(without_sites(eligibility={**CONFIRMED, BRAIN: True})) == [f"{BRAIN}_true"]


def test_brain_among_the_sites_puts_out_of_scope():
    assert f"{BRAIN}_true" in reasons(patient_of(metastatic_sites=["brain"]))


def test_brain_metastasis_that_is_not_known_is_named():
    patient = without_sites(eligibility={**CONFIRMED, BRAIN: None})
    assert "Brain metastasis" in not_confirmed(patient)


def test_sites_without_brain_confirm_that_there_is_none():
    assert not_confirmed(patient_of(eligibility={**CONFIRMED, BRAIN: None})) == ""


def test_nothing_but_the_covariates_known_is_in_scope():
    assert check_eligibility(patient_of()).in_scope


def test_the_decisive_facts_are_named_first():
    notes = check_eligibility(patient_of()).applicability
    codes = [note.code for note in notes]
    assert codes == [
        "eligibility_not_confirmed",
        "eligibility_partly_unknown",
        "ulceration_not_known",
    ]
    assert "Progression on systemic therapy" in notes[0].text
    assert "Female" in notes[1].text


def test_everything_not_known_is_named():
    text = not_confirmed(without_sites())
    apart = ("ps2_due_to_bone_metastases", "primary_ulcerated")
    asked = [n for n in CONFIRMED if n not in apart]
    assert all(FIELDS[f"eligibility.{name}"].label in text for name in asked)


@pytest.mark.parametrize(
    ("age", "in_scope"),
    [(19, False), (19.99, False), (20, True), (80, True), (80.9, True), (81, False), (120, False)],
)
def test_age_is_in_scope_from_20_to_80_completed_years(age, in_scope):
    assert reasons(patient_of(age=age)) == ([] if in_scope else ["age_outside_trial"])


def test_unknown_age_is_in_scope():
    assert reasons(patient_of(age=None)) == []


@pytest.mark.parametrize("grade", [0, 1])
@pytest.mark.parametrize("due_to_bone", [True, False, None])
def test_performance_status_0_and_1_are_in_scope(grade, due_to_bone):
    facts = {"ps2_due_to_bone_metastases": due_to_bone}
    assert reasons(patient_of(ecog_ps=grade, eligibility=facts)) == []


@pytest.mark.parametrize(
    ("due_to_bone", "expected"),
    [(True, []), (None, []), (False, ["performance_status_2_not_from_bone"])],
)
def test_performance_status_2_is_in_scope_unless_not_from_bone(due_to_bone, expected):
    facts = {"ps2_due_to_bone_metastases": due_to_bone}
    assert reasons(patient_of(ecog_ps=2, eligibility=facts)) == expected


@pytest.mark.parametrize(("grade", "asked"), [(0, False), (1, False), (2, True), (None, False)])
def test_cause_of_performance_status_2_is_asked_where_it_matters(grade, asked):
    label = FIELDS["eligibility.ps2_due_to_bone_metastases"].label
    assert (label in not_confirmed(patient_of(ecog_ps=grade))) == asked


@pytest.mark.parametrize("sites", [["liver", "lung"], ["distant_nodes"]])
def test_performance_status_2_is_not_from_bone_without_bone_metastases(sites):
    patient = patient_of(ecog_ps=2, metastatic_sites=sites)
    assert reasons(patient) == ["performance_status_2_not_from_bone"]


def test_performance_status_2_from_bone_contradicts_sites_without_bone():
    facts = {"ps2_due_to_bone_metastases": True}
    with pytest.raises(InvalidInput) as caught:
        patient_of(ecog_ps=2, metastatic_sites=["liver"], eligibility=facts)
    assert [problem.code for problem in caught.value.problems] == ["contradiction"]


@pytest.mark.parametrize("grade", [3, 4])
def test_performance_status_3_and_4_are_out_of_scope(grade):
    assert reasons(patient_of(ecog_ps=grade)) == ["performance_status_outside_trial"]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [("T0", ["no_primary_tumour"]), ("T1", []), ("T4", []), (None, [])],
)
def test_t0_is_out_of_scope(stage, expected):
    assert reasons(patient_of(clinical_t=stage)) == expected


@pytest.mark.parametrize(
    ("months", "expected"),
    [(0, ["too_early"]), (2.6, ["too_early"]), (2.7, []), (3, []), (6, []), (6.1, []), (24, [])],
)
def test_less_than_2_7_months_of_therapy_is_too_early(months, expected):
    assert reasons(patient_with_facts(months_of_systemic_therapy=months)) == expected


def test_too_early_asks_to_come_again():
    (reason,) = check_eligibility(patient_with_facts(months_of_systemic_therapy=1)).reasons
    assert "Ask again" in reason.text


@pytest.mark.parametrize(("months", "flagged"), [(2.7, False), (6, False), (6.1, True)])
def test_more_than_six_months_of_therapy_is_flagged(months, flagged):
    patient = patient_with_facts(months_of_systemic_therapy=months)
    assert ("late_decision" in notes(patient)) == flagged


def test_unknown_months_of_therapy_are_named():
    patient = patient_with_facts(months_of_systemic_therapy=None)
    assert "Months of systemic therapy" in not_confirmed(patient)


@pytest.mark.parametrize(("measurable", "flagged"), [(True, False), (False, True), (None, False)])
def test_no_measurable_metastasis_is_a_note_only(measurable, flagged):
    patient = patient_with_facts(measurable_metastasis=measurable)
    assert reasons(patient) == []
    assert ("no_measurable_metastasis" in notes(patient)) == flagged


def test_note_on_measurable_metastasis_counts_the_bone_only():
    patient = patient_with_facts(measurable_metastasis=False)
    assert "117 of the 407" in notes(patient)["no_measurable_metastasis"]


@pytest.mark.parametrize(("ulcerated", "withheld"), [(True, True), (False, False), (None, False)])
def test_ulcerated_tumour_withholds_ulceration_only(ulcerated, withheld):
    verdict = check_eligibility(patient_with_facts(primary_ulcerated=ulcerated))
    assert verdict.in_scope
    assert (verdict.ulceration_withheld is not None) == withheld


def test_unknown_ulceration_is_named():
    patient = patient_with_facts(primary_ulcerated=None)
    (note,) = [n for n in check_eligibility(patient).applicability if "ulcerated" in n.text]
    assert note.code == "ulceration_not_known"
    assert "ulcerated" not in not_confirmed(patient), "ulceration is no criterion"


@pytest.mark.parametrize(
    ("changes", "flagged"),
    [
        ({"er_status": "negative", "triple_negative": False}, True),
        ({"er_status": "negative"}, False),
        ({"er_status": "positive"}, False),
        ({"er_status": None, "triple_negative": False}, False),
    ],
)
def test_receptor_negative_but_not_triple_negative_is_a_note(changes, flagged):
    assert ("er_negative_not_triple_negative" in notes(patient_of(**changes))) == flagged


def test_several_reasons_are_given_at_once_in_order():
    patient = patient_of(
        age=85,
        ecog_ps=3,
        clinical_t="T0",
        eligibility={**CONFIRMED, "primary_bleeding": True, "months_of_systemic_therapy": 1},
    )
    assert reasons(patient) == [
        "primary_bleeding_true",
        "age_outside_trial",
        "performance_status_outside_trial",
        "no_primary_tumour",
        "too_early",
    ]


def test_note_says_which_way_the_trial_asks():
    """A bleeding tumour is not what the criteria ask for."""
    text = not_confirmed(patient_with_facts(primary_bleeding=None))
    assert "Primary tumour bleeds now. The trial's criteria ask for these" not in text


@examples(100)
@given(any_messages())
def test_reasons_and_notes_have_distinct_codes_and_sentences(message):
    verdict = check_eligibility(read_patient(message))
    said = [*verdict.reasons, *verdict.applicability]
    assert len({note.code for note in said}) == len(said)
    assert all(note.text.endswith(".") for note in said)


@examples(100)
@given(any_messages())
def test_a_definite_exclusion_and_nothing_else_puts_out_of_scope(message):
    patient = read_patient(message)
    excluded = any(
        patient.values[f"eligibility.{fact}"] is value for fact, value in EXCLUSIONS.items()
    )
    covariates = (
        not 20 <= int(patient.values["age"]) <= 80
        or patient.values["ecog_ps"] in (3, 4)
        or patient.values["clinical_t"] == "T0"
    )
    not_bone = patient.values["eligibility.ps2_due_to_bone_metastases"] is False
    due = patient.values["ecog_ps"] == 2 and not_bone
    months = patient.values["eligibility.months_of_systemic_therapy"]
    early = months is not None and months < 2.7
    assert check_eligibility(patient).in_scope == (not (excluded or covariates or due or early))


def test_note_as_it_stands_in_an_answer():
    (reason,) = check_eligibility(patient_of(clinical_t="T0")).reasons
    assert reason.as_dict() == {"code": "no_primary_tumour", "text": reason.text}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_state_of_each_criterion_is_told_once(language):
    with speaking(language):
        told = criterion_answers(language)
        assert set(told) == {(each.code, state) for each in CRITERIA for state in STATES}
        assert all((row["code"], row["state"]) == key for key, row in told.items())
        assert all(row["text"] for row in told.values())
