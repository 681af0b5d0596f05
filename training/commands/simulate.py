"""``equipoise simulate``: cohorts that reproduce the printed figures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from training.matching.report import Report

_TICKS = 1000

#: What a shell gives a command that Ctrl-C ended: 128 and the number of the signal.
_INTERRUPTED = 130


@click.command()
@click.option("--seed", type=click.IntRange(0), help="Another cohort than the reference one.")
@click.option("--rebuild", is_flag=True, help="Search for the reference cohort afresh.")
@click.option("--cohorts", type=click.IntRange(1), help="So many cohorts, with seeds 1, 2, ...")
@click.option("--out", type=click.Path(allow_dash=True), help="A file; with --cohorts a folder.")
@click.option("--check", is_flag=True, help="Print every published figure beside the reached one.")
def simulate(
    seed: int | None, rebuild: bool, cohorts: int | None, out: str | None, check: bool
) -> None:
    """Simulate 205 + 202 patients who reproduce the trial's printed figures.

    Without a seed it is the reference cohort, which is shipped. A seed takes up to two
    minutes; of --cohorts, those whose file is there already are not made again. --check ends
    with exit code 1 where a figure differs by more than is allowed.

    \b
    Example:
      equipoise simulate --check
      equipoise simulate --seed 7 --out cohort.csv --check
      equipoise simulate --cohorts 20 --out cohorts
    """
    if cohorts is not None:
        if out is None or out == "-" or check or rebuild or seed is not None:
            raise click.UsageError("--cohorts takes --out FOLDER and nothing else.")
        with _interruptible(f"what is finished stays in {out}"):
            _simulate_set(cohorts, Path(out))
        return
    if out is None and not check:
        raise click.UsageError("Give --out, --check, or both.")
    if out not in (None, "-") and Path(str(out)).is_dir():
        raise click.UsageError(f"{out}: Is a directory")
    with _interruptible("nothing was written"):
        _simulate_one(seed, out, rebuild=rebuild, check=check)


def _simulate_one(seed: int | None, out: str | None, *, rebuild: bool, check: bool) -> None:
    """Write or check the shipped cohort, or search for one."""
    # Imported when called: the fitting libraries are slow to load, and absent in an image
    # that only serves.
    with _full_install():
        from training.cohort import REFERENCE_SEED
        from training.reference import reference_csv
    searched = REFERENCE_SEED if seed is None else seed
    text = reference_csv() if seed is None and not rebuild else _search(searched)
    if out is not None:
        _write(out, text)
    if check:
        _check(text, reference=searched == REFERENCE_SEED, err=out == "-")


def _simulate_set(cohorts: int, folder: Path) -> None:
    """Make the cohorts of the first seeds that are not there yet."""
    with _full_install():
        from training.matching.folder import add_cohort, missing_seeds
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for seed in missing_seeds(folder, range(1, cohorts + 1)):
            with _progress(seed) as show:
                add_cohort(folder, seed, show)
    except OSError as error:
        raise click.UsageError(f"{folder}: {error.strerror}") from None
    click.echo(f"{cohorts} cohorts are in {folder}.")


def _search(seed: int) -> str:
    """Return the cohort of a seed as CSV text."""
    with _full_install():
        from training.cohort_csv import cohort_csv
        from training.matching.cohort import matched_cohort
    with _progress(seed) as show:
        return cohort_csv(matched_cohort(seed, on_progress=show))


@contextmanager
def _progress(seed: int) -> Iterator[Callable[[float], None]]:
    """Show a progress bar on a terminal; yield what moves it to a part of the whole."""
    with click.progressbar(
        length=_TICKS, label=f"Seed {seed}", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as progress:
        yield lambda part: progress.update(round(part * _TICKS) - progress.pos)


def _write(out: str, text: str) -> None:
    """Write a file whole or not at all, or to standard output."""
    from training.writing import write_whole

    if out == "-":
        click.echo(text, nl=False)
        return
    try:
        write_whole(Path(out), text)
    except OSError as error:
        raise click.UsageError(f"{out}: {error.strerror}") from None


def _check(text: str, *, reference: bool, err: bool) -> None:
    """Print the figures of a cohort, and end with 1 where they are not as required."""
    with _full_install():
        from training.cohort_csv import read_cohort
        from training.matching.report import report
    found = report(read_cohort(text))
    _print(found, err=err)
    differences = found.differences(reference=reference)
    for difference in differences:
        click.echo(f"Difference: {difference}", err=err)
    if differences:
        sys.exit(1)


def _print(found: Report, *, err: bool) -> None:
    rows = [("figure", "published", "reached", "within rounding"), *found.rows()]
    width = max(len(name) for name, *_ in rows)
    for name, published, reached, same in rows:
        click.echo(f"{name:<{width}}{published:>11}{reached:>11}  {same}", err=err)
    for sentence in found.summary():
        click.echo(sentence, err=err)


@contextmanager
def _interruptible(state: str) -> Iterator[None]:
    """End with a sentence and not with a traceback when Ctrl-C is pressed."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted: {state}.", err=True)
        sys.exit(_INTERRUPTED)


@contextmanager
def _full_install() -> Iterator[None]:
    """Say in one sentence what is missing where the libraries of the training are not there."""
    try:
        yield
    except ImportError as error:
        raise click.UsageError(
            f"Simulating needs the full install: {error.name} is missing."
        ) from None
