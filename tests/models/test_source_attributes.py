"""Source attributes are written into a card and read from it."""

import pytest

from models.source_attributes import (
    HEADING,
    SourceAttribute,
    attribute_lines,
    read_attributes,
)

ROWS = (
    SourceAttribute("(B)(1)(i)", "Developer", "Nobody: nobody at all."),
    SourceAttribute("(B)(9)(ii)", "Correction", "None."),
)


def card_of(*parts):
    return "\n".join(["# A card", "", *parts])


def section(rows=ROWS, heading=HEADING):
    return "\n".join([heading, "", "What was read.", "", *attribute_lines(rows), ""])


def test_what_is_written_is_read():
    assert read_attributes(card_of(section())) == ROWS


def test_only_their_own_section_is_read():
    others = "| (B)(2)(i) | elsewhere | no |"
    card = card_of(others, section(), "## Another", others, "# And another", others)
    assert read_attributes(card) == ROWS


@pytest.mark.parametrize(
    "card", ["", "# A card\n", section(heading=f"#{HEADING}"), f"{HEADING}\n\n| a | b | c |\n"]
)
def test_a_card_without_them_has_none(card):
    assert read_attributes(card) == ()


@pytest.mark.parametrize(
    "row",
    [
        SourceAttribute("(B)(1)(i)", "Developer", "One | two."),
        SourceAttribute("(B)(1)(i)", "Developer", ""),
        SourceAttribute("B1", "Developer", "None."),
    ],
)
def test_what_could_not_be_read_again_is_not_written(row):
    with pytest.raises(ValueError, match="does not fit"):
        list(attribute_lines([row]))
