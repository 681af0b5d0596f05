"""The sheet for the notes as plain text, for records that take no other."""

from __future__ import annotations

from collections.abc import Iterator

from models.language import _
from service.page.sheet import Sheet, SheetOutcome, input_words
from service.wrapping import wrapped

_WIDTH = 96
_BETWEEN = " | "


def plain_text(sheet: Sheet, link: str) -> str:
    """Return a sheet as text: sections with an empty line between them, the link unbroken.

    Figures stand one horizon a line, so that no alignment is lost in another font.

    Parameters
    ----------
    link : str
        The address that opens the form with the same values.
    """
    sections = [list(section) for section in _sections(sheet)]
    last = [*_wrapped(_("Opens the form with these values; they stay in the browser:")), link]
    return "\n\n".join("\n".join(section) for section in (*sections, last) if section) + "\n"


def _sections(sheet: Sheet) -> Iterator[Iterator[str]]:
    yield _paragraphs(sheet.title, *sheet.head)
    yield _inputs(sheet)
    yield _listed(sheet.verdict, sheet.notes)
    if sheet.figures:
        yield _paragraphs(*sheet.stops)
        yield _paragraphs(sheet.caption)
        for outcome in sheet.figures:
            yield _figures(outcome, sheet.months)
        yield _paragraphs(*sheet.remarks)
        yield _listed(_("To keep in mind"), (*sheet.caveats, sheet.further))
        yield _listed(sheet.subgroups_are, sheet.subgroups)
    yield _paragraphs(sheet.credit)


def _inputs(sheet: Sheet) -> Iterator[str]:
    entered = _("; ").join(input_words(*row) for row in sheet.inputs)
    yield from _paragraphs(_("What was entered"), entered, sheet.derived, sheet.unknown)


def _figures(outcome: SheetOutcome, months: tuple[int, ...]) -> Iterator[str]:
    yield outcome.label
    if outcome.withheld:
        yield from _wrapped(_("No figures: {reason}").format(reason=outcome.withheld), "  ")
        return
    yield from _wrapped(_BETWEEN.join([_("Months"), *(row.label for row in outcome.rows)]), "  ")
    for place, month in enumerate(months):
        cells = (row.cells[place] for row in outcome.rows)
        yield f"  {_BETWEEN.join([str(month), *cells])}"


def _listed(heading: str, items: tuple[str, ...]) -> Iterator[str]:
    yield from _wrapped(heading)
    for item in filter(None, items):
        yield from wrapped(f"- {item}", _WIDTH, "  ")


def _paragraphs(*texts: str) -> Iterator[str]:
    for text in filter(None, texts):
        yield from _wrapped(text)


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrapped(indent + text, _WIDTH, indent)
