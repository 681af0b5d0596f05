"""What is said of a type is what its schema says."""

from __future__ import annotations

import pytest

from service.schema_words import CODE, SCHEMA, Part, properties, type_parts, type_with_default


def told(parts):
    return "".join(f"[{p.text}]" if p.kind == SCHEMA else p.text for p in parts)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["boolean", "null"]}, "boolean or null"),
        ({"$ref": "#/components/schemas/Band"}, "[Band]"),
        ({"anyOf": [{"$ref": "#/c/Note"}, {"type": "null"}]}, "[Note] or null"),
        ({"type": "array", "items": {"$ref": "#/c/Note"}}, "array of [Note]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"type": "object", "additionalProperties": False}, "object"),
        ({"enum": ["cox", None, 1]}, "cox, null, 1"),
        ({"type": "number", "minimum": 0.8, "maximum": 0.99}, "number from 0.8 to 0.99"),
        ({"type": "string", "contentSchema": {"$ref": "#/c/Line"}}, "lines of [Line]"),
        ({}, "any"),
    ],
)
def test_a_type_is_told(schema, words):
    assert told(type_parts(schema)) == words


def test_values_stand_as_they_are_sent():
    assert list(type_parts({"enum": ["T4"]})) == [Part("T4", CODE)]


@pytest.mark.parametrize(("default", "words"), [("cox", "cox"), ([12, 24], "[12, 24]")])
def test_a_default_is_told(default, words):
    schema = {"type": "string", "default": default}
    assert told(type_with_default(schema)) == f"string; default {words}"


def test_properties_have_their_description_or_title():
    schema = {
        "required": ["b"],
        "properties": {
            "a": {"type": "string", "title": "A title"},
            "b": {"type": "string", "title": "A title", "description": "What it is."},
        },
    }
    assert [(p.name, p.required, p.meaning) for p in properties(schema)] == [
        ("a", False, "A title"),
        ("b", True, "What it is."),
    ]
