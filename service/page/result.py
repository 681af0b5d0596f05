"""What the result page says: tables and sentences in whole percent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from models.analyses import Analysis
from models.caveats import FIRST_SIGHT, Caveat
from models.covariates import FIELDS
from models.criteria import MONTHS_OF_THERAPY
from models.eligibility import Eligibility, late_months
from models.fields import ChoiceField, Field, FlagField, SetField, Value
from models.language import N_, _
from models.outcomes import (
    ARM_LABELS,
    DIFFERENCE,
    LEARNED_EFFECT,
    MODEL_LABELS,
    OUTCOMES,
    OVERALL_EFFECT,
    PTR,
    SUBGROUP_EFFECT,
    SYSTEMIC_THERAPY,
    Outcome,
)
from models.patient import Patient
from models.prediction import Prediction
from models.rounding import percent
from service.answers import outcomes_part, pooled_part
from service.page.figures import Icons, curves_of, icons_of
from service.page.words import band_words, count_words, time_words

_SENTENCES: dict[str, str] = {
    "overall_survival": N_(
        "Of 100 women like this, {time} after the decision {none} are alive when not offered "
        "surgery, and {surgery} when offered surgery ({level} intervals)."
    ),
    "local_relapse_free_survival": N_(
        "Of 100 women like this, {time} after the decision {none} are alive without local "
        "progression when not offered surgery, and {surgery} when offered surgery ({level} "
        "intervals)."
    ),
    "local_ulceration": N_(
        "Of 100 women like this, {time} after the decision {none} have had ulceration of the "
        "primary site when not offered surgery, and {surgery} when offered surgery ({level} "
        "intervals)."
    ),
    "local_bleeding": N_(
        "Of 100 women like this, {time} after the decision {none} have had bleeding from the "
        "primary site when not offered surgery, and {surgery} when offered surgery ({level} "
        "intervals)."
    ),
}
#: What exploratory figures do not show, by whether they are about survival: local control is
#: better in the whole trial, so there the question is whether she differs from it.
NO_EVIDENCE: Mapping[bool, str] = {
    True: N_(
        "On survival: no evidence that surgery helps her, even where the interval excludes no "
        "difference."
    ),
    False: N_(
        "On local control: no evidence that the effect is larger or smaller for her than in the "
        "whole trial."
    ),
}


@dataclass(frozen=True)
class TableRow:
    """One horizon of one outcome in words."""

    months: int
    cells: tuple[str, ...]
    adds_up: bool


@dataclass(frozen=True)
class PooledView:
    """Survival's difference under the pooled effect, by horizon, and where it comes from."""

    source: str
    cells: tuple[str, ...]


def pooled_view(prediction: Prediction) -> PooledView:
    """Return the difference in survival under the effect of the four earlier trials."""
    part = pooled_part(prediction)
    lower, upper = part["interval"]
    source = _(
        "The four earlier randomised trials together: hazard ratio {ratio}, {level} interval "
        "{lower} to {upper}."
    ).format(
        ratio=f"{part['hazard_ratio']:.2f}",
        level=f"{part['interval_level']:.0%}",
        lower=f"{lower:.2f}",
        upper=f"{upper:.2f}",
    )
    months = range(len(prediction.options.horizons_months))
    return PooledView(
        source, tuple(band_words(part[DIFFERENCE], place, signed=True) for place in months)
    )


@dataclass(frozen=True)
class BesideTable:
    """A small table under an outcome: what another analysis says, by horizon.

    Attributes
    ----------
    not_adding_up : tuple of bool
        By horizon: whether the difference, its last row, is not that of the rounded figures
        beside it; never where no arms stand beside it.
    """

    caption: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    not_adding_up: tuple[bool, ...]


@dataclass(frozen=True)
class OutcomeView:
    """One outcome as the page shows it.

    Attributes
    ----------
    remark : str
        What must be known to read it right, or ``""``.
    withheld : str
        Why there are no figures; then there are no rows.
    sentence : str
        The figures at the chosen month in words.
    icons : tuple of Icons
        Both arms at that month, counted of one hundred women.
    curves : Markup
        Both arms over time.
    beside : BesideTable or None
        What the other model says, where it was asked for.
    exploratory : tuple of BesideTable
        The difference under each exploratory effect that was asked for.
    no_evidence : str
        What exploratory figures do not show.
    adds_up : bool
        Whether every difference equals the difference of the rounded figures beside it.
    """

    label: str
    remark: str
    sentence: str = ""
    rows: tuple[TableRow, ...] = ()
    withheld: str = ""
    icons: tuple[Icons, ...] = ()
    curves: Markup | None = None
    beside: BesideTable | None = None
    exploratory: tuple[BesideTable, ...] = ()
    no_evidence: str = ""

    @property
    def adds_up(self) -> bool:
        """Whether all rows add up after rounding, those of the other model too."""
        beside = () if self.beside is None else self.beside.not_adding_up
        return all(row.adds_up for row in self.rows) and not any(beside)


def outcome_views(prediction: Prediction, month: int) -> list[OutcomeView]:
    """Return the four outcomes of a prediction in scope.

    Parameters
    ----------
    month : int
        The horizon that sentences and counts speak of, one of the prediction's own.
    """
    asked = Asked(month, f"{prediction.options.interval_level:.0%}")
    curves = curves_of(prediction.patient, prediction.bundle, prediction.options, month)
    return [
        _outcome_view(outcome, prediction, asked, drawn)
        for outcome, drawn in zip(OUTCOMES, curves, strict=True)
    ]


def input_rows(patient: Patient) -> list[tuple[str, str]]:
    """Return label and value as read; derived values and unknown covariates are marked."""
    rows = []
    for name, field in FIELDS.items():
        value = patient.values[name]
        if value is not None:
            rows.append((_(field.label), _value_words(name, value, patient)))
        elif name in patient.unknown_covariates:
            rows.append((_(field.label), _("not known: averaged over")))
    return rows


#: The states of a criterion and the verdicts in words.
_STATE_WORDS: Mapping[str, str] = {
    "met": N_("met"),
    "not_met": N_("not met"),
    "not_known": N_("not known"),
}
_REGISTRATION_WORDS: Mapping[str, str] = {
    "first_registration": N_("Before systemic therapy (first registration)"),
    "second_registration": N_("After three months of it (second registration)"),
}
_VERDICT_WORDS: Mapping[str, str] = {
    "in_scope": N_("The trial's criteria that decide are all met."),
    "not_confirmed": N_("No criterion rules her out, but not all are known."),
    "out_of_scope": N_("A criterion of the trial is not met."),
}


@dataclass(frozen=True)
class CriterionRow:
    """One criterion of the trial as the page shows it.

    Attributes
    ----------
    source : str
        The paper's words, quoted, and their place; or the place alone for our inference.
    """

    text: str
    state: str
    source: str


@dataclass(frozen=True)
class EligibilityView:
    """The verdict, and each registration's criteria under its title."""

    verdict: str
    registrations: tuple[tuple[str, tuple[CriterionRow, ...]], ...]


def eligibility_view(eligibility: Eligibility, patient: Patient) -> EligibilityView:
    """Return the trial's criteria and what is known of them."""
    longer = _longer(eligibility, patient)
    registrations = tuple(
        (_(words), tuple(_criterion_row(row, longer) for row in eligibility.criteria(name)))
        for name, words in _REGISTRATION_WORDS.items()
    )
    return EligibilityView(_(_VERDICT_WORDS[eligibility.verdict]), registrations)


def _longer(eligibility: Eligibility, patient: Patient) -> str:
    """Return in words that the therapy was longer than in the trial, or ``""``."""
    months = late_months(patient)
    if months is None or not eligibility.in_scope:
        return ""
    return _("longer than in the trial ({months} months)").format(months=f"{months:g}")


def _criterion_row(row: Mapping[str, Any], longer: str) -> CriterionRow:
    quoted = f"“{row['trial_words']}”, " if row["trial_words"] else ""
    state = longer if MONTHS_OF_THERAPY.endswith(f".{row['code']}") else ""
    return CriterionRow(
        row["text"], state or _(_STATE_WORDS[row["state"]]), f"{quoted}{row['place']}"
    )


def first_caveats(caveats: Sequence[Caveat]) -> tuple[Sequence[Caveat], Sequence[Caveat]]:
    """Return the caveats that are seen at first sight, and those behind one click."""
    return caveats[:FIRST_SIGHT], caveats[FIRST_SIGHT:]


def other_model(prediction: Prediction) -> str:
    """Return what the model that stands beside is called, ``""`` where none does."""
    other = _other_analysis(prediction)
    return _(MODEL_LABELS[other.model]) if other else ""


def _other_analysis(prediction: Prediction) -> Analysis | None:
    """Return the other model under the whole trial's effect, where it was asked for."""
    shown = prediction.options.shown
    others = [
        each
        for each in prediction.listed
        if each.model != shown.model and each.effect == OVERALL_EFFECT
    ]
    return others[0] if others else None


def _other_model(outcome: Outcome, prediction: Prediction, level: str) -> BesideTable | None:
    """Return the other model's figures, where it was asked for."""
    other = _other_analysis(prediction)
    if other is None:
        return None
    part = outcomes_part(prediction, other)[outcome.name]
    rows = tuple((_(label), _bands(part[arm], arm)) for arm, label in ARM_LABELS.items())
    caption = _("The same by the {model}: estimate and {level} interval")
    not_adding_up = tuple(not adds_up(part, place) for place in range(len(rows[0][1])))
    return BesideTable(
        caption.format(model=_(MODEL_LABELS[other.model]), level=level), rows, not_adding_up
    )


def _exploratory_tables(outcome: Outcome, prediction: Prediction) -> Iterator[BesideTable]:
    """Yield the difference under each exploratory effect that was asked for.

    Local outcomes do not depend on subgroups; local relapse-free survival does only where
    survival caps it, so that effect is shown for survival alone.
    """
    level = f"{prediction.options.interval_level:.0%}"
    for analysis in prediction.listed:
        by_subgroups = analysis.effect == SUBGROUP_EFFECT
        if not analysis.exploratory or (by_subgroups and outcome != OUTCOMES[0]):
            continue
        part = outcomes_part(prediction, analysis)[outcome.name]
        cells = _bands(part[DIFFERENCE], DIFFERENCE)
        caption = _("{what}: estimate and {level} interval").format(
            what=_exploratory_words(analysis), level=level
        )
        rows = ((_(ARM_LABELS[DIFFERENCE]), cells),)
        yield BesideTable(caption, rows, (False,) * len(cells))


def _exploratory_words(analysis: Analysis) -> str:
    if analysis.effect == LEARNED_EFFECT:
        return _("Difference that the forest itself finds")
    words = _("Difference by subgroups, by the {model}")
    return words.format(model=_(MODEL_LABELS[analysis.model]))


def _bands(band: Mapping[str, list[float]], arm: str) -> tuple[str, ...]:
    places = range(len(band["estimate"]))
    return tuple(band_words(band, place, signed=arm == DIFFERENCE) for place in places)


@dataclass(frozen=True)
class Asked:
    """What a page is asked for beside the patient: the month that it speaks of, and the level."""

    month: int
    level: str


def _outcome_view(
    outcome: Outcome, prediction: Prediction, asked: Asked, curves: Markup
) -> OutcomeView:
    part = outcomes_part(prediction)[outcome.name]
    if "withheld" in part:
        return OutcomeView(_(outcome.label), _(outcome.remark), withheld=part["withheld"]["text"])
    months = prediction.options.horizons_months
    place = months.index(asked.month)
    return OutcomeView(
        _(outcome.label),
        _(outcome.remark),
        _sentence(outcome, part, place, asked),
        tuple(_row(month, part, number) for number, month in enumerate(months)),
        icons=icons_of(part, place, asked.month),
        curves=curves,
        beside=_other_model(outcome, prediction, asked.level),
        exploratory=tuple(_exploratory_tables(outcome, prediction)),
        no_evidence=_(NO_EVIDENCE[outcome == OUTCOMES[0]]),
    )


def _row(month: int, part: Mapping[str, Any], place: int) -> TableRow:
    cells = tuple(band_words(part[arm], place, signed=arm == DIFFERENCE) for arm in ARM_LABELS)
    return TableRow(month, cells, adds_up(part, place))


def adds_up(part: Mapping[str, Any], place: int) -> bool:
    """Return whether a rounded difference is that of the rounded figures beside it.

    Parameters
    ----------
    part : mapping
        An outcome's figures by arm.
    place : int
        Which of the horizons.
    """
    none, surgery, difference = (
        percent(part[arm]["estimate"][place]) for arm in (SYSTEMIC_THERAPY, PTR, DIFFERENCE)
    )
    return surgery - none == difference


def _sentence(outcome: Outcome, part: Mapping[str, Any], place: int, asked: Asked) -> str:
    return _(_SENTENCES[outcome.name]).format(
        time=time_words(asked.month),
        none=count_words(part[SYSTEMIC_THERAPY], place),
        surgery=count_words(part[PTR], place),
        level=asked.level,
    )


def _value_words(name: str, value: Value, patient: Patient) -> str:
    words = value_words(FIELDS[name], value)
    if name not in patient.derived:
        return words
    return _("{value} (follows from the others)").format(value=words)


def value_words(field: Field, value: Value | None) -> str:
    """Return a value in the words of its field."""
    if isinstance(field, FlagField):
        return _("yes") if value else _("no")
    if isinstance(field, SetField) and isinstance(value, tuple):
        return _(", ").join(_(c.label) for c in field.choices if c.value in value)
    if isinstance(field, ChoiceField):
        return _(next(c.label for c in field.choices if c.value == value))
    return f"{value:g}"
