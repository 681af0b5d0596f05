"""``equipoise evidence``: the published figures, and what they are worth for a patient."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from models.bundle import Bundle, load_bundle
from models.errors import BundleRefused, EquipoiseError
from models.evidence.credibility import read_assumptions
from models.language import ENGLISH, LANGUAGES, _, speaking
from models.patient import Patient, read_patient
from service.bundles import default_folder
from service.commands.refusals import bundle_refused, explained_problems
from service.evidence_rows import EVIDENCE_COLUMNS, evidence_document, evidence_rows
from service.explanation import assessments_text, explained, explanation
from service.forest_plot import forest_plot
from service.lists.tables import csv_line

_TABLE_COLUMNS = (
    *("id", "estimate", "lower", "upper", "level", "inverted", "n", "interaction_p"),
    *("interaction_p_holm", "credibility", "setting", "status", "source", "place"),
)


@click.command()
@click.option(
    "--format",
    "kind",
    type=click.Choice(["table", "csv", "json", "svg"]),
    default="table",
    show_default=True,
    help="svg draws the forest plot; with --patient or --assume, table is plain text.",
)
@click.option(
    "--patient",
    "patient_file",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="A patient as a JSON object: explains each subgroup that she belongs to.",
)
@click.option(
    "--assume",
    "assumed",
    multiple=True,
    metavar="QUESTION=ANSWER",
    help="Rate credibility with an answer of yours, such as prespecified_direction=yes; may be "
    "given again.",
)
@click.option("--bundle", "bundle_folder", help="Folder of another bundle, for shrunken ratios.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=ENGLISH,
    show_default=True,
    help="Language of the texts; codes stay.",
)
def evidence(
    kind: str,
    patient_file: str | None,
    assumed: tuple[str, ...],
    bundle_folder: str | None,
    language: str,
) -> None:
    """Print every published figure with its source, or what they are worth for a patient.

    \b
    Example:
      equipoise evidence --format csv > evidence.csv
    """
    with speaking(language):
        _refuse_together(kind, patient_file, assumed)
        try:
            assumptions = read_assumptions(assumed)
            if patient_file is None:
                shown = _figures(kind, assumptions)
            else:
                patient, bundle = _read_patient(patient_file), _bundle(bundle_folder)
                shown = _of_patient(kind, patient, bundle, assumptions)
            click.echo(shown, nl=False)
        except BundleRefused as error:
            raise click.UsageError(bundle_refused(error)) from None
        except EquipoiseError as error:
            raise click.UsageError(explained_problems(error)) from None


def _refuse_together(kind: str, patient_file: str | None, assumed: tuple[str, ...]) -> None:
    if kind in ("csv", "svg") and (patient_file is not None or assumed):
        message = _("--format {kind} goes with neither --patient nor --assume.")
        raise click.UsageError(message.format(kind=kind))


def _figures(kind: str, assumptions: Mapping[str, str]) -> str:
    if kind == "svg":
        return forest_plot()
    if kind == "json":
        return _json(evidence_document(assumptions))
    if assumptions:
        return assessments_text(assumptions)
    rows = evidence_rows()
    if kind == "csv":
        table = [[_text(row[name]) for name in EVIDENCE_COLUMNS] for row in rows]
        return "".join(csv_line(cells) for cells in (EVIDENCE_COLUMNS, *table))
    return _table([_TABLE_COLUMNS, *([_text(r[n]) for n in _TABLE_COLUMNS] for r in rows)]) + "\n"


def _of_patient(
    kind: str, patient: Patient, bundle: Bundle, assumptions: Mapping[str, str]
) -> str:
    if kind == "json":
        return _json(explained(patient, bundle, assumptions))
    return explanation(patient, bundle, assumptions)


def _bundle(folder: str | None) -> Bundle:
    return load_bundle(Path(folder) if folder else default_folder())


def _read_patient(name: str) -> Patient:
    """Return the patient of a file, ``-`` being standard input.

    Raises
    ------
    UsageError
        If the file cannot be read or is not JSON.
    InvalidInput
        If what it holds is no patient.
    """
    try:
        with click.open_file(name, encoding="utf-8") as file:
            message = json.load(file)
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}") from None
    except ValueError:  # not JSON, or not UTF-8
        raise click.UsageError(_("{name}: this is not JSON.").format(name=name)) from None
    return read_patient(message)


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _table(rows: list[tuple[str, ...] | list[str]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
