"""JSON Schemas in words: what the viewer of the API and the reference pages say of a type."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: What a part of the words is: plain words, something that is sent as it is, or another schema.
PLAIN, CODE, SCHEMA = "plain", "code", "schema"


@dataclass(frozen=True)
class Part:
    """Some of the words that tell a type.

    Attributes
    ----------
    text : str
        The words; of a schema, its name.
    kind : str
        `PLAIN`, `CODE` or `SCHEMA`.
    """

    text: str
    kind: str = PLAIN


@dataclass(frozen=True)
class Property:
    """One property of an object."""

    name: str
    type: tuple[Part, ...]
    required: bool
    meaning: str


def type_parts(schema: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the words of a schema's type."""
    if "$ref" in schema:
        yield Part(schema["$ref"].rpartition("/")[2], SCHEMA)
        return
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            yield from _joined((type_parts(part) for part in schema[word]), " or ")
            return
    if "enum" in schema:
        yield from _joined(([_value(value)] for value in schema["enum"]), ", ")
        return
    if "contentSchema" in schema:
        yield Part("lines of ")
        yield from type_parts(schema["contentSchema"])
        return
    yield from _plain_type(schema)


def type_with_default(schema: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the words of a type, with what is taken when nothing is sent."""
    yield from type_parts(schema)
    if "default" in schema:
        default = schema["default"]
        yield Part("; default ")
        yield Part(default if isinstance(default, str) else json.dumps(default), CODE)


def properties(schema: Mapping[str, Any]) -> list[Property]:
    """Return the properties of an object's schema, in its order."""
    required = schema.get("required", [])
    return [
        Property(name, tuple(type_with_default(described)), name in required, _meaning(described))
        for name, described in schema.get("properties", {}).items()
    ]


def _meaning(described: Mapping[str, Any]) -> str:
    return str(described.get("description") or described.get("title", ""))


def _plain_type(schema: Mapping[str, Any]) -> Iterator[Part]:
    kinds = schema.get("type", "any")
    yield Part(" or ".join(kinds) if isinstance(kinds, list) else kinds)
    for within in ("items", "additionalProperties"):
        if isinstance(schema.get(within), dict):
            yield Part(" of ")
            yield from type_parts(schema[within])
    if "minimum" in schema and "maximum" in schema:
        yield Part(f" from {schema['minimum']:g} to {schema['maximum']:g}")


def _value(value: object) -> Part:
    return Part("null") if value is None else Part(str(value), CODE)


def _joined(each: Iterable[Iterable[Part]], between: str) -> Iterator[Part]:
    for place, parts in enumerate(each):
        if place:
            yield Part(between)
        yield from parts
