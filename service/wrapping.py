"""Wrapping lines of plain text, Japanese ones too, which have no spaces to break at."""

from __future__ import annotations

import re
import textwrap
from unicodedata import east_asian_width

#: What is never parted: a run of other scripts, or one wide character with the signs that may not
#: begin a line behind it.
_UNIT = re.compile(r"[\u2e80-\uffef][、。，；：）」』％〜ー]*|[^\u2e80-\uffef\s]+|\s+")
_WIDE = re.compile(r"[\u2e80-\uffef]")


def wrapped(text: str, width: int, hanging: str = "") -> list[str]:
    """Return the lines of a text.

    Parameters
    ----------
    width : int
        Columns; a wide character takes two.
    hanging : str
        What every line but the first begins with.
    """
    if _WIDE.search(text):
        return _wide_lines(text, width, hanging)
    return textwrap.wrap(
        text, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
    )


def _wide_lines(text: str, width: int, hanging: str) -> list[str]:
    lines: list[list[str]] = [[]]
    used = 0
    for unit in _UNIT.findall(text):
        columns, seen = _columns(unit), _columns(unit.rstrip())
        if used + seen > width and any(part.strip() for part in lines[-1]):
            lines.append([hanging, unit.lstrip()])
            used = _columns(hanging) + seen
        else:
            lines[-1].append(unit)
            used += columns
    told = ["".join(line).rstrip() for line in lines]
    return [line for line in told if line.strip()]


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)
