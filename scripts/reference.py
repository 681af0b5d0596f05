"""Write the reference pages from what they are about: commands, OpenAPI and settings.

``python scripts/reference.py`` writes docs/reference; a test holds the pages equal to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from service.app import create_app
from service.cli import main as equipoise
from service.settings import SETTINGS

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_NOTE = "<!-- Written by `make docs`; changes here are overwritten. -->"
_WIDTH = 88


def pages() -> dict[str, str]:
    """Return the text of each page by its file name."""
    return {
        "cli.md": _page("Commands", cli_lines()),
        "api.md": _page("API", api_lines(openapi())),
        "settings.md": _page("Settings", settings_lines()),
    }


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document that a server publishes."""
    document: dict[str, Any] = create_app().test_client().get("/openapi.json").get_json()
    return document


def cli_lines() -> Iterator[str]:
    """Yield the help of every command."""
    yield from ("The command line is `equipoise`; `equipoise COMMAND --help` shows the same.", "")
    context = click.Context(equipoise, info_name="equipoise")
    for name in equipoise.list_commands(context):
        command = equipoise.get_command(context, name)
        if command is None:
            raise ValueError(f"{name} cannot be loaded")
        yield from (f"## equipoise {name}", "", "```text", _help(command, name), "```", "")
    yield from (
        "Exit codes: 0 all is well, 1 some rows were rejected (`score`), 2 nothing was done and",
        "one sentence says why.",
    )


def _help(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=f"equipoise {name}", terminal_width=_WIDTH)
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def settings_lines() -> Iterator[str]:
    """Yield the environment variables as a table."""
    yield from ("`equipoise serve` reads these environment variables once, when it starts.", "")
    yield from _table("variable", "default", "what it does")
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "empty"
        yield _row(f"`{setting.name}`", default, setting.help)


def api_lines(document: dict[str, Any]) -> Iterator[str]:
    """Yield every operation and every schema of an OpenAPI document."""
    yield from (
        f"OpenAPI {document['openapi']}, at `/openapi.json`; `/docs` shows it as a page.",
        "",
        document["info"]["description"],
        "",
        "Where tokens are configured, `Authorization: Bearer ...` is needed.",
        "",
        "## Operations",
        "",
    )
    for path, item in document["paths"].items():
        for method in ("get", "post"):
            if method in item:
                shared = item.get("parameters", [])
                yield from _operation_lines(f"{method.upper()} {path}", item[method], shared)
    yield from ("## Schemas", "")
    for name, schema in document["components"]["schemas"].items():
        yield from _schema_lines(name, schema)


def _operation_lines(
    title: str, operation: dict[str, Any], shared: list[dict[str, Any]]
) -> Iterator[str]:
    yield from (f"### {title}", "", operation["summary"], "")
    if "description" in operation:
        yield from (operation["description"], "")
    parameters = [*shared, *operation.get("parameters", [])]
    if parameters:
        yield from _table("parameter", "in", "type", "description")
        for each in parameters:
            kind = _type(each["schema"])
            yield _row(f"`{each['name']}`", each["in"], kind, each.get("description", ""))
        yield ""
    sent = operation.get("requestBody", {}).get("content", {})
    if sent:
        yield from _table("body", "schema")
        yield from (_row(f"`{media}`", _type(body["schema"])) for media, body in sent.items())
        yield ""
    yield from _table("status", "meaning", "content")
    for status, answer in sorted(operation["responses"].items()):
        yield _row(status, answer["description"], _contents(answer))
    yield ""


def _contents(answer: dict[str, Any]) -> str:
    contents = answer.get("content", {}).items()
    return ", ".join(f"`{media}` ({_type(body['schema'])})" for media, body in contents)


def _schema_lines(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from (f"### {name}", "")
    required = schema.get("required", [])
    yield from _table("field", "type", "always", "description")
    for field, described in schema.get("properties", {}).items():
        always = "yes" if field in required else ""
        meaning = described.get("description") or described.get("title", "")
        yield _row(f"`{field}`", _type(described), always, meaning)
    yield ""


def _type(schema: dict[str, Any]) -> str:
    """Return a schema's type in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return " or ".join(_type(part) for part in schema[word])
    if "enum" in schema:
        return ", ".join("null" if value is None else f"`{value}`" for value in schema["enum"])
    kinds = schema.get("type", "any")
    words = " or ".join(kinds) if isinstance(kinds, list) else kinds
    for within in ("items", "additionalProperties"):
        if isinstance(schema.get(within), dict):
            words += f" of {_type(schema[within])}"
    return words + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f" from {schema['minimum']:g} to {schema['maximum']:g}"
    return ""


def _table(*names: str) -> tuple[str, str]:
    return _row(*names), _row(*("---" for _ in names))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _page(title: str, lines: Iterator[str]) -> str:
    return "\n".join([_NOTE, "", f"# {title}", "", *lines]).rstrip() + "\n"


def main() -> int:
    """Write the pages and return 0."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
