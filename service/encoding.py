"""How every body of JSON is written: UTF-8, no spaces, ended by a line feed."""

from __future__ import annotations

from typing import Any

import orjson


def json_bytes(body: Any) -> bytes:
    """Return a body as JSON on one line.

    The encoder writes what is not a finite number as null; `service.answers` lets none of
    those through.
    """
    return orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)
