"""``python -m benchmarks [GROUP ...]``: print measurements as one Markdown table.

Without a group, all of them, then what one answer consists of, how time grows with the members of
a bundle and the rows of a list, and where a list's time goes.
``python -m benchmarks train`` measures the training of a bundle from a large cohort instead,
``python -m benchmarks scale`` the unit costs of very long lists.

A row says what ours took, what the other side took in the same run, the ratio (median over
rounds, in brackets their smallest and largest) and whether what is asked of it is met in every
round. A row is void, and has no figure, when the same program run twice differs from itself or
when other programs were at work.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version

from benchmarks.answers import single_answer_rows
from benchmarks.batches import batch_rows
from benchmarks.caveats import caveat_rows
from benchmarks.imports import import_rows
from benchmarks.lists import all_distinct_row, list_rows
from benchmarks.lists import growth as rows_growth
from benchmarks.members import growth
from benchmarks.pages import page_rows
from benchmarks.parts import parts
from benchmarks.points import point_rows
from benchmarks.scale import main as scale_main
from benchmarks.starts import memory_rows, start_rows, throughput_rows
from benchmarks.table import HEADER, RULE, render
from benchmarks.timing import Row
from benchmarks.train import main as train_main
from benchmarks.where import where

PACKAGES = ("equipoise", "numpy", "flask", "gunicorn", "marshmallow", "scikit-survival")
GROUPS: dict[str, Callable[[], Iterator[Row]]] = {
    "points": point_rows,
    "answers": single_answer_rows,
    "batch": batch_rows,
    "start": start_rows,
    "memory": memory_rows,
    "imports": import_rows,
    "throughput": throughput_rows,
    "caveats": caveat_rows,
    "pages": page_rows,
    "lists": list_rows,
    "distinct": all_distinct_row,
}
TABLES: dict[str, Callable[[], Iterator[str]]] = {
    "parts": parts,
    "members": growth,
    "rows": rows_growth,
    "where": where,
}
_TRAIN, _SCALE = "train", "scale"


def main(asked: list[str]) -> None:
    """Measure and print some groups, or all."""
    # As where programs are installed: all sides' modules are compiled once, while it warms up.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    unknown = set(asked) - {*GROUPS, *TABLES, _TRAIN, _SCALE}
    if unknown:
        sys.exit(f"No group {', '.join(sorted(unknown))}; one of {', '.join([*GROUPS, *TABLES])}.")
    if asked == [_TRAIN]:
        train_main()
        return
    if asked == [_SCALE]:
        scale_main()
        return
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"Python {platform.python_version()} with {os.cpu_count()} processors; {packages}.\n")
    groups = asked or [*GROUPS, *TABLES]
    _print_rows([name for name in groups if name in GROUPS])
    for name in (name for name in groups if name in TABLES):
        print()
        for line in TABLES[name]():
            print(line, flush=True)


def _print_rows(groups: list[str]) -> None:
    if not groups:
        return
    print(HEADER)
    print(RULE)
    for name in groups:
        for row in GROUPS[name]():
            print(render(row), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
