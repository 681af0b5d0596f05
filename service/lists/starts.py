"""What a list begins with that is not the text it was taken for, and what to do with it."""

from __future__ import annotations

import re

from models.errors import MalformedInput, Problem
from models.language import _

#: Files in columns by their first bytes, the last one a stream of Arrow: name and ``--from``.
_IN_COLUMNS = (
    (b"PAR1", "Parquet", "parquet"),
    (b"ARROW1", "Arrow", "arrow"),
    (b"\xff\xff\xff\xff", "Arrow", "arrow"),
)
_PACKED = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstandard"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
)
#: Zip files, as newer workbooks are, and older workbooks.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

#: An object or an array; a header of such names would be no patient's.
_JSON = re.compile(rb'\s*(?:\{\s*(?:["}]|$)|\[\s*(?:[\[{"\]]|$))')


def refuse_no_text(line: bytes, code: str) -> None:
    """Refuse a list whose first line says that it is no text.

    Parameters
    ----------
    code : str
        Of the problem.

    Raises
    ------
    MalformedInput
        Parquet, Arrow, a workbook, or a text that is packed and is not unpacked here.
    """
    for start, name, kind in _IN_COLUMNS:
        if line.startswith(start):
            message = _("This is {name}, which equipoise score reads with --from {kind}.")
            raise _refusal(code, message.format(name=name, kind=kind), _("CSV or NDJSON"))
    for start, name in _PACKED:
        if line.startswith(start):
            message = _("This is packed by {name}. Unpack it first.")
            raise _refusal(code, message.format(name=name), _("CSV or NDJSON"))
    if line.startswith(_WORKBOOKS):
        message = _("This is a workbook or a zip file. In Excel: Save as, CSV UTF-8.")
        raise _refusal(code, message, _("CSV or NDJSON"))


def refuse_no_csv(line: bytes) -> None:
    """Refuse a CSV whose first line says that it is none.

    Raises
    ------
    MalformedInput
        As `refuse_no_text` does, and JSON, and a text whose lines end in carriage returns alone.
    """
    refuse_no_text(line, "malformed_csv")
    if _JSON.match(line):
        message = _(
            "This is JSON and no CSV. With a patient a line, equipoise score reads it with "
            "--from ndjson, and the API as application/x-ndjson."
        )
        raise _refusal("malformed_csv", message, "CSV")
    if b"\r" in line.rstrip(b"\r\n"):
        raise carriage_return()


def carriage_return() -> MalformedInput:
    """Return the refusal of a line that holds a carriage return."""
    message = _("A carriage return stands inside the line. Save the list with line feeds.")
    return _refusal("malformed_csv", message, _("lines that end in LF or CRLF"))


def _refusal(code: str, message: str, accepted: str) -> MalformedInput:
    return MalformedInput([Problem("", code, message, accepted)])
