"""The sheet for the notes: what a clinician keeps of a result, on one A4 page.

The printed sheet and the plain text say the same: both show a `Sheet`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from models import __version__
from models.analyses import Analysis
from models.caveats import STOP
from models.covariates import FIELDS
from models.evidence.consistency import CONFLICTS, other_trials, ratio_text
from models.evidence.credibility import RATING_LABELS
from models.evidence.interactions import NOT_RATED
from models.language import ENGLISH, N_, _, current_language, joined
from models.outcomes import (
    ARM_LABELS,
    DIFFERENCE,
    FOREST,
    LOCAL_COMPLICATIONS_GIVEN_AT,
    MODEL_LABELS,
    OUTCOMES,
    OVERALL_EFFECT,
    PTR,
    SYSTEMIC_THERAPY,
)
from models.patient import Patient
from models.prediction import Prediction
from models.subgroups import SubgroupEvidence
from models.texts import ARM_COUNTS, CREDIT, INTENDED_USE
from service.answers import outcomes_part, pooled_part
from service.page.result import (
    adds_up,
    eligibility_view,
    first_caveats,
    input_rows,
    pooled_view,
)
from service.page.uncertainty import forest_intervals, ratio_words
from service.page.words import Band, band_words, capitalised, percents, points, time_words

_IN_SCOPE = N_("Surgery of the primary tumour: offered, or not")
_OUT_OF_SCOPE = N_("The trial does not speak about this patient")
_NO_FIGURES = N_("No figures are given, because they would have no basis. The reasons:")
_FOOTNOTE = N_(
    "* Rounded from the unrounded difference, so it may differ by one from the figures beside it."
)
_INTERVALS = N_(
    "Intervals are about the average risk of women with these covariates, not the range for one "
    "woman. Newer drugs and other countries are not covered."
)
_LOCAL_ASSUMED = N_(
    "How local complications differ between patients is assumed; the paper gives them for each "
    "arm, at {time}."
)
_OPEN_LABEL = N_(
    "Open label; {declined} of {offered} offered surgery declined; of {not_offered} not offered "
    "it {early} had it early and {later} later."
)
_SUBGROUPS = N_(
    "Hazard ratios of death, surgery against none: none is her own, and they must not be "
    "multiplied."
)
#: So many hexadecimal digits of a digest tell bundles apart.
_DIGITS = 12


@dataclass(frozen=True)
class Origin:
    """Where a prediction comes from, beside what it knows itself.

    Attributes
    ----------
    day : date
        When it was made.
    effect, data : str
        In words: whose effect of surgery is shown, and what the bundle was trained on.
    second : str
        What a second model says, where it is far from the figures, or ``""``.
    """

    day: date
    effect: str
    data: str
    second: str = ""


@dataclass(frozen=True)
class SheetRow:
    """One row of figures: a cell a horizon."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class SheetOutcome:
    """The rows of one outcome, or why there are none."""

    label: str
    rows: tuple[SheetRow, ...]
    withheld: str = ""


@dataclass(frozen=True)
class Sheet:
    """What is kept of a result, in words.

    Attributes
    ----------
    head : tuple of str
        Date and versions, the model, the intended use.
    inputs : tuple of (label, value)
        As read.
    derived, unknown : str
        What follows from them, and the covariates that were averaged over; or ``""``.
    notes : tuple of str
        What differs from the trial or was not confirmed; out of scope, the reasons.
    stops : tuple of str
        What must be cleared up before the figures are read; it stands before them.
    months : tuple of int
        The horizons; with `figures` empty out of scope.
    remarks : tuple of str
        What must be known to read the figures right.
    further : str
        How many more caveats there are and where, or ``""``.
    """

    title: str
    head: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    derived: str
    unknown: str
    verdict: str
    notes: tuple[str, ...]
    credit: str
    stops: tuple[str, ...] = ()
    months: tuple[int, ...] = ()
    caption: str = ""
    figures: tuple[SheetOutcome, ...] = ()
    remarks: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    further: str = ""
    subgroups_are: str = ""
    subgroups: tuple[str, ...] = ()


def sheet_of(prediction: Prediction, origin: Origin) -> Sheet:
    """Return the sheet of a prediction."""
    eligibility, patient = prediction.eligibility, prediction.patient
    verdict = eligibility_view(eligibility, patient).verdict
    notes = eligibility.applicability if prediction.in_scope else eligibility.reasons
    return Sheet(
        title=_(_IN_SCOPE if prediction.in_scope else _OUT_OF_SCOPE),
        head=(*_made(prediction, origin), _(INTENDED_USE)),
        inputs=tuple(_rows_of(patient, derived=False)),
        derived=_derived(patient),
        unknown=_unknown(patient),
        verdict=verdict if prediction.in_scope else joined(verdict, _(_NO_FIGURES)),
        notes=tuple(note.text for note in notes),
        credit=_(CREDIT),
        **(_figures_part(prediction, origin.second) if prediction.in_scope else {}),
    )


def told_day(day: date) -> str:
    """Return a day as the language writes it: ISO 8601 in English."""
    if current_language() == ENGLISH:
        return day.isoformat()
    return _("{year}-{month}-{day}").format(year=day.year, month=day.month, day=day.day)


def _made(prediction: Prediction, origin: Origin) -> Iterator[str]:
    bundle = prediction.bundle
    algorithm, _colon, digits = bundle.digest.partition(":")
    yield _("Made on {day} with Equipoise {version}; digest of the model {digest}.").format(
        day=told_day(origin.day),
        version=__version__,
        digest=f"{algorithm}:{digits[:_DIGITS]}",
    )
    yield _(
        "Model {bundle}, {model}, effect of surgery from {effect}; training data: {data}."
    ).format(
        bundle=f"{bundle.id} {bundle.version}",
        model=_(MODEL_LABELS[prediction.options.model]),
        effect=origin.effect,
        data=origin.data,
    )


def _rows_of(patient: Patient, *, derived: bool) -> Iterator[tuple[str, str]]:
    """Yield label and value of what was entered, or of what follows from it."""
    left_out = {_(FIELDS[name].label) for name in patient.unknown_covariates}
    following = {_(FIELDS[name].label) for name in patient.derived}
    for label, value in input_rows(replace(patient, derived=())):
        if label not in left_out and (label in following) == derived:
            yield label, value


def _derived(patient: Patient) -> str:
    rows = [input_words(*row) for row in _rows_of(patient, derived=True)]
    return _("Follows from it: {values}.").format(values=_("; ").join(rows)) if rows else ""


def input_words(label: str, value: str) -> str:
    """Return one value that was entered, behind its label."""
    return _("{label}: {value}").format(label=label, value=value)


def _unknown(patient: Patient) -> str:
    labels = [_(FIELDS[name].label) for name in patient.unknown_covariates]
    if not labels:
        return ""
    return _("Not known, averaged over: {labels}.").format(labels=_("; ").join(labels))


def _figures_part(prediction: Prediction, second: str) -> dict[str, Any]:
    first, further = first_caveats(prediction.caveats)
    stops = [caveat for caveat in first if caveat.severity == STOP]
    more = _("{count} more to keep in mind stand on the result page.")
    return {
        "months": prediction.options.horizons_months,
        "caption": _(
            "Estimate and {level} interval by months after the decision. Arms as offered; "
            "differences in points."
        ).format(level=f"{prediction.options.interval_level:.0%}"),
        "figures": tuple(_outcomes(prediction)),
        "remarks": tuple(filter(None, _remarks(prediction, second))),
        "stops": tuple(caveat.text for caveat in stops),
        "caveats": tuple(caveat.text for caveat in first[len(stops) :]),
        "further": more.format(count=len(further)) if further else "",
        "subgroups_are": _(_SUBGROUPS) if prediction.subgroups else "",
        "subgroups": tuple(_subgroup_lines(prediction.subgroups)),
    }


def _outcomes(prediction: Prediction) -> Iterator[SheetOutcome]:
    shown, other = outcomes_part(prediction), _other_model(prediction)
    beside = outcomes_part(prediction, other) if other else {}
    for outcome in OUTCOMES:
        part, label = shown[outcome.name], _(outcome.label)
        if "withheld" in part:
            yield SheetOutcome(label, (), part["withheld"]["text"])
            continue
        rows = list(_rows(part))
        if other:
            words = _("Difference by the {model}").format(model=_(MODEL_LABELS[other.model]))
            rows.append(SheetRow(words, _differences(beside[outcome.name])))
        if outcome == OUTCOMES[0]:
            words = _("Difference by the four earlier trials")
            rows.append(SheetRow(words, _differences(pooled_part(prediction))))
        yield SheetOutcome(label, tuple(rows))


def _other_model(prediction: Prediction) -> Analysis | None:
    """Return the other model's analysis under the same effect, where it stands beside."""
    shown = prediction.options.shown
    others = (each for each in prediction.listed if each.effect == OVERALL_EFFECT)
    return next((each for each in others if each.model != shown.model), None)


def _rows(part: Mapping[str, Any]) -> Iterator[SheetRow]:
    for arm in (SYSTEMIC_THERAPY, PTR):
        yield SheetRow(capitalised(_(ARM_LABELS[arm])), _cells(part[arm]))
    differences = (
        cell if adds_up(part, place) else f"{cell}*"
        for place, cell in enumerate(_differences(part))
    )
    yield SheetRow(capitalised(_(ARM_LABELS[DIFFERENCE])), tuple(differences))


def _cells(band: Band) -> tuple[str, ...]:
    places = range(len(band["estimate"]))
    return tuple(band_words(band, place, signed=False) for place in places)


def _differences(part: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells of a difference, whose unit stands in the caption."""
    band, words = part[DIFFERENCE], _("{estimate} ({lower} to {upper})")
    told = (map(points, percents(band, place)) for place in range(len(band["estimate"])))
    return tuple(
        words.format(estimate=estimate, lower=lower, upper=upper)
        for estimate, lower, upper in told
    )


def _remarks(prediction: Prediction, second: str) -> Iterator[str]:
    bundle = prediction.bundle
    shown = [part for part in outcomes_part(prediction).values() if "withheld" not in part]
    months = range(len(prediction.options.horizons_months))
    if not all(adds_up(part, place) for part in shown for place in months):
        yield _(_FOOTNOTE)
    yield pooled_view(prediction).source
    yield second
    models = {each.model for each in (prediction.options.shown, *prediction.listed)}
    yield joined(_(_INTERVALS), forest_intervals(bundle) if FOREST in models else "")
    yield ratio_words(prediction, short=True)
    yield joined(_local_assumed() if bundle.cohort is None else "", _open_label())


def _local_assumed() -> str:
    return _(_LOCAL_ASSUMED).format(time=time_words(LOCAL_COMPLICATIONS_GIVEN_AT))


def _open_label() -> str:
    return _(_OPEN_LABEL).format(**ARM_COUNTS)


def _subgroup_lines(rows: Sequence[SubgroupEvidence]) -> Iterator[str]:
    """Yield a line for each subgroup whose pair is rated, and one for all others together."""
    rated = [row for row in rows if row.assessment.rating != NOT_RATED]
    others = [_(row.subgroup.label) for row in rows if row not in rated]
    yield from map(_subgroup_line, rated)
    if others:
        words = _("No suggestion of a different effect, so use the overall one: {labels}.")
        yield words.format(labels=_("; ").join(others))


def _subgroup_line(row: SubgroupEvidence) -> str:
    words = _(
        "{subgroup}: {ratio}; interaction p {p:.2g}, one of eight pairs ({p_holm:.2g} by Holm); "
        "credibility of a difference: {rating}."
    )
    told = words.format(
        subgroup=capitalised(_(row.subgroup.label)),
        ratio=ratio_text(row.subgroup),
        p=row.interaction.p,
        p_holm=row.interaction.p_holm,
        rating=_(RATING_LABELS[row.assessment.rating]),
    )
    against = [each for each in other_trials(row.subgroup) if each.direction == CONFLICTS]
    names = _("; ").join(each.against_its_trial() for each in against)
    elsewhere = _("The other way, against its own trial: {trials}.").format(trials=names)
    return joined(told, elsewhere if against else "")
