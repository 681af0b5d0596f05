"""Telling Japanese texts from English ones that slipped in."""

from __future__ import annotations

import re

_JAPANESE = re.compile(r"[\u3001-\u301c\u3041-\u30ff\u4e00-\u9fff]")
#: Three words of Latin letters in a row, at least one of them no name.
_ENGLISH = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
#: Terms that Japanese texts use as they are.
_TERMS = ("intention to treat",)


def is_japanese(text: str) -> bool:
    """Return whether a text has kana or kanji."""
    return _JAPANESE.search(text) is not None


def english_in(text: str) -> list[str]:
    """Return the runs of English words in a text."""
    for term in _TERMS:
        text = text.replace(term, "")
    return _ENGLISH.findall(text)
