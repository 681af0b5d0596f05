"""The links in the head of every page, and the switch of pages on which nothing is typed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from service.app import create_app
from service.bundles import Bundles
from service.page.navigation import PAGES
from service.settings import Settings
from tests.service.helpers import Page
from tests.support.bundles import cox_bundle

PATHS = ("/", "/sure", "/models/jcog1017-synthetic", "/docs")


@pytest.fixture(scope="module")
def two_bundles():
    first = cox_bundle()
    other = replace(first, manifest={**first.manifest, "version": "9.9.9"})
    return create_app(Settings(), Bundles([first, other])).test_client()


def links(response):
    """Return the links of the head to these pages, and which of them is the page itself."""
    head = response.text.split("<nav ")[1].split("</nav>")[0]
    found = re.findall(r'<a href="([^"]*)"( aria-current="page")?>', head)
    known = [(href, current) for href, current in found if href.partition("?")[0] in PATHS]
    return [href for href, _ in known], [href for href, current in known if current]


def test_the_documentation_for_programs_comes_last():
    names = [name for _endpoint, name in PAGES]
    assert names[-1] == "API documentation"
    assert {"How sure is this?", "Model card"} <= set(names)


@pytest.mark.parametrize("path", PATHS)
def test_every_page_links_the_others_and_knows_itself(client, path):
    shown, current = links(client.get(path))
    assert shown == list(PATHS)
    assert current == [path]


@pytest.mark.parametrize("path", PATHS)
def test_a_language_that_was_asked_for_stays(client, path):
    shown, _current = links(client.get(f"{path}?lang=ja"))
    assert shown == [f"{each}?lang=ja" for each in PATHS]


def test_the_card_of_another_bundle_is_not_the_one_in_the_head(two_bundles):
    shown, current = links(two_bundles.get("/models/jcog1017-synthetic@9.9.9"))
    assert "/models/jcog1017-synthetic" in shown
    assert current == []


@pytest.mark.parametrize(
    "path", ["/sure", "/sure/jcog1017-synthetic", "/models", "/models/jcog1017-synthetic@9.9.9"]
)
@pytest.mark.parametrize(("now", "other"), [("en", "ja"), ("ja", "en")])
def test_the_switch_leads_to_the_same_page(two_bundles, path, now, other):
    page = Page(two_bundles.get(f"{path}?lang={now}"))
    (link,) = [attrs for attrs in page.named("a") if "hreflang" in attrs]
    assert (link["href"], link["lang"]) == (f"{path}?lang={other}", other)
    switched = two_bundles.get(link["href"])
    assert switched.status_code == 200
    assert Page(switched).named("html") == [{"lang": other}]
