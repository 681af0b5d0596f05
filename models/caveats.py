"""The caveats of one answer, each with a code, a severity and why it applies to her.

The texts, their evidence and their order stand in ``caveats.toml``. A caveat depends on nothing
but the `Profile` of its case and the language, so each profile's caveats are found once and looked
up after that; patients of a list share them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import resources
from string import Formatter
from typing import Any

from models.caveat_case import Case, Profile, profile_of
from models.caveat_fillings import EACH, Filling
from models.caveat_rules import RULES
from models.caveat_words import PROFILE_WORDS, evidence_words, place_of
from models.language import _, current_language

__all__ = ["FIRST_SIGHT", "SEVERITIES", "STOP", "Case", "Caveat", "caveat_texts", "caveats_for"]

#: Most pressing first; within a severity the order of the file. ``stop``: clear this up before
#: the figures are read; ``warning``: the figures can mislead without it; ``info``: what is known.
SEVERITIES = ("stop", "warning", "info")
#: Of a caveat that has to be cleared up before any figure is read.
STOP = SEVERITIES[0]

#: So many caveats, the first of an answer, are seen at first sight; the rest on demand.
FIRST_SIGHT = 7

#: How many profiles, and how many told caveats, are kept.
_KEPT = 4096


@dataclass(frozen=True)
class Caveat:
    """One caveat, ready to be read.

    Attributes
    ----------
    evidence : tuple of str
        Ids of the evidence rows behind it.
    place : str or None
        Where the words or figures behind it stand in the trial's report, or in another's;
        ``None`` when it is about Equipoise and not about a trial.
    """

    code: str
    severity: str
    text: str
    applies_because: str
    evidence: tuple[str, ...]
    place: str | None = None

    def __hash__(self) -> int:
        """Return the hash of the text: of those who share it, hardly any differ."""
        return hash(self.text)

    def as_dict(self) -> dict[str, object]:
        """Return the caveat as it stands in an answer: made once, and not to be changed."""
        return self._answer

    @cached_property
    def _answer(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": self.severity,
            "text": self.text,
            "applies_because": self.applies_because,
            "evidence": list(self.evidence),
            "place": self.place,
        }


def caveats_for(case: Case) -> tuple[Caveat, ...]:
    """Return the caveats of one answer, most pressing first, always in the same order.

    They are in the language of the context.
    """
    return _caveats(profile_of(case), current_language())


@cache
def caveat_texts() -> dict[str, dict[str, Any]]:
    """Return the rows of ``caveats.toml`` by code, most pressing first."""
    text = resources.files("models").joinpath("caveats.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text).items()
    return dict(sorted(rows, key=lambda item: SEVERITIES.index(item[1]["severity"])))


@lru_cache(_KEPT)
def _caveats(profile: Profile, language: str) -> tuple[Caveat, ...]:
    """Return the caveats of a profile; the language is that of the context."""
    told: list[Caveat | None] = []
    for row in _rows():
        if things := row.things(profile):
            words = tuple([word(profile) for word in row.words])
            told += [_told(row.code, thing, words, language) for thing in things]
    return tuple([caveat for caveat in told if caveat is not None])


@dataclass(frozen=True)
class _Row:
    """A row of ``caveats.toml``, as it is looked up for a profile.

    Attributes
    ----------
    things : callable
        Returns what of a profile the row is told for, none, one or several.
    words : tuple of callable
        Return those words of a profile that the row's texts have places for.
    """

    code: str
    things: Callable[[Profile], tuple[Any, ...]]
    words: tuple[Callable[[Profile], str], ...]


@cache
def _rows() -> tuple[_Row, ...]:
    """Return the rows, most pressing first."""
    return tuple(
        _Row(code, _things(row), tuple(PROFILE_WORDS[name] for name in _profile_names(code)))
        for code, row in caveat_texts().items()
    )


#: What a row is told for that is told once.
_ONCE = (None,)


def _things(row: dict[str, Any]) -> Callable[[Profile], tuple[Any, ...]]:
    if "each" in row:
        return EACH[row["each"]].things
    if "when" in row:
        rule = RULES[row["when"]]
        return lambda profile: _ONCE if rule(profile) else ()
    return lambda _profile: _ONCE


@cache
def _profile_names(code: str) -> tuple[str, ...]:
    """Return those names that a row's texts have filled in with words of the profile."""
    row = caveat_texts()[code]
    parts = [*Formatter().parse(row["text"]), *Formatter().parse(row["because"])]
    names = dict.fromkeys(name for _text, name, *_rest in parts if name in PROFILE_WORDS)
    return tuple(name for name in names if name is not None)


@lru_cache(_KEPT)
def _told(code: str, thing: Any, told: tuple[str, ...], language: str) -> Caveat | None:  # noqa: ARG001
    """Return a caveat in words, ``None`` where nothing is told of a thing.

    It is the same object for the same thing, words of the profile and language.
    """
    row = caveat_texts()[code]
    filling = EACH[row["each"]].filling(thing) if "each" in row else Filling()
    if filling is None:
        return None
    own = dict(zip(_profile_names(code), told, strict=True))
    words = {**evidence_words(), **own, **dict(filling.words)}
    evidence = tuple(row.get("evidence", ()))
    return Caveat(
        "_".join(filter(None, (code, filling.suffix))),
        row["severity"],
        # What is left open leaves no gap.
        " ".join(_(row["text"]).format_map(words).split()),
        _(row["because"]).format_map(words),
        evidence + filling.evidence,
        filling.place or row.get("place") or place_of(evidence),
    )
