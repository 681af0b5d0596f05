"""What is written for every row of a content, and how contents become it.

A row's result depends on its content alone, so it does not matter who scores it, when, or
beside which others: every way of running a list gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from models.bundle import Bundle, load_bundle
from models.design_matrix import profile_of
from models.language import current_language, speaking
from models.means import Profile
from models.memory import Memory
from models.options import Options
from models.outcomes import OUTCOMES
from models.prediction import predict
from models.table import encoded_row
from service.answers import is_withheld, single_answer
from service.encoding import json_bytes
from service.lists.columns import Chosen
from service.lists.contents import Content, Reader, Wrong
from service.lists.kinds import COLUMN_KINDS, NDJSON
from service.lists.layouts import Layout, Line, applicability_of, codes_of, layout_of
from service.lists.scoring import ScoredRow
from service.lists.tables import line_tails, reject_tails

#: Bytes of figures that are kept, so that contents that differ in what no figure depends on
#: (an age in fractions of a year) are not computed again.
_REMEMBERED = 64 * 2**20

#: What a result takes beside its texts and numbers (measured).
_OVERHEAD = 600


@dataclass(frozen=True, slots=True)
class Tallied:
    """What a summary counts.

    Attributes
    ----------
    codes : mapping
        Codes by column.
    caveats, notes : tuple of str
        The words of caveats, and of what bears on whether the trial speaks about her, in the
        order of their codes.
    profile : str
        What figures depend on, as `profile_text`; empty out of scope.
    withheld : str
        The outcomes whose figures are withheld, joined by commas.
    """

    codes: dict[str, tuple[str, ...]]
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    profile: str = ""
    withheld: str = ""

    @property
    def size(self) -> int:
        """Bytes that it takes, about; words and codes are shared."""
        words = len(self.caveats) + len(self.notes) + sum(map(len, self.codes.values()))
        return len(self.profile) + 8 * words


@dataclass(frozen=True, slots=True)
class Result:
    """What is written for every row of a content.

    Attributes
    ----------
    tails : tuple of bytes
        Lines of text without the row's name, where text is written.
    lines : tuple of Line
        The same as texts and figures, where columns are written.
    rejects : tuple of bytes
        Lines of the table of rejects without place and name; empty unless it is rejected.
    tallied : Tallied or None
        Where there is a summary.
    """

    status: str
    tails: tuple[bytes, ...]
    lines: tuple[Line, ...]
    rejects: tuple[bytes, ...]
    tallied: Tallied | None

    def __reduce__(self) -> tuple[type[Result], tuple[object, ...]]:
        """Return how another process makes it again; dataclasses' own way with slots is slow."""
        return Result, (self.status, self.tails, self.lines, self.rejects, self.tallied)

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        texts = sum(map(len, self.tails)) + sum(map(len, self.rejects))
        columns = sum(line.figures.nbytes + 64 * len(line.texts) for line in self.lines)
        return _OVERHEAD + texts + columns + (0 if self.tallied is None else self.tallied.size)


@dataclass(frozen=True)
class Task:
    """How contents become results; small, so that it can be sent to other processes.

    Attributes
    ----------
    bundle_folder : Path or None
        Where other processes find the bundle; ``None`` where the task is not sent to any.
    digest : str
        Of the bundle that is meant, lest another one stands there elsewhere.
    chosen : Chosen
    shape : str
        One of `service.lists.layouts.SHAPES`.
    kind : str
        What is written, one of `service.lists.kinds.KINDS`: results hold lines of CSV, an object
        of JSON, or texts and figures for columns.
    reader : Reader
        Of the list that the contents come from.
    summarised : bool
        Whether results hold what a summary counts.
    language : str
        Of texts for people.
    """

    bundle_folder: Path | None
    digest: str
    options: Options
    chosen: Chosen
    shape: str
    kind: str
    reader: Reader
    summarised: bool = False
    language: str = field(default_factory=current_language)

    def __getstate__(self) -> dict[str, object]:
        """Return what is sent: the fields, without models and memory."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @cached_property
    def bundle(self) -> Bundle:
        """The models.

        Raises
        ------
        ValueError
            If another bundle stands in the folder, or there is none.
        """
        if self.bundle_folder is None:
            raise ValueError("the task holds no bundle")
        found = load_bundle(self.bundle_folder)
        if found.digest != self.digest:
            raise ValueError("another bundle stands in the folder")
        return found

    @cached_property
    def layout(self) -> Layout:
        """How results are laid out."""
        return layout_of(self.shape, self.bundle, self.options, self.chosen)

    @cached_property
    def _memory(self) -> Memory:
        return Memory(_REMEMBERED)

    def results(self, contents: Sequence[Content]) -> list[Result]:
        """Return the result of each content."""
        with speaking(self.language):
            rows = [
                each.row if isinstance(each, Wrong) else self.reader.read(each)
                for each in contents
            ]
            patients = [row.patient for row in rows if row.patient is not None]
            found = iter(predict(patients, self.bundle, self.options, self._memory))
            return [
                self._result(ScoredRow(row, None if row.patient is None else next(found)))
                for row in rows
            ]

    def _result(self, scored: ScoredRow) -> Result:
        tails: tuple[str | bytes, ...] = ()
        lines: tuple[Line, ...] = ()
        if self.kind in COLUMN_KINDS:
            lines = tuple(self.layout.lines(scored))
        elif self.kind == NDJSON:
            tails = (_json_tail(scored),)
        else:
            tails = tuple(line_tails(scored, self.layout))
        return Result(
            scored.status,
            tuple(tail if isinstance(tail, bytes) else tail.encode() for tail in tails),
            lines,
            tuple(tail.encode("utf-8", "replace") for tail in reject_tails(scored.row)),
            self._tallied(scored) if self.summarised else None,
        )

    def _tallied(self, scored: ScoredRow) -> Tallied:
        codes = {name: tuple(found) for name, found in codes_of(scored).items()}
        found = scored.prediction
        if found is None or not found.in_scope:
            # Nothing was averaged over where there are no figures.
            return Tallied({**codes, ASSUMED: ()})
        return Tallied(
            codes,
            tuple(caveat.text for caveat in found.caveats),
            tuple(note.text for note in applicability_of(found)),
            profile_text(profile_of(encoded_row(found.patient))),
            ",".join(outcome.name for outcome in OUTCOMES if is_withheld(found, outcome)),
        )


def with_bundle(task: Task, bundle: Bundle) -> Task:
    """Give a task a bundle that is loaded already, and return it; it is not sent with the task."""
    task.__dict__["bundle"] = bundle
    return task


#: The column of unknown covariates.
ASSUMED = "assumed"


def profile_text(profile: Profile) -> str:
    """Return a profile as a text that `profile_from` reads."""
    return " ".join(f"{value:.17g}" for value in profile)


def profile_from(text: str) -> Profile:
    """Return the profile of a text."""
    return tuple(map(float, text.split()))


def _json_tail(scored: ScoredRow) -> bytes:
    """Return a row's answer without its place and name: from behind the first comma."""
    return answer_bytes(scored)[1:]


def answer_bytes(scored: ScoredRow) -> bytes:
    """Return a row's whole answer as a line of JSON, without its place and name."""
    if scored.prediction is None:
        errors = [problem.as_dict() for problem in scored.row.problems]
        return json_bytes({"status": scored.status, "errors": errors})
    return json_bytes(single_answer(scored.prediction))
