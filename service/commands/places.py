"""Which files ``equipoise score`` may read and write together, and under which names."""

from __future__ import annotations

import errno
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from models.language import _
from service.lists.inputs import STANDARD
from service.lists.kinds import COLUMN_KINDS, CSV, WRITTEN_ENDINGS, ending_of, kind_by_name
from service.lists.kinds import compression_by_name as compression_of
from service.lists.outputs import (
    BEFORE,
    DRAFT,
    NOTE,
    PART,
    PARTS,
    SIDECAR,
    Beside,
    Target,
    is_irregular,
    refuse_irregular,
)
from service.lists.storage import is_url
from service.lists.summary import ENDINGS

#: What a run writes beside its results, and beside what goes with them, by the end of the name.
_BESIDE_RESULTS = (PART, PART + BEFORE, NOTE, NOTE + DRAFT, SIDECAR, SIDECAR + DRAFT)
_BESIDE_OTHERS = (PART, NOTE, DRAFT)

_FILE_URL = "file://"


@dataclass(frozen=True)
class Files:
    """Where rows come from and where results go; ``-`` is a standard stream."""

    patients: str
    source_kind: str
    out: Target
    beside: Beside

    @property
    def named(self) -> list[str]:
        """The names of all that is no standard stream: the input first."""
        names = (self.patients, *self._outputs)
        return [name for name in names if name and name != STANDARD]

    @property
    def written(self) -> list[str]:
        """The names of what is written, standard streams aside."""
        return [name for name in self._outputs if name and name != STANDARD]

    @property
    def _outputs(self) -> tuple[str | None, ...]:
        return self.out.name, self.beside.rejects, self.beside.summary

    def followed(self) -> Files:
        """Return the places that links lead to: what stands there is replaced, the links stay.

        Raises
        ------
        OSError
            If links lead in a circle.
        """
        beside = Beside(*map(_followed, (self.beside.rejects, self.beside.summary)))
        return replace(
            self,
            out=replace(self.out, name=_followed(self.out.name) or STANDARD),
            beside=beside,
        )


def refuse_places(files: Files, scheduler: str | None) -> None:
    """Refuse names that would be written twice, or read and written, or that are no files.

    Raises
    ------
    OSError
        If a folder, a device or a pipe stands where a file is to be written.
    """
    if files.out.name == files.beside.rejects == STANDARD:
        raise click.UsageError(_("Results and rejects cannot both go to standard output."))
    if not files.out.is_file and files.out.kind in COLUMN_KINDS and sys.stdout.isatty():
        raise click.UsageError(_("{kind} is not for a terminal.").format(kind=files.out.kind))
    places = list(map(_path, files.named))
    if len(set(places)) < len(places):
        raise click.UsageError(_("Input, output, rejects and summary must be different files."))
    own = list(_own(files))
    counts = Counter([*places, *map(_path, own)])
    _refuse_needed(path for path, count in counts.items() if count > 1)
    if scheduler is not None:
        folder = _path(files.out.name + PARTS)
        _refuse_needed(path for path in places if path.is_relative_to(folder))
    for name in filter(_is_local, [*files.written, *own]):
        refuse_irregular(Path(name.removeprefix(_FILE_URL)))


def refuse_endings(files: Files, kind: str | None) -> None:
    """Refuse names that say something else than what would be written.

    Parameters
    ----------
    kind : str or None
        What was asked for by ``--format``.
    """
    out, rejects, summary = files.out, files.beside.rejects, files.beside.summary
    if summary is not None and not summary.endswith(ENDINGS):
        message = _("A summary is a file whose name ends in {endings}.")
        raise click.UsageError(message.format(endings=_(" or ").join(ENDINGS)))
    if rejects and (compression_of(rejects) or kind_by_name(rejects) not in (CSV, None)):
        raise click.UsageError(_("Rejects are a plain CSV: give them a name that ends in .csv."))
    if not out.is_file:
        return
    if out.kind in COLUMN_KINDS and out.compression:
        message = _("Parquet and Arrow are compressed inside: leave {ending} out of the name.")
        raise click.UsageError(message.format(ending=out.compression))
    ending = ending_of(out.name)
    if kind is None and ending and ending not in WRITTEN_ENDINGS:
        message = _(
            "Nothing is written whose name ends in {ending}, unless --format says what it is. "
            "Known endings: {known}; texts may be compressed, with .gz or .zst behind that."
        )
        known = ", ".join(WRITTEN_ENDINGS)
        raise click.UsageError(message.format(ending=ending, known=known))


def refuse_unshared(files: Files, scheduler: str | None) -> None:
    """Refuse URLs without other machines, and standard streams with them."""
    names = (files.patients, files.out.name, files.beside.rejects)
    if scheduler is None:
        if any(is_url(name) for name in names if name):
            raise click.UsageError(_("URLs need --scheduler; without it, name files."))
    elif STANDARD in names:
        raise click.UsageError(_("--scheduler needs files that all machines reach."))


def _own(files: Files) -> Iterator[str]:
    """Yield the names that a run takes beside those that it was given."""
    if files.out.is_file:
        yield from (files.out.name + ending for ending in _BESIDE_RESULTS)
    for name in files.written[1 if files.out.is_file else 0 :]:
        yield from (name + ending for ending in _BESIDE_OTHERS)


def _refuse_needed(paths: Iterator[Path]) -> None:
    for path in paths:
        message = _("{name} is a name that the run needs for itself: choose another one.")
        raise click.UsageError(message.format(name=path.name))


def _followed(name: str | None) -> str | None:
    """Return the place that a link leads to; a pipe or a device is not looked for behind it."""
    if name is None or not _is_local(name):
        return name
    path = Path(name.removeprefix(_FILE_URL))
    if not path.is_symlink() or is_irregular(path):
        return name
    found = os.path.realpath(path)
    if Path(found).is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
    return f"{_FILE_URL}{found}" if name.startswith(_FILE_URL) else found


def _is_local(name: str) -> bool:
    return name != STANDARD and (name.startswith(_FILE_URL) or not is_url(name))


def _path(name: str) -> Path:
    """Return by what a place is compared: absolute, links followed."""
    return Path(os.path.realpath(name.removeprefix(_FILE_URL)))
