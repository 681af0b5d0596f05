"""Whether the trial speaks about this patient: out of scope, or what was not confirmed.

Every criterion of `models.criteria` is met, not met or not known. One definite exclusion puts the
patient out of scope, and then no figure is given; what is not known is named beside the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from models.covariates import ELIGIBILITY_FACTS, FIELDS
from models.criteria import (
    AGE_RANGE,
    CRITERIA,
    FEWEST_MONTHS_OF_THERAPY,
    MET,
    MONTHS_OF_THERAPY,
    NOT_KNOWN,
    REGISTRATIONS,
    SECOND,
    STATES,
    Criterion,
)
from models.evidence import table_1
from models.language import N_, _, current_language
from models.patient import Patient

__all__ = [
    "AGE_RANGE",
    "FEWEST_MONTHS_OF_THERAPY",
    "VERDICTS",
    "Eligibility",
    "Note",
    "check_eligibility",
]

MOST_USUAL_MONTHS_OF_THERAPY = 6.0

#: Every criterion that excludes is met; one is not met; none is, but not all are known.
IN_SCOPE, OUT_OF_SCOPE, NOT_CONFIRMED = "in_scope", "out_of_scope", "not_confirmed"
VERDICTS: tuple[str, ...] = (IN_SCOPE, NOT_CONFIRMED, OUT_OF_SCOPE)

_ULCERATED = "eligibility.primary_ulcerated"

#: The criteria of each registration, with their places in `CRITERIA`.
_BY_REGISTRATION: Mapping[str, tuple[tuple[int, Criterion], ...]] = {
    name: tuple((place, each) for place, each in enumerate(CRITERIA) if each.registration == name)
    for name in REGISTRATIONS
}


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
    judged : tuple of str
        What `Criterion.judge` found, for each of `CRITERIA`.
    """

    reasons: tuple[Note, ...]
    applicability: tuple[Note, ...]
    ulceration_withheld: Note | None
    judged: tuple[str, ...]

    @property
    def in_scope(self) -> bool:
        """Whether figures may be given."""
        return not self.reasons

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`."""
        if self.reasons:
            return OUT_OF_SCOPE
        return NOT_CONFIRMED if NOT_KNOWN in self.judged else IN_SCOPE

    def states(self, registration: str) -> list[tuple[str, str]]:
        """Return the criteria of a registration: the code of each and her state."""
        return [
            (criterion.code, criterion.state_of(self.judged[place]))
            for place, criterion in _BY_REGISTRATION[registration]
        ]

    def criteria(self, registration: str) -> list[dict[str, object]]:
        """Return the criteria of a registration as they stand in an answer, with her states.

        Each is made once, and not to be changed.
        """
        answers = criterion_answers(current_language())
        return [answers[each] for each in self.states(registration)]

    def as_dict(self) -> dict[str, object]:
        """Return the verdict and both registrations as they stand in an answer."""
        return {"verdict": self.verdict, **{name: self.criteria(name) for name in REGISTRATIONS}}


def check_eligibility(patient: Patient) -> Eligibility:
    """Return the verdict on a patient, with all reasons in a fixed order."""
    judged = tuple([criterion.judge(patient) for criterion in CRITERIA])
    not_met = [
        (criterion, code)
        for criterion, code in zip(CRITERIA, judged, strict=True)
        if code not in (MET, NOT_KNOWN)
    ]
    reasons = [_note(each, code, patient) for each, code in not_met if each.excludes]
    differing = [_note(each, code, patient) for each, code in not_met if not each.excludes]
    notes = [*_late(patient), *differing, *_receptors(patient), *_unconfirmed(patient, judged)]
    notes += _ulceration(patient)
    return Eligibility(tuple(reasons), tuple(notes), _withheld(patient), judged)


def criterion_text(criterion: Criterion) -> str:
    """Return what must hold in words, in the language of the context."""
    return _(criterion.text).format_map(_trial_words())


@cache
def criterion_answers(language: str) -> Mapping[tuple[str, str], dict[str, object]]:  # noqa: ARG001
    """Return each criterion in each state as it stands in an answer, by its code and the state.

    Parameters
    ----------
    language : str
        That of the context.
    """
    return {(each.code, state): _as_dict(each, state) for each in CRITERIA for state in STATES}


def _as_dict(criterion: Criterion, state: str) -> dict[str, object]:
    return {
        "code": criterion.code,
        "state": state,
        "text": criterion_text(criterion),
        "trial_words": criterion.trial_words or None,
        "place": criterion.place,
        "excludes": criterion.excludes,
    }


def _note(criterion: Criterion, code: str, patient: Patient) -> Note:
    months = patient.values[MONTHS_OF_THERAPY]
    words = {
        **_trial_words(),
        "age": f"{patient.completed_age:g}",
        "grade": str(patient.values["ecog_ps"]),
        "months": f"{months:g}" if isinstance(months, int | float) else "",
    }
    return Note(code, _(criterion.reasons[code]).format_map(words))


@cache
def _trial_words() -> Mapping[str, str]:
    """Return the trial's numbers that stand in the texts."""
    counts = table_1()["counts"].values()
    return {
        "youngest": str(AGE_RANGE[0]),
        "oldest": str(AGE_RANGE[1]),
        "bone_only": str(sum(arm["bone_only_metastasis"]["true"] for arm in counts)),
        "randomised": str(sum(table_1()["arms"].values())),
    }


def late_months(patient: Patient) -> float | None:
    """Return the months of systemic therapy where they are many more than the trial's."""
    months = patient.values[MONTHS_OF_THERAPY]
    if not isinstance(months, int | float) or months <= MOST_USUAL_MONTHS_OF_THERAPY:
        return None
    return months


def _late(patient: Patient) -> list[Note]:
    months = late_months(patient)
    if months is None:
        return []
    text = _("The trial decided after three months of systemic therapy; she has had {months}.")
    return [Note("late_decision", text.format(months=f"{months:g}"))]


def _receptors(patient: Patient) -> list[Note]:
    values = patient.values
    both_negative = values["er_status"] == values["her2_status"] == "negative"
    if not both_negative or values["triple_negative"] is not False:
        return []
    text = _(
        "ER and HER2 are negative but it is not triple negative. The paper gives no "
        "progesterone receptor: she is scored as ER negative, HER2 negative."
    )
    return [Note("er_negative_not_triple_negative", text)]


@cache
def _decisive() -> frozenset[str]:
    """Return the facts of the second registration: those that change while one waits."""
    second = [each.fields for each in CRITERIA if each.registration == SECOND]
    return frozenset(name for fields in second for name in fields)


_UNCONFIRMED: tuple[tuple[str, bool, str], ...] = (
    ("eligibility_not_confirmed", True, N_("Not known, and decisive in the trial: {labels}.")),
    ("eligibility_partly_unknown", False, N_("Also not known: {labels}.")),
)


def _unconfirmed(patient: Patient, judged: tuple[str, ...]) -> tuple[Note, ...]:
    """Return what the trial's criteria turn on and is not known, the decisive facts first."""
    unknown = [
        criterion.open_field(patient.values)
        for criterion, found in zip(CRITERIA, judged, strict=True)
        if found == NOT_KNOWN
    ]
    return _unconfirmed_notes(tuple(unknown), current_language())


def _ulceration(patient: Patient) -> tuple[Note, ...]:
    """Return what must be said where nobody said whether the tumour is ulcerated."""
    if patient.values[_ULCERATED] is not None:
        return ()
    text = _(
        "Whether the primary tumour is ulcerated now is not known. If it is, the figures for "
        "ulceration have no meaning."
    )
    return (Note("ulceration_not_known", text),)


# Patients of a list share few patterns of what is not known.
@lru_cache(1024)
def _unconfirmed_notes(unknown: tuple[str, ...], language: str) -> tuple[Note, ...]:  # noqa: ARG001
    """Return the notes on fields that are not known; the language is the context's."""
    facts = [field.name for field in ELIGIBILITY_FACTS if field.name in unknown]
    notes = []
    for code, is_decisive, text in _UNCONFIRMED:
        names = [name for name in facts if (name in _decisive()) == is_decisive]
        if names:
            labels = _("; ").join(_(FIELDS[name].label) for name in names)
            notes.append(Note(code, _(text).format(labels=labels)))
    return tuple(notes)


def _withheld(patient: Patient) -> Note | None:
    if patient.values[_ULCERATED] is not True:
        return None
    text = _(
        "The primary tumour is ulcerated already, so a risk of new ulceration has no meaning."
    )
    return Note("already_ulcerated", text)
