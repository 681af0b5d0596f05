"""How credible it is that the effect of surgery differs within a pair of Fig. 3: our assessment.

The questions are those of ICEMAN version 1 for randomised trials (Schandelmaier et al, CMAJ
2020;192:E901-6), in our own words; the answers stand in ``credibility.toml``. The instrument
applies where the interaction's p is at most 0.1. Of its manual the scope and the first question
were read; the bounds of p and the strategy for the whole are our reading of it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from models.errors import InvalidInput, Problem
from models.evidence.interactions import (
    CREDIBILITIES,
    LARGEST_P_TO_RATE,
    NOT_RATED,
    Interaction,
    interactions,
)
from models.language import N_, _

INSTRUMENT = N_("ICEMAN version 1, randomised trials")
STRATEGY = N_("our reading of ICEMAN's strategy")
#: Shown beside every rating.
OUR_ASSESSMENT = N_("our assessment")
OVERALL_ADVICE = N_("No suggestion of a different effect; use the overall one.")
RATED_ADVICE = N_("The overall effect stays the one to use; the difference needs another trial.")
#: Where a rating leaves room for doubt about that.
OPEN_ADVICE = N_("The difference deserves a look beside the overall effect.")

#: What each rating is called.
RATING_LABELS: dict[str, str] = {
    NOT_RATED: N_("not rated"),
    "very_low": N_("very low"),
    "low": N_("low"),
    "moderate": N_("moderate"),
    "high": N_("high"),
}

DEFINITELY_NO, PROBABLY_NO = "definitely_no", "probably_no"
NOT_APPLICABLE = "not_applicable"
#: Every code of an answer, from least to most credible.
ANSWERS: tuple[str, ...] = (
    DEFINITELY_NO,
    PROBABLY_NO,
    "probably_yes",
    "definitely_yes",
    NOT_APPLICABLE,
)
CHANCE = "chance"
_PREFIX_MARK = "."
_SHORT = {"yes": "definitely_yes", "no": DEFINITELY_NO}
#: Upper bounds of p with the answer on chance (our reading).
_CHANCE_BY_P = ((0.005, "definitely_yes"), (0.01, "probably_yes"), (0.05, PROBABLY_NO))


@dataclass(frozen=True)
class Answer:
    """The answer to one question on one pair.

    Attributes
    ----------
    code : str
        ``definitely_no``, ``probably_no`` (or unclear), ``probably_yes``, ``definitely_yes``
        or ``not_applicable``.
    reason, place, source : str
        Why, and where that stands.
    evidence : tuple of str
        Ids of figures that it rests on.
    assumed : bool
        Whether a reader put it in place of ours.
    """

    question: str
    code: str
    reason: str
    place: str
    source: str
    evidence: tuple[str, ...] = ()
    assumed: bool = False


@dataclass(frozen=True)
class Assessment:
    """The rating of one pair with the answers that it follows from.

    Attributes
    ----------
    rating : str
        One of `CREDIBILITIES`.
    answers : tuple of Answer
        In the instrument's order; none where the pair is not rated.
    """

    pair: str
    rating: str
    interaction: Interaction
    answers: tuple[Answer, ...] = ()

    @property
    def advice(self) -> str:
        """What follows for the reader."""
        if self.rating == NOT_RATED:
            return _(OVERALL_ADVICE)
        cautious = self.rating in ("very_low", "low")
        return _(RATED_ADVICE) if cautious else _(OPEN_ADVICE)

    def as_dict(self) -> dict[str, object]:
        """Return the rating as it stands in an answer, without the questions."""
        return {
            "rating": self.rating,
            "our_assessment": True,
            "instrument": _(INSTRUMENT),
            "strategy": _(STRATEGY),
            "advice": self.advice,
        }

    def with_answers(self) -> dict[str, object]:
        """Return the rating with every question, its answer and the reason."""
        return {**self.as_dict(), "answers": [self._answer(each) for each in self.answers]}

    def _answer(self, answer: Answer) -> dict[str, object]:
        question = questions()[answer.question]
        return {
            "question": answer.question,
            "text": _(question["text"]),
            "answer": answer.code,
            "answer_text": _(question["answers"][answer.code]),
            "reason": self._reason(answer),
            "place": answer.place,
            "source": answer.source,
            "evidence": list(answer.evidence),
            "assumed": answer.assumed,
        }

    def _reason(self, answer: Answer) -> str:
        if answer.assumed:
            return _("Assumed by the reader in place of our answer.")
        words = {"p": f"{self.interaction.p:.2g}", "p_holm": f"{self.interaction.p_holm:.2g}"}
        return _(answer.reason).format(**words)


def questions() -> dict[str, dict[str, Any]]:
    """Return the questions by code, each with its ``text`` and its ``answers`` by code."""
    found: dict[str, dict[str, Any]] = _file()["question"]
    return found


def rating_of(codes: Iterable[str]) -> str:
    """Return the rating that answers give: our reading of ICEMAN's strategy.

    - All applicable answers reduce credibility: very low.
    - Two or more definitely reduce it: at most low.
    - One definitely reduces it, or one or more probably do: at most moderate.
    - None reduces it: high.

    The strategy gives upper bounds. Where more than half of the applicable answers reduce
    credibility, one step below the bound is taken (an assumption).

    Parameters
    ----------
    codes : iterable of str
        Codes of answers, as `Answer`; those that do not apply are left out.
    """
    applicable = [code for code in codes if code != NOT_APPLICABLE]
    definitely = applicable.count(DEFINITELY_NO)
    reducing = definitely + applicable.count(PROBABLY_NO)
    if reducing == len(applicable):
        return "very_low"
    bound = "low" if definitely > 1 else "moderate" if reducing else "high"
    step = 1 if 2 * reducing > len(applicable) else 0
    return CREDIBILITIES[CREDIBILITIES.index(bound) - step]


def chance_answer(p: float) -> str:
    """Return the answer on chance that follows from the interaction's p."""
    return next((code for bound, code in _CHANCE_BY_P if p <= bound), DEFINITELY_NO)


def assessment_of(pair: str, assumptions: Mapping[str, str] | None = None) -> Assessment:
    """Return the assessment of one pair, with a reader's answers in place of ours.

    Parameters
    ----------
    pair : str
        Id of a pair of Fig. 3.
    assumptions : mapping, optional
        Codes of answers by question, or by ``pair.question``, as `read_assumptions` gives.

    Raises
    ------
    KeyError
        If there is no such pair.
    """
    interaction = interactions()[pair]
    if interaction.p > LARGEST_P_TO_RATE:
        return Assessment(pair, NOT_RATED, interaction)
    answers = tuple(
        _assumed(pair, _own_answer(pair, name, interaction), assumptions or {})
        for name in questions()
    )
    return Assessment(pair, rating_of(each.code for each in answers), interaction, answers)


def rated_pairs() -> tuple[str, ...]:
    """Return the pairs that are rated, in the paper's order."""
    return tuple(name for name, row in interactions().items() if row.p <= LARGEST_P_TO_RATE)


def read_assumptions(texts: Iterable[str]) -> dict[str, str]:
    """Return a reader's answers from texts like ``prespecified_direction=yes``.

    A question may have a pair before it, ``menopause.chance=no``; ``yes`` and ``no`` stand for
    definitely yes and definitely no.

    Raises
    ------
    InvalidInput
        With every text that names no question of a rated pair, or no answer to it.
    """
    found: dict[str, str] = {}
    problems = []
    for text in texts:
        name, mark, answer = text.partition("=")
        code = _SHORT.get(answer.strip(), answer.strip())
        if mark and code in _answers_to(name.strip()):
            found[name.strip()] = code
        else:
            problems.append(_not_understood(text, name.strip()))
    if problems:
        raise InvalidInput(problems)
    return found


def _answers_to(name: str) -> tuple[str, ...]:
    """Return the answers that a question, with or without a pair, can have."""
    pair, mark, question = name.rpartition(_PREFIX_MARK)
    known = question in questions() and (not mark or pair in rated_pairs())
    return tuple(questions()[question]["answers"]) if known else ()


def _not_understood(text: str, name: str) -> Problem:
    answers = _answers_to(name)
    what = _("answer") if answers else _("question")
    accepted = (*_SHORT, *answers) if answers else _names()
    message = _("{text} names no {what} that there is.").format(text=repr(text[:60]), what=what)
    return Problem("assume", "not_accepted", message, ", ".join(accepted))


def _names() -> tuple[str, ...]:
    before = (f"{pair}{_PREFIX_MARK}" for pair in rated_pairs())
    return (*questions(), *(f"{each}QUESTION" for each in before))


def _assumed(pair: str, own: Answer, assumptions: Mapping[str, str]) -> Answer:
    full_name = f"{pair}{_PREFIX_MARK}{own.question}"
    code = assumptions.get(full_name, assumptions.get(own.question))
    if code is None or code == own.code:
        return own
    return Answer(own.question, code, "", "", "", assumed=True)


def _own_answer(pair: str, question: str, interaction: Interaction) -> Answer:
    row = _file()["assessment"][pair][question]
    code = chance_answer(interaction.p) if question == CHANCE else row["answer"]
    return Answer(
        question, code, row["reason"], row["place"], row["source"], tuple(row.get("evidence", ()))
    )


@cache
def _file() -> dict[str, Any]:
    text = resources.files("models.evidence").joinpath("credibility.toml").read_text("utf-8")
    return tomllib.loads(text)
