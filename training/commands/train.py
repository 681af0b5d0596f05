"""``equipoise train``: fit a bundle."""

from __future__ import annotations

import sys
from pathlib import Path

import click


def _not_zero(ctx: click.Context, parameter: click.Parameter, jobs: int) -> int:
    if jobs == 0:
        raise click.BadParameter("0 processes do nothing.", ctx, parameter)
    return jobs


@click.command()
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0), help="Default: the shipped bundle's.")
@click.option("--members", type=click.IntRange(2), help="Virtual trials; default 200.")
@click.option(
    "--jobs", default=-1, show_default=True, help="Processes; -1 is all cores.", callback=_not_zero
)
def train(out: Path, seed: int | None, members: int | None, jobs: int) -> None:
    """Train the synthetic bundle on virtual trials and write it to a folder.

    Without options this rebuilds the shipped bundle.

    \b
    Example:
      equipoise train --out my-bundle
    """
    # Imported when called: the fitting libraries are slow to load, and absent in an image
    # that only serves.
    try:
        from training.train import DEFAULT_MEMBERS, DEFAULT_SEED, foreign_files, train_synthetic
    except ImportError as error:
        raise click.UsageError(
            f"Training needs the full install: {error.name} is missing."
        ) from None

    odd = foreign_files(out)
    if odd:
        raise click.UsageError(f"{out} holds files that are no bundle's: {', '.join(odd)}")
    count = DEFAULT_MEMBERS if members is None else members
    with click.progressbar(
        length=count, label="Virtual trials", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as progress:
        train_synthetic(
            out,
            seed=DEFAULT_SEED if seed is None else seed,
            members=count,
            jobs=jobs,
            on_member=lambda: progress.update(1),
        )
    click.echo(f"Wrote {out}.")
