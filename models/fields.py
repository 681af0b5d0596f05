"""Kinds of field: how one value is read, checked, described and encoded.

A field is read from JSON (`Field.read_json`) or from text (`Field.read_text`: a CSV cell or a
form field). Both give the same Python value or raise `InvalidInput`; nothing is clamped,
coerced or filled in. ``None`` always means "not known".
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from models.errors import InvalidInput, Problem
from models.language import N_, _

Value = int | float | str | bool | tuple[str, ...]

_LONGEST_ECHO = 60

#: Why a value is refused.
_NO_NUMBER = N_("{label}: {value} is not a number.")
_CANNOT_BE = N_("{label}: {value} cannot be.")
_NO_TEXT = N_("{label}: {value} is no text; write it in quotes.")
_NO_WHOLE_NUMBER = N_("{label}: {value} is no whole number; write it without quotes.")
_NOT_ACCEPTED = N_("{label}: {value} is not an accepted value.")
_NO_FLAG = N_("{label}: {value} is neither true nor false.")
_NO_LIST = N_("{label}: {value} is not a list.")
_EMPTY = N_("{label}: {value} is empty.")
_TWICE = N_("{label}: {value} names a member twice.")

_NUMBER = re.compile(
    r"[+-]?([0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|nan|inf|infinity)", re.ASCII | re.IGNORECASE
)

#: The signs of full width (U+FF01 to U+FF5E) and those of half width that they stand for.
_HALF_WIDTH = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}


def echo(value: object) -> str:
    """Return a value as it is shown back to its sender: quoted, and not longer than a line.

    What stands inside nested values is not shown: it could identify a person.
    """
    if isinstance(value, dict):
        return _("an object")
    if isinstance(value, list) and any(isinstance(member, dict | list) for member in value):
        return _("a nested list")
    text = _as_sent(value)
    return text if len(text) <= _LONGEST_ECHO else text[: _LONGEST_ECHO - 1] + "…"


def _as_sent(value: object) -> str:
    """Return a value with JSON's words for nothing and for truth."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{', '.join(map(_as_sent, value))}]"
    return repr(value)


def read_number(text: str) -> int | float | None:
    """Return the number that a text stands for, ``None`` when it is none.

    Numbers are written as in JSON, in half or full width, as Japanese keyboards give both; NaN
    and infinity are read, so that they can be refused by name. Python's own ``float`` would also
    take ``4_7`` and the digits of other scripts, and full NFKC would read ``4²`` as 42.
    """
    written = text.translate(_HALF_WIDTH).strip()
    if not _NUMBER.fullmatch(written):
        return None
    number = float(written)
    return int(number) if number.is_integer() else number


@dataclass(frozen=True)
class Choice:
    """One accepted value of a field and the words that a person reads for it."""

    value: str | int
    label: str


@dataclass(frozen=True)
class Field(ABC):
    """What is known of one field; subclasses know how its values are read.

    Attributes
    ----------
    name : str
        The name in JSON, in CSV and in the form.
    label : str
        The words in the form and in sentences.
    help : str
        What the value means and when to leave it open.
    """

    name: str
    label: str
    help: str

    @property
    @abstractmethod
    def accepted_values(self) -> str:
        """The accepted values in words, not known aside."""

    @property
    def accepted(self) -> str:
        """What is accepted from a program, in words."""
        words = _("{values}; not known: null, or an empty cell")
        return words.format(values=self.accepted_values)

    @property
    def accepted_on_screen(self) -> str:
        """What is accepted from a person, in words."""
        return _("{values}, or not known").format(values=self.accepted_values)

    @abstractmethod
    def _json_type(self) -> dict[str, Any]:
        """Return the JSON Schema of a known value."""

    @abstractmethod
    def _from_json(self, value: object) -> Value:
        """Return the value, or raise `InvalidInput`."""

    @abstractmethod
    def _from_text(self, text: str) -> Value:
        """Return the value of a non-empty text, or raise `InvalidInput`."""

    def read_json(self, value: object) -> Value | None:
        """Return the value of a decoded JSON value; ``None`` stays ``None`` (not known).

        Raises
        ------
        InvalidInput
            If the value is of another type or not among the accepted ones.
        """
        return None if value is None else self._from_json(value)

    def read_text(self, text: str) -> Value | None:
        """Return the value of a CSV cell or form field; empty means not known.

        Raises
        ------
        InvalidInput
            If the text is not an accepted value.
        """
        stripped = text.strip()
        return None if stripped == "" else self._from_text(stripped)

    def encode(self, value: Value | None) -> float:
        """Return the value as a number for a table of columns; not known is NaN."""
        return math.nan if value is None else self._to_number(value)

    def _to_number(self, value: Value) -> float:
        raise TypeError(f"{self.name}: {value!r} has no place in a table of numbers")

    def json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the field, ``null`` included."""
        schema = self._json_type()
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        return {
            **schema,
            "type": [schema["type"], "null"],
            "title": self.label,
            "description": self.help,
        }

    def refuse(self, code: str, value: object, why: str) -> InvalidInput:
        """Return the error for a value that this field does not take.

        Parameters
        ----------
        why : str
            A marked sentence with places for the field's label and the value.
        """
        message = _(why).format(label=_(self.label), value=echo(value))
        return InvalidInput([Problem(self.name, code, message, self.accepted)])


@dataclass(frozen=True)
class NumberField(Field):
    """A number within bounds, both included, in a stated unit."""

    minimum: float
    maximum: float
    unit: str

    @property
    def accepted_values(self) -> str:
        """The accepted values in words."""
        words = _("a number from {minimum} to {maximum} ({unit})")
        return words.format(
            minimum=f"{self.minimum:g}", maximum=f"{self.maximum:g}", unit=_(self.unit)
        )

    def _json_type(self) -> dict[str, Any]:
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}

    def _from_json(self, value: object) -> Value:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse("wrong_type", value, _NO_NUMBER)
        if isinstance(value, float) and not math.isfinite(value):
            raise self.refuse("not_a_number", value, _NO_NUMBER)
        if not self.minimum <= value <= self.maximum:
            raise self.refuse("out_of_range", value, _CANNOT_BE)
        return value

    def _from_text(self, text: str) -> Value:
        number = read_number(text)
        if number is None:
            raise self.refuse("wrong_type", text, _NO_NUMBER)
        if not math.isfinite(number):
            raise self.refuse("not_a_number", text, _NO_NUMBER)
        return self._from_json(number)

    def _to_number(self, value: Value) -> float:
        return float(value)  # type: ignore[arg-type]


@dataclass(frozen=True)
class ChoiceField(Field):
    """One of a few values; the number in a table is the place in the list."""

    choices: tuple[Choice, ...]
    hint: str = ""

    @cached_property
    def values(self) -> tuple[str | int, ...]:
        """The accepted values in order."""
        return tuple(choice.value for choice in self.choices)

    @property
    def accepted_values(self) -> str:
        """The accepted values in words."""
        return _("one of {values}").format(values=", ".join(map(str, self.values)))

    @property
    def accepted(self) -> str:
        """What is accepted from a program, in words."""
        return super().accepted + _(self.hint)

    def _json_type(self) -> dict[str, Any]:
        kind = "integer" if isinstance(self.values[0], int) else "string"
        return {"type": kind, "enum": list(self.values)}

    def _from_json(self, value: object) -> Value:
        wanted = type(self.values[0])
        if isinstance(value, float) and value.is_integer() and wanted is int:
            value = int(value)  # JSON has one number type: 1.0 is the integer 1
        if isinstance(value, bool) or not isinstance(value, wanted):
            why = _NO_WHOLE_NUMBER if wanted is int else _NO_TEXT
            raise self.refuse("wrong_type", value, why)
        if value not in self.values:
            raise self.refuse("not_accepted", value, _NOT_ACCEPTED)
        return value

    def _from_text(self, text: str) -> Value:
        for value in self.values:
            # Spreadsheets and data frames write whole numbers with gaps as 0.0.
            if text in (str(value), f"{value}.0" if isinstance(value, int) else ""):
                return value
        raise self.refuse("not_accepted", text, _NOT_ACCEPTED)

    def _to_number(self, value: Value) -> float:
        return float(self.values.index(value))


@dataclass(frozen=True)
class FlagField(Field):
    """True or false; in text ``true`` and ``false`` in any case."""

    @property
    def accepted_values(self) -> str:
        """The accepted values in words."""
        return "true, false"

    def _json_type(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def _from_json(self, value: object) -> Value:
        if not isinstance(value, bool):
            raise self.refuse("wrong_type", value, _NO_FLAG)
        return value

    def _from_text(self, text: str) -> Value:
        known = {"true": True, "false": False}
        if text.lower() not in known:
            raise self.refuse("not_accepted", text, _NO_FLAG)
        return known[text.lower()]

    def _to_number(self, value: Value) -> float:
        return float(bool(value))


@dataclass(frozen=True)
class SetField(Field):
    """Some of a few values, each at most once; in text separated by ``;``."""

    choices: tuple[Choice, ...]

    @cached_property
    def values(self) -> tuple[str | int, ...]:
        """The accepted members in order."""
        return tuple(choice.value for choice in self.choices)

    @property
    def accepted_values(self) -> str:
        """The accepted values in words."""
        return _("a list of one or more of {values} (in a CSV with ; between them)").format(
            values=", ".join(map(str, self.values))
        )

    def _json_type(self) -> dict[str, Any]:
        items = {"type": "string", "enum": list(self.values)}
        return {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}

    def _from_json(self, value: object) -> Value:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise self.refuse("wrong_type", value, _NO_LIST)
        for member in value:
            if member not in self.values:
                raise self.refuse("not_accepted", [member], _NOT_ACCEPTED)
        if len(value) == 0:
            raise self.refuse("not_accepted", list(value), _EMPTY)
        if len(set(value)) < len(value):
            raise self.refuse("not_accepted", list(value), _TWICE)
        return tuple(str(known) for known in self.values if known in value)

    def _from_text(self, text: str) -> Value:
        return self._from_json([part.strip() for part in text.split(";") if part.strip()])
