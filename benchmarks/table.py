"""The Markdown table of measurements."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.timing import FOREIGN, Row, loaded

HEADER = "| what | ours | beside it | ratio | asked | verdict |"
RULE = "| --- | --- | --- | --- | --- | --- |"


def render(row: Row) -> str:
    """Return one line of the table; a void row has no figure."""
    if row.void:
        cells = [row.name, "—", row.other_name, "—", _asked(row), f"void: {row.void}"]
    else:
        ours, other = (f"{figure:.3g} {row.unit}" for figure in (row.ours, row.other))
        ratio = _ratio(row)
        told = f"{ratio:.3g} times" + (" as fast" if row.asked and row.asked.faster else "")
        cells = [row.name, ours, f"{row.other_name}: {other}", told, _asked(row), _verdict(row)]
    return "| " + " | ".join(cells) + " |"


def with_load(row: Row, foreign: float) -> Row:
    """Return a row that is void when other programs were at work while it was measured."""
    if row.void or foreign <= FOREIGN:
        return row
    return replace(row, void=loaded(foreign))


def _ratio(row: Row) -> float:
    if row.ratio is not None:
        return row.ratio
    return row.asked.ratio(row.ours, row.other) if row.asked else row.ours / row.other


def _asked(row: Row) -> str:
    if row.asked is None:
        return "—"
    number = f"{row.asked.number:.3g}"
    return f"at least {number} times as fast" if row.asked.faster else f"at most {number} times"


def _verdict(row: Row) -> str:
    if row.asked is None:
        return "reported"
    return "met" if row.asked.met(_ratio(row)) else "not met"
