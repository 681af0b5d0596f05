"""Pages that begin before they are computed: the head is sent at once, the rest follows.

A browser fetches the style sheet and shows where it is while the figures are computed. What can be
refused is refused before: the status is sent with the head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Response, copy_current_request_context, current_app
from markupsafe import Markup

from models.language import _, current_language
from service.problems import log_unexpected
from service.streaming import Parts, Spoken

#: Where a page's own part begins: what stands before needs nothing computed.
_OWN_PART = "<main>"


def streamed_page(title: str, body: Callable[[], str]) -> Response:
    """Return a page whose own part is computed after its head was sent.

    Parameters
    ----------
    body : callable
        Renders what stands in ``main``, once, in the language of the request. Should it fail, the
        page says so in its place.
    """
    # Flask's own streaming keeps the request's context while nobody reads; here it is there only
    # while something is rendered.
    context = {"title": title, "body": lambda: _rendered(body)}
    current_app.update_template_context(context)
    chunks = current_app.jinja_env.get_template("streamed.html").generate(context)
    head = _head(chunks)

    @copy_current_request_context
    def rest() -> str:
        return "".join(chunks)

    def parts() -> Parts:
        yield head
        yield rest()

    return Response(Spoken(parts(), current_language()), mimetype="text/html")


def _head(chunks: Iterator[str]) -> str:
    head = []
    for chunk in chunks:
        head.append(chunk)
        if _OWN_PART in chunk:
            break
    return "".join(head)


def _rendered(body: Callable[[], str]) -> Markup:
    try:
        return Markup(body())  # noqa: S704 - a rendered template
    except Exception as error:  # noqa: BLE001 - the status is sent: nobody else can tell it
        log_unexpected(error)
        words = _("Something went wrong on our side. Nothing was stored.")
        return Markup('<p class="notice" role="alert">{}</p>').format(words)
