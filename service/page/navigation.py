"""The pages that every page links, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request, url_for

from models.language import N_, _
from service.languages import asked_language

#: Endpoint and name of each page.
PAGES: tuple[tuple[str, str], ...] = (
    ("pages.show_form", N_("One patient")),
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
    return [
        Link(
            url_for(endpoint, lang=asked_language()),
            _(name),
            endpoint == request.endpoint and request.method == "GET",
        )
        for endpoint, name in PAGES
    ]
