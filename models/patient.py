"""A patient as read: values checked, consequences derived, contradictions found.

Every door reads a patient here: `read_patient` from decoded JSON, `read_patient_text` from the
texts of a CSV row or a form. Both find all problems at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.covariates import COVARIATES, ELIGIBILITY_FACTS, ELIGIBILITY_PREFIX, FIELDS
from models.derivation import DERIVABLE, derive
from models.errors import InvalidInput, Problem
from models.fields import Field, Value, echo
from models.language import N_, _
from models.refused import refuse_name

Values = dict[str, Value | None]

_COVARIATE_NAMES = tuple(field.name for field in COVARIATES)
_COVARIATES = frozenset(_COVARIATE_NAMES)
_PATIENT_NAMES = (*_COVARIATE_NAMES, ELIGIBILITY_PREFIX.rstrip("."))
_FACT_NAMES = tuple(field.name for field in ELIGIBILITY_FACTS)
#: The facts by their names without the prefix.
_FACTS = {name.removeprefix(ELIGIBILITY_PREFIX): name for name in _FACT_NAMES}

#: Facts beside age and menopause of which at least `_FEWEST_OTHERS` must be known.
_OTHER_FACTS = (
    "ecog_ps",
    "clinical_t",
    "clinical_n",
    "er_status",
    "her2_status",
    "metastatic_organs",
    "liver_metastasis",
    "bone_only_metastasis",
)
_FEWEST_OTHERS, _FEWEST_IN_WORDS = 2, N_("two")

#: The least that must be known, for those who send patients.
LEAST_KNOWN = (
    f"Age or menopausal_status must be known, and at least {_FEWEST_IN_WORDS} of "
    f"{', '.join(_OTHER_FACTS[:-1])} and {_OTHER_FACTS[-1]}; what follows from triple_negative "
    "or metastatic_sites counts, too."
)

#: The covariates of the models, in order.
_MODELLED = tuple(
    name for name in _COVARIATE_NAMES if name in (*_OTHER_FACTS, "age", "menopausal_status")
)


@dataclass(frozen=True)
class Patient:
    """One patient: every field of the specification, ``None`` where not known.

    Attributes
    ----------
    values : dict
        All fields of `models.covariates.FIELDS` by name, derived values filled in.
    derived : tuple of str
        Names of the fields that were derived from others, in the order of the specification.
    """

    values: Values
    derived: tuple[str, ...]

    @cached_property
    def unknown_covariates(self) -> tuple[str, ...]:
        """Names of the covariates of the models that are not known, in order."""
        return tuple([name for name in _MODELLED if self.values[name] is None])

    @property
    def facts(self) -> Values:
        """The facts of eligibility, by their names without the prefix."""
        return {short: self.values[name] for short, name in _FACTS.items()}

    @cached_property
    def completed_age(self) -> float:
        """Age in completed years, NaN when not known."""
        return (
            math.floor(FIELDS["age"].encode(self.values["age"])) if self.knows("age") else math.nan
        )

    def knows(self, name: str) -> bool:
        """Return whether the field has a value."""
        return self.values[name] is not None

    def as_inputs(self) -> dict[str, object]:
        """Return the patient as read, nested as in a request, with the derived values."""
        covariates: dict[str, object] = {name: self.values[name] for name in _COVARIATE_NAMES}
        return {**covariates, "eligibility": self.facts, "derived": list(self.derived)}


def read_patient(message: object) -> Patient:
    """Return the patient of a decoded JSON object.

    Raises
    ------
    InvalidInput
        With every problem found: types, values, unknown and refused names, contradictions,
        and too little known.
    """
    if not isinstance(message, Mapping):
        raise _not_an_object("patient", message)
    eligibility = message.get("eligibility")
    if eligibility is None:
        eligibility = {}
    if not isinstance(eligibility, Mapping):
        raise _not_an_object("eligibility", eligibility)
    flat = {name: value for name, value in message.items() if name != "eligibility"}
    problems = [refuse_name(str(name), _PATIENT_NAMES) for name in flat if name not in _COVARIATES]
    for short, value in eligibility.items():
        if short in _FACTS:
            flat[_FACTS[short]] = value
        else:
            problems.append(refuse_name(f"{ELIGIBILITY_PREFIX}{short}", _FACT_NAMES))
    return _read(flat, Field.read_json, problems)


def read_patient_text(row: Mapping[str, str]) -> Patient:
    """Return the patient of a row of texts, by field name; missing and empty are not known.

    Raises
    ------
    InvalidInput
        As `read_patient`; names that are not fields must be handled before.
    """
    return _read(row, Field.read_text, [])


def _read(
    row: Mapping[str, Any],
    read: Callable[[Field, Any], Value | None],
    problems: list[Problem],
) -> Patient:
    values: Values = dict.fromkeys(FIELDS)
    for name, field in FIELDS.items():
        if name not in row:
            continue
        try:
            values[name] = read(field, row[name])
        except InvalidInput as error:
            problems.extend(error.problems)
    derived, contradictions = derive(values)
    problems.extend(contradictions)
    # Too little known is worth saying only when nothing else hides what was meant.
    problems.extend(_too_few_known(derived) if not problems else ())
    if problems:
        raise InvalidInput(problems)
    names = tuple([n for n in DERIVABLE if values[n] is None and derived[n] is not None])
    return Patient(derived, names)


def _too_few_known(values: Values) -> list[Problem]:
    known = [name for name in _OTHER_FACTS if values[name] is not None]
    has_age = values["age"] is not None or values["menopausal_status"] is not None
    if has_age and len(known) >= _FEWEST_OTHERS:
        return []
    problem = Problem(
        "patient", "too_few_known", _what_is_missing(has_age, known), least_known_names()
    )
    return [problem]


def least_known_names() -> str:
    """Return the least that must be known, by the names of the fields."""
    return _("age or menopausal_status, and at least {fewest} of {names}").format(
        fewest=_(_FEWEST_IN_WORDS), names=", ".join(_OTHER_FACTS)
    )


def _what_is_missing(has_age: bool, known: list[str]) -> str:
    """Return what is known and what is needed, in a sentence."""
    return _(_missing_words(has_age, known)).format(
        fewest=_(_FEWEST_IN_WORDS),
        others=_other_labels(),
        only=_(FIELDS[known[0]].label) if known else "",
    )


def _missing_words(has_age: bool, known: list[str]) -> str:
    """Return the sentence on what is missing, with its places open."""
    if not has_age and len(known) >= _FEWEST_OTHERS:
        return N_("Neither age nor menopausal status is known; one of them is needed.")
    if not has_age:
        return N_(
            "Neither age nor menopausal status is known; one of them is needed, and at least "
            "{fewest} of {others}."
        )
    if not known:
        return N_(
            "Only age or menopausal status is known; at least {fewest} of {others} are needed, "
            "too."
        )
    return N_(
        "Beside age or menopausal status only 1 value is known ({only}); at least {fewest} of "
        "{others} are needed."
    )


def _other_labels() -> str:
    *labels, last = [_(FIELDS[name].label) for name in _OTHER_FACTS]
    return _("{first} and {last}").format(first=_(", ").join(labels), last=last)


def _not_an_object(name: str, value: object) -> InvalidInput:
    message = _("{name} must be an object with named fields, not {value}.")
    words = message.format(name=name, value=echo(value))
    return InvalidInput([Problem(name, "wrong_type", words, _("an object"))])
