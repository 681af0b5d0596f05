"""Who may ask, and what browsers may do: tokens, CORS and headers."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from flask import Flask, Response, request
from flask_cors import CORS

from models.errors import CrossSite, NotAuthorised, Problem
from models.language import _
from service.settings import Settings

#: How each route is protected; a guard test holds the table complete.
#: ``token``: a bearer token when tokens are configured. ``form``: the same, unless the form is
#: opened. ``open``: never a token, for the reason given.
PROTECTION: dict[str, tuple[str, str]] = {
    "predict.predict": ("token", "scores a patient"),
    "batch.predict_batch": ("token", "scores patients"),
    "models.list_models": ("token", "shows bundles"),
    "models.show_model": ("token", "shows a bundle"),
    "evidence.list_evidence": ("token", "shows the evidence"),
    "patient_schema.show_schema": ("token", "shows the contract"),
    "pages.show_form": ("form", "the form"),
    "pages.show_result": ("form", "scores a patient"),
    "pages.lead_to_form": ("form", "leads to the form"),
    "sure.show_sure": ("form", "shows a bundle"),
    "cards.list_cards": ("form", "shows bundles"),
    "cards.show_card": ("form", "shows a bundle"),
    "lists.show_lists": ("form", "the form of lists"),
    "lists.show_summary": ("form", "scores patients"),
    "lists.download_scored": ("form", "scores patients"),
    "lists.show_template": ("form", "belongs to the form of lists"),
    "lists.show_columns": ("form", "belongs to the form of lists"),
    "documentation.show_documentation": ("open", "the contract is public"),
    "api-docs.openapi_json": ("open", "the contract is public"),
    "health.healthz": ("open", "asked by the operator's monitor; tells nothing"),
    "health.readyz": ("open", "asked by the operator's monitor; tells nothing"),
    "static": ("open", "style sheet, icon and script"),
}

#: What a page may load and do: nothing of another host, nothing that stands in the page itself.
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)
#: Nothing is cached, and no address is told to another site.
_HEADERS: dict[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every answer."""
    ancestors = " ".join(settings.frame_ancestors) or "'none'"
    policy = f"{_CONTENT_POLICY}; frame-ancestors {ancestors}"
    # The older header knows no list: where origins are allowed, the policy alone tells them.
    frames = {} if settings.frame_ancestors else {"X-Frame-Options": "DENY"}
    return {"Content-Security-Policy": policy, **_HEADERS, **frames}


def protect(app: Flask, settings: Settings) -> None:
    """Make the app ask for tokens, answer allowed origins and send safe headers."""
    app.before_request(_token_check(settings))
    app.before_request(_site_check(settings))
    app.after_request(_header_adder(settings))
    if settings.cors_origins:
        CORS(app, resources={r"/v1/.*": {"origins": list(settings.cors_origins)}})


def _token_check(settings: Settings) -> Callable[[], None]:
    known = [token.encode() for token in settings.tokens]

    def check() -> None:
        if not known:
            return
        kind, _reason = PROTECTION.get(request.endpoint or "", ("token", ""))
        needs_token = kind == "token" or (kind == "form" and not settings.open_form)
        # A preflight request cannot carry a token, and a path that leads nowhere shows nothing.
        if not needs_token or request.method == "OPTIONS":
            return
        if request.endpoint is None:
            return
        scheme, _space, sent = request.headers.get("Authorization", "").partition(" ")
        matches = [hmac.compare_digest(sent.strip().encode(), token) for token in known]
        if scheme.lower() != "bearer" or not any(matches):
            raise NotAuthorised(
                [
                    Problem(
                        "Authorization",
                        "token_required",
                        _("This address needs a valid bearer token."),
                        "Authorization: Bearer <token>",
                    )
                ]
            )

    return check


def _site_check(settings: Settings) -> Callable[[], None]:
    """Return a check that refuses pages' forms from other sites.

    There is no session and no cookie that such a form could misuse; this keeps other sites from
    putting words into ours. Browsers say themselves where a request comes from, so that no token
    has to be kept or can expire.
    """
    allowed = {*settings.cors_origins, *settings.frame_ancestors}

    def check() -> None:
        kind, _reason = PROTECTION.get(request.endpoint or "", ("token", ""))
        if kind != "form" or request.method != "POST":
            return
        if request.headers.get("Sec-Fetch-Site", "") not in ("cross-site", "same-site"):
            return
        if request.headers.get("Origin") not in allowed:
            message = _("The form was sent by a page of another site.")
            accepted = _("a form that this page itself shows")
            raise CrossSite([Problem("", "cross_site", message, accepted)])

    return check


def _header_adder(settings: Settings) -> Callable[[Response], Response]:
    added = {name.lower(): (name, value) for name, value in headers(settings).items()}

    def add(response: Response) -> Response:
        # One look at what is there: each of `Headers.setdefault` takes two.
        present = {name.lower() for name, _value in response.headers}
        response.headers.extend([each for name, each in added.items() if name not in present])
        return response

    return add
