"""The plain text: the same as the sheet, in lines that any record takes."""

from __future__ import annotations

from unicodedata import east_asian_width

import pytest

from models.language import LANGUAGES, speaking
from models.options import Options
from service.page.plain_text import plain_text
from tests.service.helpers import OUT_OF_SCOPE, README_PATIENT, ULCERATED

from .test_sheet import LITTLE_KNOWN, WITH_FOREST, sheet

LINK = "https://equipoise.example/#ag=47&" + "x" * 200
CASES = {
    "typical": (README_PATIENT, Options()),
    "forest": (README_PATIENT, WITH_FOREST),
    "unknown": (LITTLE_KNOWN, Options()),
    "ulcerated": (ULCERATED, Options()),
    "out of scope": (OUT_OF_SCOPE, Options()),
}
each_case = pytest.mark.parametrize(("message", "options"), CASES.values(), ids=CASES)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def without_blanks(text):
    return "".join(text.split())


def columns(line):
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in line)


def told(message, options, language):
    with speaking(language):
        found = sheet(message, options)
        return found, plain_text(found, LINK)


def pieces(found):
    """Return what the sheet says but its figures."""
    yield from (found.title, *found.head, found.derived, found.unknown, found.verdict)
    yield from (text for row in found.inputs for text in row)
    yield from (
        *found.notes,
        *found.stops,
        found.caption,
        *found.remarks,
        *found.caveats,
        found.further,
    )
    yield from (found.subgroups_are, *found.subgroups, found.credit)
    yield from (each.withheld for each in found.figures)


@each_language
def test_what_must_be_cleared_up_stands_before_the_figures(language):
    found, text = told(LITTLE_KNOWN, Options(), language)
    said = without_blanks(text)
    (stop,) = map(without_blanks, found.stops)
    assert said.count(stop) == 1
    assert said.index(stop) < said.index(without_blanks(found.caption))


@each_case
@each_language
def test_the_text_says_everything_of_the_sheet(message, options, language):
    found, text = told(message, options, language)
    said = without_blanks(text)
    assert [piece for piece in pieces(found) if without_blanks(piece) not in said] == []


@each_case
@each_language
def test_lines_are_at_most_96_columns_but_for_the_link(message, options, language):
    _found, text = told(message, options, language)
    *lines, last = text.splitlines()
    # A sign that may not begin a line may stand behind its end.
    assert max(map(columns, lines)) <= 98
    assert last == LINK
    assert text.endswith(f"{LINK}\n")


@each_case
@each_language
def test_each_horizon_has_a_line_with_all_its_cells(message, options, language):
    found, text = told(message, options, language)
    for outcome in found.figures:
        _, _, behind = text.partition(f"\n\n{outcome.label}\n")
        block = behind.partition("\n\n")[0].splitlines()
        for place, month in enumerate(found.months if outcome.rows else ()):
            cells = [row.cells[place] for row in outcome.rows]
            assert "  " + " | ".join([str(month), *cells]) in block


@each_language
def test_out_of_scope_there_is_no_line_of_figures(language):
    _found, text = told(*CASES["out of scope"], language)
    assert "|" not in text
    assert "%" not in text
