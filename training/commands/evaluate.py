"""``equipoise evaluate``: compare a bundle's predictions with patients at hand."""

from __future__ import annotations

from pathlib import Path

import click

from models.outcomes import DEFAULT_HORIZONS, FIRST_HORIZON, LAST_HORIZON
from training.commands.cohorts import (
    bundle_option,
    data_option,
    jobs_option,
    read_bundle,
    read_data,
    refuse_folder,
    seed_option,
    writing,
)


def _months(ctx: click.Context, parameter: click.Parameter, text: str) -> tuple[int, ...]:
    """Return rising whole months, or refuse them."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise click.BadParameter("whole months separated by commas.", ctx, parameter)
    months = sorted({int(part) for part in parts})
    if not FIRST_HORIZON <= months[0] <= months[-1] <= LAST_HORIZON:
        said = f"months from {FIRST_HORIZON} to {LAST_HORIZON}."
        raise click.BadParameter(said, ctx, parameter)
    return tuple(months)


@click.command()
@bundle_option("Folder of the bundle.")
@data_option("The patients")
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for report.html, metrics.json and metrics.csv.",
)
@click.option(
    "--horizons",
    "months",
    default=",".join(map(str, DEFAULT_HORIZONS)),
    show_default=True,
    metavar="MONTHS",
    callback=_months,
    help="Whole months; those beyond the patients or the bundle are left out. The last one is "
    "that of curves and subgroups.",
)
@click.option(
    "--resamples",
    type=click.IntRange(20),
    default=200,
    show_default=True,
    help="Bootstrap resamples behind the intervals.",
)
@click.option(
    "--subgroups/--no-subgroups",
    default=True,
    show_default=True,
    help="Whether the trial's subgroups are evaluated, too; without them it is much quicker.",
)
@seed_option
@jobs_option
@click.option("--ignore-extra-columns", is_flag=True, help="Leave out unknown columns, unread.")
def evaluate(
    folder: Path,
    data: Path,
    out: Path,
    months: tuple[int, ...],
    resamples: int,
    subgroups: bool,
    seed: int,
    jobs: int,
    ignore_extra_columns: bool,
) -> None:
    """Evaluate a bundle on patients with known outcomes and write a report.

    Discrimination, accuracy and calibration of each outcome with bootstrap intervals, for all
    patients and by subgroup. Each patient is predicted in her own arm.

    \b
    Example:
      equipoise evaluate --bundle my-bundle --data cohort.csv --out report
    """
    # Imported when called: the fitting libraries are slow to load, and absent in an image
    # that only serves.
    try:
        from training.evaluation.evaluate import Settings, evaluate_bundle
        from training.evaluation.predicted import predict_own_arm
        from training.evaluation.report import (
            FILES,
            METRICS_CSV,
            METRICS_JSON,
            REPORT,
            Subject,
            metrics_csv,
            metrics_json,
            report_html,
        )
    except ImportError as error:
        raise click.UsageError(
            f"Evaluating needs the full install: {error.name} is missing."
        ) from None

    refuse_folder(out, FILES)
    if jobs == 0:
        raise click.BadParameter("0 processes do nothing.", param_hint="--jobs")
    bundle = read_bundle(folder)
    cohort = read_data(data, ignore_extra=ignore_extra_columns)
    last = min(bundle.last_month, cohort.last_month)
    used = tuple(month for month in months if month <= last)
    if not used:
        raise click.UsageError(
            f"{data.name}: no month asked for is within month {last}, the last with enough "
            "patients and with figures of the bundle."
        )
    settings = Settings(used, used[-1], resamples, seed, jobs, subgroups)
    predicted = predict_own_arm(cohort, bundle, used[-1], jobs)
    found = evaluate_bundle(cohort, predicted, settings)
    subject = Subject(bundle, cohort)
    texts = {
        METRICS_JSON: metrics_json(subject, found),
        METRICS_CSV: metrics_csv(found),
        REPORT: report_html(subject, found),
    }
    with writing():
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8")
    late = [str(month) for month in months if month not in used]
    if late:
        click.echo(f"Left out, too few patients or no figures so late: month {', '.join(late)}.")
    click.echo(f"Wrote {out / REPORT}, {METRICS_JSON} and {METRICS_CSV}.")
