"""The link that opens the form with the values of a patient, in its fragment.

A browser keeps the fragment of an address (what follows ``#``) to itself, so the values reach no
server and no log. ``static/form.js`` reads it; both sides shorten names and values by one rule,
so that the code to scan stays small.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from models.covariates import ELIGIBILITY_PREFIX, FIELDS
from models.fields import NumberField, Value
from models.options import Options
from models.patient import Patient
from service.page.form import MODEL

_LETTERS, _WORDS = 2, 4
#: Signs that an address may hold in its fragment as they are.
_KEPT = "+,"


def short_name(name: str) -> str:
    """Return the first two letters of each word of a field's name, those of four words at most."""
    words = name.removeprefix(ELIGIBILITY_PREFIX).split("_")
    return "".join(word[:_LETTERS] for word in words[:_WORDS])


def short_choice(value: str | float) -> str:
    """Return the first letters of a value that is chosen among others."""
    return str(value).lower()[0] if isinstance(value, bool) else str(value)[:_LETTERS]


def fragment_of(patient: Patient, options: Options) -> str:
    """Return the inputs as ``field=value`` pairs, without what follows from them.

    Values stand as they were read, so nothing but values of the specification comes into it.
    """
    return "&".join(
        f"{short_name(name)}={quote(text, _KEPT)}" for name, text in _pairs(patient, options)
    )


def _pairs(patient: Patient, options: Options) -> Iterator[tuple[str, str]]:
    for name, value in patient.values.items():
        if value is not None and name not in patient.derived:
            yield name, _text(name, value)
    yield MODEL, short_choice(options.model)


def _text(name: str, value: Value) -> str:
    if isinstance(FIELDS[name], NumberField):
        return str(value)
    members = value if isinstance(value, tuple) else (value,)
    return ",".join(map(short_choice, members))
