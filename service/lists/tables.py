"""Scored rows as CSV, and the rejects beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np

from models.bundle import Bundle
from models.options import Options
from service.lists.columns import Chosen
from service.lists.layouts import WIDE, Layout, Line, layout_of
from service.lists.rows import ROW_ID, Row
from service.lists.scoring import ScoredRow


def csv_header(layout: Layout) -> list[str]:
    """Return the columns of a scored list, the row's own name first."""
    return [ROW_ID, *(name for name, _kind in layout.columns)]


def csv_lines(scored: Iterable[ScoredRow], bundle: Bundle, options: Options) -> Iterator[str]:
    """Yield the header and one line a row, as the API and the page give a list."""
    layout = layout_of(WIDE, bundle, options, Chosen())
    yield csv_line(csv_header(layout))
    for each in scored:
        for tail in line_tails(each, layout):
            yield csv_cell(each.row.row_id) + tail


def line_tails(scored: ScoredRow, layout: Layout) -> list[str]:
    """Return the lines of a row without its name: from the first comma to the line feed."""
    return [_tail(line, layout) for line in layout.lines(scored)]


def reject_tails(row: Row) -> list[str]:
    """Return one line a problem of a rejected row, without its place and name."""
    return ["," + csv_line(problem.as_dict().values()) for problem in row.problems]


def csv_line(cells: Iterable[str]) -> str:
    """Return one line of CSV, ended by a line feed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def csv_cell(text: str) -> str:
    """Return a cell that others follow."""
    return csv_line([text, ""])[:-2]


def _tail(line: Line, layout: Layout) -> str:
    figures = _figure_texts(line, layout.digits)
    parts = [
        ",".join(figures[run]) if are_figures else csv_line(line.texts[run])[:-1]
        for are_figures, run in layout.runs
    ]
    return f",{','.join(parts)}\n"


def _figure_texts(line: Line, digits: int) -> list[str]:
    told = _all_figures(digits)
    # NaN takes the last place, which is empty.
    places = np.where(np.isnan(line.figures), len(told) - 1, 0)
    counted = np.rint(np.nan_to_num(line.figures) * 10**digits).astype(np.intp) + 10**digits
    return [told[place] for place in np.where(places, places, counted).tolist()]


@lru_cache(maxsize=4)
def _all_figures(digits: int) -> tuple[str, ...]:
    """Return every figure from -1 to 1 as text, and an empty one behind them."""
    most = 10**digits
    return (*(f"{count / most:.{digits}f}" for count in range(-most, most + 1)), "")
