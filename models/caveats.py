"""The caveats of one answer, each with a code, a severity and why it applies to her.

The texts, their evidence and their order stand in ``caveats.toml``. A caveat depends on nothing
but the `Profile` of its case and the language, so each profile's caveats are found once and looked
up after that; patients of a list share them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib import resources
from string import Formatter
from typing import Any

from models.caveat_case import Case, Profile, profile_of
from models.caveat_fillings import EACH, Filling
from models.caveat_rules import RULES
from models.caveat_words import evidence_words, place_of, profile_words
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
    words = profile_words(profile)
    return tuple(
        _told(code, _with_words(code, filling, words), language)
        for code, row in caveat_texts().items()
        for filling in _fillings(row, profile)
    )


def _fillings(row: dict[str, Any], profile: Profile) -> Iterator[Filling]:
    """Yield one filling for each time that a row is told: none, one or several."""
    if "each" in row:
        yield from EACH[row["each"]](profile)
    elif "when" not in row or RULES[row["when"]](profile):
        yield Filling()


def _with_words(code: str, filling: Filling, words: Any) -> Filling:
    """Return a filling with those words of the profile that its row has a place for."""
    own = {name for name, _word in filling.words}
    needed = tuple(
        (name, words[name]) for name in _names(code) if name not in own and name in words
    )
    return Filling(filling.suffix, filling.evidence, filling.place, filling.words + needed)


@cache
def _names(code: str) -> tuple[str, ...]:
    """Return the names that a row's texts have filled in."""
    row = caveat_texts()[code]
    parts = [*Formatter().parse(row["text"]), *Formatter().parse(row["because"])]
    return tuple(dict.fromkeys(name for _text, name, *_rest in parts if name is not None))


@lru_cache(_KEPT)
def _told(code: str, filling: Filling, language: str) -> Caveat:  # noqa: ARG001
    """Return a caveat in words: the same object for the same filling and language."""
    row = caveat_texts()[code]
    words = {**evidence_words(), **dict(filling.words)}
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
