"""The catalogues are those of the texts, complete, and keep every place that is filled in."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from scripts.messages import (
    TEMPLATE,
    TRANSLATED,
    as_text,
    compiled,
    po_path,
    read_catalog,
    template,
    updated,
)
from tests.support.japanese import is_japanese

#: Names that are the same in every language.
NAMES = {"ABCSG-28", "CC BY 4.0", "E2108", "JCOG1017", "Tata Memorial"}
#: How a sentence ends; a question of the instrument is one, a heading with ? is none.
ENDS = (".", "beforehand?", "evidence?", "explanation?", "accounted for?", "avoided?")

languages = pytest.mark.parametrize("language", TRANSLATED)


def messages(language):
    return [message for message in read_catalog(language) if message.id]


def places(text):
    """Return the places of a text with how they are written, sorted."""
    return sorted(
        (name, layout) for _text, name, layout, _as in Formatter().parse(text) if name is not None
    )


def test_the_template_holds_every_marked_text():
    assert TEMPLATE.read_bytes() == as_text(template())


@languages
def test_the_catalogue_has_the_texts_of_the_template(language):
    fresh = as_text(updated(read_catalog(language), template()))
    assert po_path(language).read_bytes() == fresh


@languages
def test_the_compiled_catalogue_is_that_of_the_text(language):
    path = po_path(language)
    assert path.with_suffix(".mo").read_bytes() == compiled(read_catalog(language))


@languages
def test_no_text_lacks_its_translation(language):
    assert len(messages(language)) > 600
    assert [m.id for m in messages(language) if not m.string or m.fuzzy] == []


@languages
def test_translations_have_the_places_of_the_text(language):
    for message in messages(language):
        assert places(message.string) == places(message.id), message.id


def test_every_translation_is_japanese():
    for message in messages("ja"):
        words = re.sub(r"\{[^}]*\}", "", message.id)
        if message.id in NAMES or not re.search("[A-Za-z]", words):
            continue
        assert is_japanese(message.string), message.id


def test_names_stay_as_they_are():
    told = {message.id: message.string for message in messages("ja")}
    assert {name: told[name] for name in NAMES} == {name: name for name in NAMES}


@pytest.mark.parametrize("word", ["利益", "有益", "恩恵", "推奨", "証明されました"])
def test_no_translation_promises_anything(word):
    assert [m.id for m in messages("ja") if word in m.string] == []


def test_a_full_stop_stays_a_full_stop():
    for message in messages("ja"):
        assert message.string.endswith("。") == message.id.endswith(ENDS), message.id


def test_figures_in_a_text_stay_the_same():
    numbers = re.compile(r"(?<![A-Za-z0-9./-])\d+(?:\.\d+)?(?![A-Za-z0-9/-])")
    for message in messages("ja"):
        said = set(numbers.findall(re.sub(r"\{[^}]*\}", "", message.id)))
        told = re.sub(r"\{[^}]*\}", "", message.string)
        assert all(number in told for number in said), message.id


def test_the_template_has_no_line_numbers():
    with TEMPLATE.open("rb") as file:
        places_of_texts = [place for message in read_po(file) for place in message.locations]
    assert places_of_texts
    assert {line for _file, line in places_of_texts} == {None}
