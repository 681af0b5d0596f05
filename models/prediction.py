"""From patients to predictions: the one way that every door takes.

covariates -> eligibility -> assess -> caveats. What a prediction looks like (JSON, a page, a
row of CSV) is a renderer's affair; all of them render `Prediction`.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from models.analyses import DEFAULT_ANALYSIS, FOREST_ANALYSIS, Analysis
from models.assess import assess, assess_with_pooled
from models.bundle import Bundle
from models.caveats import Case, Caveat, caveats_for
from models.design_matrix import profile_of
from models.eligibility import Eligibility, check_eligibility
from models.errors import InvalidInput, Problem
from models.intervals import Estimates
from models.language import _
from models.memory import Figures, Memory
from models.options import Options
from models.outcomes import ALL_EFFECTS, FIRST_HORIZON, OVERALL_EFFECT, POOLED_EFFECT
from models.patient import Patient
from models.subgroups import SubgroupEvidence, subgroups_of
from models.table import FloatArray, Table, encoded_row, row_count, table_of_rows


@dataclass(frozen=True)
class Prediction:
    """What is said about one patient.

    Attributes
    ----------
    analyses : mapping of Analysis to Estimates
        Arrays of shape (outcomes, shown arms, horizons) of each analysis that was computed;
        empty out of scope.
    listed : tuple of Analysis
        Those that stand beside each other, the default first; empty when only the default was
        asked for.
    caveats, subgroups : tuple
        Empty out of scope: there is no figure to be careful with.
    """

    patient: Patient
    eligibility: Eligibility
    options: Options
    bundle: Bundle
    analyses: Figures
    listed: tuple[Analysis, ...]
    caveats: tuple[Caveat, ...]
    subgroups: tuple[SubgroupEvidence, ...]

    @property
    def in_scope(self) -> bool:
        """Whether there are figures."""
        return bool(self.analyses)

    @property
    def status(self) -> str:
        """``ok`` or ``out_of_scope``."""
        return "ok" if self.in_scope else "out_of_scope"

    @property
    def shown(self) -> Estimates:
        """The figures of the answer itself, arrays of shape (outcomes, shown arms, horizons).

        Raises
        ------
        KeyError
            Out of scope.
        """
        return self.analyses[self.options.shown]

    @property
    def pooled_survival(self) -> Estimates:
        """Overall survival under the earlier trials' effect, shape (shown arms, horizons)."""
        pooled = self.analyses[Analysis(self.options.model, POOLED_EFFECT)]
        return Estimates(pooled.estimate[0], pooled.lower[0], pooled.upper[0])

    @property
    def disagreement(self) -> FloatArray | None:
        """Forest minus Cox under the whole trial's effect, or ``None`` when not both are known.

        Array of shape (outcomes, shown arms, horizons), differences of probabilities.
        """
        return _forest_minus_cox(self.analyses)


def predict(
    patients: Sequence[Patient],
    bundle: Bundle,
    options: Options,
    memory: Memory | None = None,
) -> list[Prediction]:
    """Return a prediction for each patient, in order.

    Parameters
    ----------
    memory : Memory, optional
        Where figures of earlier calls are looked for and those of this one are kept.

    Raises
    ------
    InvalidInput
        If the bundle does not hold the model or the effect that is asked for.
    """
    asked = asked_of(bundle, options)
    verdicts = [check_eligibility(patient) for patient in patients]
    in_scope = [row for row, verdict in enumerate(verdicts) if verdict.in_scope]
    # An empty memory is false, so it must be told from none.
    kept = Memory(0) if memory is None else memory
    figures = _figures([patients[row] for row in in_scope], asked, kept)
    by_row = dict(zip(in_scope, figures, strict=True))
    return [
        _prediction(patient, verdict, by_row.get(row, {}), asked)
        for row, (patient, verdict) in enumerate(zip(patients, verdicts, strict=True))
    ]


@dataclass(frozen=True)
class Asked:
    """What holds for all patients of a request."""

    bundle: Bundle
    options: Options

    @cached_property
    def listed(self) -> tuple[Analysis, ...]:
        """The analyses that stand beside each other, as `Prediction.listed`."""
        return self.options.listed(self.bundle.held)

    @cached_property
    def key(self) -> bytes:
        """What figures depend on beside the covariates."""
        options = self.options
        asked = (options.question, options.model, options.effect)
        return f"{self.bundle.digest} {asked} ".encode()


@lru_cache(16)
def asked_of(bundle: Bundle, options: Options) -> Asked:
    """Return what is asked of a bundle; what was asked lately is the same object.

    Raises
    ------
    InvalidInput
        As `refuse_lacking`.
    """
    refuse_lacking(bundle, options)
    return Asked(bundle, options)


def refuse_lacking(bundle: Bundle, options: Options) -> None:
    """Refuse a model or an effect that the bundle lacks, and months that it knows nothing about.

    Raises
    ------
    InvalidInput
        With what it holds.
    """
    problems = []
    name = f"{bundle.id} {bundle.version}"
    if options.model not in bundle.kinds:
        message = _("The bundle {bundle} holds no {model}.")
        text = message.format(bundle=name, model=options.model)
        accepted = _("one of {values}, or another bundle").format(values=", ".join(bundle.kinds))
        problems.append(Problem("model", "not_accepted", text, accepted))
    effects = [each.effect for each in bundle.held if each.model == options.model]
    if effects and options.effect not in (*effects, ALL_EFFECTS):
        message = _("The bundle {bundle} holds no effect {effect}.")
        text = message.format(bundle=name, effect=options.effect)
        held = ", ".join([*effects, ALL_EFFECTS])
        accepted = _("one of {values}, or another bundle").format(values=held)
        problems.append(Problem("effect", "not_accepted", text, accepted))
    late = [month for month in options.horizons_months if month > bundle.last_month]
    if late:
        message = _(
            "The cohort behind the bundle {bundle} was observed for {last} months; nothing is "
            "known of month {months}."
        )
        months = ", ".join(map(str, late))
        text = message.format(bundle=name, last=bundle.last_month, months=months)
        accepted = _("whole months from {first} to {last}").format(
            first=FIRST_HORIZON, last=bundle.last_month
        )
        problems.append(Problem("horizons_months", "out_of_range", text, accepted))
    if problems:
        raise InvalidInput(problems)


_NOBODY = table_of_rows([])


def _figures(patients: Sequence[Patient], asked: Asked, memory: Memory) -> list[Figures]:
    """Return the figures of each patient; each distinct profile is scored once."""
    rows = [encoded_row(patient) for patient in patients]
    keys = [memory.key(array("d", profile_of(row)).tobytes(), asked.key) for row in rows]
    known = {key: memory.find(key) for key in dict.fromkeys(keys)}
    places = {key: row for row, key in enumerate(keys) if known[key] is None}
    new = [rows[place] for place in places.values()]
    scored = _score(table_of_rows(new) if new else _NOBODY, asked)
    for key, figures in zip(places, scored, strict=True):
        known[key] = figures
        memory.keep(key, figures)
    return [known[key] or {} for key in keys]


def _score(table: Table, asked: Asked) -> list[Figures]:
    """Return the figures of each row of a table."""
    rows = row_count(table)
    if not rows:
        return []
    by_analysis: dict[Analysis, Estimates] = {}
    for model in dict.fromkeys([asked.options.model, *(each.model for each in asked.listed)]):
        by_analysis |= _model_figures(table, asked, model)
    for analysis in asked.listed:
        if analysis.exploratory:
            found = assess(table, asked.bundle, asked.options.question, analysis)
            by_analysis[analysis] = found
    return [
        {analysis: _row(found, row) for analysis, found in by_analysis.items()}
        for row in range(rows)
    ]


def _row(table: Estimates, row: int) -> Estimates:
    """Return a copy of one row, so that what is kept does not hold on to the others."""
    return Estimates(table.estimate[row].copy(), table.lower[row].copy(), table.upper[row].copy())


def _model_figures(table: Table, asked: Asked, model: str) -> dict[Analysis, Estimates]:
    """Return a model's figures under the whole trial's effect and under the pooled one.

    The pooled effect is survival's, which also caps local relapse-free survival; the other
    outcomes are the same under both.
    """
    overall = Analysis(model, OVERALL_EFFECT)
    found, pooled = assess_with_pooled(table, asked.bundle, asked.options.question, overall)

    def with_pooled_survival(own: FloatArray, survivals: FloatArray) -> FloatArray:
        return np.concatenate([survivals, own[:, survivals.shape[1] :]], axis=1)

    return {
        overall: found,
        Analysis(model, POOLED_EFFECT): Estimates(
            with_pooled_survival(found.estimate, pooled.estimate),
            with_pooled_survival(found.lower, pooled.lower),
            with_pooled_survival(found.upper, pooled.upper),
        ),
    }


def _prediction(
    patient: Patient,
    eligibility: Eligibility,
    figures: Figures,
    asked: Asked,
) -> Prediction:
    bundle, options = asked.bundle, asked.options
    return Prediction(
        patient=patient,
        eligibility=eligibility,
        options=options,
        bundle=bundle,
        analyses=figures,
        listed=asked.listed if figures else (),
        caveats=caveats_for(Case(patient, bundle, options, _largest_gap(figures)))
        if figures
        else (),
        subgroups=subgroups_of(patient) if figures else (),
    )


def _forest_minus_cox(figures: Figures) -> FloatArray | None:
    forest, cox = figures.get(FOREST_ANALYSIS), figures.get(DEFAULT_ANALYSIS)
    return None if forest is None or cox is None else forest.estimate - cox.estimate


def _largest_gap(figures: Figures) -> float:
    """Return how far the two models are apart at most, as a probability; 0 with one model."""
    gap = _forest_minus_cox(figures)
    return 0.0 if gap is None else float(np.abs(gap).max())
