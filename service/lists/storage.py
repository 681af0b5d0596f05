"""Files that several machines reach: on a disk that they share, or in a store that has URLs."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from models.errors import InvalidInput, Problem
from models.language import _

_SCHEME = "://"

#: How often a folder is tried to be removed.
_ATTEMPTS = 3


def is_url(name: str) -> bool:
    """Return whether a name is a URL and no path."""
    return _SCHEME in name


@dataclass(frozen=True)
class Place:
    """A file or folder; small, so that it can be sent to other machines.

    Attributes
    ----------
    name : str
        A URL, or a path that is the same on every machine.
    """

    name: str

    @classmethod
    def of(cls, name: str) -> Place:
        """Return the place of a URL, or of a path as seen from here."""
        return cls(name if is_url(name) else str(Path(name).absolute()))

    def beside(self, ending: str) -> Place:
        """Return the place with a longer name."""
        return Place(self.name + ending)

    def draft(self) -> Place:
        """Return a place beside this one that nobody else writes."""
        return self.beside(f".{uuid.uuid4().hex}.draft")

    def within(self, name: str) -> Place:
        """Return a place in this folder."""
        return Place(f"{self.name}/{name}")

    @property
    def local(self) -> Path | None:
        """The path, where it is no store's."""
        fs, path = self._found
        return Path(path) if "file" in _protocols(fs) else None

    @property
    def _found(self) -> tuple[Any, str]:
        """The file system and the path in it.

        Raises
        ------
        InvalidInput
            If the package that the store needs is missing, or nobody knows the store.
        """
        import fsspec

        name = self.name if is_url(self.name) else f"file{_SCHEME}{self.name}"
        try:
            fs, path = fsspec.core.url_to_fs(name)
        except (ImportError, ValueError) as error:
            message = _("{name} cannot be reached: {reason}.").format(
                name=self.name, reason=str(error).rstrip(".")
            )
            accepted = _("a path, or a URL that fsspec knows")
            raise InvalidInput([Problem("", "not_accepted", message, accepted)]) from None
        return fs, path

    def open(self, mode: str) -> IO[bytes]:
        """Open the file, ``rb`` or ``wb``."""
        fs, path = self._found
        return cast("IO[bytes]", fs.open(path, mode))

    @property
    def size(self) -> int | None:
        """Bytes of the file as it stands now; ``None`` without one."""
        fs, path = self._found
        fs.invalidate_cache()
        try:
            return int(fs.size(path))
        except FileNotFoundError:
            return None

    def read(self) -> bytes:
        """Return what the file holds."""
        with self.open("rb") as file:
            return file.read()

    def write(self, text: bytes) -> None:
        """Write the file as a whole: readers see all of it or nothing."""
        draft = self.draft()
        with draft.open("wb") as file:
            file.write(text)
        draft.move(self)

    def move(self, target: Place) -> None:
        """Give the file another name, in place of what had it."""
        fs, path = self._found
        fs.mv(path, target._found[1])

    def make_folder(self) -> None:
        """Make the folder, where it is not there."""
        fs, path = self._found
        fs.makedirs(path, exist_ok=True)

    def remove(self) -> None:
        """Remove the file, or the folder with all that it holds, where it is there.

        A folder that somebody still writes into may stay.
        """
        fs, path = self._found
        for _attempt in range(_ATTEMPTS):
            fs.invalidate_cache()
            if not fs.exists(path):
                return
            with suppress(OSError):
                fs.rm(path, recursive=True)


def _protocols(fs: Any) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
