"""The first lines of a result: what it is, what differs between arms, and what is uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.bundle import Bundle
from models.evidence import figure
from models.language import N_, _, joined
from models.outcomes import DIFFERENCE, INCIDENCES, OUTCOMES, PTR, SYSTEMIC_THERAPY
from models.prediction import Prediction
from service.answers import outcomes_part
from service.page.words import band_words, count_words, percents, time_words

_SURVIVAL = OUTCOMES[0].name

#: What the figures are, by where the prognosis and the effect of surgery come from.
_SIMULATED = N_(
    "These figures come from a model, not from patients followed one by one. It learned from "
    "simulated patients who match one trial, JCOG1017. In that trial women offered surgery did "
    "not live clearly longer."
)
_COHORT = N_(
    "These figures come from a model that learned from one cohort of patients. The effect of "
    "surgery on survival is that of the trial JCOG1017, in which women offered surgery did not "
    "live clearly longer."
)
_OWN_EFFECT = N_(
    "These figures come from a model that learned from one cohort of patients, the effect of "
    "surgery on survival included. In the trial JCOG1017 women offered surgery did not live "
    "clearly longer."
)

_SURVIVAL_VERDICTS: Mapping[int, str] = {
    0: N_("not clearly different"),
    1: N_("higher when offered surgery, in this model"),
    -1: N_("lower when offered surgery, in this model"),
}
_SURVIVAL_SENTENCE = N_(
    "Of 100 women like this, {time} after the decision {none} are alive when not offered surgery, "
    "and {surgery} when offered surgery. The difference is {difference}; in brackets {level} "
    "intervals."
)
_LOCAL_SENTENCES: Mapping[str, str] = {
    "local_ulceration": N_(
        "Ulceration of the primary site by then: {none} of 100 when not offered surgery, "
        "{surgery} when offered surgery ({level} intervals)."
    ),
    "local_bleeding": N_(
        "Bleeding from the primary site by then: {none} of 100 when not offered surgery, "
        "{surgery} when offered surgery ({level} intervals)."
    ),
}
_CLEARLY_BETTER = N_("clearly better when offered surgery")
_PARTLY_BETTER = N_("better when offered surgery, but not clearly in everything shown")
_NOT_CLEAR = N_("not clearly different")

_SURVIVAL_UNCERTAIN = N_(
    "Whether surgery changes survival: the trial had {n} patients, and its result fits somewhat "
    "longer as well as somewhat shorter survival."
)
_HER_OWN_UNCERTAIN = N_(
    "Her own figures: how age, tumour and spread bear on them is partly assumed, so that the "
    "{level} intervals are wide. They are about women like this, not about one woman."
)
_COHORT_UNCERTAIN = N_(
    "Her own figures: they rest on the patients of one cohort, which the {level} intervals "
    "allow for. They are about women like this, not about one woman."
)
_TODAY_UNCERTAIN = N_("Today: drugs that came after the trial are not in these figures.")


@dataclass(frozen=True)
class Finding:
    """What is found about one question: a verdict and the sentences behind it."""

    question: str
    verdict: str
    sentence: str


@dataclass(frozen=True)
class Lead:
    """The first lines of a result.

    Attributes
    ----------
    what : str
        What the figures are and are not.
    findings : tuple of Finding
        Survival and local control.
    uncertain : tuple of str
        What is uncertain, and why.
    """

    what: str
    findings: tuple[Finding, ...]
    uncertain: tuple[str, ...]


@dataclass(frozen=True)
class _Spoken:
    """The horizon that is spoken of, in months and by its place, and the intervals' level."""

    month: int
    place: int
    level: str


def lead_of(prediction: Prediction, month: int) -> Lead:
    """Return the first lines of a prediction in scope.

    Parameters
    ----------
    month : int
        The horizon that they speak of, one of the prediction's own.
    """
    part = outcomes_part(prediction)
    place = prediction.options.horizons_months.index(month)
    spoken = _Spoken(month, place, f"{prediction.options.interval_level:.0%}")
    return Lead(
        _(_what(prediction.bundle)),
        (_survival(part[_SURVIVAL], spoken), _local(part, spoken)),
        tuple(_uncertain(prediction)),
    )


def _what(bundle: Bundle) -> str:
    if bundle.cohort is None:
        return _SIMULATED
    return _OWN_EFFECT if has_own_effect(bundle) else _COHORT


def has_own_effect(bundle: Bundle) -> bool:
    """Return whether the effect of surgery was learned from a cohort of the bundle's own."""
    cohort = bundle.manifest.get("cohort")
    return cohort is not None and cohort["effect_of_surgery"] == "cohort"


def _survival(arms: Mapping[str, Any], spoken: _Spoken) -> Finding:
    place = spoken.place
    sentence = _(_SURVIVAL_SENTENCE).format(
        time=time_words(spoken.month),
        none=count_words(arms[SYSTEMIC_THERAPY], place),
        surgery=count_words(arms[PTR], place),
        difference=band_words(arms[DIFFERENCE], place, signed=True),
        level=spoken.level,
    )
    return Finding(_("Survival"), _(_SURVIVAL_VERDICTS[_side(arms, place)]), sentence)


def _local(part: Mapping[str, Any], spoken: _Spoken) -> Finding:
    """Return what is found about local control, from the outcomes that are not withheld."""
    place = spoken.place
    shown = {o.name: part[o.name] for o in INCIDENCES if "withheld" not in part[o.name]}
    sentences = (
        _(_LOCAL_SENTENCES[name]).format(
            none=count_words(arms[SYSTEMIC_THERAPY], place),
            surgery=count_words(arms[PTR], place),
            level=spoken.level,
        )
        for name, arms in shown.items()
    )
    sides = [_side(arms, place) for arms in shown.values()]
    return Finding(_("Local control"), _(_local_verdict(sides)), joined(*sentences))


def _local_verdict(sides: Sequence[int]) -> str:
    """Return the words for complications that are rarer (-1), more frequent (1) or neither (0)."""
    if all(side < 0 for side in sides):
        return _CLEARLY_BETTER
    return _PARTLY_BETTER if any(side < 0 for side in sides) else _NOT_CLEAR


def _side(arms: Mapping[str, Any], place: int) -> int:
    """Return on which side of no difference an interval lies as shown; 0 when it holds it."""
    _estimate, lower, upper = percents(arms[DIFFERENCE], place)
    return 1 if lower > 0 else -1 if upper < 0 else 0


def _uncertain(prediction: Prediction) -> list[str]:
    level = f"{prediction.options.interval_level:.0%}"
    own = _HER_OWN_UNCERTAIN if prediction.bundle.cohort is None else _COHORT_UNCERTAIN
    about_survival = (
        []
        if has_own_effect(prediction.bundle)
        else [_(_SURVIVAL_UNCERTAIN).format(n=figure("os.hr.stratified").n)]
    )
    return [*about_survival, _(own).format(level=level), _(_TODAY_UNCERTAIN)]
