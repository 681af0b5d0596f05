"""How every body of JSON is written: UTF-8, no spaces, ended by a line feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from models.table import FloatArray

#: Stands in a body for an array of numbers that is put in later.
ARRAY = ["@"]
#: A gap in a text; JSON escapes this sign.
_GAP = b"\0"


def fragment(body: Any) -> orjson.Fragment:
    """Return a part of a body, written already; `json_bytes` puts it in as it is."""
    return orjson.Fragment(orjson.dumps(body))


def text_around(body: Any) -> list[bytes]:
    """Return the text of a body in pieces, with a gap between them wherever `ARRAY` stands."""
    return orjson.dumps(body).replace(orjson.dumps(ARRAY), b"[" + _GAP + b"]").split(_GAP)


def filled(pieces: Sequence[bytes], arrays: Sequence[bytes]) -> orjson.Fragment:
    """Return a part of a body: the pieces of `text_around` with an array in each gap."""
    parts = [b""] * (len(pieces) + len(arrays))
    parts[::2], parts[1::2] = pieces, arrays
    return orjson.Fragment(b"".join(parts))


def array_texts(numbers: FloatArray) -> list[bytes]:
    """Return each row of a table of numbers as the text of an array, without brackets.

    Parameters
    ----------
    numbers : array, shape (rows, columns)
        At least one column.
    """
    text = orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)
    return text[2:-2].split(b"],[")


def json_bytes(body: Any) -> bytes:
    """Return a body as JSON on one line.

    The encoder writes what is not a finite number as null; `service.answers` lets none of
    those through.
    """
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)
