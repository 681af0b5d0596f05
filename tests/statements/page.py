"""Reading the result page: by its elements and their classes, which no language changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from models.outcomes import COX, FOREST, OUTCOMES, SHOWN_ARMS
from tests.statements.reading import (
    POOLED,
    SHOWN,
    SIGNED,
    Band,
    Block,
    Key,
    Reading,
    Told,
    squeezed,
)

_VOID = {"meta", "link", "input", "br", "img", "hr"}
_BLOCKS = ("h1", "h2", "p", "li", "summary", "caption", "th", "td")
_LEVEL = re.compile(r"(\d+(?:\.\d+)?)\s*[%％]")
#: The exploratory tables of survival in their order, and of the other outcomes.
_EXPLORATORY = (f"{COX} subgroup", f"{FOREST} subgroup", f"{FOREST} learned")


@dataclass
class Element:
    """An element of a page."""

    tag: str
    classes: frozenset[str] = frozenset()
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All words in it."""
        return squeezed("".join(c if isinstance(c, str) else f" {c.text} " for c in self.children))

    @property
    def words(self) -> str:
        """All words in it as they are read, without blanks around inline elements."""
        return squeezed("".join(c if isinstance(c, str) else c.words for c in self.children))

    def every(self, tag: str, *classes: str, outside: frozenset[str] = frozenset()):
        """Yield the elements of a tag and classes in it, in order, but not within some tags."""
        for child in self.children:
            if isinstance(child, str):
                continue
            if child.tag == tag and set(classes) <= child.classes:
                yield child
            if child.tag not in outside:
                yield from child.every(tag, *classes, outside=outside)


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("page")
        self._open = [self.root]

    def handle_starttag(self, tag, attrs):
        classes = frozenset((dict(attrs).get("class") or "").split())
        element = Element(tag, classes)
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        while len(self._open) > 1 and self._open.pop().tag != tag:
            pass

    def handle_data(self, data):
        self._open[-1].children.append(data)


def page_of(html: str) -> Element:
    """Return the elements of a page."""
    builder = _Builder()
    builder.feed(html)
    return builder.root


def read_page(html: str) -> Reading:
    """Return what a result page says."""
    page = page_of(html)
    bands = dict(_bands(page))
    return Reading(
        in_scope=not list(page.every("ul", "reasons")),
        blocks=tuple(_blocks(page, "")),
        bands=bands,
        caveats=tuple(_caveats(page)),
        first_sight=sum(1 for _ in _told(page, outside=frozenset({"details"}))),
        of_bundle=bool(bands),
    )


def read_summary(html: str) -> Reading:
    """Return what the summary of a list of one patient says: no figures, and all her caveats."""
    page = page_of(html)
    scored = next(next(page.every("table", "counts")).every("td")).words == "1"
    return Reading(
        in_scope=scored,
        blocks=tuple(_blocks(page, "")),
        caveats=tuple(_caveats(page)),
        first_sight=sum(1 for _ in _told(page, outside=frozenset({"details"}))),
        of_bundle=scored,
    )


def read_summed_page(html: str) -> Reading:
    """Return what the summary of a scored list of one patient says: means over her alone."""
    page = page_of(html)
    scored = next(next(page.every("table", "counts")).every("td")).words == "1"
    bands = dict(_means(page))
    return Reading(
        in_scope=scored,
        blocks=tuple(_blocks(page, "")),
        bands=bands,
        caveats=tuple(_caveats(page)),
        of_bundle=bool(bands),
    )


def _means(page: Element) -> Iterator[tuple[Key, Band]]:
    """Yield the bands of a summary; a difference can be the shown and the pooled one."""
    for outcome, section in zip(OUTCOMES, page.every("section"), strict=False):
        for table in section.every("table"):
            yield from _down(table, (SHOWN, outcome.name), SHOWN_ARMS)
            for row in next(table.every("tbody")).every("tr"):
                (month,) = row.every("th")
                for cell in row.every("td", "pooled"):
                    place = (POOLED, outcome.name, "difference", int(month.words))
                    yield place, _band(cell, table)


def _told(page: Element, outside: frozenset[str] = frozenset()) -> Iterator[Element]:
    for listed in page.every("ul", "caveats", outside=outside):
        yield from listed.every("li")


def _caveats(page: Element) -> Iterator[Told]:
    for item in _told(page):
        (severity,) = item.classes
        text = next(item.every("strong")).words
        yield Told(severity=severity, text=text)


def _blocks(element: Element, caption: str) -> Iterator[Block]:
    """Yield the blocks of a page but what was entered, which is the reader's own.

    The sheet to print is a door of its own.
    """
    for child in element.children:
        if isinstance(child, str) or child.tag in ("form", "head"):
            continue
        if child.classes & {"inputs", "sheet"}:
            continue
        if child.tag == "table":
            yield from _blocks(child, next((c.words for c in child.every("caption")), ""))
        elif child.tag in _BLOCKS:
            yield Block(child.words, caption, is_figure=child.tag == "td" and _is_cell(child))
        else:
            yield from _blocks(child, caption)


def _is_cell(cell: Element) -> bool:
    return "state" not in cell.classes and len(SIGNED.findall(_figures(cell))) == 3


def _figures(cell: Element) -> str:
    """Return the words of a cell without the mark of a footnote."""
    return "".join(child for child in cell.children if isinstance(child, str))


def _bands(page: Element) -> Iterator[tuple[Key, Band]]:
    for outcome, section in zip(OUTCOMES, page.every("section", "outcome"), strict=False):
        folded = [t for details in section.every("details") for t in details.every("table")]
        for table in section.every("table", outside=frozenset({"details"})):
            yield from _table(table, outcome.name)
        names = _EXPLORATORY if len(folded) > 1 else _EXPLORATORY[-1:]
        for analysis, table in zip(names, folded, strict=False):
            yield from _down(table, (analysis, outcome.name), ("difference",))


def _table(table: Element, outcome: str) -> Iterator[tuple[Key, Band]]:
    if "beside" in table.classes:
        yield from _down(table, (f"{COX} overall", outcome), SHOWN_ARMS)
    elif list(table.every("td", "pooled")):
        yield from _down(table, (POOLED, outcome), ("difference",))
    else:
        yield from _down(table, (SHOWN, outcome), SHOWN_ARMS)


def _down(
    table: Element, start: tuple[str, str], arms: tuple[str, ...]
) -> Iterator[tuple[Key, Band]]:
    """Yield the bands of a table with a row a month and a column an arm."""
    for row in next(table.every("tbody")).every("tr"):
        (month,) = row.every("th")
        for arm, cell in zip(arms, row.every("td"), strict=False):
            yield (*start, arm, int(month.words)), _band(cell, table)


def _band(cell: Element, table: Element) -> Band:
    """Return what a cell shows, in whole percent as the page does."""
    numbers = [float(each.replace("−", "-")) for each in SIGNED.findall(_figures(cell))]
    estimate, lower, upper = (*numbers, None, None, None)[:3]
    levels = _LEVEL.findall(next(table.every("caption")).words)
    return Band(estimate or 0.0, lower, upper, float(levels[-1]) / 100 if levels else None)
