"""``GET /docs``: the OpenAPI as a plain page of our own, without scripts and other hosts."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from flask import Blueprint, current_app, render_template, request

from service.responses import EXTENSION
from service.schema_words import Part, Property, properties, type_parts, type_with_default

blueprint = Blueprint("documentation", __name__)

_METHODS = ("get", "post")


@dataclass(frozen=True)
class Content:
    """What is sent or answered: a media type and its schema in words."""

    media: str
    type: tuple[Part, ...]
    meaning: str


@dataclass(frozen=True)
class Answer:
    """One status of an operation."""

    status: str
    meaning: str
    contents: tuple[Content, ...]


@dataclass(frozen=True)
class Parameter:
    """One parameter; `place` is where it stands: ``path``, ``query`` or ``header``."""

    name: str
    place: str
    type: tuple[Part, ...]
    required: bool
    meaning: str


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes
    ----------
    id : str
        Its ``operationId``, which is its place on the page, too.
    examples : tuple of str
        A command for each example of the OpenAPI; without one, for an address that needs none.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    sent: tuple[Content, ...]
    answers: tuple[Answer, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Schema:
    """One schema: its properties in a table, and itself as JSON, escaped.

    Quotes stand as they are, which are a fourth of the text and harmless between tags.
    """

    name: str
    meaning: str
    properties: list[Property]
    json: str


@blueprint.get("/docs")
def show_documentation() -> str:
    """Show every operation and every schema of the published OpenAPI."""
    spec = current_app.extensions[EXTENSION]["api"].spec.to_dict()
    return render_template(
        "documentation.html",
        info=spec["info"],
        operations=operations(spec, request.host_url.rstrip("/")),
        schemas=schemas(spec),
    )


def operations(spec: Mapping[str, Any], host: str) -> list[Operation]:
    """Return the operations of an OpenAPI document, in its order.

    Parameters
    ----------
    host : str
        Where the examples are sent to, such as ``http://127.0.0.1:8000``.
    """
    return [
        _operation((method, path), item[method], item.get("parameters", []), host)
        for path, item in spec["paths"].items()
        for method in _METHODS
        if method in item
    ]


def schemas(spec: Mapping[str, Any]) -> list[Schema]:
    """Return the schemas of an OpenAPI document, in its order."""
    return [
        Schema(
            name,
            schema.get("description", ""),
            properties(schema),
            escape(json.dumps(schema, indent=1, ensure_ascii=False), quote=False),
        )
        for name, schema in spec["components"]["schemas"].items()
    ]


def _operation(
    called: tuple[str, str], item: Mapping[str, Any], shared: list[dict[str, Any]], host: str
) -> Operation:
    method, path = called
    parameters = [*shared, *item.get("parameters", [])]
    body = item.get("requestBody", {}).get("content", {})
    return Operation(
        item["operationId"],
        method.upper(),
        path,
        item.get("summary", ""),
        item.get("description", ""),
        tuple(_parameter(each) for each in parameters),
        _contents(body),
        tuple(
            Answer(status, answer["description"], _contents(answer.get("content", {})))
            for status, answer in sorted(item["responses"].items())
            if "description" in answer
        ),
        tuple(_commands(host + _filled(path, parameters), body)),
    )


def _parameter(each: Mapping[str, Any]) -> Parameter:
    return Parameter(
        each["name"],
        each["in"],
        tuple(type_with_default(each["schema"])),
        each.get("required", False),
        each.get("description", ""),
    )


def _contents(contents: Mapping[str, Any]) -> tuple[Content, ...]:
    return tuple(
        Content(media, tuple(type_parts(body["schema"])), body["schema"].get("description", ""))
        for media, body in contents.items()
    )


def _filled(path: str, parameters: list[dict[str, Any]]) -> str:
    """Return a path with the examples of its own parameters in their places."""
    for each in parameters:
        if each["in"] == "path" and "example" in each:
            path = path.replace(f"{{{each['name']}}}", each["example"])
    return path


def _commands(address: str, body: Mapping[str, Any]) -> Iterator[str]:
    """Yield a command for each example of a body, or one when nothing is sent."""
    if not body and "{" not in address:
        yield f"curl -s {shlex.quote(address)}"
    for media, content in body.items():
        if "example" in content:
            yield (
                f"curl -s {shlex.quote(address)} -H 'Content-Type: {media}' \\\n"
                f"  --data-binary {shlex.quote(_example_text(content['example']))}"
            )


def _example_text(example: Any) -> str:
    if isinstance(example, str):
        return example
    return json.dumps(example, ensure_ascii=False)
