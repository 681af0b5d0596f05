"""What is said of a scored list: counts, reasons, caveats and mistakes, and no patient's figures.

Nothing is averaged over patients. Two averages side by side, one for each arm, would be read as
their difference; and no difference is shown without its interval, which an average has not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from markupsafe import escape

from models.caveats import FIRST_SIGHT, SEVERITIES, Caveat, caveat_texts
from models.covariates import FIELDS
from models.criteria import CRITERIA
from models.eligibility import criterion_text
from models.errors import Problem
from models.language import _
from service.lists.rows import COLUMNS
from service.lists.scoring import ScoredRow

#: So many mistakes are shown, as long as their cells have no more bytes than this as HTML.
MOST_MISTAKES = 100
_MOST_BYTES = 18_000

_LONGEST_ROW_ID = 40
_LONGEST_TEXT = 300


def shortened(text: str, longest: int = _LONGEST_TEXT) -> str:
    """Return a text, or its beginning with an ellipsis when it is longer."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with a rejected row, as short as a table needs it.

    Attributes
    ----------
    line : int
        Where the row stands in the file, the header included.
    column : str
        The column that is wrong, or ``""`` when the whole row is meant.
    """

    line: int
    row_id: str
    column: str
    message: str
    accepted: str

    @property
    def size(self) -> int:
        """Bytes of its cells on a page."""
        cells = (self.row_id, self.column, self.message, self.accepted)
        return sum(len(escape(cell).encode()) for cell in cells)


@dataclass
class ToldCaveat:
    """A caveat of some patients of a list.

    Attributes
    ----------
    wordings : Counter of str
        How often each wording of it was told.
    """

    caveat: Caveat
    wordings: Counter[str] = field(default_factory=Counter)

    @property
    def text(self) -> str:
        """The most frequent wording; of equally frequent ones the first."""
        return self.wordings.most_common(1)[0][0]

    @property
    def count(self) -> int:
        """How many patients it is told for."""
        return self.wordings.total()

    @property
    def count_in_these_words(self) -> int:
        """How many patients it is told for in the wording that is shown."""
        return self.wordings[self.text]

    @property
    def other_wordings(self) -> int:
        """How many other wordings there are."""
        return len(self.wordings) - 1


@dataclass(frozen=True)
class Unmet:
    """A reason why patients are out of scope: what the trial asked for, and how many lack it."""

    code: str
    text: str
    count: int


@dataclass
class Tally:
    """Counts over the rows of a list, kept while it is scored; of the rows, mistakes alone stay.

    Attributes
    ----------
    statuses : Counter of str
        Rows by ``ok``, ``out_of_scope`` and ``rejected``.
    mistakes : list of Mistake
        The first ones.
    mistake_count : int
        How many there are.
    mistaken_fields : Counter of str
        By column: in how many rows it is wrong; ``""`` when the whole row is meant.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    mistakes: list[Mistake] = field(default_factory=list)
    mistake_count: int = 0
    mistaken_fields: Counter[str] = field(default_factory=Counter)
    _reasons: Counter[str] = field(default_factory=Counter)
    _caveats: dict[str, ToldCaveat] = field(default_factory=dict)
    _room: int = _MOST_BYTES

    @property
    def in_scope(self) -> int:
        """How many patients have figures."""
        return self.statuses["ok"]

    @property
    def out_of_scope(self) -> int:
        """How many patients the trial does not speak about."""
        return self.statuses["out_of_scope"]

    @property
    def rejected(self) -> int:
        """How many rows cannot be used."""
        return self.statuses["rejected"]

    def add(self, scored: ScoredRow) -> None:
        """Count one row."""
        self.statuses[scored.status] += 1
        if scored.prediction is None:
            self._add_mistakes(scored)
            return
        self._reasons.update(note.code for note in scored.prediction.eligibility.reasons)
        for caveat in scored.prediction.caveats:
            told = self._caveats.setdefault(caveat.code, ToldCaveat(caveat))
            told.wordings[caveat.text] += 1

    def reasons(self) -> list[Unmet]:
        """Return the reasons of patients out of scope, in the order in which they are told."""
        return unmet(self._reasons)

    def caveats(self) -> list[ToldCaveat]:
        """Return the caveats: by severity, then those of most patients first.

        Those of as many patients stand as beside a single patient's figures.
        """
        return sorted(self._caveats.values(), key=_urgency)

    def first_caveats(self) -> list[ToldCaveat]:
        """Return those that are seen at first sight."""
        return self.caveats()[:FIRST_SIGHT]

    def further_caveats(self) -> list[ToldCaveat]:
        """Return those behind one click."""
        return self.caveats()[FIRST_SIGHT:]

    def _add_mistakes(self, scored: ScoredRow) -> None:
        problems = scored.row.problems
        self.mistake_count += len(problems)
        self.mistaken_fields.update({_column_of(problem) for problem in problems})
        for mistake in _mistakes(scored, problems):
            self._room -= mistake.size
            # Once one found no room, none behind it is shown: those shown are the first ones.
            if len(self.mistakes) == MOST_MISTAKES or self._room < 0:
                self._room = -1
                return
            self.mistakes.append(mistake)


def unmet(counts: Counter[str]) -> list[Unmet]:
    """Return reasons that were counted by code, in the order in which they are told."""
    return [
        Unmet(code, criterion_text(criterion), counts[code])
        for criterion in CRITERIA
        for code in criterion.reasons
        if counts[code]
    ]


def _mistakes(scored: ScoredRow, problems: tuple[Problem, ...]) -> Iterator[Mistake]:
    for problem in problems:
        yield Mistake(
            scored.row.line,
            shortened(scored.row.row_id, _LONGEST_ROW_ID),
            _column_of(problem),
            shortened(problem.message),
            shortened(_accepted_words(problem)),
        )


def _column_of(problem: Problem) -> str:
    """Return the column that is wrong, or ``""`` when the whole row is meant."""
    return problem.field if problem.field in COLUMNS else ""


def _accepted_words(problem: Problem) -> str:
    """Return what is accepted in a cell, where nobody can send null."""
    field = FIELDS.get(problem.field)
    if field is None or problem.accepted != field.accepted:
        return problem.accepted
    return _("{values}, or an empty cell").format(values=field.accepted_values)


def _urgency(told: ToldCaveat) -> tuple[int, int, int]:
    return urgency(told.caveat.code, told.count)


def urgency(code: str, count: int) -> tuple[int, int, int]:
    """Return where a caveat of so many patients stands: by severity, then most patients first."""
    texts, row = caveat_texts(), caveat_row(code)
    return SEVERITIES.index(texts[row]["severity"]), -count, list(texts).index(row)


@cache
def caveat_row(code: str) -> str:
    """Return the row of a caveat, whatever the suffix of its code."""
    return max((row for row in caveat_texts() if f"{code}_".startswith(f"{row}_")), key=len)
