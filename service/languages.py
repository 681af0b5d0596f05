"""The language of a request: what it asks for, how it is spoken, what the answer says of it."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any

from flask import Flask, Response, request
from flask_babel import Babel
from werkzeug.datastructures import LanguageAccept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header

from models.language import DOMAIN, ENGLISH, JAPANESE, LANGUAGES, current_language

#: The field of a query or of the form that asks for a language.
LANG = "lang"

#: What each language calls itself.
OWN_NAMES: dict[str, str] = {ENGLISH: "English", JAPANESE: "日本語"}

#: What is written in English whoever asks: the contract for programs, and what a monitor reads.
ENGLISH_ONLY = frozenset(
    {
        "patient_schema.show_schema",
        "documentation.show_documentation",
        "lists.show_template",
        "api-docs.openapi_json",
        "health.healthz",
        "health.readyz",
        "static",
    }
)
_FORM = "pages.show_result"

#: How a route whose texts can be asked for in a language documents it (OpenAPI).
PARAMETERS: tuple[dict[str, Any], ...] = (
    {
        "in": "header",
        "name": "Accept-Language",
        "required": False,
        "schema": {"type": "string"},
        "description": f"Languages of the texts, the best first: {', '.join(LANGUAGES)}. English "
        "when none of them is asked for. Codes, names of fields and numbers are the same in all.",
    },
    {
        "in": "query",
        "name": LANG,
        "required": False,
        "schema": {"type": "string"},
        "description": f"Language of the texts, before Accept-Language: {', '.join(LANGUAGES)}. "
        "Another value is passed over.",
    },
)


def asked_language() -> str | None:
    """Return the language that a request names itself, or ``None``."""
    asked = (request.query_string and request.args.get(LANG)) or _typed_language()
    return asked if asked in LANGUAGES else None


def language_of_request() -> str:
    """Return the language in which a request is answered, one of `LANGUAGES`."""
    if request.endpoint in ENGLISH_ONLY:
        return ENGLISH
    asked = asked_language()
    if asked is not None:
        return asked
    return _accepted_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


# Browsers and programs send few different headers.
@lru_cache(256)
def _accepted_language(header: str) -> str:
    """Return the language that a sender likes best, whatever the country it is named with.

    Werkzeug itself takes ``en`` before ``ja-JP``, however much less it is liked.

    Parameters
    ----------
    header : str
        An ``Accept-Language``, or ``""``.
    """
    liked: dict[str, float] = {}
    for tag, quality in parse_accept_header(header, LanguageAccept):
        language = tag.replace("_", "-").partition("-")[0].lower()
        if language in LANGUAGES and quality > 0:
            liked[language] = max(quality, liked.get(language, 0.0))
    return max(liked, key=lambda language: liked[language], default=ENGLISH)


def other_languages() -> list[tuple[str, str]]:
    """Return code and own name of the languages that are not spoken now."""
    return [(code, name) for code, name in OWN_NAMES.items() if code != current_language()]


def register_languages(app: Flask) -> None:
    """Make templates and answers of an app speak and name the language of the context."""
    folder = str(resources.files("models").joinpath("translations"))
    Babel(
        app,
        default_locale=ENGLISH,
        default_domain=DOMAIN,
        default_translation_directories=folder,
        locale_selector=current_language,
    )
    app.after_request(_name_language)


def _typed_language() -> str | None:
    """Return the language that a form names; a body that cannot be read names none."""
    if request.endpoint != _FORM or request.method != "POST":
        return None
    try:
        return request.form.get(LANG)
    except HTTPException:  # told when the form itself is read
        return None


def _name_language(response: Response) -> Response:
    endpoint = request.endpoint
    if endpoint == "static":
        return response
    response.headers["Content-Language"] = current_language()
    if endpoint not in ENGLISH_ONLY:
        _vary_by_language(response)
    return response


def _vary_by_language(response: Response) -> None:
    # Nearly always there is none yet, and then nothing has to be parsed.
    if any(name == "Vary" for name, _value in response.headers):
        response.vary.add("Accept-Language")
    else:
        response.headers.add("Vary", "Accept-Language")
