"""Model cards as pages: whole, with their contents, in the language of the page around them."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from service.app import create_app
from service.bundles import Bundles
from service.page.markdown import render
from service.settings import Settings
from tests.service.helpers import Page
from tests.support.bundles import cohort_bundle, cox_bundle, default_bundle
from tests.support.japanese import english_in, is_japanese

CARD = "/models/jcog1017-synthetic"


def client_of(*bundles):
    return create_app(Settings(), Bundles(bundles)).test_client()


def version_of(number, **changes):
    bundle = cox_bundle()
    return replace(bundle, manifest={**bundle.manifest, "version": number}, **changes)


def article(response):
    return response.text.split('<article class="card">')[1].split("</article>")[0]


def own_words(response):
    """Return the words of a page around the card, in its own language."""
    text = re.sub(r'<div lang="en">.*</div>', "", response.text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "\n", text))


def unmarked(cell):
    return cell.replace("`", "").replace("**", "").strip()


def test_every_row_of_the_cards_tables_is_on_the_page(client, bundle):
    lines = [line for line in bundle.card.splitlines() if line.startswith("|")]
    rows = [[unmarked(cell) for cell in line.strip("|").split("|")] for line in lines]
    expected = [row for row in rows if set(row) != {"---"}]
    assert len(expected) > 300
    assert [[cell.strip() for cell in row] for row in Page(client.get(CARD)).rows] == expected


def test_every_heading_is_on_the_page_and_in_its_contents(client, bundle):
    headings = re.findall(r"^(#+) (.*)$", bundle.card, re.MULTILINE)
    response = client.get(CARD)
    shown = re.findall(r'<h(\d) id="([^"]*)">(.*?)</h\d>', article(response))
    assert [(len(mark) + 1, words) for mark, words in headings] == [
        (int(level), html.unescape(words)) for level, _, words in shown
    ]
    contents = response.text.split('aria-label="Contents of the card"')[1].split("</nav>")[0]
    assert re.findall(r'href="#([^"]*)"', contents) == [place for _, place, _ in shown[1:]]


def test_the_page_tells_its_size_and_folds_what_is_long(client):
    response = client.get(CARD)
    size = int(re.search(r"The card has about (\d+) kB", response.text)[1])
    assert size == pytest.approx(len(article(response).encode()) / 1000, abs=1)
    assert len(response.data) <= 1.1 * 1000 * size
    folded = re.findall(r"<summary>Table with (\d+) rows</summary>", response.text)
    assert folded
    seen = re.sub(r"<details>.*?</details>", "", article(response), flags=re.DOTALL)
    assert len(seen.encode()) < 60_000, "at first sight it is as short as other pages"


def test_the_shipped_card_leads_nowhere_else(bundle):
    assert "](" not in bundle.card, "a link needs a place that it leads to"


def test_a_card_is_found_by_both_names(client, bundle):
    by_id, by_version = client.get(CARD), client.get(f"{CARD}@{bundle.version}")
    assert by_id.status_code == by_version.status_code == 200
    assert article(by_id) == article(by_version)


def test_each_bundle_has_its_own_card():
    first, other = version_of("1.0.0", card="# First"), version_of("2.0.0", card="# Other")
    client = client_of(first, other)
    assert "First" in article(client.get(CARD))
    assert "Other" in article(client.get(f"{CARD}@2.0.0"))


def test_a_card_says_what_its_bundle_learned_from():
    text = own_words(client_of(cohort_bundle()).get(CARD))
    assert "training data: cohort" in text


def test_a_hostile_bundle_cannot_act_on_its_page():
    manifest = {**cox_bundle().manifest, "id": 'a"><script>x</script>'}
    card = "# A\n\n<script>x</script>\n\n![a](https://evil.example/b.png)\n"
    bundle = replace(cox_bundle(), manifest=manifest, card=card)
    response = client_of(bundle).get("/models")
    for page in (Page(response), Page(client_of(bundle).get(Page(response).urls()[-1]))):
        assert {attrs.get("src") for attrs in page.named("script")} <= {"/static/form.js"}
        assert page.named("img") == []
        assert all(url.startswith(("/", "#")) for url in page.urls())


# Languages


def test_the_japanese_page_says_that_the_card_is_english(client):
    japanese, english = client.get(f"{CARD}?lang=ja"), client.get(CARD)
    assert article(japanese) == article(english)
    assert '<div lang="en">' in japanese.text
    assert "モデルカードは英語のみです。" in own_words(japanese)
    assert english_in(own_words(japanese)) == []
    assert "English only" not in own_words(english)


@pytest.mark.parametrize("path", ["/models", "/models/none"])
def test_the_list_speaks_japanese(client, path):
    text = own_words(client.get(f"{path}?lang=ja"))
    assert is_japanese(text)
    assert english_in(re.sub(r"Shien T.*?\(CC BY 4.0\)", "", text)) == []


# The list


def test_the_list_names_every_bundle_and_leads_to_its_card():
    client = client_of(version_of("1.0.0"), version_of("2.0.0"))
    response = client.get("/models")
    rows = Page(response).rows[1:]
    assert [row[:2] for row in rows] == [[default_bundle().id, n] for n in ("1.0.0", "2.0.0")]
    links = [url for url in Page(response).urls() if url.startswith("/models/")][-2:]
    for number, link in zip(("1.0.0", "2.0.0"), links, strict=True):
        assert f"{default_bundle().id} {number}" in own_words(client.get(link))


@pytest.mark.parametrize(("bundles", "linked"), [(1, False), (2, True)])
def test_a_card_links_the_list_where_there_are_several(bundles, linked):
    client = client_of(*(version_of(f"{n}.0.0") for n in range(bundles)))
    assert ("/models" in Page(client.get(CARD)).urls()) == linked


@pytest.mark.parametrize("name", ["none", "jcog1017-synthetic@7.0.0", "<b>x", "%22%3E"])
@pytest.mark.parametrize("path", ["/models", "/sure"])
def test_an_unknown_bundle_is_a_page_that_names_the_known_ones(client, path, name):
    response = client.get(f"{path}/{name}")
    assert response.status_code == 404
    assert response.content_type == "text/html; charset=utf-8"
    assert "There is no such bundle" in response.text
    page = Page(response)
    assert page.named("b") == []
    assert CARD in page.urls()


# Protection


def test_cards_are_protected_as_the_form_is(make_app):
    closed = make_app(tokens=("sesame",)).test_client()
    opened = make_app(tokens=("sesame",), open_form=True).test_client()
    for path in ("/models", CARD, "/models/none", "/sure", "/sure/none"):
        assert closed.get(path).status_code == 401
        assert opened.get(path).status_code in (200, 404)


def test_a_card_is_rendered_once(client, bundle):
    client.get(CARD)
    before = render.cache_info()
    client.get(CARD)
    assert render.cache_info().misses == before.misses
    assert render.cache_info().hits == before.hits + 1
    assert render(bundle.card).html.strip() == article(client.get(CARD)).strip()
