"""The pages that every page links, in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from models.language import N_, _
from service.languages import asked_language, other_languages
from service.responses import bundles

#: The page of a bundle's card; the default bundle's stands in the head.
CARD = "cards.show_card"

#: Endpoint and name of each page.
PAGES: tuple[tuple[str, str], ...] = (
    ("pages.show_form", N_("One patient")),
    ("lists.show_lists", N_("A list of patients")),
    ("sure.show_sure", N_("How sure is this?")),
    (CARD, N_("Model card")),
    ("documentation.show_documentation", N_("API documentation")),
)


@dataclass(frozen=True)
class Link:
    """A link to a page, in the language that was asked for."""

    address: str
    name: str
    current: bool


def navigation() -> list[Link]:
    """Return the links of a page's head."""
    return [_link(endpoint, name) for endpoint, name in PAGES]


def _link(endpoint: str, name: str) -> Link:
    values: dict[str, Any] = {"name": bundles().default.id} if endpoint == CARD else {}
    shown = (request.method, request.endpoint, _view_values())
    return Link(
        url_for(endpoint, lang=asked_language(), **values),
        _(name),
        shown == ("GET", endpoint, values),
    )


def switch() -> list[tuple[str, str, str]]:
    """Return code, own name and address of the page in each other language."""
    shown = request.endpoint or ""
    values = _view_values()
    return [(code, own, url_for(shown, lang=code, **values)) for code, own in other_languages()]


def _view_values() -> dict[str, Any]:
    """Return what the address of this request names."""
    return {name: each for name, each in (request.view_args or {}).items() if each is not None}
