"""What was assumed of a patient, and what would change her picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from models.covariates import COVARIATES, FIELDS
from models.eligibility import check_eligibility
from models.errors import InvalidInput
from models.fields import Choice, ChoiceField, Field, FlagField, Value
from models.language import N_, _
from models.options import Options
from models.outcomes import ARMS, OUTCOMES
from models.patient import Patient, read_patient
from models.prediction import Prediction, predict
from service.answers import outcomes_part
from service.cost import combination_count
from service.page.figures import MOST_COMBINATIONS
from service.page.words import band_words, time_words

_AVERAGED = N_(
    "{labels}: not known, so the figures are averages over the trial's patients like her."
)
_DERIVED = N_("{labels}: follows from what was entered.")
_ONE_EFFECT = N_(
    "Surgery changes the hazard of death by the same ratio for every patient; her subgroups move "
    "no figure."
)
_UNCONFIRMED = N_(
    "If a criterion that is not known turns out not to be met, the trial may not speak about her."
)
_PROGRESSION = N_("If the cancer progresses before surgery, the trial does not speak about her.")
_DRUGS = N_(
    "A drug that the trial did not have may move all four outcomes; by how much is not known."
)
_DATA = N_(
    "The trial's data of individual patients may narrow the intervals when they are public, or "
    "show another picture."
)
_FLAGS = (Choice("true", N_("yes")), Choice("false", N_("no")))


@dataclass(frozen=True)
class IfKnown:
    """What survival would be, were a covariate known that is not.

    Attributes
    ----------
    label : str
        The covariate.
    rows : tuple
        Its values in words, each with survival and its interval in both arms.
    """

    label: str
    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Picture:
    """What a picture rests on, and what would change it.

    Attributes
    ----------
    assumed : tuple of str
    changes : tuple of str
    if_known : tuple of IfKnown
        For each covariate of the models that is not known.
    caption : str
        What the figures of `if_known` are.
    """

    assumed: tuple[str, ...]
    changes: tuple[str, ...]
    if_known: tuple[IfKnown, ...]
    caption: str


def picture_of(prediction: Prediction, month: int) -> Picture:
    """Return what a prediction in scope rests on and what would change it.

    Parameters
    ----------
    month : int
        The horizon at which it is told what an unknown value would do, one of the prediction's.
    """
    caption = _("Alive {time} after the decision: estimate and {level} interval")
    level = f"{prediction.options.interval_level:.0%}"
    return Picture(
        tuple(_assumed(prediction.patient)),
        tuple(_changes(prediction)),
        tuple(_if_known(prediction, month)),
        caption.format(time=time_words(month), level=level),
    )


def _assumed(patient: Patient) -> Iterator[str]:
    if patient.unknown_covariates:
        yield _(_AVERAGED).format(labels=_labels(patient.unknown_covariates))
    if patient.derived:
        yield _(_DERIVED).format(labels=_labels(patient.derived))
    yield _(_ONE_EFFECT)


def _labels(names: tuple[str, ...]) -> str:
    return _(", ").join(_(FIELDS[name].label) for name in names)


def _changes(prediction: Prediction) -> Iterator[str]:
    if prediction.eligibility.verdict == "not_confirmed":
        yield _(_UNCONFIRMED)
    yield _(_PROGRESSION)
    yield _(_DRUGS)
    if prediction.bundle.cohort is None:
        yield _(_DATA)


def _if_known(prediction: Prediction, month: int) -> Iterator[IfKnown]:
    """Yield, for each unknown covariate, survival with each of its values.

    Each value is scored as its own patient. Where little is known that would take long, and
    nothing is yielded.
    """
    if combination_count(prediction.patient, prediction.bundle) > MOST_COMBINATIONS:
        return
    options = replace(prediction.options, horizons_months=(month,), effect=Options().effect)
    for name in prediction.patient.unknown_covariates:
        choices = _choices(FIELDS[name])
        variants = {
            choice.label: _with_value(prediction.patient, name, choice) for choice in choices
        }
        possible = {label: patient for label, patient in variants.items() if patient is not None}
        if len(possible) > 1:
            found = predict(list(possible.values()), prediction.bundle, options)
            rows = tuple(
                (_(label), _alive(each)) for label, each in zip(possible, found, strict=True)
            )
            yield IfKnown(_(FIELDS[name].label), rows)


def _alive(prediction: Prediction) -> tuple[str, ...]:
    """Return survival in both arms in words, at the only horizon that was asked for."""
    arms = outcomes_part(prediction)[OUTCOMES[0].name]
    return tuple(band_words(arms[arm], 0, signed=False) for arm in ARMS)


def _choices(field: Field) -> tuple[Choice, ...]:
    if isinstance(field, ChoiceField):
        return field.choices
    return _FLAGS if isinstance(field, FlagField) else ()


def _with_value(patient: Patient, name: str, choice: Choice) -> Patient | None:
    """Return the patient with a value more, or ``None`` where it cannot be or is out of scope."""
    known = _stated(patient)
    try:
        found = read_patient({**known, name: _value(name, choice)})
    except InvalidInput:
        return None
    return found if check_eligibility(found).in_scope else None


def _value(name: str, choice: Choice) -> Value:
    return choice.value == "true" if isinstance(FIELDS[name], FlagField) else choice.value


def _stated(patient: Patient) -> Mapping[str, object]:
    """Return what was said of a patient, as a request holds it, without what follows from it."""
    covariates = {
        field.name: _as_sent(patient.values[field.name])
        for field in COVARIATES
        if field.name not in patient.derived
    }
    return {**covariates, "eligibility": patient.facts}


def _as_sent(value: Value | None) -> object:
    return list(value) if isinstance(value, tuple) else value
