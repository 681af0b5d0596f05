"""Ratings of credibility: the answers in the open, and the rating that follows from them."""

from itertools import product

import pytest

from models.errors import InvalidInput
from models.evidence import evidence, interactions, pairs, sources
from models.evidence.credibility import (
    ANSWERS,
    NOT_APPLICABLE,
    RATING_LABELS,
    assessment_of,
    chance_answer,
    questions,
    rated_pairs,
    rating_of,
    read_assumptions,
)
from models.evidence.interactions import CREDIBILITIES, NOT_RATED

RATED = ("menopause", "organs")
NO, UNLIKELY, LIKELY, YES = ANSWERS[:4]
NA = NOT_APPLICABLE


def test_only_what_chance_may_not_explain_is_rated():
    assert rated_pairs() == RATED
    for pair in pairs():
        assessment = assessment_of(pair.id)
        assert (assessment.rating == NOT_RATED) == (pair.id not in RATED)
        assert bool(assessment.answers) == (pair.id in RATED)


@pytest.mark.parametrize("pair", [p.id for p in pairs() if p.id not in RATED])
def test_what_is_not_rated_says_to_use_the_overall_effect(pair):
    assert "use the overall one" in assessment_of(pair).advice


@pytest.mark.parametrize("pair", RATED)
def test_neither_reaches_more_than_low(pair):
    assessment = assessment_of(pair)
    assert assessment.rating in ("very_low", "low")
    assert "overall effect stays" in assessment.advice


@pytest.mark.parametrize("pair", RATED)
def test_each_of_the_five_questions_is_answered_with_reason_and_place(pair):
    answers = assessment_of(pair).with_answers()["answers"]
    assert [each["question"] for each in answers] == list(questions())
    assert len(answers) == 5
    for each in answers:
        assert each["text"].endswith("?")
        assert each["answer_text"]
        assert each["reason"].endswith(".")
        assert "{" not in each["reason"]
        assert each["place"]
        assert each["source"] in sources()
        assert set(each["evidence"]) <= set(evidence())
        assert not each["assumed"]
        for sentence in each["reason"].split(". "):
            assert len(sentence.split()) <= 25


@pytest.mark.parametrize("pair", RATED)
def test_rating_is_said_to_be_ours_by_our_reading(pair):
    row = assessment_of(pair).as_dict()
    assert row["our_assessment"] is True
    assert row["strategy"].startswith("our reading")


@pytest.mark.parametrize(
    ("codes", "rating"),
    [
        ([YES] * 5, "high"),
        ([YES, YES, YES, YES, NA], "high"),
        ([UNLIKELY] * 5, "very_low"),
        ([UNLIKELY, NO, UNLIKELY, NO, NA], "very_low"),
        ([NO, NO, YES, YES, YES], "low"),
        ([NO, YES, YES, YES, YES], "moderate"),
        ([UNLIKELY, UNLIKELY, YES, YES, LIKELY], "moderate"),
        ([LIKELY, YES, LIKELY, YES, UNLIKELY], "moderate"),
        ([YES, UNLIKELY, UNLIKELY, UNLIKELY, NA], "low"),
        ([YES, NO, NO, UNLIKELY, NA], "very_low"),
    ],
)
def test_rating_by_hand(codes, rating):
    assert rating_of(codes) == rating


def test_a_better_answer_never_lowers_the_rating():
    rank = CREDIBILITIES.index
    four = ANSWERS[:4]
    for codes in product(four, four, four, four, (*four, NA)):
        own = rank(rating_of(codes))
        for place, code in enumerate(codes):
            if code in four[:-1]:
                better = four[four.index(code) + 1]
                changed = [*codes[:place], better, *codes[place + 1 :]]
                assert rank(rating_of(changed)) >= own, (codes, place)


@pytest.mark.parametrize(
    ("p", "code"),
    [(0.064, NO), (0.0501, NO), (0.05, UNLIKELY), (0.017, UNLIKELY), (0.01, LIKELY), (0.005, YES)],
)
def test_answer_on_chance_follows_from_p(p, code):
    assert chance_answer(p) == code


@pytest.mark.parametrize("pair", RATED)
def test_answer_on_chance_is_that_of_the_computed_p(pair):
    (answer,) = [each for each in assessment_of(pair).answers if each.question == "chance"]
    assert answer.code == chance_answer(interactions()[pair].p)


def test_a_readers_answer_shows_how_the_rating_would_change():
    found = {}
    for pair in RATED:
        own = assessment_of(pair)
        assumed = assessment_of(pair, read_assumptions(["prespecified_direction=yes"]))
        found[pair] = (own.rating, assumed.rating)
        changed = [each for each in assumed.with_answers()["answers"] if each["assumed"]]
        assert [each["question"] for each in changed] == ["prespecified_direction"]
        assert "Assumed by the reader" in changed[0]["reason"]
    assert found["menopause"] == ("very_low", "low")


def test_enough_answers_reach_high():
    all_yes = read_assumptions(f"{name}=yes" for name in questions())
    for pair in RATED:
        assessment = assessment_of(pair, all_yes)
        assert assessment.rating == "high"
        assert "look" in assessment.advice


def test_an_answer_can_be_for_one_pair():
    assumptions = read_assumptions(["menopause.prespecified_direction=yes"])
    assert assessment_of("organs", assumptions) == assessment_of("organs")
    assert assessment_of("menopause", assumptions) != assessment_of("menopause")


def test_nothing_is_assumed_where_our_answer_is_repeated():
    assumptions = read_assumptions(["prior_evidence=probably_no"])
    assert assessment_of("menopause", assumptions) == assessment_of("menopause")


def test_a_pair_that_is_not_rated_stays_so():
    assert assessment_of("er", read_assumptions(["chance=yes"])).rating == NOT_RATED


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("luck=yes", "prespecified_direction"),
        ("er.chance=yes", "menopause.QUESTION"),
        ("chance=perhaps", "definitely_yes"),
        ("chance=not_applicable", "definitely_yes"),
        ("chance", "yes"),
        ("", "chance"),
    ],
)
def test_what_is_no_answer_is_refused(text, accepted):
    with pytest.raises(InvalidInput) as found:
        read_assumptions([text, "chance=yes"])
    (problem,) = found.value.problems
    assert accepted in problem.accepted


def test_every_rating_has_words():
    assert tuple(RATING_LABELS) == CREDIBILITIES


def test_no_rating_is_a_percentage():
    for pair in RATED:
        assert "%" not in str(assessment_of(pair).with_answers())
