"""Whether the trial speaks about this patient: out of scope, or what was not confirmed.

Every criterion is in, out or not known. One definite exclusion puts the patient out of scope,
and then no figure is given; what is not known is named beside the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.covariates import ELIGIBILITY_FACTS, FIELDS
from models.evidence import table_1
from models.patient import Patient

AGE_RANGE = (20, 80)
FEWEST_MONTHS_OF_THERAPY = 2.7
MOST_USUAL_MONTHS_OF_THERAPY = 6.0


@dataclass(frozen=True)
class Note:
    """A stable code and the sentence that a person reads."""

    code: str
    text: str

    def as_dict(self) -> dict[str, str]:
        """Return the note as it stands in an answer."""
        return {"code": self.code, "text": self.text}


@dataclass(frozen=True)
class Eligibility:
    """The verdict on one patient.

    Attributes
    ----------
    reasons : tuple of Note
        Why the patient is out of scope; empty when she is not.
    applicability : tuple of Note
        What was not confirmed, or differs from the trial without excluding her.
    ulceration_withheld : Note or None
        Why figures for ulceration are not given.
    """

    reasons: tuple[Note, ...]
    applicability: tuple[Note, ...]
    ulceration_withheld: Note | None

    @property
    def in_scope(self) -> bool:
        """Whether figures may be given."""
        return not self.reasons


#: (fact, the value that excludes, the reason in words). Paper: Methods, Study design.
_EXCLUSIONS: tuple[tuple[str, bool, str], ...] = (
    ("female", False, "The trial's patients were women; all had a menopausal status."),
    ("histologically_proven", False, "The trial required invasive cancer proven by histology."),
    ("de_novo_stage_iv", False, "The trial took only stage IV disease at first diagnosis."),
    (
        "progression_on_systemic_therapy",
        True,
        "The trial randomised only patients without progression on systemic therapy.",
    ),
    (
        "primary_resectable",
        False,
        "The trial randomised only patients whose primary tumour could be completely resected.",
    ),
    ("primary_bleeding", True, "The trial excluded primary tumours that were bleeding."),
    (
        "bilateral_or_contralateral",
        True,
        "The trial excluded bilateral cancer and extension to the other breast.",
    ),
    ("brain_metastasis", True, "The trial excluded patients with brain metastasis."),
    (
        "prior_chemotherapy_or_breast_radiotherapy",
        True,
        "The trial excluded earlier chemotherapy for breast cancer, or radiotherapy of it.",
    ),
    (
        "treated_for_other_malignancy_within_5_years",
        True,
        "The trial excluded patients treated for another malignancy within five years.",
    ),
    (
        "prior_invasive_breast_cancer",
        True,
        "The trial excluded patients with earlier invasive breast cancer.",
    ),
    ("adequate_organ_function", False, "The trial required adequate organ function."),
)


#: The facts of the second registration, after three months: those that change while one waits.
_DECISIVE = (
    "eligibility.progression_on_systemic_therapy",
    "eligibility.primary_resectable",
    "eligibility.primary_bleeding",
    "eligibility.primary_ulcerated",
    "eligibility.months_of_systemic_therapy",
)


def check_eligibility(patient: Patient) -> Eligibility:
    """Return the verdict on a patient, with all reasons in a fixed order."""
    facts = patient.facts
    reasons = [
        Note(f"{fact}_{str(excluding).lower()}", text)
        for fact, excluding, text in _EXCLUSIONS
        if facts[fact] is excluding
    ]
    reasons += _covariate_reasons(patient)
    reasons += _too_early(facts["months_of_systemic_therapy"])
    return Eligibility(tuple(reasons), tuple(_applicability(patient)), _withheld(patient))


def _covariate_reasons(patient: Patient) -> list[Note]:
    reasons = []
    youngest, oldest = AGE_RANGE
    age = patient.completed_age
    if age < youngest or age > oldest:
        text = f"The trial took women from {youngest} to {oldest} years; she is {age:g}."
        reasons.append(Note("age_outside_trial", text))
    grade = patient.values["ecog_ps"]
    if grade in (3, 4):
        text = f"The trial took performance status 0 to 2; hers is {grade}."
        reasons.append(Note("performance_status_outside_trial", text))
    if grade == 2 and patient.values["eligibility.ps2_due_to_bone_metastases"] is False:
        text = "The trial took performance status 2 only when caused by bone metastases."
        reasons.append(Note("performance_status_2_not_from_bone", text))
    if patient.values["clinical_t"] == "T0":
        text = "T0: there is no primary tumour to remove (our reading; Table 1 starts at T1)."
        reasons.append(Note("no_primary_tumour", text))
    return reasons


def _too_early(months: object) -> list[Note]:
    if not isinstance(months, int | float) or months >= FEWEST_MONTHS_OF_THERAPY:
        return []
    text = (
        f"The trial decided after three months of systemic therapy; she has had {months:g}. "
        "Ask again after three months."
    )
    return [Note("too_early", text)]


def _applicability(patient: Patient) -> list[Note]:
    values = patient.values
    notes = []
    months = values["eligibility.months_of_systemic_therapy"]
    if isinstance(months, int | float) and months > MOST_USUAL_MONTHS_OF_THERAPY:
        text = f"The trial decided after three months of systemic therapy; she has had {months:g}."
        notes.append(Note("late_decision", text))
    if values["eligibility.measurable_metastasis"] is False:
        text = (
            f"The protocol asked for a measurable metastasis, yet {_bone_only()} had bone "
            "metastases only."
        )
        notes.append(Note("no_measurable_metastasis", text))
    if values["er_status"] == values["her2_status"] == "negative" and (
        values["triple_negative"] is False
    ):
        text = (
            "ER and HER2 are negative but it is not triple negative. The paper gives no "
            "progesterone receptor: she is scored as ER negative, HER2 negative."
        )
        notes.append(Note("er_negative_not_triple_negative", text))
    return notes + _unconfirmed(patient)


def _unconfirmed(patient: Patient) -> list[Note]:
    """Return what the trial's criteria turn on and is not known, the decisive facts first."""
    unknown = [field.name for field in ELIGIBILITY_FACTS if patient.values[field.name] is None]
    if patient.values["ecog_ps"] != 2:
        unknown = [name for name in unknown if name != "eligibility.ps2_due_to_bone_metastases"]
    decisive = [name for name in unknown if name in _DECISIVE]
    others = [name for name in unknown if name not in decisive]
    notes = []
    for code, names, words in (
        ("eligibility_not_confirmed", decisive, "Not known, and decisive in the trial"),
        ("eligibility_partly_unknown", others, "Also not known"),
    ):
        if names:
            labels = "; ".join(FIELDS[name].label for name in names)
            notes.append(Note(code, f"{words}: {labels}."))
    return notes


def _withheld(patient: Patient) -> Note | None:
    if patient.values["eligibility.primary_ulcerated"] is not True:
        return None
    text = "The primary tumour is ulcerated already, so a risk of new ulceration has no meaning."
    return Note("already_ulcerated", text)


def _bone_only() -> str:
    counts = table_1()["counts"].values()
    bone_only = sum(arm["bone_only_metastasis"]["true"] for arm in counts)
    return f"{bone_only} of the {sum(table_1()['arms'].values())}"
