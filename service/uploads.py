"""Bodies as they come: read whole or refused, never cut; files stay in memory, never on a disk."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from typing import IO, Any, cast

from flask import Flask, Request, Response, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge
from werkzeug.utils import cached_property

from models.errors import InvalidInput, Problem, TooLargeInput
from models.language import _
from models.refused import refuse_name
from service.problems import from_flask, problem_response
from service.responses import settings

#: So many bytes of a body that is refused are read all the same, and forgotten.
_MOST_IGNORED = 256 * 2**20
_PIECE = 2**16


class WholeBody(RawIOBase):
    """A body of at most so many bytes, read to its end or refused.

    Werkzeug's own stream ends quietly at the limit when a body comes in pieces whose sum nobody
    announced: the patients behind it would vanish, and a row that is cut would be scored.

    Parameters
    ----------
    body : IO of bytes
        As the server hands it over; it ends where the request does.
    most : int
        Bytes that are accepted.
    announced : int or None
        Bytes that the sender says it has.
    """

    def __init__(self, body: IO[bytes], most: int, announced: int | None) -> None:
        self._body, self._most, self._announced = body, most, announced
        self._read = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read a piece into a buffer and return its length, 0 at the end.

        Raises
        ------
        RequestEntityTooLarge
            If there is more than is accepted, however often it is tried again.
        ClientDisconnected
            If there is less than was announced.
        """
        if not len(buffer):
            return 0
        piece = self._next(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _next(self, size: int) -> bytes:
        """Return the next piece, of at most so many bytes, as `readinto` reads it."""
        # One byte more than is accepted tells that there is more.
        piece = self._piece(min(size, self._most + 1 - self._read))
        self._read += len(piece)
        if self._read > self._most:
            raise RequestEntityTooLarge
        if not piece and self._read < (self._announced or 0):
            raise ClientDisconnected
        return piece

    def _piece(self, size: int) -> bytes:
        try:
            return self._body.read(size) if size else b""
        except Exception:  # noqa: BLE001 (each server has its own for pieces that are broken)
            raise ClientDisconnected from None

    def readall(self) -> bytes:
        """Return what is left of it, read in large pieces."""
        return b"".join(iter(lambda: self._next(_PIECE), b""))


class MemoryRequest(Request):
    """A request whose body is read whole or refused, and whose files stay in memory.

    Flask would write larger files to a temporary file. A whole body is never larger than
    ``MAX_CONTENT_LENGTH``, and so no file is.
    """

    @cached_property
    def stream(self) -> IO[bytes]:
        """Return the body, which every way of reading a request reads."""
        most = self.max_content_length
        if most is None or "wsgi.input_terminated" not in self.environ:
            return super().stream  # ends at the announced length, or is empty
        if (self.content_length or 0) > most:
            raise RequestEntityTooLarge
        body = WholeBody(self.environ["wsgi.input"], most, self.content_length)
        return cast(IO[bytes], body)

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 (Werkzeug's)
        content_type: str | None,  # noqa: ARG002 (Werkzeug's)
        filename: str | None = None,  # noqa: ARG002 (Werkzeug's)
        content_length: int | None = None,  # noqa: ARG002 (Werkzeug's)
    ) -> IO[bytes]:
        return BytesIO()


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


def register_uploads(app: Flask) -> None:
    """Make the app read a body that it refuses to its end, so that its sender sees why."""
    app.register_error_handler(RequestEntityTooLarge, _tell_too_large)


def _tell_too_large(error: RequestEntityTooLarge) -> Response:
    _let_pass()
    return problem_response(from_flask(error), error.code)


def _let_pass() -> None:
    """Read what is still sent: most senders look at no answer before they have sent everything."""
    body = request.environ["wsgi.input"]
    announced = request.content_length
    left = _MOST_IGNORED if announced is None else min(announced, _MOST_IGNORED)
    # Whatever the server says of broken pieces: the refusal is told all the same.
    with suppress(Exception):
        while left > 0 and (piece := body.read(min(left, _PIECE))):
            left -= len(piece)


def _too_large(field: str) -> TooLargeInput:
    text = _("The file is larger than what is accepted.")
    accepted = _("at most {megabytes} MB").format(megabytes=megabytes(settings().max_bytes))
    return TooLargeInput([Problem(field, "too_large", text, accepted)])


def megabytes(size: int) -> str:
    """Return a number of bytes as a person reads it, in units of 1,048,576."""
    return f"{size / 2**20:.3g}"
