"""Text files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(place: Path, text: str) -> None:
    """Write a text file beside its place and move it there; what stood there is replaced.

    When it breaks off, the place is as it was and nothing else is left. What is not a plain
    file, as a terminal or a pipe, is written to as it is.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    if place.exists() and not place.is_file():
        place.write_text(text, encoding="utf-8")
        return
    draft = place.with_name(f".equipoise-{os.getpid()}-{place.name}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
