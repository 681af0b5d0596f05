"""From patients to predictions: the one way that every door takes.

covariates -> eligibility -> assess -> caveats. What a prediction looks like (JSON, a page, a
row of CSV) is a renderer's affair; all of them render `Prediction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.assess import Question, assess
from models.bundle import Bundle
from models.caveats import Caveat, caveats_for
from models.eligibility import Eligibility, check_eligibility
from models.intervals import Estimates
from models.patient import Patient
from models.subgroups import SubgroupEvidence, subgroups_of
from models.table import table_of


@dataclass(frozen=True)
class Prediction:
    """What is said about one patient.

    Attributes
    ----------
    estimates : Estimates or None
        Arrays of shape (outcomes, shown arms, horizons); ``None`` out of scope.
    caveats, subgroups : tuple
        Empty out of scope: there is no figure to be careful with.
    """

    patient: Patient
    eligibility: Eligibility
    question: Question
    bundle: Bundle
    estimates: Estimates | None
    caveats: tuple[Caveat, ...]
    subgroups: tuple[SubgroupEvidence, ...]

    @property
    def status(self) -> str:
        """``ok`` or ``out_of_scope``."""
        return "ok" if self.estimates is not None else "out_of_scope"


def predict(patients: Sequence[Patient], bundle: Bundle, question: Question) -> list[Prediction]:
    """Return a prediction for each patient, in order."""
    verdicts = [check_eligibility(patient) for patient in patients]
    in_scope = [row for row, verdict in enumerate(verdicts) if verdict.in_scope]
    figures = _estimates([patients[row] for row in in_scope], bundle, question)
    by_row = dict(zip(in_scope, figures, strict=True))
    return [
        _prediction(Scored(patient, verdict, by_row.get(row)), bundle, question)
        for row, (patient, verdict) in enumerate(zip(patients, verdicts, strict=True))
    ]


@dataclass(frozen=True)
class Scored:
    """A patient with her verdict and, in scope, her figures."""

    patient: Patient
    eligibility: Eligibility
    estimates: Estimates | None


def _estimates(patients: Sequence[Patient], bundle: Bundle, question: Question) -> list[Estimates]:
    if not patients:
        return []
    rows = assess(table_of(patients), bundle, question)
    return [Estimates(*each) for each in zip(rows.estimate, rows.lower, rows.upper, strict=True)]


def _prediction(scored: Scored, bundle: Bundle, question: Question) -> Prediction:
    shown = scored.estimates is not None
    patient = scored.patient
    return Prediction(
        patient=patient,
        eligibility=scored.eligibility,
        question=question,
        bundle=bundle,
        estimates=scored.estimates,
        caveats=tuple(caveats_for(patient, bundle, question.horizons)) if shown else (),
        subgroups=subgroups_of(patient) if shown else (),
    )
