"""``python -m benchmarks``: print every measurement as one table."""

from __future__ import annotations

import platform
from importlib.metadata import version

from benchmarks.answers import single_answer_rows
from benchmarks.imports import import_rows
from benchmarks.lists import list_rows
from benchmarks.timing import Row

PACKAGES = ("equipoise", "numpy", "flask", "marshmallow", "scikit-survival")


def main() -> None:
    """Measure and print."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"Python {platform.python_version()}, {packages}\n")
    print("| what | ours | beside it | ratio |")
    print("| --- | --- | --- | --- |")
    for measure in (import_rows, single_answer_rows, list_rows):
        for row in measure():
            print(render(row))


def render(row: Row) -> str:
    """Return one line of the table."""
    if row.other is None:
        return f"| {row.name} | {row.ours:.4g} {row.unit} | | |"
    ratio = f"{row.ours / row.other:.2f}"
    return (
        f"| {row.name} | {row.ours:.4g} {row.unit} | {row.other_name}: {row.other:.4g} "
        f"{row.unit} | {ratio} |"
    )


if __name__ == "__main__":
    main()
