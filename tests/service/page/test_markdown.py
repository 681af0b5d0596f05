"""A card's text becomes a page that can do nothing but be read."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.page.markdown import FOLDED_ABOVE, LONGEST, render
from tests.support.examples import examples

#: All that a rendered text may hold.
TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "hr", "br", "a"),
    *("strong", "em", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"),
    *("div", "details", "summary"),
}
ATTRIBUTES = {"id", "href", "scope", "start", "class", "role", "tabindex", "aria-label"}

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "script in a cell": "| a |\n| --- |\n| <script>alert(1)</script> |",
    "handler": '<img src=x onerror="alert(1)">',
    "style": "<style>body{display:none}</style>",
    "frame": '<iframe src="https://evil.example"></iframe>',
    "link": "[see](javascript:alert(1))",
    "link in capitals": "[see](JaVaScRiPt:alert(1))",
    "link with entities": "[see](&#106;avascript:alert(1))",
    "link with a tab": "[see](java\tscript:alert(1))",
    "data": "[see](data:text/html;base64,PHNjcmlwdD4=)",
    "reference": "[see][r]\n\n[r]: javascript:alert(1)",
    "autolink": "<javascript:alert(1)>",
    "elsewhere": "[see](https://evil.example/a?b=c)",
    "elsewhere without scheme": "[see](//evil.example)",
    "elsewhere by backslash": "[see](/\\evil.example)",
    "mail": "<someone@evil.example>",
    "image": "![words](https://evil.example/x.png)",
    "image in a link": "[![words](https://evil.example/x.png)](https://evil.example)",
    "title": '[see](#a "x\\" onmouseover=\\"alert(1)")\n\n# a',
    "heading": '# "><script>alert(1)</script>',
    "heading of a table": '# "><b onclick=x>\n\n| a |\n| --- |\n| b |',
    "fence": '```"onload=alert(1)\nx\n```',
    "aligned": "| a |\n| ---: |\n| b |",
    "comment": "<!-- --><b onclick=alert(1)>x</b>",
    "unclosed": "</article></main><base href=//evil.example>",
}


class Parts(HTMLParser):
    """The elements of a text, and whether each is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def check_inert(text):
    document = render(text)
    parts = Parts(document.html)
    assert not parts.open, "all elements are closed"
    ids = [attrs["id"] for _, attrs in parts.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert ids == [heading.place for heading in document.headings]
    for tag, attrs in parts.tags:
        assert tag in TAGS, tag
        assert set(attrs) <= ATTRIBUTES, attrs
        if "href" in attrs:
            assert attrs["href"].startswith("#"), attrs
            assert attrs["href"][1:] in ids
    return parts


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_text_is_inert(text):
    check_inert(text)


_PIECES = st.sampled_from(
    [
        *HOSTILE.values(),
        "\n",
        "\n\n",
        "# ",
        "| ",
        "---",
        "`",
        "> ",
        "- ",
        "1. ",
        "[",
        "](",
        ")",
        "*",
    ]
)


@pytest.mark.property
@examples(60)
@given(pieces=st.lists(_PIECES | st.text(max_size=8), max_size=12))
def test_no_text_is_anything_but_inert(pieces):
    check_inert("".join(pieces))


def test_typed_html_is_shown_as_it_was_typed():
    assert Parts(render(HOSTILE["script"]).html).words.strip() == HOSTILE["script"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[the columns](docs/reference/columns.md)", "the columns (docs/reference/columns.md)"),
        ("[here](https://example.org/a)", "here (https://example.org/a)"),
        ("<https://example.org/a>", "https://example.org/a"),
        ("![a curve](curve.png)", "a curve"),
    ],
)
def test_words_and_address_of_what_leads_elsewhere_stay(text, words):
    assert Parts(render(text).html).words.strip() == words


def test_a_link_to_a_heading_leads_there():
    document = render("[down](#further-on)\n\n## Further on")
    assert '<a href="#further-on">down</a>' in document.html
    assert '<h3 id="further-on">Further on</h3>' in document.html


def test_a_link_to_a_heading_that_is_not_there_is_no_link():
    assert "<a" not in render("[down](#nowhere)").html


def test_headings_stand_one_level_down_and_have_places_of_their_own():
    document = render("# A `b`\n\n## Same\n\n## Same\n\n## Same-2\n\n###### Deep\n\n## !")
    assert [(h.level, h.words, h.place) for h in document.headings] == [
        (1, "A b", "a-b"),
        (2, "Same", "same"),
        (2, "Same", "same-2"),
        (2, "Same-2", "same-2-2"),
        (6, "Deep", "deep"),
        (2, "!", "section"),
    ]
    assert re.findall(r"<(h\d)", document.html) == ["h2", "h3", "h3", "h3", "h6", "h3"]
    assert document.place_of("Same", 2) == "same"
    assert document.place_of("Same", 3) is None


def table_of(rows):
    return "\n".join(["| a | b |", "| --- | --- |", *(f"| {n} | x |" for n in range(rows))])


@pytest.mark.parametrize(("rows", "folded"), [(FOLDED_ABOVE, False), (FOLDED_ABOVE + 1, True)])
def test_a_table_scrolls_by_itself_and_a_long_one_is_folded(rows, folded):
    text = render(f'## Risks & "more"\n\n{table_of(rows)}').html
    parts = Parts(text)
    (region,) = [attrs for tag, attrs in parts.tags if tag == "div"]
    assert region == {
        "class": "wide",
        "role": "region",
        "tabindex": "0",
        "aria-label": 'Table 1: Risks & "more"',
    }
    assert (f"<summary>Table with {rows} rows</summary>" in text) == folded
    assert [attrs for tag, attrs in parts.tags if tag == "th"] == [{"scope": "col"}] * 2


def test_regions_have_names_of_their_own():
    text = f"## One\n\n{table_of(1)}\n\n{table_of(1)}\n\n## One\n\n{table_of(1)}"
    names = re.findall(r'aria-label="([^"]*)"', render(text).html)
    assert names == ["Table 1: One", "Table 2: One", "Table 3: One"]


def test_code_can_be_scrolled_by_keyboard():
    assert render("```python\na < b\n```").html == (
        '<pre tabindex="0"><code>a &lt; b\n</code></pre>\n'
    )


def test_a_text_beyond_all_measure_is_shown_as_it_is():
    text = "[<b>" * (LONGEST // 4 + 1)
    document = render(text)
    assert document.headings == ()
    assert html.unescape(Parts(document.html).words).strip() == text


def test_a_text_is_rendered_once():
    text = "# A text of this test alone"
    assert render(text) is render(text)
