"""From patients to predictions: the one way that every door takes.

covariates -> eligibility -> assess -> caveats. What a prediction looks like (JSON, a page, a
row of CSV) is a renderer's affair; all of them render `Prediction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.assess import Question, assess, assess_pooled
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
        Arrays of shape (outcomes, shown arms, horizons); ``None`` out of
        scope.
    pooled : Estimates or None
        Overall survival, arrays of shape (shown arms, horizons), under the effect of the four
        earlier trials.
    caveats, subgroups : tuple
        Empty out of scope: there is no figure to be careful with.
    """

    patient: Patient
    eligibility: Eligibility
    question: Question
    bundle: Bundle
    estimates: Estimates | None
    pooled: Estimates | None
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
    figures = _figures([patients[row] for row in in_scope], bundle, question)
    by_row = dict(zip(in_scope, figures, strict=True))
    return [
        _prediction(Scored(patient, verdict, by_row.get(row)), bundle, question)
        for row, (patient, verdict) in enumerate(zip(patients, verdicts, strict=True))
    ]


@dataclass(frozen=True)
class Figures:
    """The figures of one patient: all outcomes, and survival under the pooled effect."""

    estimates: Estimates
    pooled: Estimates


@dataclass(frozen=True)
class Scored:
    """A patient with her verdict and, in scope, her figures."""

    patient: Patient
    eligibility: Eligibility
    figures: Figures | None


def _figures(patients: Sequence[Patient], bundle: Bundle, question: Question) -> list[Figures]:
    if not patients:
        return []
    table = table_of(patients)
    rows = zip(
        _rows(assess(table, bundle, question)),
        _rows(assess_pooled(table, bundle, question)),
        strict=True,
    )
    return [
        Figures(estimates, Estimates(pooled.estimate[0], pooled.lower[0], pooled.upper[0]))
        for estimates, pooled in rows
    ]


def _rows(table: Estimates) -> list[Estimates]:
    """Return the estimates of each row."""
    rows = zip(table.estimate, table.lower, table.upper, strict=True)
    return [Estimates(*each) for each in rows]


def _prediction(scored: Scored, bundle: Bundle, question: Question) -> Prediction:
    shown = scored.figures is not None
    patient = scored.patient
    return Prediction(
        patient=patient,
        eligibility=scored.eligibility,
        question=question,
        bundle=bundle,
        estimates=scored.figures.estimates if scored.figures else None,
        pooled=scored.figures.pooled if scored.figures else None,
        caveats=tuple(caveats_for(patient, bundle, question.horizons)) if shown else (),
        subgroups=subgroups_of(patient) if shown else (),
    )
