"""A model card as HTML that can do nothing: its text may come from anybody who trained a bundle.

What is left of Markdown: headings (with a place each, one level down, because the page has a title
of its own), paragraphs, lists, quotations, code, emphasis, tables, and links to the card's own
headings. HTML stands there as it was typed. Other links lead nowhere: their words stay, and the
address behind them as text, because the files that a card names are not served, and a page of ours
links no other host. Of an image the words in its place stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

#: Tables with more rows are folded.
FOLDED_ABOVE = 30
#: A text of more characters is shown as it is: no card is so long, and reading it would take long.
LONGEST = 1_000_000
_DEEPEST = 6
_LONGEST_PLACE = 80


@dataclass(frozen=True)
class Heading:
    """A heading of a text.

    Attributes
    ----------
    level : int
        As in the text, 1 to 6.
    place : str
        The id of its element.
    """

    level: int
    words: str
    place: str


@dataclass(frozen=True)
class Document:
    """A text as HTML, with its headings in order."""

    html: str
    headings: tuple[Heading, ...]

    def place_of(self, words: str, level: int) -> str | None:
        """Return the place of the first such heading of a level, or ``None``."""
        found = (h.place for h in self.headings if (h.words, h.level) == (words, level))
        return next(found, None)


@lru_cache(maxsize=16)
def render(text: str) -> Document:
    """Return a text as HTML; each text, for which a bundle's digest stands, is rendered once."""
    if len(text) > LONGEST:
        return Document(f'<pre tabindex="0">{escape(text)}</pre>\n', ())
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    headings = tuple(_name_headings(tokens))
    places = {heading.place for heading in headings}
    for token in tokens:
        _strip(token)
        token.children = list(_inert(token.children, places)) if token.children else token.children
    html = markdown.renderer.render(list(_framed(tokens)), markdown.options, {})
    return Document(html, headings)


def _name_headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Yield the headings; each gets its place, and its element one level down."""
    taken: set[str] = set()
    for opened, inline, closed in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if opened.type != "heading_open":
            continue
        words = _words(inline)
        place = _free_place(words, taken)
        taken.add(place)
        level = int(opened.tag[1])
        opened.tag = closed.tag = f"h{min(level + 1, _DEEPEST)}"
        opened.meta["place"] = place
        yield Heading(level, words, place)


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or ())


def _free_place(words: str, taken: set[str]) -> str:
    """Return a place as GitHub names it, which no other heading has."""
    stem = re.sub(r"[^\w -]", "", words.lower()).strip().replace(" ", "-")[:_LONGEST_PLACE]
    stem = stem or "section"
    place, number = stem, 1
    while place in taken:
        number += 1
        place = f"{stem}-{number}"
    return place


def _strip(token: Token) -> None:
    """Leave a token the attributes that are ours, or harmless."""
    start = token.attrs.get("start")
    token.attrs = {}
    token.info = ""
    if token.type == "ordered_list_open" and isinstance(start, int):
        token.attrs["start"] = start
    if token.type == "heading_open":
        token.attrs["id"] = token.meta["place"]
    if token.type == "th_open":
        token.attrs["scope"] = "col"


def _inert(children: Sequence[Token], places: set[str]) -> Iterator[Token]:
    """Yield the parts of a line, links to places outside the text as words."""
    outside: list[str] = []
    before = ""
    for child in children:
        if child.type == "link_open":
            address = unquote(str(child.attrGet("href") or ""))
            inside = address.startswith("#") and address[1:] in places
            child.attrs = {"href": address} if inside else {}
            outside.append("" if inside else address)
            if inside:
                yield child
        elif child.type == "link_close":
            address = outside.pop()
            if not address:
                yield child
            elif address != before:
                yield _text(f" ({address})")
        elif child.type == "image":
            yield _text(child.content)
        else:
            child.attrs = {}
            yield child
        before = child.content


def _text(words: str) -> Token:
    return Token("text", "", 0, content=words)


def _framed(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yield the tokens; a table stands in a region that scrolls by itself, a long one folded."""
    heading, number = "", 0
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = _words(tokens[place + 1])
        if token.type == "table_open":
            number += 1
            rows = _body_rows(tokens[place:])
            # Numbered, because regions of one name cannot be told apart.
            label = escape(f"Table {number}: {heading}" if heading else f"Table {number}")
            start = f'<div class="wide" role="region" tabindex="0" aria-label="{label}">\n'
            if rows > FOLDED_ABOVE:
                start = f"<details><summary>Table with {rows} rows</summary>\n{start}"
            yield _html(start)
        yield _code(token) if token.type in ("fence", "code_block") else token
        if token.type == "table_close":
            yield _html("</div>\n</details>\n" if rows > FOLDED_ABOVE else "</div>\n")


def _code(token: Token) -> Token:
    """Return a block of code that can be scrolled by keyboard."""
    return _html(f'<pre tabindex="0"><code>{escape(token.content)}</code></pre>\n')


def _body_rows(tokens: Sequence[Token]) -> int:
    """Return how many rows the table has that opens at the first token, its header left out."""
    rows = -1
    for token in tokens:
        if token.type == "table_close":
            break
        rows += token.type == "tr_open"
    return rows


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)
