"""``equipoise score``: a list of patients from a file to a file."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from models import __version__
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
    OUTCOMES,
    SHOWN_ARMS,
    SUBGROUP_EFFECT,
)
from models.prediction import refuse_lacking
from models.rounding import MACHINE_DECIMALS
from service.bundles import default_folder
from service.commands.places import Files, refuse_endings, refuse_places, refuse_unshared
from service.commands.refusals import bundle_refused, explained_problems
from service.lists.blocks import block_rows_of
from service.lists.columns import FEWEST_DECIMALS, Chosen
from service.lists.contents import Reader
from service.lists.inputs import STANDARD, Watched, opened
from service.lists.interruption import Interruption
from service.lists.kinds import (
    COLUMN_KINDS,
    CSV,
    KINDS,
    NDJSON,
    compression_by_name,
    kind_by_name,
)
from service.lists.layouts import SHAPES, WIDE
from service.lists.outputs import PART, Beside, Outputs, Target, replace_text
from service.lists.profiles import Profiles, available_processors
from service.lists.progress import Progress
from service.lists.results import Task, with_bundle
from service.lists.run import Stopped, Unfinished, Watch, WrongRow, run
from service.lists.storage import Place
from service.lists.summary import summary_text
from service.lists.tally import Tally
from service.lists.writers import Writer, writer_of

#: Exit codes beside 0: some rows were rejected; the reader of the output went away. That of a run
#: that was stopped is `Interruption.exit_code`.
_REJECTED, _PIPE_CLOSED = 1, 141

#: What installs the packages that a cluster needs.
_INSTALL_CLUSTER = "sh scripts/environment.sh .venv requirements-cluster.txt"


@dataclass(frozen=True)
class Way:
    """How a list is run.

    Attributes
    ----------
    block_rows : int or None
        Rows of a block; ``None`` for those that suit what is written.
    """

    ignore_extra: bool
    strict: bool
    resume: bool
    processes: int
    scheduler: str | None = None
    block_rows: int | None = None

    def rows(self, out: Target) -> int:
        """Return the rows of a block."""
        return self.block_rows or block_rows_of(out.kind)


def _one_of(values: tuple[str, ...]) -> str:
    """Return values as `click.Choice` shows them; `models.options` reads and refuses them."""
    return f"[{'|'.join(values)}]"


@click.command()
@click.argument("patients", type=click.Path(allow_dash=True, dir_okay=False))
@click.option("--out", default=STANDARD, show_default=True, help="Where the results go.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(KINDS),
    help="What the results are; by default by the ending of --out (.csv, .ndjson, .jsonl, "
    ".parquet, .arrow), and csv without one. Texts whose names end in .gz or .zst are compressed.",
)
@click.option(
    "--from",
    "source_kind",
    type=click.Choice(KINDS),
    help="What PATIENTS is; by default by its name, else csv. Texts packed by gzip or zstandard "
    "are unpacked.",
)
@click.option("--rejects", help="Where rejected rows are explained, a CSV.")
@click.option(
    "--summary",
    help="Where the list is summed up: a page (.html), or the numbers (.json).",
)
@click.option(
    "--shape",
    type=click.Choice(SHAPES),
    default=WIDE,
    show_default=True,
    help="A line a row, or a line a figure. NDJSON has neither.",
)
@click.option(
    "--outcomes",
    metavar=f"[{'|'.join(outcome.name for outcome in OUTCOMES)}]",
    help="Outcomes, separated by commas; by default all. NDJSON always has all.",
)
@click.option(
    "--arms",
    metavar=f"[{'|'.join(SHOWN_ARMS)}]",
    help="Arms and their difference, separated by commas; by default all. NDJSON always has all.",
)
@click.option(
    "--digits",
    type=click.IntRange(FEWEST_DECIMALS, MACHINE_DECIMALS),
    default=MACHINE_DECIMALS,
    show_default=True,
    help="Decimals of a figure. NDJSON always has all.",
)
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
    "--ignore-extra-columns",
    is_flag=True,
    help="Leave out unknown columns of CSV, Parquet and Arrow, unread.",
)
@click.option("--strict", is_flag=True, help="Stop at the first wrong row, writing no file.")
@click.option("--resume", is_flag=True, help="Go on where a run that was stopped left off.")
@click.option(
    "--processes",
    type=click.IntRange(1),
    default=available_processors,
    show_default="one a processor",
    help="How many processes may score; the results are the same.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Score on the workers of this Dask scheduler; files must be paths or URLs that all of "
    "them reach. The results are the same.",
)
def score(
    patients: str,
    out: str,
    kind: str | None,
    source_kind: str | None,
    rejects: str | None,
    summary: str | None,
    shape: str,
    outcomes: str | None,
    arms: str | None,
    digits: int,
    bundle_folder: str | None,
    language: str,
    ignore_extra_columns: bool,
    strict: bool,
    resume: bool,
    processes: int,
    scheduler: str | None,
    **option_texts: str,
) -> None:
    """Score a list of PATIENTS: CSV, newline-delimited JSON, Parquet or Arrow.

    The cells of a CSV stand between commas, semicolons, tabs or bars.

    A row that is wrong is told in its place and never stops the list. Results stand in their
    place when they are whole; beside them, .about.json says what they are. Ctrl-C stops when the
    rows under way are done, a second one at once; both leave a valid part, from which --resume
    goes on.

    Exit codes: 1 some rows were rejected, or --strict met a wrong one; 2 nothing was done; 130
    stopped by Ctrl-C, 143 by SIGTERM; 141 the reader of standard output went away.

    \b
    Example:
      equipoise score patients.csv --out scored.csv --rejects rejects.csv
    """
    with speaking(language):
        target = Target(out, kind or kind_by_name(out) or CSV, compression_by_name(out))
        source = source_kind or kind_by_name(patients) or CSV
        files = Files(patients, source, target, Beside(rejects, summary))
        way = Way(ignore_extra_columns, strict, resume, processes, scheduler)
        refuse_endings(files, kind)
        _refuse_missing_package(files, scheduler)
        refuse_unshared(files, scheduler)
        interruption = Interruption(_say_stopping, patient=scheduler is None)
        try:
            files = files.followed()
            refuse_places(files, scheduler)
            chosen = Chosen(_choice("outcomes", outcomes), _choice("arms", arms), digits)
            _refuse_choice(target, chosen, shape)
            options = read_options_text(option_texts)
            folder = Path(bundle_folder) if bundle_folder else default_folder()
            scored = _score if scheduler is None else _score_on_cluster
            with interruption.heeded():
                counts = scored(files, _Asked(folder, options, chosen, shape), way, interruption)
        except KeyboardInterrupt:
            click.echo(_("Stopped."), err=True)
            sys.exit(interruption.exit_code)
        except Stopped:
            sys.exit(interruption.exit_code)
        except BundleRefused as error:
            raise click.UsageError(bundle_refused(error)) from None
        except Unfinished as error:
            raise click.UsageError(str(error)) from None
        except WrongRow as error:
            raise _Refused(_told(error)) from None
        except EquipoiseError as error:
            raise click.UsageError(_explain(error)) from None
        except BrokenPipeError:
            # Whoever read the results has had enough; there is nobody to tell it to.
            _leave_standard_output()
            sys.exit(_PIPE_CLOSED)
        except OSError as error:
            try:
                # What was scored before another file failed goes out.
                sys.stdout.flush()
            except OSError:
                _leave_standard_output()
            raise click.UsageError(f"{error.filename or 'output'}: {error.strerror}") from None
        _tell_rejected(counts["rejected"])


def _leave_standard_output() -> None:
    """Let what standard output does not take go nowhere: Python tries once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Refused(click.ClickException):
    """A run that ended for a reason that is the list's."""

    exit_code = _REJECTED


@dataclass(frozen=True)
class _Asked:
    """What is asked of each row."""

    folder: Path
    options: Options
    chosen: Chosen
    shape: str


def _score(files: Files, asked: _Asked, way: Way, interruption: Interruption) -> dict[str, int]:
    """Score from file to file and return how many rows there were of each status."""
    bundle = load_bundle(asked.folder)
    refuse_lacking(bundle, asked.options)
    started = datetime.now(UTC)
    with opened(
        files.patients,
        files.source_kind,
        ignore_extra=way.ignore_extra,
        rows=way.rows(files.out),
    ) as source:
        task = _task(asked, bundle, files, source.reader)
        key = _key(task, files, way)
        with (
            Outputs(files.out, files.beside, _writers(task, files.out), key) as outputs,
            Profiles(task, way.processes) as profiles,
        ):
            progress = outputs.begin(resume=way.resume)
            if way.resume and not outputs.can_be_gone_on_from:
                _say_anew()
            if task.summarised and progress.tally is None:
                progress.tally = Tally()
            try:
                size = _size(files.patients)
                with _bar(size, lambda _rows: source.watched.count, progress.rows) as tell:
                    watch = Watch(tell, way.strict, interruption)
                    run(source.blocks, profiles, outputs, progress, watch)
            except Stopped:
                part = f"{files.out.name}{PART}" if files.out.is_file else None
                _tell_stopped(part, progress)
                raise
            except (OSError, KeyboardInterrupt):
                if outputs.can_be_gone_on_from:
                    click.echo(_way_on(), err=True)
                raise
            interruption.end()
            about = _about(files, key, bundle, source.watched, progress, started)
            outputs.finish(about, _summary(files, task, progress, about))
    return progress.counts


def _score_on_cluster(
    files: Files, asked: _Asked, way: Way, interruption: Interruption
) -> dict[str, int]:
    """Do what `_score` does, on many machines."""
    from service.lists.cluster import connected

    bundle = load_bundle(asked.folder)
    refuse_lacking(bundle, asked.options)
    with connected(str(way.scheduler)) as client:
        return _score_with(client, bundle, files, asked, way, interruption)


def _score_with(
    client: Any,
    bundle: Bundle,
    files: Files,
    asked: _Asked,
    way: Way,
    interruption: Interruption,
) -> dict[str, int]:
    from service.lists import cluster, cuts

    started = datetime.now(UTC)
    place = Place.of(files.patients)
    source = cuts.Source(place, files.source_kind, way.ignore_extra, way.rows(files.out))
    cut = cuts.cut(source)
    task = _task(asked, bundle, files, cut.reader)
    key = _key(task, files, way)
    common = {**key, "input": cut.watched.digest, "block_rows": source.block_rows}
    order = cluster.order_of(
        task,
        source,
        files.out,
        common,
        shipped=asked.folder == default_folder(),
        rejects=files.beside.rejects is not None,
        strict=way.strict,
    )
    folder = cluster.parts_folder(files.out)
    with cluster.Joined(files.out, files.beside.rejects, task) as joined:
        goes_on = cluster.begin(files.out, order, common, resume=way.resume)
        if way.resume and not goes_on:
            _say_anew()
        if not cluster.has_workers(client):
            click.echo(_("Waiting for workers: the scheduler has none."), err=True)
        try:
            with _bar(cut.rows, int, 0) as tell:
                progress = cluster.run_on_cluster(client, cut.stretches, order, joined, tell)
        except Stopped as stopped:
            _tell_stopped(folder.name, stopped.progress)
            raise
        except (Unfinished, InvalidInput) as error:
            explained = _explain(error) if isinstance(error, InvalidInput) else str(error)
            raise click.UsageError(f"{explained}\n{_way_on()}") from None
        except WrongRow:
            folder.remove()
            raise
        interruption.end()
        about = _about(files, key, bundle, cut.watched, progress, started)
        if files.beside.summary is not None:
            replace_text(Path(files.beside.summary), _summary(files, task, progress, about))
        joined.finish(about)
    folder.remove()
    return progress.counts


def _task(asked: _Asked, bundle: Bundle, files: Files, reader: Reader) -> Task:
    task = Task(
        asked.folder.absolute(),
        bundle.digest,
        asked.options,
        asked.chosen,
        asked.shape,
        files.out.kind,
        reader,
        summarised=files.beside.summary is not None,
    )
    return with_bundle(task, bundle)


def _writers(task: Task, out: Target) -> Any:
    """Return what makes the writer of an open file."""

    def make(file: Any) -> Writer:
        return writer_of(file, task.layout, out.kind, out.compression)

    return make


def _key(task: Task, files: Files, way: Way) -> dict[str, Any]:
    """Return what a run must have in common with one that goes on from it."""
    options = {**asdict(task.options), "ignore_extra_columns": way.ignore_extra}
    # NDJSON holds the whole answer: neither figures nor a shape are chosen.
    chosen = {"chosen": json_ready(asdict(task.chosen)), "shape": task.shape}
    return {
        "software": __version__,
        "bundle": task.digest,
        "options": json_ready(options),
        **({} if task.kind == NDJSON else chosen),
        "format": files.out.kind + files.out.compression,
        "language": task.language,
        "from": files.source_kind,
        "rejects": files.beside.rejects is not None,
        "summary": task.summarised,
    }


def json_ready(values: dict[str, Any]) -> dict[str, Any]:
    """Return values as they come back from JSON."""
    return {name: list(each) if isinstance(each, tuple) else each for name, each in values.items()}


def _about(
    files: Files,
    key: dict[str, Any],
    bundle: Bundle,
    watched: Watched,
    progress: Progress,
    started: datetime,
) -> dict[str, Any]:
    """Return what a list of results is: what it was made from, by what, and how many rows."""
    return {
        **key,
        "bundle": {"id": bundle.id, "version": bundle.version, "digest": bundle.digest},
        "training_data": bundle.training_data,
        "input": {
            "name": Path(files.patients).name,
            "bytes": watched.count,
            "sha256": watched.digest,
        },
        "counts": progress.counts,
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _summary(files: Files, task: Task, progress: Progress, about: dict[str, Any]) -> str:
    """Return what sums the list up, where that is wanted."""
    name = files.beside.summary
    return "" if name is None else summary_text(name, task, progress, about)


def _choice(name: str, text: str | None) -> tuple[str, ...]:
    """Return names from a text with commas, in the order in which answers have them."""
    every: tuple[str, ...] = getattr(Chosen(), name)
    if text is None:
        return every
    wanted = [part.strip() for part in text.split(",")]
    wrong = [part for part in wanted if part not in every or wanted.count(part) > 1]
    if wrong:
        message = _("{value} is not one of them, or stands twice.")
        told = message.format(value=repr(wrong[0][:60]))
        raise InvalidInput([Problem(name, "not_accepted", told, ", ".join(every))])
    return tuple(each for each in every if each in wanted)


@contextmanager
def _bar(size: int, reached: Callable[[int], int], before: int) -> Iterator[Any]:
    """Yield what is told the rows done: a bar with rate and time left, on a terminal.

    Parameters
    ----------
    size : int
        Of the whole, in what `reached` gives for the rows done.
    before : int
        Rows that were done before.
    """
    begun = time.monotonic()

    def rate(rows: int | None) -> str:
        seconds = time.monotonic() - begun
        return f"{(rows or 0):,} rows, {((rows or 0) - before) / max(seconds, 1e-9):,.0f}/s"

    with click.progressbar(
        length=max(size, 1),
        label="Scoring",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
        item_show_func=rate,
    ) as shown:

        def tell(rows: int) -> None:
            shown.update(reached(rows) - shown.pos, rows)

        yield tell


def _size(name: str) -> int:
    return 0 if name == STANDARD else Path(name).stat().st_size


def _say_stopping() -> None:
    words = _("Stopping when the rows under way are done; Ctrl-C again stops at once.")
    # Behind a bar, on a line of its own.
    click.echo(f"\n{words}" if sys.stderr.isatty() else words, err=True)


def _say_anew() -> None:
    message = _("There is nothing to go on from: the list is scored from its beginning.")
    click.echo(message, err=True)


def _tell_stopped(place: str | None, progress: Progress) -> None:
    message = _("Stopped after {rows} rows.").format(rows=f"{progress.rows:,}")
    if place is not None:
        part = _("They stand in {name}.").format(name=place)
        message = f"{message} {part} {_way_on()}"
    click.echo(message, err=True)


def _way_on() -> str:
    words = [each for each in sys.argv[1:] if each != "--resume"]
    command = shlex.join(["equipoise", *words, "--resume"])
    return _("Go on with: {command}").format(command=command)


def _tell_rejected(rejected: int) -> None:
    if rejected:
        words = _("1 row was rejected.") if rejected == 1 else _("{count} rows were rejected.")
        click.echo(words.format(count=rejected), err=True)
        sys.exit(_REJECTED)


def _told(error: WrongRow) -> str:
    problems = [Problem(*problem) for problem in error.problems]
    words = _("Line {line} is wrong, and nothing was written.")
    if error.streamed:
        words = _(
            "Line {line} is wrong. Standard output holds what was written of the {rows} rows "
            "before it."
        )
    told = words.format(line=error.line, rows=f"{error.streamed:,}")
    return f"{told}\n{explained_problems(InvalidInput(problems))}"


def _refuse_choice(target: Target, chosen: Chosen, shape: str) -> None:
    if target.kind == NDJSON and (chosen, shape) != (Chosen(), WIDE):
        message = _(
            "NDJSON holds the whole answer to each row. To choose by --shape, --outcomes, --arms "
            "or --digits, write CSV, Parquet or Arrow."
        )
        raise click.UsageError(message)


def _refuse_missing_package(files: Files, scheduler: str | None) -> None:
    columnar = {files.source_kind, files.out.kind} & set(COLUMN_KINDS)
    if columnar and find_spec("pyarrow") is None:
        raise click.UsageError(_("Parquet and Arrow need the package pyarrow."))
    if scheduler is not None and not all(map(find_spec, ("distributed", "fsspec"))):
        message = _("--scheduler needs the packages distributed and fsspec. Install: {command}")
        raise click.UsageError(message.format(command=_INSTALL_CLUSTER))


def _explain(error: EquipoiseError) -> str:
    lines = [explained_problems(error)]
    if any(problem.code == "unknown_field" for problem in error.problems):
        lines.append(_("--ignore-extra-columns leaves unknown columns of a CSV out, unread."))
    return "\n".join(lines)
