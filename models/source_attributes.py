"""The source attributes of a decision support intervention, as they stand in a model card.

The card is the one place where they are kept: they are written into it when the bundle is made,
and what is served is read from it, so that both say the same and the bundle's digest holds them.
Source of the list: 45 CFR 170.315(b)(11)(iv)(B).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

HEADING = "## Source attributes"
_ROW = re.compile(r"\| (\(B\)\([1-9]\)\([ivx]+\)) \| ([^|]+) \| ([^|]+) \|")


@dataclass(frozen=True)
class SourceAttribute:
    """One source attribute.

    Attributes
    ----------
    code : str
        Its paragraph under 45 CFR 170.315(b)(11)(iv), such as ``(B)(1)(i)``.
    attribute : str
        What it is about, our short form.
    answer : str
        What this bundle says.
    """

    code: str
    attribute: str
    answer: str

    def as_dict(self) -> dict[str, str]:
        """Return the attribute as it stands in an answer."""
        return asdict(self)


def attribute_lines(attributes: Iterable[SourceAttribute]) -> Iterator[str]:
    """Yield the table of a card, Markdown; `read_attributes` takes it back.

    Raises
    ------
    ValueError
        If an attribute does not fit into a row.
    """
    yield from ("| paragraph | attribute | answer |", "| --- | --- | --- |")
    for each in attributes:
        line = f"| {each.code} | {each.attribute} | {each.answer} |"
        if _ROW.fullmatch(line) is None:
            raise ValueError(f"{each.code} does not fit into a row of a table")
        yield line


def read_attributes(card: str) -> tuple[SourceAttribute, ...]:
    """Return the attributes in a card's own section of them; empty when it has none.

    The card of a parent that a recalibrated bundle's card quotes has its headings one level
    lower and is not meant.
    """
    lines = iter(card.splitlines())
    if not any(line == HEADING for line in lines):
        return ()
    rows = []
    for line in lines:
        if re.match("##? ", line):
            break
        row = _ROW.fullmatch(line)
        if row is not None:
            rows.append(SourceAttribute(*row.groups()))
    return tuple(rows)
