"""The trial's criteria, one definition each: what had to hold, in whose words, and when.

The first registration came before systemic therapy, the second after three months of it. Whether
a patient is in scope, why not, what was not confirmed and the reference page all derive from
`CRITERIA`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from models.covariates import ELIGIBILITY_PREFIX
from models.language import N_
from models.patient import Patient, Values

MET, NOT_MET, NOT_KNOWN = "met", "not_met", "not_known"
#: What can be said of one criterion.
STATES: tuple[str, ...] = (MET, NOT_MET, NOT_KNOWN)

FIRST, SECOND = "first_registration", "second_registration"
#: When a criterion had to hold.
REGISTRATIONS: tuple[str, ...] = (FIRST, SECOND)

AGE_RANGE = (20, 80)
FEWEST_MONTHS_OF_THERAPY = 2.7

_METHODS = "Methods, Study design and participants"
MONTHS_OF_THERAPY = f"{ELIGIBILITY_PREFIX}months_of_systemic_therapy"
_FROM_BONE = f"{ELIGIBILITY_PREFIX}ps2_due_to_bone_metastases"


@dataclass(frozen=True)
class Criterion:
    """One criterion.

    Attributes
    ----------
    code : str
        Stable name.
    registration : str
        One of `REGISTRATIONS`.
    text : str
        What must hold, in our words.
    fields : tuple of str
        The fields that it turns on; while one is open those behind it are not looked at.
    judge : callable
        Returns ``met``, ``not_known``, or the code of the reason why it is not met.
    reasons : mapping of str to str
        The sentences of the reasons by code, with places for words of the patient.
    trial_words : str
        The paper's words, quoted short; ``""`` where the criterion is our inference.
    place : str
        Where those words stand, or what our inference rests on.
    excludes : bool
        Whether a patient who does not meet it is out of scope.
    """

    code: str
    registration: str
    text: str
    fields: tuple[str, ...]
    judge: Callable[[Patient], str]
    reasons: Mapping[str, str]
    trial_words: str = ""
    place: str = _METHODS
    excludes: bool = True

    def state_of(self, judged: str) -> str:
        """Return the state, one of `STATES`, that a judgement stands for."""
        return NOT_MET if judged in self.reasons else judged

    def open_field(self, values: Values) -> str:
        """Return the first field that is not known; it has one while it is not known itself."""
        for name in self.fields[:-1]:
            if values[name] is None:
                return name
        return self.fields[-1]


@dataclass(frozen=True)
class _Fact:
    """A fact of eligibility that must be true, or must be false, at one registration.

    The reason why it is not met is named after it, or by `reason_code`.
    """

    name: str
    wanted: bool
    registration: str = FIRST
    reason_code: str = ""

    def criterion(self, text: str, reason: str, trial_words: str = "", **more: Any) -> Criterion:
        """Return the criterion that it is.

        Parameters
        ----------
        text, reason, trial_words : str
            As in `Criterion`; one sentence of why it is not met.
        more
            Further attributes of `Criterion`.
        """
        field, wanted = ELIGIBILITY_PREFIX + self.name, self.wanted
        code = self.reason_code or f"{self.name}_{str(not wanted).lower()}"

        def judge(patient: Patient) -> str:
            value = patient.values[field]
            return NOT_KNOWN if value is None else MET if value is wanted else code

        return Criterion(
            code=self.name,
            registration=self.registration,
            text=text,
            fields=(field,),
            judge=judge,
            reasons={code: reason},
            trial_words=trial_words,
            **more,
        )


def _judge_age(patient: Patient) -> str:
    if not patient.knows("age"):
        return NOT_KNOWN
    youngest, oldest = AGE_RANGE
    return MET if youngest <= patient.completed_age <= oldest else "age_outside_trial"


def _judge_performance(patient: Patient) -> str:
    grade, from_bone = patient.values["ecog_ps"], patient.values[_FROM_BONE]
    if grade is None or (grade == 2 and from_bone is None):
        return NOT_KNOWN
    if grade in (3, 4):
        return "performance_status_outside_trial"
    is_refused = grade == 2 and from_bone is False
    return "performance_status_2_not_from_bone" if is_refused else MET


def _judge_tumour(patient: Patient) -> str:
    stage = patient.values["clinical_t"]
    return NOT_KNOWN if stage is None else "no_primary_tumour" if stage == "T0" else MET


def _judge_months(patient: Patient) -> str:
    months = patient.values[MONTHS_OF_THERAPY]
    if not isinstance(months, int | float):
        return NOT_KNOWN
    return MET if months >= FEWEST_MONTHS_OF_THERAPY else "too_early"


#: In the order in which reasons are told.
CRITERIA: tuple[Criterion, ...] = (
    _Fact("female", wanted=True).criterion(
        N_("A woman (our inference: all had a menopausal status)."),
        N_("The trial's patients were women; all had a menopausal status."),
        place="Table 1",
    ),
    _Fact("histologically_proven", wanted=True).criterion(
        N_("Invasive breast cancer proven by histology."),
        N_("The trial required invasive cancer proven by histology."),
        "histologically proven invasive breast cancer",
    ),
    _Fact("de_novo_stage_iv", wanted=True).criterion(
        N_("Stage IV at first diagnosis."),
        N_("The trial took only stage IV disease at first diagnosis."),
        "De novo stage IV BC patients were enrolled in the first registration",
        place="Abstract, Methods",
    ),
    _Fact("progression_on_systemic_therapy", wanted=False, registration=SECOND).criterion(
        N_("No progression on systemic therapy."),
        N_("The trial randomised only patients without progression on systemic therapy."),
        "Secondary registration occurred following PST for patients without progression",
    ),
    _Fact("primary_resectable", wanted=True, registration=SECOND).criterion(
        N_("The primary tumour can be completely resected."),
        N_(
            "The trial randomised only patients whose primary tumour could be completely resected."
        ),
        "whose primary tumour can be completely resected",
    ),
    _Fact("primary_bleeding", wanted=False, registration=SECOND).criterion(
        N_("The primary tumour does not bleed."),
        N_("The trial excluded primary tumours that were bleeding."),
        "without bleeding from the primary tumour site",
    ),
    _Fact("bilateral_or_contralateral", wanted=False).criterion(
        N_("Neither bilateral cancer nor extension to the other breast."),
        N_("The trial excluded bilateral cancer and extension to the other breast."),
        "without bilateral breast cancer or extension to the contralateral breast",
    ),
    _Fact("brain_metastasis", wanted=False).criterion(
        N_("No brain metastasis."),
        N_("The trial excluded patients with brain metastasis."),
        "without brain metastasis",
    ),
    _Fact("prior_chemotherapy_or_breast_radiotherapy", wanted=False).criterion(
        N_("No earlier chemotherapy for breast cancer, nor radiotherapy of this breast."),
        N_("The trial excluded earlier chemotherapy for breast cancer, or radiotherapy of it."),
        "no prior chemotherapy for breast cancer or radiotherapy to the ipsilateral breast",
    ),
    _Fact("treated_for_other_malignancy_within_5_years", wanted=False).criterion(
        N_("Not treated for another malignancy within five years."),
        N_("The trial excluded patients treated for another malignancy within five years."),
        "no surgery, chemotherapy or radiotherapy for any other malignancies within the past 5 "
        "years",
    ),
    _Fact("prior_invasive_breast_cancer", wanted=False).criterion(
        N_("No earlier invasive breast cancer."),
        N_("The trial excluded patients with earlier invasive breast cancer."),
        "no prior history of invasive breast cancer",
    ),
    _Fact("adequate_organ_function", wanted=True).criterion(
        N_("Adequate organ function."),
        N_("The trial required adequate organ function."),
        "adequate organ function",
    ),
    Criterion(
        "age",
        FIRST,
        N_("Age from {youngest} to {oldest} years."),
        ("age",),
        _judge_age,
        {
            "age_outside_trial": N_(
                "The trial took women from {youngest} to {oldest} years; she is {age}."
            )
        },
        "aged 20–80 years",
    ),
    Criterion(
        "performance_status",
        FIRST,
        N_("Performance status 0 or 1, or 2 when caused by bone metastases."),
        ("ecog_ps", _FROM_BONE),
        _judge_performance,
        {
            "performance_status_outside_trial": N_(
                "The trial took performance status 0 to 2; hers is {grade}."
            ),
            "performance_status_2_not_from_bone": N_(
                "The trial took performance status 2 only when caused by bone metastases."
            ),
        },
        "performance status (PS) of 0 or 1 (PS 2 caused by the symptoms of bone metastasis is "
        "also eligible.)",
    ),
    Criterion(
        "primary_tumour",
        FIRST,
        N_("A primary tumour to remove: T1 to T4 (our inference)."),
        ("clinical_t",),
        _judge_tumour,
        {
            "no_primary_tumour": N_(
                "T0: there is no primary tumour to remove (our reading; Table 1 starts at T1)."
            )
        },
        place="Table 1",
    ),
    _Fact("measurable_metastasis", wanted=True, reason_code="no_measurable_metastasis").criterion(
        N_("A measurable metastasis outside the breast and the axilla."),
        N_(
            "The protocol asked for a measurable metastasis, yet {bone_only} of the {randomised} "
            "had bone metastases only."
        ),
        "at least one measurable metastatic lesion other than the breast tumour and axillary "
        "lymph nodes",
        excludes=False,
    ),
    Criterion(
        "months_of_systemic_therapy",
        SECOND,
        N_("Three months of systemic therapy."),
        (MONTHS_OF_THERAPY,),
        _judge_months,
        {
            "too_early": N_(
                "The trial decided after three months of systemic therapy; she has had {months}. "
                "Ask again after three months."
            )
        },
        "Patients without progression after primary systemic therapy for 3 months",
        "Abstract, Methods",
    ),
)
