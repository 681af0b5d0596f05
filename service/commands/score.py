"""``equipoise score``: a list of patients from a file to a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

import click

from models.bundle import Bundle, load_bundle
from models.errors import BundleRefused, EquipoiseError, InvalidInput, Problem
from models.language import ENGLISH, LANGUAGES, _, speaking
from models.options import Options, read_options_text
from models.outcomes import (
    DEFAULT_EFFECT,
    DEFAULT_HORIZONS,
    DEFAULT_LEVEL,
    DEFAULT_MODEL,
    EFFECTS,
    FIRST_HORIZON,
    FOREST,
    HIGHEST_LEVEL,
    LAST_HORIZON,
    LEARNED_EFFECT,
    LOWEST_LEVEL,
    MODELS,
    SUBGROUP_EFFECT,
)
from models.prediction import refuse_lacking
from service.bundles import default_folder
from service.commands.refusals import bundle_refused, explained_problems
from service.lists.documents import ndjson_lines
from service.lists.drafts import Drafts
from service.lists.rows import Row, csv_rows, ndjson_rows
from service.lists.scoring import ScoredRow, score_rows
from service.lists.tables import REJECT_COLUMNS, csv_line, csv_lines, reject_lines

_STANDARD = "-"
_KINDS = ("csv", "ndjson")


@dataclass(frozen=True)
class Files:
    """Where rows come from and where results and rejects go; ``-`` is a standard stream.

    Attributes
    ----------
    source_kind, kind : str
        ``csv`` or ``ndjson``, of the rows and of the results.
    """

    patients: str
    out: str
    rejects: str | None
    source_kind: str
    kind: str


def _one_of(values: tuple[str, ...]) -> str:
    """Return values as `click.Choice` shows them; `models.options` reads and refuses them."""
    return f"[{'|'.join(values)}]"


@click.command()
@click.argument("patients", type=click.Path(allow_dash=True, dir_okay=False))
@click.option("--out", default=_STANDARD, show_default=True, help="Where the results go.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(_KINDS),
    default="csv",
    show_default=True,
    help="What the results are.",
)
@click.option(
    "--from",
    "source_kind",
    type=click.Choice(_KINDS),
    help="What PATIENTS is; by default by its name, .ndjson or .jsonl, else a CSV.",
)
@click.option("--rejects", help="Where rejected rows are explained, a CSV.")
@click.option("--bundle", "bundle_folder", help="Folder of another bundle.")
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    metavar=_one_of(MODELS),
    help="Which kind of model predicts; the Cox model's figures stand beside the forest's.",
)
@click.option(
    "--effect",
    default=DEFAULT_EFFECT,
    show_default=True,
    metavar=_one_of(EFFECTS),
    help=f"Effect of surgery: the whole trial's, the four earlier trials', by subgroups "
    f"({SUBGROUP_EFFECT}: exploratory), what the forest finds ({LEARNED_EFFECT}: exploratory, "
    f"needs --model {FOREST}), or all beside each other.",
)
@click.option(
    "--horizons",
    "horizons_months",
    default=",".join(map(str, DEFAULT_HORIZONS)),
    show_default=True,
    metavar="MONTHS",
    help=f"Whole months after the decision, {FIRST_HORIZON} to {LAST_HORIZON}, separated by "
    "commas.",
)
@click.option(
    "--level",
    "interval_level",
    default=str(DEFAULT_LEVEL),
    show_default=True,
    metavar="LEVEL",
    help=f"Level of the intervals, {LOWEST_LEVEL:.2f} to {HIGHEST_LEVEL:.2f}.",
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=ENGLISH,
    show_default=True,
    help="Language of the texts in results and rejects; columns and codes stay.",
)
@click.option(
    "--ignore-extra-columns", is_flag=True, help="Leave out unknown columns of a CSV, unread."
)
def score(
    patients: str,
    out: str,
    kind: str,
    source_kind: str | None,
    rejects: str | None,
    bundle_folder: str | None,
    language: str,
    ignore_extra_columns: bool,
    **option_texts: str,
) -> None:
    """Score a list of PATIENTS: a CSV or newline-delimited JSON.

    A row that is wrong is told in its place and never stops the list. Exit code 1: some rows
    were rejected.

    \b
    Example:
      equipoise score patients.csv --out scored.csv --rejects rejects.csv
    """
    with speaking(language):
        files = Files(patients, out, rejects, source_kind or _kind_by_name(patients), kind)
        _refuse_same_place(files)
        try:
            options = read_options_text(option_texts)
            bundle = load_bundle(Path(bundle_folder) if bundle_folder else default_folder())
            rejected = _score_files(files, bundle, options, ignore_extra_columns)
        except BundleRefused as error:
            raise click.UsageError(bundle_refused(error)) from None
        except EquipoiseError as error:
            raise click.UsageError(_explain(error)) from None
        except OSError as error:
            raise click.UsageError(f"{error.filename or 'output'}: {error.strerror}") from None
        if rejected:
            words = _("1 row was rejected.") if rejected == 1 else _("{count} rows were rejected.")
            click.echo(words.format(count=rejected), err=True)
            sys.exit(1)


def _score_files(files: Files, bundle: Bundle, options: Options, ignore_extra: bool) -> int:
    """Score from file to file and return the number of rejected rows.

    Raises
    ------
    InvalidInput
        If the list cannot be read at all or holds no row; nothing is written then.
    """
    rejected = 0
    refuse_lacking(bundle, options)
    with _reading(files.patients) as lines, Drafts() as drafts:
        rows = _rows(files, lines, ignore_extra)
        first = next(rows, None)
        if first is None:
            message = _("The list holds no patient.")
            raise InvalidInput([Problem("", "empty_list", message, _("at least one row"))])
        rejects = _destination(files.rejects, drafts)
        out = _destination(files.out, drafts)

        def watched() -> Iterator[ScoredRow]:
            nonlocal rejected
            for each in score_rows(chain([first], rows), bundle, options):
                rejected += each.prediction is None
                if rejects is not None:
                    rejects.writelines(reject_lines([each]))
                yield each

        if rejects is not None:
            rejects.write(csv_line(REJECT_COLUMNS))
        if out is not None:
            out.writelines(_rendered(files.kind, watched(), bundle, options))
    return rejected


def _rows(files: Files, lines: Iterator[bytes], ignore_extra: bool) -> Iterator[Row]:
    if files.source_kind == "ndjson":
        return ndjson_rows(lines)
    return csv_rows(lines, ignore_extra=ignore_extra)


def _kind_by_name(name: str) -> str:
    return "ndjson" if name.endswith((".ndjson", ".jsonl")) else "csv"


def _rendered(
    kind: str, scored: Iterable[ScoredRow], bundle: Bundle, options: Options
) -> Iterator[str]:
    if kind == "ndjson":
        return (line.decode() for line in ndjson_lines(scored))
    return csv_lines(scored, bundle, options)


def _destination(name: str | None, drafts: Drafts) -> IO[str] | None:
    if name is None:
        return None
    return sys.stdout if name == _STANDARD else drafts.write(name)


@contextmanager
def _reading(name: str) -> Iterator[Iterator[bytes]]:
    """Yield the lines of a file, with a progress bar on a terminal."""
    if name == _STANDARD:
        yield iter(sys.stdin.buffer)
        return
    with (
        open(name, "rb") as file,
        click.progressbar(
            length=Path(name).stat().st_size,
            label="Scoring",
            file=sys.stderr,
            hidden=not sys.stderr.isatty(),
        ) as progress,
    ):

        def lines() -> Iterator[bytes]:
            for line in file:
                progress.update(len(line))
                yield line

        yield lines()


def _refuse_same_place(files: Files) -> None:
    if files.out == files.rejects == _STANDARD:
        raise click.UsageError(_("Results and rejects cannot both go to standard output."))
    named = [n for n in (files.patients, files.out, files.rejects) if n and n != _STANDARD]
    places = [Path(name).resolve() for name in named]
    if len(set(places)) < len(places):
        raise click.UsageError(_("Input, output and rejects must be different files."))


def _explain(error: EquipoiseError) -> str:
    lines = [explained_problems(error)]
    if any(problem.code == "unknown_field" for problem in error.problems):
        lines.append(_("--ignore-extra-columns leaves unknown columns of a CSV out, unread."))
    return "\n".join(lines)
