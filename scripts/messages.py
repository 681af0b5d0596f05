"""Collect the texts for people, bring the catalogues up to date and compile them.

``python scripts/messages.py`` writes models/translations: the template ``equipoise.pot``, and
each language's ``.po`` and ``.mo``. Texts are marked with ``_`` and ``N_`` in Python and in
templates; those of the TOML files are named in `TOML_TEXTS`. Line numbers are left out, so that
a file changes with its texts and with nothing else; tests hold the files equal to a fresh run.
"""

from __future__ import annotations

import ast
import io
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from models.language import DOMAIN, ENGLISH, LANGUAGES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "models" / "translations"
TEMPLATE = FOLDER / f"{DOMAIN}.pot"
TRANSLATED: tuple[str, ...] = tuple(name for name in LANGUAGES if name != ENGLISH)

_MARKS = ("_", "N_")
_PACKAGES = ("models", "service")
#: Which keys of which files hold texts; a table under such a key holds a text under each of its.
TOML_TEXTS: dict[str, tuple[str, ...]] = {
    "models/caveats.toml": ("text", "because"),
    "models/evidence/credibility.toml": ("text", "answers", "reason"),
    "models/evidence/jcog1017.toml": ("label", "note"),
    "models/evidence/other_trials.toml": ("label", "note"),
    "models/evidence/trials.toml": ("name", "design", "note", "caution"),
    "models/evidence/sources.toml": ("licence", "seen"),
}
#: Files that depend on texts only, so no date of theirs may move.
_DATE = datetime(2025, 7, 4, tzinfo=UTC)


def main() -> None:
    """Write the template, and every language's catalogue as text and compiled."""
    fresh = template()
    FOLDER.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(as_text(fresh))
    for language in TRANSLATED:
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = updated(read_catalog(language), fresh)
        path.write_bytes(as_text(catalog))
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        missing = [message.id for message in catalog if message.id and not message.string]
        print(f"{language}: {len(catalog)} texts, {len(missing)} without a translation")
        for text in missing:
            print(f"  {text}")


def template() -> Catalog:
    """Return a catalogue of all texts, without translations."""
    catalog = Catalog(
        project="Equipoise", charset="utf-8", creation_date=_DATE, revision_date=_DATE
    )
    for place, text in sorted(_found()):
        catalog.add(text, locations=[(place, 1)])
    return catalog


def po_path(language: str) -> Path:
    """Return where a language's catalogue stands."""
    return FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalog(language: str) -> Catalog:
    """Return a language's catalogue as it stands; an empty one when there is none."""
    path = po_path(language)
    text = path.read_bytes() if path.exists() else b""
    return read_po(io.BytesIO(text), locale=language, domain=DOMAIN)


def updated(catalog: Catalog, fresh: Catalog) -> Catalog:
    """Return a catalogue with the texts of the template; what is no longer said is left out."""
    result = Catalog(
        locale=catalog.locale,
        project="Equipoise",
        charset="utf-8",
        creation_date=_DATE,
        revision_date=_DATE,
        fuzzy=False,
    )
    for message in fresh:
        if message.id:
            known = catalog.get(message.id)
            string = known.string if known is not None else ""
            result.add(message.id, string, locations=message.locations)
    return result


def as_text(catalog: Catalog) -> bytes:
    """Return a catalogue as a ``.po`` file."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=96, sort_by_file=True, include_lineno=False)
    return buffer.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as a ``.mo`` file."""
    catalog.creation_date = catalog.revision_date = _DATE
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _found() -> Iterator[tuple[str, str]]:
    """Yield the file and the text of everything that is marked."""
    for path in sorted(path for name in _PACKAGES for path in (ROOT / name).rglob("*")):
        read = {".py": _of_python, ".html": _of_template}.get(path.suffix)
        if read is not None:
            yield from ((path.relative_to(ROOT).as_posix(), text) for text in read(path))
    for name, keys in TOML_TEXTS.items():
        content = tomllib.loads((ROOT / name).read_text("utf-8"))
        yield from ((name, text) for text in _texts(content, keys) if text)


def _of_python(path: Path) -> Iterator[str]:
    """Yield the texts that stand in `_` and `N_` themselves.

    Babel's own reader would also take the key of ``_(row["text"])``.
    """
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if is_call and node.func.id in _MARKS and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def _of_template(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for _line, _function, text, _comments in babel_extract(file, _MARKS, [], {}):
            yield str(text)


def _texts(content: Any, keys: tuple[str, ...]) -> Iterator[str]:
    rows = content if isinstance(content, list) else content.values()
    for row in rows:
        if isinstance(row, dict | list):
            yield from _texts(row, keys)
    if isinstance(content, dict):
        for key in keys:
            yield from _strings(content.get(key))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for text in value.values() if isinstance(text, str))


if __name__ == "__main__":
    main()
