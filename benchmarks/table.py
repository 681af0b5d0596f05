"""The Markdown table of measurements."""

from __future__ import annotations

import statistics

from benchmarks.timing import Asked, Row

HEADER = "| what | ours | beside it | ratio | asked | verdict |"
RULE = "| --- | --- | --- | --- | --- | --- |"


def render(row: Row) -> str:
    """Return one line of the table; a void row has no figure."""
    if row.void:
        cells = [row.name, "—", row.other_name, "—", _asked(row.asked), f"void: {row.void}"]
    else:
        ours, other = (f"{figure:.3g} {row.unit}" for figure in (row.ours, row.other))
        cells = [row.name, ours, f"{row.other_name}: {other}", _ratio(row), _asked(row.asked)]
        cells.append(row.asked.verdict(row.ratios))
    return "| " + " | ".join(cells) + " |"


def _ratio(row: Row) -> str:
    """Return the median of the rounds' ratios, with the smallest and the largest of them."""
    told = f"{statistics.median(row.ratios):.3g} times" + (" as fast" if row.asked.faster else "")
    if len(row.ratios) == 1:
        return told
    return f"{told} ({min(row.ratios):.3g} to {max(row.ratios):.3g})"


def _asked(asked: Asked) -> str:
    if asked.number is None:
        return "—"
    number = f"{asked.number:.3g}"
    return f"at least {number} times as fast" if asked.faster else f"at most {number} times"
