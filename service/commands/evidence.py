"""``equipoise evidence``: the published figures as a table, CSV or JSON."""

from __future__ import annotations

import json

import click

from service.evidence_rows import EVIDENCE_COLUMNS, evidence_rows, source_rows
from service.lists.tables import csv_line

_TABLE_COLUMNS = ("id", "estimate", "lower", "upper", "level", "interaction_p", "status", "place")


@click.command()
@click.option("--format", "kind", type=click.Choice(["table", "csv", "json"]), default="table")
def evidence(kind: str) -> None:
    """Print every published figure with its source.

    \b
    Example:
      equipoise evidence --format csv > evidence.csv
    """
    rows = evidence_rows()
    if kind == "json":
        document = {"evidence": rows, "sources": source_rows()}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    elif kind == "csv":
        table = [[_text(row[name]) for name in EVIDENCE_COLUMNS] for row in rows]
        click.echo("".join(csv_line(cells) for cells in (EVIDENCE_COLUMNS, *table)), nl=False)
    else:
        click.echo(
            _table([_TABLE_COLUMNS, *([_text(r[n]) for n in _TABLE_COLUMNS] for r in rows)])
        )


def _table(rows: list[tuple[str, ...] | list[str]]) -> str:
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
