"""``equipoise train``: fit a bundle."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from training.commands.cohorts import (
    LOCAL_NAME,
    check_name,
    check_version,
    read_data,
    refusal,
    refuse_other_bundle,
    writing,
)

if TYPE_CHECKING:
    from training.real.findings import Findings, Plan


def _not_zero(ctx: click.Context, parameter: click.Parameter, jobs: int) -> int:
    if jobs == 0:
        raise click.BadParameter("0 processes do nothing.", ctx, parameter)
    return jobs


@click.command()
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0), help="Default: the shipped bundle's.")
@click.option(
    "--members",
    type=click.IntRange(2),
    help="Virtual trials, or resamples of the cohort; default 200.",
)
@click.option(
    "--jobs", default=-1, show_default=True, help="Processes; -1 is all cores.", callback=_not_zero
)
@click.option(
    "--data",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Train on the patients of this CSV in place of virtual trials.",
)
@click.option(
    "--randomised",
    is_flag=True,
    help="With --data: the arms were randomised, so take the effect of surgery from them.",
)
@click.option(
    "--force", is_flag=True, help="With --data: accept fewer than ten events per parameter."
)
@click.option(
    "--id", "name", callback=check_name, help="With --data: the bundle's name [local-cohort]."
)
@click.option(
    "--version",
    "number",
    callback=check_version,
    help="With --data: the bundle's semantic version [1.0.0].",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --data: where a page with plots of the tests of proportional hazards goes.",
)
@click.option(
    "--ignore-extra-columns", is_flag=True, help="With --data: leave out unknown columns, unread."
)
def train(
    out: Path,
    seed: int | None,
    members: int | None,
    jobs: int,
    data: Path | None,
    randomised: bool,
    force: bool,
    name: str | None,
    number: str | None,
    report: Path | None,
    ignore_extra_columns: bool,
) -> None:
    """Train a bundle and write it to a folder.

    Without --data this rebuilds the shipped bundle from virtual trials. With --data it is trained
    on a real cohort: a CSV with the columns of `equipoise simulate`. Without --randomised the
    effect of surgery is the trial's. A file with mistakes is refused with all of them, and
    nothing is written.

    \b
    Example:
      equipoise train --out my-bundle
      equipoise train --data cohort.csv --out my-bundle --id my-hospital --report tests.html
    """
    # Imported when called: the fitting libraries are slow to load, and absent in an image
    # that only serves.
    try:
        from training.train import DEFAULT_MEMBERS, DEFAULT_SEED, foreign_files
    except ImportError as error:
        raise click.UsageError(
            f"Training needs the full install: {error.name} is missing."
        ) from None

    odd = foreign_files(out)
    if odd:
        raise click.UsageError(f"{out} holds files that are no bundle's: {', '.join(odd)}")
    if data is not None:
        refuse_other_bundle(out, name or LOCAL_NAME)
    used = DEFAULT_SEED if seed is None else seed
    count = DEFAULT_MEMBERS if members is None else members
    if data is None:
        only_with_data = (randomised, force, name, number, report, ignore_extra_columns)
        _train_synthetic(out, used, count, jobs, any(only_with_data))
        return
    from training.real.findings import Plan

    plan = Plan(name or LOCAL_NAME, number or "1.0.0", used, count, randomised, force, jobs)
    _train_on_cohort(data, out, plan, report, ignore_extra_columns)


def _train_synthetic(out: Path, seed: int, members: int, jobs: int, odd_options: bool) -> None:
    from training.train import train_synthetic

    if odd_options:
        raise click.UsageError(
            "--randomised, --force, --id, --version, --report and --ignore-extra-columns need "
            "--data."
        )
    with click.progressbar(
        length=members, label="Virtual trials", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as progress:
        train_synthetic(
            out, seed=seed, members=members, jobs=jobs, on_member=lambda: progress.update(1)
        )
    click.echo(f"Wrote {out}.")


def _train_on_cohort(
    data: Path, out: Path, plan: Plan, report: Path | None, ignore_extra: bool
) -> None:
    from models.bundle import save_bundle
    from models.errors import InvalidInput
    from training.real.card import proportionality_report
    from training.real.ensemble import CannotFit
    from training.real.train import train_on_cohort

    cohort = read_data(data, ignore_extra=ignore_extra)
    with click.progressbar(
        length=plan.members, label="Resamples", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as progress:
        try:
            bundle, found = train_on_cohort(cohort, plan, on_member=lambda: progress.update(1))
        except InvalidInput as error:
            raise refusal(data.name, error) from None
        except CannotFit as error:
            raise click.UsageError(f"{data.name} cannot be fitted: {error}.") from None
    with writing():
        if report is not None:
            report.write_text(proportionality_report(bundle, found), encoding="utf-8")
        save_bundle(out, bundle)
    _tell(found)
    click.echo(f"Wrote {out}.")


def _tell(found: Findings) -> None:
    """Print what a statistician asks first; the card has the rest."""
    from training.real.card import (
        alone_lines,
        dropped_lines,
        gap_words,
        left_out_words,
        small_words,
    )

    click.echo(f"{found.cohort.size} patients, figures up to month {found.cohort.last_month}.")
    click.echo(left_out_words(found.cohort.left_out))
    click.echo(gap_words(found.gaps, found.cohort.size))
    dropped = dropped_lines(found.terms)
    if dropped:
        click.echo("Held at zero:\n" + "\n".join(dropped))
    for said in alone_lines(found.terms):
        click.echo(said)
    click.echo(small_words(found))
