"""What a row of the evidence must be like; the reader refuses what is not.

A row needs a source, a place and, where it has an interval, a level. An interval must contain
its estimate; that of a ratio must be symmetric on the log scale within the printed rounding.
What is compared must have one level.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

#: Ratios are printed with two decimals at least; TOML drops trailing noughts.
_FEWEST_DECIMALS = 2


class WithInterval(Protocol):
    """What has an interval at a level."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper limit."""

    @property
    def level(self) -> float | None:
        """Level of the interval."""


class Row(WithInterval, Protocol):
    """What is checked of a row."""

    @property
    def name(self) -> str:
        """Name of the row."""

    @property
    def kind(self) -> str:
        """Kind of figure."""

    @property
    def estimate(self) -> float | None:
        """The figure itself."""

    @property
    def source(self) -> str:
        """Name of the source."""

    @property
    def place(self) -> str:
        """Where the source says so."""

    @property
    def events(self) -> int | None:
        """Patients with an event, of a proportion."""

    @property
    def size(self) -> int | None:
        """Patients behind a proportion."""

    @property
    def inverted(self) -> bool:
        """Whether it was printed the other way round."""

    @property
    def printed(self) -> str:
        """How it was printed then."""


def check_rows(rows: Iterable[Row], sources: Mapping[str, object]) -> None:
    """Refuse rows that break a rule.

    Raises
    ------
    ValueError
        With every fault, each with the name of its row.
    """
    faults = [f"{row.name}: {fault}" for row in rows for fault in row_faults(row, sources)]
    if faults:
        raise ValueError("; ".join(faults))


def row_faults(row: Row, sources: Mapping[str, object]) -> list[str]:
    """Return what is wrong with one row, nothing where all is well."""
    faults = []
    if row.source not in sources:
        faults.append("its source is not listed")
    if not row.place:
        faults.append("it has no place in its source")
    if (row.interval is None) != (row.level is None):
        faults.append("interval and level must stand together")
    if row.estimate is None:
        faults.append("it has no estimate")
    if row.inverted and not row.printed:
        faults.append("it was inverted, and how it was printed is not told")
    return [*faults, *_interval_faults(row), *_count_faults(row)]


def common_level(rows: Sequence[WithInterval]) -> float:
    """Return the level that the intervals of a comparison share.

    Raises
    ------
    ValueError
        If they have different levels, or none.
    """
    levels = {row.level for row in rows}
    level = levels.pop() if len(levels) == 1 else None
    if level is None:
        raise ValueError("what is compared must have intervals of one level")
    return level


def _interval_faults(row: Row) -> Iterator[str]:
    if row.interval is None or row.estimate is None:
        return
    lower, upper = row.interval
    if not lower <= row.estimate <= upper:
        yield "its interval does not contain its estimate"
    elif row.kind == "hazard_ratio" and not _is_symmetric(row.estimate, row.interval):
        yield "its interval is not symmetric on the log scale"


def _is_symmetric(estimate: float, interval: tuple[float, float]) -> bool:
    """Whether rounding can explain how far the estimate is from the limits' geometric mean."""
    half = _half_unit(*interval)
    least, most = (
        math.sqrt(max(interval[0] + side * half, 0.0) * (interval[1] + side * half))
        for side in (-1, 1)
    )
    own = _half_unit(estimate)
    return least - own <= estimate <= most + own


def _half_unit(*printed: float) -> float:
    """Return half of the last digit to which some numbers were printed."""
    decimals = max(len(f"{value!r}".partition(".")[2]) for value in printed)
    return 0.5 * 10.0 ** -max(decimals, _FEWEST_DECIMALS) * (1 + 1e-9)


def _count_faults(row: Row) -> Iterator[str]:
    if row.kind != "proportion" or row.events is None or row.size is None:
        return
    if not 0 <= row.events <= row.size:
        yield "it counts more events than patients"
    elif row.estimate is not None and abs(row.estimate - row.events / row.size) > 0.00051:
        yield "its estimate is not its counts' share"
