"""Parts of an answer are made one by one, in its language, and end when nobody reads on."""

from __future__ import annotations

import pytest

from models.language import ENGLISH, JAPANESE, current_language
from service.streaming import Spoken, in_blocks


def told(times, ended):
    try:
        for _ in range(times):
            yield current_language()
    finally:
        ended.append(current_language())


def test_each_part_is_told_in_the_answers_language():
    ended = []
    assert list(Spoken(told(3, ended), JAPANESE)) == [JAPANESE] * 3
    assert ended == [JAPANESE]
    assert current_language() == ENGLISH


def test_answers_that_are_sent_at_once_do_not_mix():
    first, second = Spoken(told(3, []), JAPANESE), Spoken(told(3, []), ENGLISH)
    found = []
    for _ in range(3):
        found += [next(first), current_language(), next(second), current_language()]
    assert found == [JAPANESE, ENGLISH, ENGLISH, ENGLISH] * 3
    assert list(first) == list(second) == []
    assert current_language() == ENGLISH


def test_parts_are_made_when_they_are_asked_for_and_end_when_closed():
    made, ended = [], []

    def parts():
        try:
            for number in range(10):
                made.append(number)
                yield str(number)
        finally:
            ended.append(True)

    spoken = Spoken(parts(), ENGLISH)
    assert (next(spoken), next(spoken)) == ("0", "1")
    assert made == [0, 1]
    spoken.close()
    assert ended == [True]
    assert list(spoken) == []


def test_parts_that_were_never_asked_for_can_be_closed():
    Spoken(told(1, []), ENGLISH).close()


def test_the_first_part_can_be_made_before_it_is_asked_for():
    ended = []
    spoken = Spoken(told(3, ended), JAPANESE)
    spoken.begin()
    assert current_language() == ENGLISH
    assert list(spoken) == [JAPANESE] * 3
    assert ended == [JAPANESE]


def test_what_is_wrong_with_the_first_part_is_raised_when_it_is_made():
    def parts():
        raise ZeroDivisionError
        yield "never"

    with pytest.raises(ZeroDivisionError):
        Spoken(parts(), ENGLISH).begin()


def test_an_error_of_a_part_goes_through():
    def parts():
        yield "one"
        raise ZeroDivisionError

    spoken = Spoken(parts(), JAPANESE)
    assert next(spoken) == "one"
    with pytest.raises(ZeroDivisionError):
        next(spoken)
    assert current_language() == ENGLISH


@pytest.mark.parametrize(
    ("size", "blocks"),
    [(1, ["a", "bc", "d"]), (2, ["abc", "d"]), (3, ["abc", "d"]), (9, ["abcd"])],
)
def test_texts_are_joined_to_blocks(size, blocks):
    assert list(in_blocks(["a", "bc", "d"], size)) == blocks


def test_of_nothing_there_is_no_block():
    assert list(in_blocks([], 5)) == []
