"""``python -m benchmarks``: print every measurement as one Markdown table.

``python -m benchmarks train`` measures the training of a bundle from a large cohort instead.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version

from benchmarks.answers import single_answer_rows
from benchmarks.caveats import caveat_rows
from benchmarks.imports import import_rows
from benchmarks.lists import list_rows
from benchmarks.pages import page_rows
from benchmarks.timing import Row
from benchmarks.train import main as train_main

PACKAGES = ("equipoise", "numpy", "flask", "gunicorn", "marshmallow", "scikit-survival")


def main() -> None:
    """Measure and print."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"Python {platform.python_version()} with {os.cpu_count()} processors; {packages}.\n")
    print("| what | ours | beside it | ratio |")
    print("| --- | --- | --- | --- |")
    for measure in (import_rows, caveat_rows, single_answer_rows, page_rows, list_rows):
        for row in measure():
            print(render(row), flush=True)


def render(row: Row) -> str:
    """Return one line of the table."""
    ratio = row.ours / row.other
    return (
        f"| {row.name} | {row.ours:.3g} {row.unit} | {row.other_name}: {row.other:.3g} "
        f"{row.unit} | {ratio:.2f} |"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["train"]:
        train_main()
    else:
        main()
