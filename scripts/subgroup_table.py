"""Write the table of docs/subgroup-effect.md: printed subgroups beside those of the joint model.

``python scripts/subgroup_table.py`` replaces what stands between the two marks; a test holds the
page equal to it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from training.reference import matched_cohorts
from training.subgroup_effects import (
    SPREAD_SCALE,
    SubgroupRow,
    centring,
    joint_model,
    posterior,
    subgroup_rows,
)

PAGE = Path(__file__).parents[1] / "docs" / "subgroup-effect.md"
_START = "<!-- The table is written by `make docs`. -->\n"
_END = "<!-- End of the table. -->\n"
#: Other scales of the prior that the table shows, as multiples of the one that is used.
_OTHER_SCALES = (0.5, 2.0)


def table() -> str:
    """Return the table as Markdown, from the shipped matched cohorts."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    cohorts = matched_cohorts()
    model, shares = joint_model(cohorts), centring(cohorts)
    scales = [SPREAD_SCALE, *(factor * SPREAD_SCALE for factor in _OTHER_SCALES)]
    found = [posterior(model, scale) for scale in scales]
    spreads = ", ".join(
        f"{each.spread:.2f} with scale {scale:g}"
        for each, scale in zip(found, scales, strict=True)
    )
    yield f"Posterior mean of the spread: {spreads}."
    yield ""
    others = " | ".join(f"scale {scale:g}" for scale in scales[1:])
    yield f"| subgroup | printed, to all patients | by the joint model, 95% interval | {others} |"
    yield "| --- " * (3 + len(_OTHER_SCALES)) + "|"
    for row, *further in zip(*(subgroup_rows(each, shares) for each in found), strict=True):
        yield _line(row, further)


def _line(row: SubgroupRow, further: list[SubgroupRow]) -> str:
    shown = f"{row.shrunken:.2f} ({row.lower:.2f} to {row.upper:.2f})"
    others = " | ".join(f"{each.shrunken:.2f}" for each in further)
    return f"| {row.label} | {row.printed:.2f} | {shown} | {others} |"


def with_table(page: str) -> str:
    """Return a page with the table between its marks."""
    before, rest = page.split(_START)
    _, after = rest.split(_END)
    return f"{before}{_START}\n{table()}\n{_END}{after}"


def main() -> int:
    """Write the page and return 0."""
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
