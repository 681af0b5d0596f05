"""The language that texts for people are told in: gettext catalogues, English without one.

A text is written in English where it is needed, as ``_("Few patients like her: {n} of {all}.")``
with named places, and told in the language of the context. A text that is written before the
language is known (a constant, a table) is marked with ``N_`` and told with ``_`` where it is used.
Codes and names are never translated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from functools import cache
from gettext import NullTranslations, translation
from importlib import resources

ENGLISH, JAPANESE = "en", "ja"
#: The languages that can be asked for, the default first.
LANGUAGES: tuple[str, ...] = (ENGLISH, JAPANESE)

#: Name of the catalogues: ``translations/<language>/LC_MESSAGES/equipoise.mo``.
DOMAIN = "equipoise"

#: What stands between two sentences.
_GAPS = {ENGLISH: " ", JAPANESE: ""}

_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def current_language() -> str:
    """Return the language of the context, one of `LANGUAGES`."""
    return _language.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Tell the texts inside the block in a language.

    Raises
    ------
    ValueError
        If it is none of `LANGUAGES`.
    """
    token = _language.set(_known(language))
    try:
        yield
    finally:
        _language.reset(token)


def context_speaking(language: str) -> Context:
    """Return a context of its own, for what outlives the one that it comes from.

    Raises
    ------
    ValueError
        If the language is none of `LANGUAGES`.
    """
    context = Context()
    context.run(_language.set, _known(language))
    return context


def _known(language: str) -> str:
    if language not in LANGUAGES:
        raise ValueError(f"{language} is none of {', '.join(LANGUAGES)}")
    return language


def _(text: str) -> str:
    """Return an English text in the language of the context; its places are filled afterwards."""
    return _catalogue(_language.get()).gettext(text) if text else ""


def joined(*texts: str) -> str:
    """Return sentences behind each other, as the language of the context spaces them.

    Empty ones are left out.
    """
    return _GAPS[_language.get()].join(text for text in texts if text)


def N_(text: str) -> str:  # noqa: N802 - gettext's customary name
    """Return a text as it is: marks it for translation where it is used."""
    return text


@cache
def _catalogue(language: str) -> NullTranslations:
    folder = str(resources.files("models").joinpath("translations"))
    return translation(DOMAIN, folder, [language], fallback=True)
