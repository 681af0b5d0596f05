"""Reading the JSON body of a request."""

from __future__ import annotations

import codecs
from typing import Any

from flask import Request

from models.errors import InvalidInput, Problem, UnsupportedInput
from models.language import _
from service.languages import LANG
from service.problems import PLAIN_CODING
from service.reading import strict_json

#: The encodings that UTF-8 reads right.
_READ_AS_UTF8 = ("utf-8", "ascii")


def refuse_packed(req: Request) -> None:
    """Refuse a body that says it is packed: nobody unpacks it here.

    Raises
    ------
    UnsupportedInput
        Read as it is it would be told as text in a wrong encoding.
    """
    named = req.headers.get("Content-Encoding", "")
    if {coding.strip().lower() for coding in named.split(",")} <= {"", PLAIN_CODING}:
        return
    message = _("Bodies are not unpacked here; this one is sent as {name}. Send it plain.").format(
        name=repr(named[:60])
    )
    raise UnsupportedInput(
        [Problem("Content-Encoding", "unsupported_content_encoding", message, PLAIN_CODING)]
    )


def refuse_other_charsets(req: Request) -> None:
    """Refuse a body that says it is in another encoding than UTF-8.

    Raises
    ------
    UnsupportedInput
        Read as UTF-8 it would be told as broken, or be read wrong.
    """
    named = req.mimetype_params.get("charset")
    if named is not None and not _is_read(named):
        message = _("The encoding {name} is not served here.").format(name=repr(named[:60]))
        accepted = "charset=utf-8"
        raise UnsupportedInput(
            [Problem("Content-Type", "unsupported_content_type", message, accepted)]
        )


def _is_read(charset: str) -> bool:
    try:
        return codecs.lookup(charset.strip()).name in _READ_AS_UTF8
    except (LookupError, ValueError):
        return False


def json_body(request: Request) -> Any:
    """Return the decoded body of a request, as `service.reading.strict_json` reads it.

    Raises
    ------
    UnsupportedInput
        If the content type is not JSON, its encoding not UTF-8, or the body packed.
    MalformedInput
        If the body is not JSON.
    InvalidInput
        If options stand in the query string, where they would be overlooked.
    """
    if not request.is_json:
        sent = request.content_type or "none"
        message = _("The content type {name} is not served here.").format(name=repr(sent[:60]))
        raise UnsupportedInput(
            [Problem("Content-Type", "unsupported_content_type", message, "application/json")]
        )
    refuse_other_charsets(request)
    refuse_packed(request)
    misplaced = [name for name in request.args if name != LANG] if request.query_string else []
    if misplaced:
        message = _("The options of a JSON request stand in its body.")
        raise InvalidInput(
            [Problem(name, "unknown_field", message, _("the body")) for name in misplaced]
        )
    return strict_json(request.get_data())
