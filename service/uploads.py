"""Files that a form sends: held in memory, never on a disk."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import IO

from flask import Request, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from models.errors import InvalidInput, Problem, TooLargeInput
from models.language import _
from models.refused import refuse_name
from service.problems import from_flask
from service.responses import settings


class MemoryRequest(Request):
    """A request whose files stay in memory.

    Flask would write larger ones to a temporary file. A whole body is never larger than
    ``MAX_CONTENT_LENGTH``, and so no file is.
    """

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 (Werkzeug's)
        content_type: str | None,  # noqa: ARG002 (Werkzeug's)
        filename: str | None = None,  # noqa: ARG002 (Werkzeug's)
        content_length: int | None = None,  # noqa: ARG002 (Werkzeug's)
    ) -> IO[bytes]:
        return BytesIO()


#: So many bytes of a body that is refused are read all the same, and forgotten.
_MOST_IGNORED = 256 * 2**20
_PIECE = 2**16


@dataclass(frozen=True)
class SentFile:
    """A file as it came.

    Attributes
    ----------
    name : str
        What the sender's machine calls it, or ``""``.
    """

    name: str
    content: bytes


def read_file(field: str) -> SentFile:
    """Return the one file of the request's form, which has no other field.

    Raises
    ------
    InvalidInput
        If there is no file, or something beside it; `TooLargeInput` if there is too much of it.
    """
    try:
        files, fields = request.files, request.form
    except RequestEntityTooLarge:
        _let_pass()
        raise _too_large(field) from None
    except HTTPException as error:
        raise from_flask(error) from None
    problems = [refuse_name(name, (field,)) for name in (*files, *fields) if name != field]
    sent = [file for file in files.getlist(field) if file.filename or file.stream.read(1)]
    if not sent:
        text = _("No file was chosen.")
        problems.append(Problem(field, "missing_field", text, _("a CSV file")))
    if len(sent) > 1:
        text = _("More than one file was sent.")
        problems.append(Problem(field, "duplicate_field", text, _("one file")))
    if problems:
        raise InvalidInput(problems)
    (file,) = sent
    file.stream.seek(0)
    return SentFile(file.filename or "", file.stream.read())


def _let_pass() -> None:
    """Read what a browser still sends: it looks at no answer before it has sent everything."""
    body = request.environ["wsgi.input"]
    announced = request.content_length
    left = _MOST_IGNORED if announced is None else min(announced, _MOST_IGNORED)
    while left > 0 and (piece := body.read(min(left, _PIECE))):
        left -= len(piece)


def _too_large(field: str) -> TooLargeInput:
    text = _("The file is larger than what is accepted.")
    accepted = _("at most {megabytes} MB").format(megabytes=megabytes(settings().max_bytes))
    return TooLargeInput([Problem(field, "too_large", text, accepted)])


def megabytes(size: int) -> str:
    """Return a number of bytes as a person reads it, in units of 1,048,576."""
    return f"{size / 2**20:.3g}"
