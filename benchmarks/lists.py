"""A list from CSV to CSV, against reading and writing its text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from benchmarks.patients import csv_list
from benchmarks.timing import Row, seconds_in_turn
from models.bundle import load_bundle
from models.options import Options
from service.bundles import default_folder
from service.lists.rows import csv_rows
from service.lists.scoring import score_rows
from service.lists.tables import csv_lines

_ROWS = 2000


def list_rows() -> Iterator[Row]:
    """Yield the time of a list of 2,000 patients."""
    bundle, options = load_bundle(default_folder()), Options()
    lines = csv_list(_ROWS).split(b"\n")

    def score() -> str:
        return "".join(csv_lines(score_rows(csv_rows(lines), bundle, options), bundle, options))

    scored = list(csv.reader(io.StringIO(score())))

    def copy() -> None:
        list(csv.reader(io.StringIO(b"\n".join(lines).decode())))
        csv.writer(io.StringIO()).writerows(scored)

    ours, floor = seconds_in_turn(score, copy, rounds=3)
    yield Row(f"list of {_ROWS} rows, CSV to CSV", "s", ours, floor, "reading and writing it")
