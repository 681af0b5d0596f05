"""Lines of plain text in both scripts."""

from __future__ import annotations

from unicodedata import east_asian_width

import pytest

from service.wrapping import wrapped

JAPANESE = (
    "手術により生存が明らかに延長したとは言えません：ハザード比0.86、MF07-01（手術先行）。" * 4
)
ENGLISH = "Surgery did not clearly prolong survival, and its primary endpoint was not met. " * 4


def columns(line):
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in line)


@pytest.mark.parametrize("text", [JAPANESE, ENGLISH], ids=["wide", "narrow"])
@pytest.mark.parametrize("width", [40, 96])
def test_lines_hold_the_text_and_fit(text, width):
    lines = wrapped(text, width)
    assert len(lines) > 2
    # A sign that may not begin a line may stand behind its end.
    assert max(map(columns, lines)) <= width + 2
    gap = "" if text is JAPANESE else " "
    assert gap.join(lines) == text.strip()


def test_no_line_begins_with_a_closing_sign():
    assert not [line for line in wrapped(JAPANESE, 40) if line[0] in "、。）："]


def test_no_name_is_broken():
    assert sum("MF07-01" in line for line in wrapped(JAPANESE, 30)) == 4


def test_lines_after_the_first_hang():
    first, *others = wrapped("- " + JAPANESE, 40, "  ")
    assert first.startswith("- ")
    assert others
    assert all(line.startswith("  ") for line in others)


def test_nothing_has_no_line():
    assert wrapped("", 40) == []
