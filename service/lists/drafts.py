"""Files that are put in their places together, when all of them are whole."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO


class Drafts:
    """Text files written beside their places and moved there when the block ends well.

    When it ends with an error, nothing is moved and the drafts are removed: what stood in the
    places before stays.
    """

    def __init__(self) -> None:
        self._moves: list[tuple[Path, Path]] = []
        self._open = ExitStack()

    def write(self, name: str) -> IO[str]:
        """Return a text file that will stand at a path.

        Raises
        ------
        OSError
            If the path is a folder or cannot be written to; it carries the path given.
        """
        place = Path(name)
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        try:
            file = tempfile.NamedTemporaryFile(  # noqa: SIM115 (closed by the stack)
                "w",
                encoding="utf-8",
                newline="",
                dir=place.parent,
                prefix=".equipoise-",
                delete=False,
            )
        except OSError as error:
            raise type(error)(error.errno, error.strerror, name) from None
        self._open.enter_context(file)
        self._moves.append((Path(file.name), place))
        return file

    def __enter__(self) -> Drafts:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._open.close()
            if kind is None:
                self._move()
        finally:
            for draft, _ in self._moves:
                draft.unlink(missing_ok=True)

    def _move(self) -> None:
        mode = 0o666 & ~_umask()
        for draft, place in self._moves:
            draft.chmod(mode)
            draft.replace(place)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
