"""``GET /docs``: the OpenAPI as a plain page of our own, without scripts and other hosts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, render_template

from service.responses import EXTENSION

blueprint = Blueprint("documentation", __name__)

_METHODS = ("get", "post")


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    summary: str
    description: str
    request_types: tuple[str, ...]
    responses: tuple[tuple[str, str], ...]


@blueprint.get("/docs")
def show_documentation() -> str:
    """Show every operation and every schema of the published OpenAPI."""
    spec = current_app.extensions[EXTENSION]["api"].spec.to_dict()
    schemas = {
        name: json.dumps(schema, indent=2, ensure_ascii=False)
        for name, schema in spec["components"]["schemas"].items()
    }
    return render_template(
        "documentation.html", info=spec["info"], operations=operations(spec), schemas=schemas
    )


def operations(spec: dict[str, Any]) -> list[Operation]:
    """Return the operations of an OpenAPI document, in its order."""
    return [
        _operation(method, path, item[method])
        for path, item in spec["paths"].items()
        for method in _METHODS
        if method in item
    ]


def _operation(method: str, path: str, item: dict[str, Any]) -> Operation:
    responses = tuple(
        (status, answer.get("description", ""))
        for status, answer in item["responses"].items()
        if "description" in answer
    )
    return Operation(
        method.upper(),
        path,
        item.get("summary", ""),
        item.get("description", ""),
        tuple(item.get("requestBody", {}).get("content", {})),
        responses,
    )
