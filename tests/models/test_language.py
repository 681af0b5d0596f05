"""Languages are those of the context, and English stands as it is written."""

import pytest

from models.language import (
    ENGLISH,
    LANGUAGES,
    N_,
    _,
    context_speaking,
    current_language,
    joined,
    speaking,
)


def test_texts_are_english_unless_said_otherwise():
    assert current_language() == ENGLISH
    assert _("No figures.") == "No figures."


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_holds_inside_its_block_only(language):
    with speaking(language):
        assert current_language() == language
    assert current_language() == ENGLISH


def test_it_ends_with_the_block_even_after_an_error():
    with pytest.raises(RuntimeError), speaking("ja"):
        raise RuntimeError
    assert current_language() == ENGLISH


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_context_of_its_own_has_its_language_alone(language):
    context = context_speaking(language)
    with speaking("ja"):
        assert context.run(current_language) == language
        assert current_language() == "ja"
    assert current_language() == ENGLISH


def test_a_context_of_another_language_is_refused():
    with pytest.raises(ValueError, match="xx is none of en, ja"):
        context_speaking("xx")


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="xx is none of en, ja"), speaking("xx"):
        pass


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_text_stays_empty(language):
    with speaking(language):
        assert _("") == ""


def test_a_text_without_translation_stays_english():
    with speaking("ja"):
        assert _("A sentence that nobody says.") == "A sentence that nobody says."


def test_a_text_is_told_in_the_language():
    text = N_("These drugs were not used in the trial.")
    assert _(text) == text
    with speaking("ja"):
        assert _(text) == "これらの薬剤は試験で使用されていません。"
    assert _(text) == text


def test_sentences_are_joined_as_their_language_does():
    assert joined("One.", "", "Two.") == "One. Two."
    with speaking("ja"):
        assert joined("一。", "", "二。") == "一。二。"


def test_marking_changes_nothing():
    assert N_("No figures.") == "No figures."
