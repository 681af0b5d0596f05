"""The specification of eligibility: patient in, verdict and words out."""

import pytest
from hypothesis import given

from models.covariates import ELIGIBILITY_FACTS
from models.criteria import CRITERIA, MET, NOT_KNOWN, NOT_MET, REGISTRATIONS, SECOND, STATES
from models.eligibility import VERDICTS, check_eligibility
from models.patient import read_patient
from tests.support.eligibility_cases import cases, patient_of_case
from tests.support.examples import examples
from tests.support.patients import any_messages

CASES = cases()


def title(case):
    return case["title"]


def states(verdict):
    return {
        row["code"]: row["state"]
        for registration in REGISTRATIONS
        for row in verdict.criteria(registration)
    }


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_verdict_is_the_specified_one(case):
    assert check_eligibility(patient_of_case(case)).verdict == case["verdict"]


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_criteria_have_the_specified_states(case):
    found = states(check_eligibility(patient_of_case(case)))
    expected = dict.fromkeys(found, MET)
    expected |= dict.fromkeys(case.get("not_met", []), NOT_MET)
    expected |= dict.fromkeys(case.get("not_known", []), NOT_KNOWN)
    assert found == expected


@pytest.mark.parametrize("case", CASES, ids=title)
def test_the_words_are_the_specified_ones_in_order(case):
    verdict = check_eligibility(patient_of_case(case))
    for expected, notes in (
        (case.get("reasons", {}), verdict.reasons),
        (case.get("notes", {}), verdict.applicability),
    ):
        assert [(note.code, note.text) for note in notes] == list(expected.items())
    withheld = verdict.ulceration_withheld
    assert (withheld and withheld.text) == case.get("withheld")


def test_titles_are_distinct():
    assert len(set(map(title, CASES))) == len(CASES)


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda each: each.code)
def test_every_criterion_is_specified_as_not_met(criterion):
    assert any(criterion.code in case.get("not_met", []) for case in CASES)


@pytest.mark.parametrize(
    "code",
    [code for criterion in CRITERIA if criterion.excludes for code in criterion.reasons],
)
def test_every_reason_is_specified(code):
    assert any(code in case.get("reasons", {}) for case in CASES)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_is_specified(verdict):
    assert any(case["verdict"] == verdict for case in CASES)


@pytest.mark.parametrize("field", ELIGIBILITY_FACTS, ids=lambda field: field.name)
def test_every_fact_but_ulceration_belongs_to_one_criterion(field):
    users = [each.code for each in CRITERIA if field.name in each.fields]
    assert len(users) == (0 if field.name == "eligibility.primary_ulcerated" else 1)


def test_the_second_registration_asks_for_what_the_paper_says():
    assert [each.code for each in CRITERIA if each.registration == SECOND] == [
        "progression_on_systemic_therapy",
        "primary_resectable",
        "primary_bleeding",
        "months_of_systemic_therapy",
    ]


#: The sentences of the paper that hold the criteria (Abstract; Methods).
PAPER = (
    "De novo stage IV BC patients were enrolled in the first registration and received "
    "systemic therapies according to clinical subtypes. Patients without progression after "
    "primary systemic therapy for 3 months were randomly assigned 1:1. The eligible "
    "patients were aged 20–80 years with an Eastern Cooperative Oncology Group (ECOG) "
    "performance status (PS) of 0 or 1 (PS 2 caused by the symptoms of bone metastasis is "
    "also eligible.), histologically proven invasive breast cancer and without bilateral "
    "breast cancer or extension to the contralateral breast. The patients with at least one "
    "measurable metastatic lesion other than the breast tumour and axillary lymph nodes, "
    "and without brain metastasis, were included. Other eligibility criteria were no prior "
    "chemotherapy for breast cancer or radiotherapy to the ipsilateral breast, no surgery, "
    "chemotherapy or radiotherapy for any other malignancies within the past 5 years, no "
    "prior history of invasive breast cancer, and adequate organ function. Secondary "
    "registration occurred following PST for patients without progression. In addition, "
    "patients without bleeding from the primary tumour site and whose primary tumour can be "
    "completely resected were eligible."
)


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda each: each.code)
def test_the_trials_words_are_the_papers(criterion):
    assert criterion.trial_words in PAPER
    assert bool(criterion.trial_words) != ("our inference" in criterion.text)


@examples(100)
@given(any_messages())
def test_verdict_and_states_agree(message):
    verdict = check_eligibility(read_patient(message))
    found = states(verdict)
    assert len(found) == len(CRITERIA)
    assert set(found.values()) <= set(STATES)
    excluded = [each for each in CRITERIA if each.excludes and found[each.code] == NOT_MET]
    assert len(verdict.reasons) == len(excluded)
    assert verdict.in_scope == (not excluded)
    assert (verdict.verdict == "out_of_scope") == bool(excluded)
    if not excluded:
        assert (verdict.verdict == "not_confirmed") == (NOT_KNOWN in found.values())


def test_a_criterion_as_it_stands_in_an_answer():
    (first, *_) = check_eligibility(patient_of_case(CASES[0])).as_dict()["second_registration"]
    assert first == {
        "code": "progression_on_systemic_therapy",
        "state": "met",
        "text": "No progression on systemic therapy.",
        "trial_words": "Secondary registration occurred following PST for patients without "
        "progression",
        "place": "Methods, Study design and participants",
        "excludes": True,
    }
