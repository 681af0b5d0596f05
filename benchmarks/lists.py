"""A list from CSV to CSV, against reading and writing the same text."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator

from benchmarks.patients import csv_list
from benchmarks.timing import Row, seconds
from models.bundle import load_bundle
from models.options import Options
from service.bundles import default_folder
from service.lists.rows import csv_rows
from service.lists.scoring import score_rows
from service.lists.tables import csv_lines

ROWS = 100_000
DISTINCT = 20_000

#: Scoring stops here, and what is missing is extrapolated and said.
_MOST_SECONDS = 240


def list_rows() -> Iterator[Row]:
    """Yield the time of a list of 100,000 patients of 20,000 profiles."""
    lines = csv_list(ROWS, DISTINCT).split(b"\n")
    start = time.perf_counter()
    scored = _score(lines)
    taken = time.perf_counter() - start
    done = len(scored) - 1
    copied = lines[: done + 1]
    before, after = (seconds(lambda: _copy(copied, scored)) for _ in range(2))
    share = ROWS / done
    told = f"{ROWS:,} rows of {DISTINCT:,} profiles, CSV to CSV"
    if done < ROWS:
        told += f" (extrapolated from {done:,})"
    name = "reading and writing the same text"
    yield Row(told, "s", taken * share, min(before, after) * share, name)


def _score(lines: list[bytes]) -> list[str]:
    """Return the lines of the scored list, as many as there is time for."""
    bundle, options = load_bundle(default_folder()), Options()
    end = time.monotonic() + _MOST_SECONDS
    scored = []
    for line in csv_lines(score_rows(csv_rows(lines), bundle, options), bundle, options):
        scored.append(line)
        if time.monotonic() > end:
            break
    return scored


def _copy(lines: list[bytes], scored: list[str]) -> None:
    """Read the list and the scored one as CSV and write the scored one."""
    list(csv.reader(io.StringIO(b"\n".join(lines).decode())))
    csv.writer(io.StringIO(), lineterminator="\n").writerows(csv.reader(scored))
