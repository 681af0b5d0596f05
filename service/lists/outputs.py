"""Where a list's results go: parts beside their places, moved there together when they are whole.

``NAME.part`` holds what is written so far and ``NAME.part.json`` how far that reaches; a run that
goes on begins there. What stood in a place before stays until the new file is whole.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from models.errors import InvalidInput, Problem
from models.language import _
from service.lists.blocks import Block
from service.lists.inputs import STANDARD
from service.lists.kinds import COLUMN_KINDS, PLAIN
from service.lists.progress import Progress
from service.lists.results import Result
from service.lists.writers import RejectsWriter, Writer

#: Bytes that are written at once.
_BUFFER = 2**20

PART, NOTE, SIDECAR = ".part", ".part.json", ".about.json"

#: Behind a part's name, while columns are copied; behind a text's name, while it is written.
BEFORE, DRAFT = ".before", ".draft"

#: The folder of what other machines write.
PARTS = ".parts"


@dataclass(frozen=True)
class Target:
    """What is written, and where.

    Attributes
    ----------
    name : str
        A path, or ``-`` for standard output.
    kind : str
        One of `service.lists.kinds.KINDS`.
    compression : str
        Of a text.
    """

    name: str
    kind: str
    compression: str = PLAIN

    @property
    def is_file(self) -> bool:
        """Whether it is no standard stream."""
        return self.name != STANDARD


@dataclass(frozen=True)
class Beside:
    """What is written beside the results, where it is wanted: ``None`` where it is not.

    Attributes
    ----------
    rejects : str or None
        Where rejected rows are explained; ``-`` for standard output.
    summary : str or None
        The path of what sums the list up.
    """

    rejects: str | None = None
    summary: str | None = None


def is_irregular(path: Path) -> bool:
    """Return whether a device, a pipe or the like stands there, or a link to one."""
    return path.exists() and not (path.is_file() or path.is_dir())


def refuse_irregular(path: Path) -> None:
    """Refuse to replace what is no file.

    Raises
    ------
    OSError
        If a folder, a device or a pipe stands there.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if is_irregular(path):
        message = _("it is a device or a pipe, not a file; standard output is -")
        raise OSError(errno.EINVAL, message, str(path))


#: Makes the writer of a file that is open.
MakeWriter = Callable[[IO[bytes]], Writer]


class Part:
    """A file that is being written beside its place.

    Raises
    ------
    OSError
        If it cannot be written, is no file, or another run is writing it; it carries the place's
        name.
    """

    def __init__(self, name: str) -> None:
        self.place = Path(name)
        self.path = self.place.with_name(self.place.name + PART)
        refuse_irregular(self.place)
        refuse_irregular(self.path)
        try:
            self.file = open(self.path, "a+b", _BUFFER)  # noqa: SIM115 (closed by close)
        except OSError as error:
            raise type(error)(error.errno, error.strerror, name) from None
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.close()
            raise BlockingIOError(errno.EAGAIN, _("another run is writing it"), name) from None

    def cut(self, size: int) -> None:
        """Cut the part behind so many bytes; writing goes on there."""
        self.file.flush()
        self.file.truncate(size)
        self.file.seek(size)

    @property
    def size(self) -> int:
        """Bytes written."""
        self.file.flush()
        return os.fstat(self.file.fileno()).st_size

    def close(self) -> None:
        """Close the file, as far as a full disk allows."""
        self.file.close()

    def move(self) -> None:
        """Put the part in its place."""
        self.path.replace(self.place)

    def drop(self) -> None:
        """Remove the part."""
        self.path.unlink(missing_ok=True)


class Outputs:
    """The results of a run, its rejects and its summary.

    Parameters
    ----------
    out : Target
    beside : Beside
        What is written beside the results.
    make_writer : callable
        Makes the writer of the results.
    key : mapping
        What must be the same for a run to go on: options, bundle and columns.
    """

    def __init__(
        self, out: Target, beside: Beside, make_writer: MakeWriter, key: Mapping[str, Any]
    ) -> None:
        rejects = beside.rejects
        self._out, self._make_writer, self._key = out, make_writer, dict(key)
        self._parts: list[Part] = []
        self._noted: dict[str, Any] | None = None
        self._before: Path | None = None
        try:
            self._out_part = self._open(out.name)
            self._rejects_part = self._open(rejects)
            self._summary_part = self._open(beside.summary)
        except OSError:
            self._close()
            self._remove()
            raise
        self._file = self._out_part.file if self._out_part else sys.stdout.buffer
        self._writer: Writer | None = None
        self._rejects: RejectsWriter | None = None
        if rejects is not None:
            file = self._rejects_part.file if self._rejects_part else sys.stdout.buffer
            self._rejects = RejectsWriter(file)

    def _open(self, name: str | None) -> Part | None:
        if name is None or name == STANDARD:
            return None
        part = Part(name)
        self._parts.append(part)
        return part

    @property
    def note_path(self) -> Path | None:
        """Where it stands how far the run has come; nowhere for a standard stream."""
        part = self._out_part
        return None if part is None else part.place.with_name(part.place.name + NOTE)

    def begin(self, *, resume: bool = False) -> Progress:
        """Begin, or go on where an earlier run stopped, and return how far that came.

        Raises
        ------
        InvalidInput
            If that run had other options or another bundle.
        """
        noted = self._read_note() if resume else None
        if noted is None:
            self._begin_anew()
            return Progress()
        # From here on an error leaves what was noted as it is.
        self._noted = noted
        if noted["key"] != self._key:
            raise other_run(noted["key"], self._key)
        self._go_on(noted)
        return Progress.from_dict(noted["progress"])

    def _begin_anew(self) -> None:
        for part in self._parts:
            part.cut(0)

    def _start(self) -> Writer:
        """Return the writer; what stands before the first row is written with the first block."""
        if self._writer is None:
            self._writer = self._make_writer(self._file)
            self._writer.start()
            if self._rejects is not None:
                self._rejects.start()
        return self._writer

    def _go_on(self, noted: Mapping[str, Any]) -> None:
        for part in self._parts:
            part.cut(noted["sizes"].get(str(part.place), 0))
        if self._out.kind in COLUMN_KINDS and self._out_part is not None:
            self._go_on_in_columns(self._out_part)
        else:
            self._writer = self._make_writer(self._file)

    def _go_on_in_columns(self, part: Part) -> None:
        """Write again what was written: a finished file of columns cannot be added to."""
        from service.lists.column_writer import ColumnWriter

        before = part.path.with_name(part.path.name + BEFORE)
        part.path.replace(before)
        self._before = before
        part.close()
        part.file = open(part.path, "a+b", _BUFFER)  # noqa: SIM115 (closed by close)
        writer = self._make_writer(part.file)
        if isinstance(writer, ColumnWriter):
            with open(before, "rb") as file:
                writer.copy(file)
        self._file, self._writer = part.file, writer

    def write(self, block: Block, results: Sequence[Result]) -> None:
        """Write a block's rows and rejects."""
        self._start().write(block, results)
        if self._rejects is not None:
            self._rejects.write(block, results)

    def note(self, progress: Progress) -> None:
        """Note how far the run has come, where it can be gone on from there."""
        path = self.note_path
        if path is None or self._out.kind in COLUMN_KINDS:
            return
        self._write_note(path, progress)

    def stop(self, progress: Progress) -> None:
        """Leave a valid part that can be gone on from."""
        path = self.note_path
        if path is not None:
            writer = self._start()
            if self._out.kind in COLUMN_KINDS:
                writer.finish()
            self._write_note(path, progress)
            self._drop_before()
        else:
            self._file.flush()

    def _write_note(self, path: Path, progress: Progress) -> None:
        noted = {
            "key": self._key,
            "sizes": {str(part.place): part.size for part in self._parts},
            "progress": progress.as_dict(),
        }
        replace_text(path, json.dumps(noted, indent=1) + "\n")
        self._noted = noted

    def _read_note(self) -> dict[str, Any] | None:
        path = self.note_path
        if path is None or not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def finish(self, about: Mapping[str, Any] | None = None, summary: str = "") -> None:
        """Move everything to its place, with a note of what it is beside the results."""
        self._start().finish()
        if self._summary_part is not None:
            self._summary_part.cut(0)
            self._summary_part.file.write(summary.encode())
        self._file.flush()
        self._close()
        self._drop_before()
        if self._out_part is not None and about is not None:
            place = self._out_part.place
            replace_text(place.with_name(place.name + SIDECAR), sidecar_text(about))
        for part in reversed(self._parts):
            part.move()
        if self.note_path is not None:
            self.note_path.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Leave what was noted, for a run that goes on; remove the parts where nothing was."""
        noted = self._noted
        if noted is None:
            self._end_writer()
            self._close()
            self._remove()
            return
        if self._before is not None and self._out_part is not None:
            self._end_writer()
            self._before.replace(self._out_part.path)
            self._close()
            return
        for part in self._parts:
            try:
                part.cut(noted["sizes"][str(part.place)])
            except OSError:
                # A full disk may refuse even this; going on cuts the part, too.
                continue
        self._close()

    def _end_writer(self) -> None:
        """Let a writer of columns end its file before that is closed and removed."""
        with suppress(OSError):
            if self._writer is not None:
                self._writer.finish()

    def _drop_before(self) -> None:
        if self._before is not None:
            self._before.unlink()
            self._before = None

    @property
    def has_streams(self) -> bool:
        """Whether standard output takes results or rejects: what went there stays written."""
        return self._out_part is None or (self._rejects is not None and self._rejects_part is None)

    @property
    def can_be_gone_on_from(self) -> bool:
        """Whether a later run can go on where this one was noted."""
        return self._noted is not None

    def _close(self) -> None:
        for part in self._parts:
            try:
                part.close()
            except OSError:
                # What a full disk did not take is told where it was written.
                continue

    def _remove(self) -> None:
        for part in self._parts:
            part.drop()
        if self._parts and self.note_path is not None:
            self.note_path.unlink(missing_ok=True)

    def __enter__(self) -> Outputs:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.abandon()


def other_run(noted: Mapping[str, Any], key: Mapping[str, Any]) -> InvalidInput:
    """Return the refusal of a run that is not the one that was stopped."""
    different = [name for name in key if noted.get(name) != key[name]]
    message = _("The run that was stopped differs in: {names}.")
    accepted = _("the same input, options and bundle, or a run without --resume")
    text = message.format(names=", ".join(different) or "columns")
    return InvalidInput([Problem("resume", "not_accepted", text, accepted)])


def sidecar_text(about: Mapping[str, Any]) -> str:
    """Return what stands beside results, saying what they are."""
    return json.dumps(about, indent=2, ensure_ascii=False) + "\n"


def replace_text(path: Path, text: str) -> None:
    """Write a text file as a whole: readers see the old one or the new one."""
    draft = path.with_name(path.name + DRAFT)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
