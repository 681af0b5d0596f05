"""``GET /models`` and ``/models/{name}``: the bundles that are served, and the card of each."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from models.bundle import Bundle
from models.errors import UnknownResource
from models.language import _, joined
from service.page.markdown import Heading, render
from service.page.navigation import switch
from service.page.words import TRAINING_DATA
from service.problems import status_of
from service.responses import bundles

blueprint = Blueprint("cards", __name__)

#: Headings of this level and above stand in the list of contents.
_DEEPEST_LISTED = 3


@blueprint.get("/models")
def list_cards() -> str:
    """List the bundles; the first is the default."""
    return _list_page()


@blueprint.get("/models/<name>")
def show_card(name: str) -> Response:
    """Show the card of a bundle, ``id`` or ``id@version``; the list, if there is none of it."""
    try:
        bundle = bundles().find(name)
    except UnknownResource as error:
        return unknown_page(error)
    card = render(bundle.card)
    return make_response(
        render_template(
            "card.html",
            bundle=bundle,
            name=name_of(bundle),
            training_data=_(TRAINING_DATA[bundle.training_data]),
            card=card.html,
            listed=_listed(card.headings),
            kilobytes=round(len(card.html.encode()) / 1000),
            joined=joined,
            several=len(bundles().all) > 1,
            languages=switch(),
        )
    )


def unknown_page(error: UnknownResource) -> Response:
    """Return the page that tells that there is no bundle of a name, and which ones there are."""
    return make_response(_list_page(str(error)), status_of(error))


def _listed(headings: tuple[Heading, ...]) -> list[tuple[str, str, int]]:
    """Return place, words and depth of the headings that are listed; the card's title is not."""
    return [
        (each.place, each.words, each.level)
        for number, each in enumerate(headings)
        if each.level <= _DEEPEST_LISTED and (number or each.level > 1)
    ]


def _list_page(problem: str = "") -> str:
    return render_template(
        "cards.html",
        problem=problem,
        rows=[
            (name_of(each), each, _(TRAINING_DATA[each.training_data])) for each in bundles().all
        ],
        languages=switch(),
    )


def name_of(bundle: Bundle) -> str:
    """Return the name by which a bundle that is served is found: its id, where that is enough."""
    first = bundles().find(bundle.id) is bundle
    return bundle.id if first else f"{bundle.id}@{bundle.version}"
