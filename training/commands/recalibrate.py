"""``equipoise recalibrate``: fit a bundle's baselines and slopes anew to local patients."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from models.bundle import ARRAYS, CARD, MANIFEST, save_bundle
from models.errors import InvalidInput
from training.commands.cohorts import (
    bundle_option,
    check_name,
    check_version,
    data_option,
    jobs_option,
    read_bundle,
    read_data,
    refusal,
    refuse_folder,
    seed_option,
    writing,
)


@click.command()
@bundle_option("Folder of the bundle that is recalibrated.")
@data_option("The local patients")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the new bundle.",
)
@click.option("--id", "name", callback=check_name, help="Its name; default: as before.")
@click.option(
    "--version",
    "number",
    callback=check_version,
    help="Its semantic version; default: the second number one higher.",
)
@seed_option
@jobs_option
@click.option(
    "--force",
    is_flag=True,
    help="Accept hazards with fewer than ten events, and a prognosis of death that does not show.",
)
@click.option("--ignore-extra-columns", is_flag=True, help="Leave out unknown columns, unread.")
def recalibrate(
    folder: Path,
    data: Path,
    out: Path,
    name: str | None,
    number: str | None,
    seed: int,
    jobs: int,
    force: bool,
    ignore_extra_columns: bool,
) -> None:
    """Recalibrate a bundle on local patients and write a new version that names its parent.

    The baseline of each hazard and the strength of the prognosis are fitted anew; the effect of
    surgery is kept.

    \b
    Example:
      equipoise recalibrate --bundle my-bundle --data cohort.csv --out my-new-bundle
    """
    # Imported when called: the fitting libraries are slow to load, and absent in an image
    # that only serves.
    try:
        from training.real.ensemble import CannotFit
        from training.real.recalibrate import Recalibration, next_version, recalibrate_bundle
    except ImportError as error:
        raise click.UsageError(
            f"Recalibrating needs the full install: {error.name} is missing."
        ) from None

    refuse_folder(out, (MANIFEST, ARRAYS, CARD))
    if out.resolve() == folder.resolve():
        raise click.UsageError("The new bundle needs another folder than its parent.")
    if jobs == 0:
        raise click.BadParameter("0 processes do nothing.", param_hint="--jobs")
    parent = read_bundle(folder)
    cohort = read_data(data, ignore_extra=ignore_extra_columns)
    chosen = number or next_version(parent.version)
    plan = Recalibration(name or parent.id, chosen, seed, force, jobs)
    with click.progressbar(
        length=parent.manifest["members"],
        label="Members",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as progress:
        try:
            bundle, warned = recalibrate_bundle(
                parent, cohort, plan, on_member=lambda: progress.update(1)
            )
        except InvalidInput as error:
            raise refusal(data.name, error) from None
        except CannotFit as error:
            raise click.UsageError(f"{data.name} cannot be fitted: {error}.") from None
    with writing():
        save_bundle(out, bundle)
    for said in warned:
        click.echo(f"Warning: {said}")
    click.echo(f"Wrote {out}: {bundle.id} {bundle.version}, from {parent.id} {parent.version}.")
