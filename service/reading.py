"""Reading JSON as the contract asks: no NaN, no repeated names, one object of known names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from models.errors import InvalidInput, MalformedInput, Problem
from models.fields import echo
from models.language import _
from models.options import OPTION_NAMES, Options, read_options
from models.patient import Patient, read_patient
from models.refused import refuse_name


def strict_json(data: bytes | str) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    MalformedInput
        If it is not JSON, is not UTF-8, holds NaN or infinity, or names a field twice.
    """
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_repeats,
        )
        _refuse_half_characters(value, text)
        return value
    except json.JSONDecodeError as error:
        message = _("This is not JSON: {reason} at line {line}, column {column}.").format(
            reason=error.msg, line=error.lineno, column=error.colno
        )
        raise _malformed("malformed_json", message, _("a JSON object")) from None
    except UnicodeDecodeError:
        raise _malformed("malformed_json", _("The text is not UTF-8."), "UTF-8") from None
    except RecursionError:
        message = _("It is nested too deeply.")
        raise _malformed("malformed_json", message, _("a JSON object")) from None
    except ValueError:
        message = _("A number has too many digits.")
        raise _malformed("malformed_json", message, _("a JSON object")) from None


@dataclass(frozen=True)
class Request:
    """A single request, checked."""

    patient: Patient
    options: Options


def read_request(message: object) -> Request:
    """Return a single request.

    Raises
    ------
    InvalidInput
        With the problems of the patient, the options and the names, all at once.
    """
    body = as_object(message)
    problems = unknown_names(body, ("patient", *OPTION_NAMES))
    patient = options = None
    if "patient" not in body:
        text = _("A request needs a patient.")
        problems.append(Problem("patient", "missing_field", text, _("an object of covariates")))
    else:
        try:
            patient = read_patient(body["patient"])
        except InvalidInput as error:
            problems.extend(error.problems)
    try:
        options = read_options(body)
    except InvalidInput as error:
        problems.extend(error.problems)
    if problems or patient is None or options is None:
        raise InvalidInput(problems)
    return Request(patient, options)


def as_object(message: object) -> Mapping[str, object]:
    """Return a decoded JSON value that must be an object."""
    if not isinstance(message, Mapping):
        text = _("This must be an object with named fields, not {value}.")
        words = text.format(value=echo(message))
        raise InvalidInput([Problem("", "wrong_type", words, _("an object"))])
    return message


def unknown_names(body: Mapping[str, object], known: tuple[str, ...]) -> list[Problem]:
    """Return the problems with names that are not known here."""
    return [refuse_name(name, known) for name in body if name not in known]


def _malformed(code: str, message: str, accepted: str) -> MalformedInput:
    return MalformedInput([Problem("", code, message, accepted)])


def _refuse_constant(name: str) -> NoReturn:
    message = _("{name} is not a value.").format(name=name)
    raise _malformed("not_a_number", message, _("a finite number, or null for not known"))


def _refuse_half_characters(value: object, text: str) -> None:
    """Refuse escapes that stand for half a character, which no answer could repeat."""
    if "\\ud" not in text.lower():
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = _("An escape (\\ud800 to \\udfff) stands for half a character.")
        raise _malformed("malformed_json", message, _("texts of whole characters")) from None


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        _refuse_constant(text[:20])
    return number


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _value in pairs]
        repeated = sorted({name for name in names if names.count(name) > 1})
        message = _("{names}: given more than once.").format(names=", ".join(repeated)[:60])
        raise MalformedInput(
            [Problem(repeated[0], "duplicate_field", message, _("each field at most once"))]
        )
    return fields
