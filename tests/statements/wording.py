"""What may not be said, and how an interval and its level are said, in each language.

A text that has no translation is told in English, so every language has the English patterns, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache, lru_cache

from models.language import ENGLISH, JAPANESE


@dataclass(frozen=True)
class Wording:
    """Patterns of one language.

    Attributes
    ----------
    hedges : tuple of str
        The only phrases in which a promise may be named: to say that there is none.
    denials : tuple of str
        What makes a whole sentence say so, in a language whose verbs stand last.
    promises : tuple of str
        That a patient is helped.
    chances : tuple of str
        That there is a probability of it.
    intervals, levels : tuple of str
        Two limits, and the level that must stand beside them.
    points : tuple of str
        A difference in percentage points, up to what follows it.
    """

    hedges: tuple[str, ...]
    denials: tuple[str, ...]
    promises: tuple[str, ...]
    chances: tuple[str, ...]
    intervals: tuple[str, ...]
    levels: tuple[str, ...]
    points: tuple[str, ...]


_NUMBER = r"[+−]?\d+(?:\.\d+)?[%％]?"
_TO = r"\s*(?:to|から|〜|～|–|—)\s*"
#: A range of ages is no interval.
_NO_AGE = r"(?!\d|\s*歳)"

WORDINGS: dict[str, Wording] = {
    ENGLISH: Wording(
        hedges=(
            r"no evidence that surgery (?:helps|harms) her",
            r"at most it is a hint that surgery (?:helps|harms) her",
            r"no evidence that surgery works differently for her",
            r"surgery did not clearly prolong survival",
        ),
        denials=(),
        promises=(
            r"\bbenefi",
            r"\bhelp(?:s|ed|ful|ing)?\b",
            r"\b(?:works?|effective) (?:\w+ )?(?:for|in) (?:her|you|this|such)\b",
            r"\b(?:prolongs?|extends?|lengthens?|saves?) (?:her|your|life|lives|survival)\b",
            r"\b(?:improves?|increases?) (?:her|your|survival)\b",
            r"\b(?:she|you|the patient) (?:will|would|should|can expect|gains?|profits?)\b",
            r"\bliv(?:e|es) longer\b",
        ),
        chances=(
            r"\b(?:probability|chance|likelihood|odds|certainty) (?:that|of|for) (?:\w+ ){0,2}?"
            r"(?:surgery|benefit|help|gain|improve|longer|better|a positive|superior)",
            r"\bprobably (?:better|helps|improves|longer|superior)\b",
            r"\b(?:share|proportion|percent|per ?cent|%) of (?:the )?"
            r"(?:members|draws|samples|bootstraps|simulations|virtual trials|ensemble)",
            r"\bmembers (?:above|below|over) (?:0|nought|zero|one|1)\b",
            r"\bone minus\b",
            r"\bposterior\b",
            r"\bPr?\((?:HR|difference|benefit)",
            r"\bnumber needed to treat\b",
        ),
        intervals=(
            rf"\b(?:interval|limits|CI)(?: as reported)? {_NUMBER} to {_NUMBER}",
            rf"\({_NUMBER} to {_NUMBER}",
        ),
        levels=(r"\b[89]\d(?:\.\d+)?% intervals?\b",),
        points=(rf"[+−]\d+ (?:percentage )?points?\b(?! \({_NUMBER} to {_NUMBER}\))",),
    ),
    JAPANESE: Wording(
        hedges=(),
        denials=(
            r"(?:証拠|根拠)[^。]*(?:ない|ません)",
            r"(?:示唆|手がかり|可能性)[^。]*(?:すぎ|過ぎ|とどま|留ま)",
        ),
        promises=(
            r"利益(?!相反)",
            r"恩恵",
            r"ベネフィット",
            r"メリット",
            r"有益",
            r"有効(?:です|である|と考え)",
            r"(?:効果|効き目)が(?:ある|あります|期待)",
            r"役(?:に)?立(?:つ|ち)",
            r"救(?:われ|える|い)",
            r"助か(?:る|り)",
            r"長生き",
            r"延命",
            r"(?:予後|生存)(?:期間)?(?:を|が)(?:改善|延長)(?:します|する|できます|されます)",
        ),
        chances=(
            r"(?:効果|利益|恩恵|優れ|上回|助か)[^。]{0,12}(?:確率|可能性|見込み)",
            r"(?:手術|切除)が[^。]{0,16}(?:確率|見込み)",
            r"(?:メンバー|標本|シミュレーション|仮想試験)の(?:割合|うち\d)",
            r"事後確率",
            r"治療必要数",
        ),
        intervals=(
            rf"区間[^。0-9+−]{{0,8}}{_NUMBER}{_TO}{_NUMBER}",
            rf"[(（]{_NUMBER}{_TO}{_NUMBER}{_NO_AGE}",
        ),
        levels=(r"[89]\d(?:\.\d+)?\s*[%％](?:信頼|信用|予測)?\s*(?:区間|CI)",),
        points=(rf"[+−]\d+\s*(?:パーセント)?ポイント(?!\s*[(（]{_NUMBER}{_TO}{_NUMBER}[)）])",),
    ),
}


@cache
def patterns(kind: str, language: str) -> re.Pattern[str]:
    """Return one pattern for a kind, a field of `Wording`, in a language and in English."""
    names = dict.fromkeys([ENGLISH, language])
    found = [each for name in names for each in getattr(WORDINGS[name], kind)]
    return re.compile("|".join(found), re.IGNORECASE)


def kinds() -> tuple[str, ...]:
    """Return what is known of every language."""
    return tuple(each.name for each in fields(Wording))


@lru_cache(50_000)
def unhedged(text: str, language: str) -> str:
    """Return a text without what denies a promise."""
    text = patterns("hedges", language).sub("", text)
    if not WORDINGS[language].denials:
        return text
    denials = patterns("denials", language)
    return "。".join(sentence for sentence in text.split("。") if not denials.search(sentence))


@lru_cache(50_000)
def said(kind: str, language: str, text: str) -> str | None:
    """Return the words of a kind that a text has, or ``None``.

    Most texts stand in many answers: each is looked at once.
    """
    found = patterns(kind, language).search(text)
    return None if found is None else found[0]


def parts(text: str) -> Iterator[str]:
    """Yield a text by clauses: an interval and its level stand in one."""
    yield from re.split(r"(?<=[;.])\s|[。；]", text)
