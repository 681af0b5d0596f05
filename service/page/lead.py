"""The first lines of a result: what it is, what differs between arms, and what is uncertain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.bundle import Bundle
from models.covariates import COVARIATES
from models.evidence import Figure, figure
from models.harms import LEVEL
from models.language import N_, _, joined
from models.outcomes import ARM_LABELS, ARMS, DIFFERENCE, FOREST, INCIDENCES, OUTCOMES, Outcome
from models.prediction import Prediction
from models.proportions import wald_difference
from models.rounding import percent
from models.texts import arms_are_policies
from service.answers import outcomes_part
from service.page.result import adds_up, value_words
from service.page.uncertainty import cox_intervals, forest_intervals, ratio_words
from service.page.words import band_words, capitalised, percents, time_words

_SURVIVAL = OUTCOMES[0]
#: What the first lines speak of: survival, and the two complications.
_SPOKEN_OF: tuple[Outcome, ...] = (_SURVIVAL, *INCIDENCES)

_ABOUT = N_(
    "About women whose breast cancer had already spread when it was found (stage IV), after three "
    "months of systemic therapy without progression."
)
#: Where the figures come from, by where the prognosis and the effect of surgery do.
_SIMULATED = N_(
    "The figures come from a model. It learned from simulated (invented) patients, made to match "
    "the published figures of one trial, JCOG1017. In that trial surgery did not clearly prolong "
    "survival."
)
_COHORT = N_(
    "The figures come from a model that learned from one cohort of patients. The effect of "
    "surgery on survival is that of the trial JCOG1017: there, surgery did not clearly prolong "
    "survival."
)
_OWN_EFFECT = N_(
    "The figures come from a model that learned from one cohort of patients, the effect of "
    "surgery on survival included. In the trial JCOG1017 surgery did not clearly prolong survival."
)

_SURVIVAL_VERDICTS: Mapping[int, str] = {
    0: N_("not clearly different, which does not mean equal"),
    1: N_("higher when offered surgery, in this model"),
    -1: N_("lower when offered surgery, in this model"),
}
_LOCAL = N_("Local control (ulceration, bleeding)")
#: Where the primary tumour is ulcerated already.
_LOCAL_BLEEDING_ALONE = N_("Local control (bleeding; ulceration not judged)")
_CLEARLY_BETTER = N_("clearly better when offered surgery")
_PARTLY_BETTER = N_("better when offered surgery, but not clearly in everything shown")
_NOT_CLEAR = N_("not clearly different")
#: The harm that the trial reports first; the others stand further below.
_HARM = N_(
    "in the whole trial, metastases had progressed within three months after the decision in "
    "{none} of those not offered surgery and {surgery} of those offered. The difference was "
    "about {points} points ({level} interval {lower} to {upper}, our Wald interval; p {p} in the "
    "paper; open label). The paper prints the shares that had not progressed. Further harms are "
    "listed below."
)
_EARLY_PROGRESSION = "early_distant_progression"

_JUDGED = N_(
    "Judged by the column of differences: the arms' own intervals overlap, because both share "
    "what is uncertain about the patient's risk. One woman can have both complications: never "
    "add them."
)

_SURVIVAL_UNCERTAIN = N_(
    "Survival: the trial's own hazard ratio was {ratio} ({n} patients; {level} interval, as it "
    "was reported, {lower} to {upper}). It fits longer as well as shorter survival."
)
_LOCAL_UNCERTAIN = N_(
    "Local control: the paper gives ulceration and bleeding for each arm as a whole. How they "
    "differ between patients is assumed."
)
_INTERVALS = N_(
    "The intervals in brackets ({level}) are about the average of women with these values, not "
    "about the range for one woman."
)
_SIZE_OF_COHORT = N_("They allow for the size of the cohort.")
_DRUGS = N_(
    "Drugs that came after the trial may change every figure, the differences too. In which "
    "direction is not known."
)


@dataclass(frozen=True)
class Finding:
    """What is found about one question."""

    question: str
    verdict: str


@dataclass(frozen=True)
class LeadRow:
    """One outcome at the chosen month: both arms and the difference, with intervals.

    `adds_up` tells whether the difference is that of the rounded figures beside it.
    """

    label: str
    cells: tuple[str, ...]
    adds_up: bool


@dataclass(frozen=True)
class Lead:
    """The first lines of a result.

    Attributes
    ----------
    what : tuple of str
        Whom the figures are about, and where they come from.
    entered : str
        What was entered of the patient, in a line.
    findings : tuple of Finding
        Survival, local control and harm.
    caption : str
        What the table of the first lines shows.
    rows : tuple of LeadRow
    judged : str
        How the verdicts are reached.
    uncertain : tuple of str
        What is uncertain, and why.
    """

    what: tuple[str, ...]
    entered: str
    findings: tuple[Finding, ...]
    caption: str
    rows: tuple[LeadRow, ...]
    judged: str
    uncertain: tuple[str, ...]

    @property
    def adds_up(self) -> bool:
        """Whether all rows add up after rounding."""
        return all(row.adds_up for row in self.rows)


def lead_of(prediction: Prediction, month: int, second: str = "") -> Lead:
    """Return the first lines of a prediction in scope.

    Parameters
    ----------
    month : int
        The horizon that they speak of, one of the prediction's own.
    second : str
        What a second model says, where it is far from the figures, or ``""``.
    """
    place = prediction.options.horizons_months.index(month)
    part = outcomes_part(prediction)
    shown = {each: part[each.name] for each in _SPOKEN_OF if "withheld" not in part[each.name]}
    caption = _("{time} after the decision: estimate and {level} interval")
    return Lead(
        (_(_ABOUT), _(_what(prediction.bundle))),
        _entered(prediction),
        tuple(_findings(shown, place)),
        caption.format(time=capitalised(time_words(month)), level=_level(prediction)),
        tuple(_row(outcome, arms, place) for outcome, arms in shown.items()),
        _(_JUDGED),
        tuple(_uncertain(prediction, second)),
    )


def _level(prediction: Prediction) -> str:
    return f"{prediction.options.interval_level:.0%}"


def _what(bundle: Bundle) -> str:
    if bundle.cohort is None:
        return _SIMULATED
    return _OWN_EFFECT if has_own_effect(bundle) else _COHORT


def has_own_effect(bundle: Bundle) -> bool:
    """Return whether the effect of surgery was learned from a cohort of the bundle's own."""
    cohort = bundle.manifest.get("cohort")
    return cohort is not None and cohort["effect_of_surgery"] == "cohort"


def _entered(prediction: Prediction) -> str:
    """Return the covariates that were entered, so that the right patient is recognised."""
    patient = prediction.patient
    pairs = (
        _("{label}: {value}").format(
            label=_(field.label), value=value_words(field, patient.values[field.name])
        )
        for field in COVARIATES
        if patient.knows(field.name) and field.name not in patient.derived
    )
    return _("; ").join(pairs)


def _findings(shown: Mapping[Outcome, Mapping[str, Any]], place: int) -> list[Finding]:
    sides = {outcome: _side(arms, place) for outcome, arms in shown.items()}
    survival = sides.pop(_SURVIVAL)
    return [
        Finding(_("Survival"), _("{verdict}.").format(verdict=_(_SURVIVAL_VERDICTS[survival]))),
        Finding(
            _(_LOCAL if len(sides) == len(INCIDENCES) else _LOCAL_BLEEDING_ALONE),
            _("{verdict}.").format(verdict=_(_local_verdict(list(sides.values())))),
        ),
        Finding(_("Harm"), _harm()),
    ]


def _harm() -> str:
    none, surgery = (figure(f"{_EARLY_PROGRESSION}.{arm}") for arm in ARMS)
    limits = wald_difference(_counts(none), _counts(surgery), LEVEL)
    difference, lower, upper = (percent(each) for each in limits)
    return _(_HARM).format(
        none=f"{none.estimate:.1%}",
        surgery=f"{surgery.estimate:.1%}",
        points=difference,
        level=f"{LEVEL:.0%}",
        lower=lower,
        upper=upper,
        p=surgery.p,
    )


def _counts(row: Figure) -> tuple[int, int]:
    if row.events is None or row.n is None:
        raise ValueError(f"{row.id} has no counts")
    return row.events, row.n


def _row(outcome: Outcome, arms: Mapping[str, Any], place: int) -> LeadRow:
    cells = (band_words(arms[arm], place, signed=arm == DIFFERENCE) for arm in ARM_LABELS)
    return LeadRow(_(outcome.label), tuple(cells), adds_up(arms, place))


def _local_verdict(sides: Sequence[int]) -> str:
    """Return the words for complications that are rarer (-1), more frequent (1) or neither (0)."""
    if all(side < 0 for side in sides):
        return _CLEARLY_BETTER
    return _PARTLY_BETTER if any(side < 0 for side in sides) else _NOT_CLEAR


def _side(arms: Mapping[str, Any], place: int) -> int:
    """Return on which side of no difference an interval lies as shown; 0 when it holds it."""
    _estimate, lower, upper = percents(arms[DIFFERENCE], place)
    return 1 if lower > 0 else -1 if upper < 0 else 0


def _uncertain(prediction: Prediction, second: str) -> Iterator[str]:
    bundle = prediction.bundle
    if second:
        yield second
    if not has_own_effect(bundle):
        yield joined(_survival_uncertain(), ratio_words(prediction))
    if bundle.cohort is None:
        yield _(_LOCAL_UNCERTAIN)
    yield joined(_(_INTERVALS).format(level=_level(prediction)), _how_far(prediction))
    yield arms_are_policies()
    yield _(_DRUGS)


def _how_far(prediction: Prediction) -> str:
    """Return how far the intervals of the model that is shown can be relied on."""
    bundle = prediction.bundle
    if prediction.options.shown.model == FOREST:
        return forest_intervals(bundle)
    return cox_intervals(bundle) if bundle.cohort is None else _(_SIZE_OF_COHORT)


def _survival_uncertain() -> str:
    published = figure("os.hr.stratified")
    lower, upper = published.interval or (0.0, 0.0)
    return _(_SURVIVAL_UNCERTAIN).format(
        ratio=f"{published.estimate:.2f}",
        level=f"{published.level:.0%}",
        lower=f"{lower:.2f}",
        upper=f"{upper:.2f}",
        n=published.n,
    )
