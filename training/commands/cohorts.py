"""What the commands on real cohorts share: reading the file, naming bundles, telling problems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models.bundle import MANIFEST, Bundle, load_bundle
from models.errors import BundleRefused, EquipoiseError

if TYPE_CHECKING:
    from training.real.cohort import LocalCohort

#: What an option is put on.
Command = TypeVar("Command", bound=Callable[..., Any])

#: So many problems are told in full; of the others, how many there are.
MOST_PROBLEMS = 40

#: Id of a bundle whose owner gave none.
LOCAL_NAME = "local-cohort"

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")


class Refused(click.ClickException):
    """Data that were refused: told without the command's usage, which was right."""

    exit_code = 2


seed_option = click.option("--seed", type=click.IntRange(0), default=1, show_default=True)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(-1),
    default=-1,
    show_default=True,
    help="Processes; -1: all cores.",
)


def bundle_option(said: str) -> Callable[[Command], Command]:
    """Return the option for the folder of a bundle that is there, with its help."""
    kind = click.Path(exists=True, file_okay=False, path_type=Path)
    return click.option("--bundle", "folder", required=True, type=kind, help=said)


def data_option(whose: str) -> Callable[[Command], Command]:
    """Return the option for the file of patients, with whose they are for its help."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    said = f"{whose}, a CSV with the columns of `equipoise simulate`."
    return click.option("--data", required=True, type=kind, help=said)


def check_name(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the id of a bundle, or refuse it."""
    if value is not None and not _NAME.fullmatch(value):
        raise click.BadParameter("small letters, digits and single hyphens.", ctx, parameter)
    return value


def check_version(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Return the semantic version of a bundle, or refuse it."""
    if value is not None and not _VERSION.fullmatch(value):
        raise click.BadParameter("three numbers such as 1.0.0.", ctx, parameter)
    return value


def read_data(path: Path, *, ignore_extra: bool) -> LocalCohort:
    """Return the cohort of a file.

    Raises
    ------
    Refused
        With every problem found, up to `MOST_PROBLEMS`.
    click.UsageError
        If it cannot be read.
    """
    from training.real.reading import read_local_cohort

    try:
        return read_local_cohort(path.read_bytes(), ignore_extra=ignore_extra)
    except EquipoiseError as error:
        raise refusal(path.name, error) from None
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}") from None


def read_bundle(folder: Path) -> Bundle:
    """Return the bundle of a folder.

    Raises
    ------
    click.UsageError
        If it is refused.
    """
    try:
        return load_bundle(folder)
    except BundleRefused as error:
        raise click.UsageError(f"The bundle is refused: {error}") from None


def refusal(name: str, error: EquipoiseError) -> Refused:
    """Return the refusal of a file with all its problems."""
    told = [
        f"{each.message} Accepted: {each.accepted}." for each in error.problems[:MOST_PROBLEMS]
    ]
    more = len(error.problems) - len(told)
    if more:
        told.append(f"And {more} more.")
    count = f"{len(error.problems)} problem{'s' if len(error.problems) > 1 else ''}"
    return Refused(f"{name} is refused ({count}):\n" + "\n".join(told))


@contextmanager
def writing() -> Iterator[None]:
    """Tell a place that cannot be written as a mistake of usage."""
    try:
        yield
    except OSError as error:
        raise click.UsageError(f"{error.filename or 'output'}: {error.strerror}") from None


def refuse_other_bundle(folder: Path, name: str) -> None:
    """Refuse an output folder that holds a bundle of another id: it may be somebody's parent."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        return
    held = load_bundle(folder).id if _is_bundle(folder) else "a damaged bundle"
    if held != name:
        raise click.UsageError(f"{folder} holds {held}, which {name} would replace: take another.")


def _is_bundle(folder: Path) -> bool:
    try:
        load_bundle(folder)
    except BundleRefused:
        return False
    return True


def refuse_folder(folder: Path, names: tuple[str, ...]) -> None:
    """Refuse an output folder that holds other files than those that would be written."""
    if not folder.exists():
        return
    odd = sorted(path.name for path in folder.iterdir() if path.name not in names)
    if odd:
        raise click.UsageError(f"{folder} holds other files: {', '.join(odd)}")
