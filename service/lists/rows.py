"""Reading the rows of a list from CSV or JSON.

A row that cannot be used becomes a `Row` with its problems; it never stops the list. Only a
list that cannot be read at all (no header, unknown columns, no row) raises.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, islice

from models.covariates import FIELDS
from models.errors import InvalidInput, MalformedInput, Problem
from models.language import _
from models.patient import Patient, read_patient, read_patient_text
from models.refused import alike, refuse_name
from service.lists.starts import carriage_return, refuse_no_csv
from service.reading import as_object

ROW_ID = "row_id"
LONGEST_ROW_ID = 200
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COLUMNS: tuple[str, ...] = (ROW_ID, *FIELDS)

#: More unknown cells than this in a header without rows are patients, not names.
_FEWEST_STRAY = 2

#: Bytes of a line; a longer one is no patient.
LONGEST_LINE = 2**20

#: What may stand between cells, the usual first.
DELIMITERS = (",", ";", "\t", "|", " ", ":")

#: Lines that a CSV may begin with before its second row: one that names the delimiter, the header,
#: and the first row.
MOST_START = 3

_SEPARATOR = re.compile(rb'(?:\xef\xbb\xbf)?"?sep=(?P<delimiter>[,;\t|: ])"?\r?\n?', re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One row of a list.

    Attributes
    ----------
    line : int
        Where it stands in the input, counted from 1, the header of a CSV included.
    row_id : str
        The sender's opaque name of the row, or ``""``.
    patient : Patient or None
        ``None`` when the row is rejected.
    problems : tuple of Problem
        Why it is rejected.
    """

    line: int
    row_id: str
    patient: Patient | None
    problems: tuple[Problem, ...] = ()


def csv_rows(lines: Iterable[bytes], *, ignore_extra: bool = False) -> Iterator[Row]:
    """Return the rows of a CSV; every line is a row, blank lines are passed over.

    Quoted line breaks are not supported: one unclosed quote would swallow all rows after it. The
    lines that such a cell was cut into are rejected by the quotes that do not fit.

    Parameters
    ----------
    lines : iterable of bytes
        UTF-8 lines with or without a byte order mark, ended by LF or CRLF.
    ignore_extra : bool
        Leave out unknown columns, unread, instead of refusing the list.

    Raises
    ------
    InvalidInput
        At once, before any row: no header, repeated, unknown or missing columns.
    """
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    # The line behind the header is looked at before the header is judged.
    start = list(islice(numbered, MOST_START))
    header = read_header([line for _number, line in start], ignore_extra=ignore_extra)
    return (
        csv_row(number, line, header) for number, line in chain(start[header.lines :], numbered)
    )


def json_row(number: int, message: object) -> Row:
    """Return the row of one patient of a JSON list."""
    row_id = ""
    try:
        fields = dict(as_object(message))
        row_id = _read_row_id(fields.pop(ROW_ID, None))
        return Row(number, row_id, read_patient(fields))
    except InvalidInput as error:
        return Row(number, row_id, None, error.problems)


def _read_row_id(value: object) -> str:
    if value is None:
        return ""
    text = row_id_text(value)
    if text is None:
        message = _(
            "A row_id is a text of at most {most} characters without line breaks, or a whole "
            "number."
        ).format(most=LONGEST_ROW_ID)
        raise InvalidInput([Problem(ROW_ID, "wrong_type", message, accepted_row_id())])
    return text


def row_id_text(value: object) -> str | None:
    """Return what names a row as a text, or ``None`` if it cannot: a whole number is a name, too.

    A name with a line break would be written as two lines.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or len(text) > LONGEST_ROW_ID or "\n" in text or "\r" in text:
        return None
    return text


def row_id_of_wrong_json(line: bytes) -> str:
    """Return the name in a line that holds NaN or a name twice; ``""`` unless it is plain."""
    try:
        pairs = json.loads(line, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return ""
    named = [value for name, value in pairs if name == ROW_ID] if isinstance(pairs, _Pairs) else []
    text = row_id_text(named[0]) if len(named) == 1 else None
    return text if text is not None and text.isprintable() else ""


class _Pairs(list[tuple[str, object]]):
    """An object of JSON as names and values, each as often as it stands there."""


def accepted_row_id() -> str:
    """Return what a row may be named, in the language of the context."""
    return _("a text of at most {most} characters, in one line").format(most=LONGEST_ROW_ID)


@dataclass(frozen=True)
class Header:
    """The first line of a CSV, and how its lines are cut into cells.

    Attributes
    ----------
    names : tuple of str
        The columns.
    delimiter, quote : str
        One character each.
    skips_spaces : bool
        Whether spaces behind a delimiter are left out.
    lines : int
        Lines that it takes: two where one before it names the delimiter, as Excel writes it.
    """

    names: tuple[str, ...]
    delimiter: str = ","
    quote: str = '"'
    skips_spaces: bool = False
    lines: int = 1

    def cells(self, line: bytes) -> list[str]:
        """Return the cells of one line.

        Raises
        ------
        MalformedInput
            If it is too long, no UTF-8, or its quotes are not closed.
        """
        return _cells(line, self)


def read_header(lines: Iterable[bytes], *, ignore_extra: bool = False) -> Header:
    """Return the header of a CSV; the delimiter is told by it, or by a line before it.

    Parameters
    ----------
    lines : iterable of bytes
        The first lines: at least `MOST_START` that are not blank, where there are so many. Where
        no row is among them, a whole list may stand in the one line.

    Raises
    ------
    InvalidInput
        No header, repeated, unknown or missing columns.
    """
    filled = list(islice((line for line in lines if line.strip()), MOST_START))
    named = _SEPARATOR.fullmatch(filled[0]) if filled else None
    taken = 1 if named is None else 2
    if len(filled) < taken:
        raise MalformedInput([Problem("", "empty_list", _("The CSV is empty."), _("a header"))])
    first = filled[taken - 1].removeprefix(BYTE_ORDER_MARK)
    refuse_no_csv(first)
    header = _sniffed(first, DELIMITERS if named is None else (named["delimiter"].decode(),))
    if len(filled) == taken and not ignore_extra:
        _refuse_one_line(header.names)
    _refuse_no_header(header.names)
    checked_header(header.names, ignore_extra=ignore_extra)
    return replace(header, lines=taken)


def _refuse_one_line(names: Sequence[str]) -> None:
    """Refuse a whole list in one line, as curl's ``-d`` makes it."""
    stray = sum(name not in COLUMNS for name in names)
    if not _FEWEST_STRAY < stray < len(names):
        return
    message = _(
        "The list is one line, and holds cells that are no columns. With curl, send it by "
        "--data-binary: -d takes the line ends away."
    )
    raise MalformedInput([Problem("", "malformed_csv", message, _("a patient a line"))])


def _refuse_no_header(names: Sequence[str]) -> None:
    """Refuse a first line without any name that is known: it may be a patient, and is not told."""
    if any(name in COLUMNS or alike(name, COLUMNS) is not None for name in names):
        return
    if any(refuse_name(name, COLUMNS).code != "unknown_field" for name in names):
        return
    message = _("No column of the first line is known. Does the list have a header line?")
    raise MalformedInput([Problem("", "malformed_csv", message, ", ".join(COLUMNS))])


def checked_header(columns: Iterable[str], *, ignore_extra: bool = False) -> None:
    """Refuse columns that are no patient's.

    Raises
    ------
    InvalidInput
        Repeated, unknown or missing columns.
    """
    names = list(columns)
    read = [name for name in names if name in COLUMNS] if ignore_extra else names
    problems = _repeated(read) + _unknown(read) + _missing(names)
    if problems:
        raise InvalidInput(problems)


def _sniffed(line: bytes, delimiters: Sequence[str]) -> Header:
    """Return the reading of a header that knows most of its columns; commas where none does."""
    text = line.lstrip()
    quote = "'" if text.startswith(b"'") else '"'
    found: list[Header] = []
    refusals: list[MalformedInput] = []
    for delimiter in delimiters:
        spaced = f"{delimiter} ".encode() in line and delimiter != " "
        way = Header((), delimiter, quote, skips_spaces=spaced)
        try:
            names = tuple(name.strip() for name in _cells(line, way))
        except MalformedInput as error:
            refusals.append(error)
        else:
            found.append(Header(names, delimiter, quote, skips_spaces=spaced))
    if not found:
        raise refusals[0]
    return max(found, key=_known)


def _known(header: Header) -> tuple[int, int]:
    """Return how many columns are known, and how many are but for their case and spaces."""
    names = header.names
    return (
        sum(name in COLUMNS for name in names),
        sum(alike(name, COLUMNS) is not None for name in names),
    )


def _cells(line: bytes, way: Header) -> list[str]:
    """Return the cells of one line, or raise `MalformedInput`."""
    if len(line) > LONGEST_LINE:
        message = _("The line has more than {most} bytes.").format(most=LONGEST_LINE)
        accepted = _("at most {most} bytes").format(most=LONGEST_LINE)
        raise MalformedInput([Problem("", "malformed_csv", message, accepted)])
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise _not_utf8() from None
    if "\0" in text:
        raise _not_utf8()
    if way.quote in text:
        _refuse_stray_quotes(text, way)
    try:
        return next(
            csv.reader(
                [text],
                strict=True,
                delimiter=way.delimiter,
                quotechar=way.quote,
                skipinitialspace=way.skips_spaces,
            )
        )
    except csv.Error:
        raise _uncut(text) from None


def _uncut(text: str) -> MalformedInput:
    """Return why a line whose quotes are right cannot be cut into cells."""
    if "\r" in text:
        return carriage_return()
    most = csv.field_size_limit()
    message = _("A cell of the line has more than {most} characters.").format(most=most)
    accepted = _("at most {most} characters").format(most=most)
    return MalformedInput([Problem("", "malformed_csv", message, accepted)])


def _refuse_stray_quotes(text: str, way: Header) -> None:
    """Refuse a line in which a quote stands elsewhere than around a whole cell.

    Such a line may be one of several that a cell with line breaks was cut into; read leniently,
    the last of them would be a patient whose name nobody gave.
    """
    whole, broken_off = _patterns(way.delimiter, way.quote, way.skips_spaces)
    if whole.fullmatch(text):
        return
    if broken_off.fullmatch(text):
        message = _("The line breaks off inside quotes; line breaks inside a cell are not read.")
    else:
        message = _(
            "A quote stands where no cell begins or ends; line breaks inside a cell are not read."
        )
    raise MalformedInput([Problem("", "malformed_csv", message, _("UTF-8, quotes closed"))])


@lru_cache(maxsize=32)
def _patterns(
    delimiter: str, quote: str, skips_spaces: bool
) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what a line is whose quotes are right, and one that breaks off inside quotes."""
    between, mark = re.escape(delimiter), re.escape(quote)
    begun = f"{' *+' if skips_spaces else ''}{mark}[^{mark}]*+(?:{mark}{mark}[^{mark}]*+)*+"
    cell = f"(?:{begun}{mark}|[^{mark}{between}]*+)"
    whole = f"{cell}(?:{between}{cell})*+"
    return re.compile(whole), re.compile(f"(?:{cell}{between})*+{begun}")


def _not_utf8() -> MalformedInput:
    """Return what is said of a line in another encoding, such as UTF-16 or Shift_JIS."""
    message = _("The line is not UTF-8. In Excel: Save as, CSV UTF-8.")
    return MalformedInput([Problem("", "malformed_csv", message, "UTF-8")])


def _repeated(names: list[str]) -> list[Problem]:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    message = _("The column {name} stands twice.")
    return [
        Problem(name, "duplicate_field", message.format(name=repr(name[:60])), _("once"))
        for name in repeated
    ]


def _unknown(names: list[str]) -> list[Problem]:
    """Return the problems with names that are no columns; the first alone lists all that are."""
    every = ", ".join(COLUMNS)
    problems = [refuse_name(name, COLUMNS) for name in dict.fromkeys(names) if name not in COLUMNS]
    lists = [place for place, problem in enumerate(problems) if problem.accepted == every]
    for place in lists[1:]:
        accepted = _("as told for {name}").format(name=problems[lists[0]].field[:60])
        problems[place] = replace(problems[place], accepted=accepted)
    return problems


def _missing(names: list[str]) -> list[Problem]:
    needed = ("age", "menopausal_status")
    if any(name in needed or alike(name, needed) is not None for name in names):
        return []
    message = _("The table has neither a column age nor menopausal_status.")
    return [Problem("age", "missing_field", message, ", ".join(needed))]


def csv_row(number: int, line: bytes, header: Header, names: int = 0) -> Row:
    """Return the row of one line of a CSV.

    Parameters
    ----------
    names : int
        Cells that line and header had before and lack now, so that a row that is too short or
        too long is told as it came.
    """
    try:
        cells = header.cells(line)
    except MalformedInput as error:
        return Row(number, "", None, error.problems)
    if len(cells) != len(header.names):
        # A first cell stands in its place however many cells follow it.
        named = header.names[0] == ROW_ID and cells
        row_id = cells[0][:LONGEST_ROW_ID] if named else ""
        broken = _broken(len(cells) + names, len(header.names) + names)
        return Row(number, row_id, None, broken)
    return text_row(number, dict(zip(header.names, cells, strict=True)))


def text_row(number: int, texts: Mapping[str, str]) -> Row:
    """Return the row of texts by column; unknown columns are left out, unread."""
    known = {name: cell for name, cell in texts.items() if name in COLUMNS}
    row_id = ""
    try:
        row_id = _read_row_id(known.pop(ROW_ID, None))
        return Row(number, row_id, read_patient_text(known))
    except InvalidInput as error:
        return Row(number, row_id, None, error.problems)


def _broken(found: int, wanted: int) -> tuple[Problem, ...]:
    message = _("The row has {found} cells, the header {wanted}.")
    words = message.format(found=found, wanted=wanted)
    accepted = _("{wanted} cells").format(wanted=wanted)
    return (Problem("", "broken_row", words, accepted),)
