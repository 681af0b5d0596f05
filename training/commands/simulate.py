"""``equipoise simulate``: one trial-like cohort."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from training.cohort import Cohort


@click.command()
@click.option("--seed", type=click.IntRange(0), help="Another cohort than the reference one.")
@click.option("--rebuild", is_flag=True, help="Compute the reference cohort afresh.")
@click.option(
    "--matched",
    is_flag=True,
    help="Search for a cohort with every printed count and almost every printed figure (two "
    "minutes or more).",
)
@click.option("--out", type=click.Path(allow_dash=True, dir_okay=False), help="Where it goes.")
@click.option("--check", is_flag=True, help="Print published against reached figures.")
def simulate(seed: int | None, rebuild: bool, matched: bool, out: str | None, check: bool) -> None:
    """Simulate 205 + 202 patients who show the trial's headline.

    Without a seed it is the reference cohort, which is shipped.

    \b
    Example:
      equipoise simulate --seed 7 --out cohort.csv --check
    """
    # Imported when called: the fitting libraries are slow to load, and absent in an image
    # that only serves.
    try:
        from training.cohort import REFERENCE_SEED, compare, simulate_cohort
        from training.cohort_csv import cohort_csv
        from training.reference import reference_csv
    except ImportError as error:
        raise click.UsageError(
            f"Simulating needs the full install: {error.name} is missing."
        ) from None

    if out is None and not check:
        raise click.UsageError("Give --out, --check, or both.")
    used = REFERENCE_SEED if seed is None else seed
    if matched:
        fresh: Cohort | None = _matched(used)
    else:
        fresh = simulate_cohort(used) if check or rebuild or seed is not None else None
    if out is not None:
        text = reference_csv() if fresh is None else cohort_csv(fresh, used)
        try:
            with click.open_file(out, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise click.UsageError(f"{out}: {error.strerror}") from None
    if check and fresh is not None:
        click.echo(f"{'figure':<42}{'published':>10}{'reached':>10}", err=out == "-")
        for row in compare(fresh):
            line = f"{row.name:<42}{row.published:>10.3f}{row.reached:>10.3f} {row.unit}"
            click.echo(line.rstrip(), err=out == "-")


def _matched(seed: int) -> Cohort:
    """Return a matched cohort, with a progress bar on a terminal."""
    from training.matching.cohort import matched_cohort

    with click.progressbar(
        length=1000, label="Searching", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as progress:

        def show(part: float) -> None:
            progress.update(round(1000 * part) - progress.pos)

        return matched_cohort(seed, on_progress=show)
