"""Reading what is kept of a result: the sheet to print, and the same as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from models.covariates import FIELDS
from models.language import _, speaking
from models.outcomes import COX, OUTCOMES, SHOWN_ARMS
from tests.statements.page import Element, page_of
from tests.statements.reading import POOLED, SHOWN, SIGNED, Band, Block, Key, Reading, Told

_BLOCKS = ("h2", "h3", "p", "li", "caption", "th", "td")
_LEVEL = re.compile(r"(\d+(?:\.\d+)?)\s*[%％]")
#: A line of figures: the month, and a cell an arm.
_LINE = re.compile(r" +(\d+) \| (.*)")
_BESIDE = f"{COX} overall"


def sheet_of_page(html: str) -> Element:
    """Return the sheet of a result page."""
    (sheet,) = page_of(html).every("section", "sheet")
    return sheet


def text_of_page(html: str) -> str:
    """Return the text of the page that has it."""
    (area,) = page_of(html).every("textarea")
    return "".join(child for child in area.children if isinstance(child, str))


def read_sheet(html: str) -> Reading:
    """Return what the printed sheet says."""
    sheet = sheet_of_page(html)
    caption = next((each.words for each in sheet.every("caption")), "")
    bands = dict(_bands(_table(sheet), caption))
    caveats = [item for listed in sheet.every("ul", "kept-caveats") for item in listed.every("li")]
    return Reading(
        in_scope=bool(caption),
        blocks=tuple(_blocks(sheet, caption)),
        bands=bands,
        caveats=tuple(Told(text=item.words) for item in caveats),
        elsewhere=sum(_first_number(each.words) for each in sheet.every("p", "more")),
        unknown=tuple(_unknown(sheet, html)),
        of_bundle=bool(bands),
    )


def read_plain_text(html: str) -> Reading:
    """Return what the plain text says: a block a line of figures, and a block a section else."""
    head, _inputs, *sections, _link = text_of_page(html).split("\n\n")
    tables = [each for each in sections if _LINE.search(each) or each.startswith(_withheld(each))]
    in_scope = bool(tables)
    # What must be cleared up before the figures may stand before the caption.
    caption = " ".join(sections[sections.index(tables[0]) - 1].split()) if in_scope else ""
    bands = dict(_bands((_lines(each) for each in tables), caption))
    return Reading(
        in_scope=in_scope,
        blocks=tuple(_text_blocks([head, *sections], caption)),
        bands=bands,
        of_bundle=bool(bands),
    )


#: By month: the cells of an outcome's rows.
_Rows = dict[int, list[str]]


def _table(sheet: Element) -> Iterator[_Rows]:
    """Yield the figures of each outcome; none where they are withheld."""
    for table in sheet.every("table"):
        _label, *months = next(table.every("thead")).every("th")
        for body in table.every("tbody"):
            rows = [[cell.words for cell in row.every("td")] for row in body.every("tr")][1:]
            yield {int(m.words): [row[n] for row in rows] for n, m in enumerate(months) if rows}


def _lines(section: str) -> _Rows:
    found = [_LINE.fullmatch(line) for line in section.splitlines()]
    return {int(each[1]): each[2].split(" | ") for each in found if each}


def _withheld(section: str) -> tuple[str, ...]:
    """Return how the sections of outcomes begin, in every language."""
    labels = []
    for language in ("en", "ja"):
        with speaking(language):
            labels += [f"{_(outcome.label)}\n" for outcome in OUTCOMES]
    return tuple(labels)


def _bands(outcomes: Iterator[_Rows], caption: str) -> Iterator[tuple[Key, Band]]:
    levels = _LEVEL.findall(caption)
    level = float(levels[-1]) / 100 if levels else None
    for outcome, rows in zip(OUTCOMES, outcomes, strict=False):
        for month, cells in rows.items():
            for (analysis, arm), cell in zip(_names(outcome.name, cells), cells, strict=True):
                yield (analysis, outcome.name, arm, month), _band(cell, level)


def _names(outcome: str, cells: list[str]) -> list[tuple[str, str]]:
    """Return analysis and arm of an outcome's rows: survival's last is the pooled difference."""
    names = [(SHOWN, arm) for arm in SHOWN_ARMS]
    further = [(_BESIDE, "difference")] * (len(cells) - len(names))
    if outcome == OUTCOMES[0].name and further:
        further[-1:] = [(POOLED, "difference")]
    return [*names, *further]


def _band(cell: str, level: float | None) -> Band:
    numbers = [float(each.replace("−", "-")) for each in SIGNED.findall(cell)]
    estimate, lower, upper = (*numbers, None, None, None)[:3]
    return Band(estimate or 0.0, lower, upper, level)


def _blocks(element: Element, caption: str) -> Iterator[Block]:
    """Yield the blocks of the sheet but what was entered, which is the reader's own."""
    for child in element.children:
        if isinstance(child, str) or "entered" in child.classes:
            continue
        if child.tag in _BLOCKS:
            over = caption if child.tag == "td" else ""
            yield Block(child.words, over, is_figure=child.tag == "td")
        else:
            yield from _blocks(child, caption)


def _text_blocks(sections: list[str], caption: str) -> Iterator[Block]:
    for section in sections:
        plain = [line for line in section.splitlines() if not _LINE.fullmatch(line)]
        items = "\n".join(plain).split("\n- ")
        yield from (Block(" ".join(item.split())) for item in items)
        for line in section.splitlines():
            if _LINE.fullmatch(line):
                yield Block(line.strip(), caption, is_figure=True)


def _first_number(text: str) -> int:
    return int(re.findall(r"\d+", text)[0])


def _unknown(sheet: Element, html: str) -> Iterator[str]:
    """Yield the names of the covariates that the sheet calls not known."""
    told = " ".join(each.words for each in sheet.every("p", "unknown"))
    language = re.findall(r'<html lang="(\w+)"', html)[0]
    with speaking(language):
        listed = re.split(r"[:：]\s*", told.rstrip(".。"))[-1].split(_("; "))
        yield from (name for name, field in FIELDS.items() if _(field.label) in listed)
