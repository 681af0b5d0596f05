"""Reading the rows of a list from CSV, NDJSON or a JSON array.

A row that cannot be used becomes a `Row` with its problems; it never stops the list. Only a
list that cannot be read at all (no header, unknown columns, no row) raises.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.covariates import FIELDS
from models.errors import InvalidInput, MalformedInput, Problem
from models.language import N_, _
from models.patient import Patient, read_patient, read_patient_text
from models.refused import refuse_name
from service.reading import as_object, strict_json

ROW_ID = "row_id"
LONGEST_ROW_ID = 200
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
COLUMNS: tuple[str, ...] = (ROW_ID, *FIELDS)


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

    Quoted line breaks are not supported: one unclosed quote would swallow all rows after it.

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
    numbered = enumerate(lines, start=1)
    header = _read_header(numbered, ignore_extra)
    return (_csv_row(number, line, header) for number, line in numbered if line.strip())


def ndjson_rows(lines: Iterable[bytes]) -> Iterator[Row]:
    """Yield the rows of newline-delimited JSON, one patient a line, blank lines passed over."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            message = strict_json(line.removeprefix(_BYTE_ORDER_MARK))
        except MalformedInput as error:
            yield Row(number, "", None, error.problems)
        else:
            yield _json_row(number, message)


def json_rows(patients: Iterable[object]) -> Iterator[Row]:
    """Yield the rows of a JSON array of patients; `Row.line` counts them from 1."""
    for number, message in enumerate(patients, start=1):
        yield _json_row(number, message)


def _json_row(number: int, message: object) -> Row:
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
    if not isinstance(value, str) or len(value) > LONGEST_ROW_ID:
        accepted = _("a text of at most {most} characters").format(most=LONGEST_ROW_ID)
        raise InvalidInput([Problem(ROW_ID, "wrong_type", _("This is no row id."), accepted)])
    return value


def _read_header(numbered: Iterator[tuple[int, bytes]], ignore_extra: bool) -> list[str]:
    first = next((line for _number, line in numbered if line.strip()), None)
    if first is None:
        raise MalformedInput([Problem("", "empty_list", _("The CSV is empty."), _("a header"))])
    names = [name.strip() for name in _cells(first.removeprefix(_BYTE_ORDER_MARK))]
    _refuse_other_separators(names)
    problems = _repeated(names) + ([] if ignore_extra else _unknown(names)) + _missing(names)
    if problems:
        raise InvalidInput(problems)
    return names


def _cells(line: bytes) -> list[str]:
    """Return the cells of one line, or raise `MalformedInput`."""
    try:
        return next(csv.reader([line.decode().rstrip("\r\n")], strict=True))
    except UnicodeDecodeError:
        message = _("The line is not UTF-8.")
    except csv.Error as error:
        message = _("The line is not CSV: {reason}.").format(reason=error)
    raise MalformedInput([Problem("", "malformed_csv", message, _("UTF-8, quotes closed"))])


def _refuse_other_separators(names: list[str]) -> None:
    for separator, word in ((";", N_("semicolons")), ("\t", N_("tabs"))):
        if len(names) == 1 and names[0].count(separator) > 1:
            message = _("The columns seem to be separated by {sign}.").format(sign=_(word))
            raise MalformedInput([Problem("", "malformed_csv", message, _("commas"))])


def _repeated(names: list[str]) -> list[Problem]:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    message = _("The column {name} stands twice.")
    return [
        Problem(name, "duplicate_field", message.format(name=repr(name[:60])), _("once"))
        for name in repeated
    ]


def _unknown(names: list[str]) -> list[Problem]:
    return [refuse_name(name, COLUMNS) for name in names if name not in COLUMNS]


def _missing(names: list[str]) -> list[Problem]:
    if {"age", "menopausal_status"} & set(names):
        return []
    message = _("The table has neither a column age nor menopausal_status.")
    return [Problem("age", "missing_field", message, ", ".join(COLUMNS))]


def _csv_row(number: int, line: bytes, header: list[str]) -> Row:
    try:
        cells = _cells(line)
    except MalformedInput as error:
        return Row(number, "", None, error.problems)
    if len(cells) != len(header):
        # A first cell stands in its place however many cells follow it.
        row_id = cells[0][:LONGEST_ROW_ID] if header[0] == ROW_ID else ""
        return Row(number, row_id, None, _broken(len(cells), len(header)))
    texts = {name: cell for name, cell in zip(header, cells, strict=True) if name in COLUMNS}
    row_id = ""
    try:
        row_id = _read_row_id(texts.pop(ROW_ID, None))
        return Row(number, row_id, read_patient_text(texts))
    except InvalidInput as error:
        return Row(number, row_id, None, error.problems)


def _broken(found: int, wanted: int) -> tuple[Problem, ...]:
    message = _("The row has {found} cells, the header {wanted}.")
    words = message.format(found=found, wanted=wanted)
    accepted = _("{wanted} cells").format(wanted=wanted)
    return (Problem("", "broken_row", words, accepted),)
