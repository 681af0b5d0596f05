"""Harms and burdens of surgery as the trial counted them."""

import re

import pytest

from models import harms as module
from models.evidence import evidence, figure
from models.harms import AFTER_SURGERY, HARMS, LEVEL
from models.language import LANGUAGES, current_language, speaking
from models.outcomes import ARMS, PTR, SYSTEMIC_THERAPY
from models.proportions import clopper_pearson

ANSWERS = {harm.code: harm.as_dict() for harm in HARMS}
WITH_COUNTS = [(harm, arm) for harm in HARMS for arm in harm.counts]


def ids(value):
    return getattr(value, "code", value)


@pytest.mark.parametrize(
    ("code", "arm", "events", "n"),
    [
        ("early_distant_progression", SYSTEMIC_THERAPY, 38, 205),
        ("early_distant_progression", PTR, 66, 202),
        ("complications_grade_2_or_more", PTR, 11, 173),
        ("complications_grade_3_or_more", PTR, 2, 173),
        ("positive_margins", PTR, 22, 173),
        ("local_recurrence_after_positive_margins", PTR, 10, 22),
        ("declined_surgery", PTR, 29, 202),
        ("later_surgery", SYSTEMIC_THERAPY, 40, 205),
        ("later_surgery_without_early", SYSTEMIC_THERAPY, 40, 198),
    ],
)
def test_patients_are_counted(code, arm, events, n):
    assert (ANSWERS[code][arm]["events"], ANSWERS[code][arm]["n"]) == (events, n)


@pytest.mark.parametrize(
    "code",
    [h.code for h in HARMS if h.code.startswith(("compl", "positive", "local_rec", "declined"))],
)
def test_who_is_not_offered_surgery_has_none_of_its_own_harms(code):
    assert SYSTEMIC_THERAPY not in ANSWERS[code]


@pytest.mark.parametrize(("harm", "arm"), WITH_COUNTS, ids=ids)
def test_an_interval_is_exact_and_computed_from_the_counts(harm, arm):
    row = harm.as_dict()[arm]
    exact = clopper_pearson(row["events"], row["n"], harm.as_dict()["interval_level"])
    assert row["interval"] == pytest.approx(exact, abs=5e-5)


@pytest.mark.parametrize(("harm", "arm"), WITH_COUNTS, ids=ids)
def test_a_printed_interval_is_the_computed_one_rounded(harm, arm):
    printed = figure(harm.counts[arm]).interval
    found = harm.as_dict()[arm]["interval"]
    assert printed is None or found == pytest.approx(printed, abs=5.5e-4)


@pytest.mark.parametrize(("harm", "arm"), WITH_COUNTS, ids=ids)
def test_estimate_lies_in_its_interval_and_is_the_share_of_the_counts(harm, arm):
    row = harm.as_dict()[arm]
    lower, upper = row["interval"]
    assert lower < row["estimate"] < upper
    assert row["estimate"] == pytest.approx(row["events"] / row["n"], abs=5e-4)


@pytest.mark.parametrize("harm", HARMS, ids=ids)
def test_every_figure_of_the_evidence_has_the_level_that_is_said(harm):
    levels = {figure(name).level for name in harm.evidence} - {None}
    assert levels <= {LEVEL}


@pytest.mark.parametrize("harm", HARMS, ids=ids)
def test_texts_are_sentences_without_a_blank(harm):
    for text in (harm.as_dict()["text"], harm.in_words()):
        assert text.endswith((".", ")."))
        assert not re.search(r"[{}]|\bnan\b", text)


@pytest.mark.parametrize("harm", HARMS, ids=ids)
def test_every_interval_in_a_sentence_has_its_level(harm):
    found = re.findall(r"[\d.]+%? to [\d.]+%?", harm.in_words().replace("range 26 to 246", ""))
    assert len(found) == harm.in_words().count("95% interval")


def test_what_follows_positive_margins_is_no_effect_of_surgery():
    stamped = {code for code, answer in ANSWERS.items() if "stamp" in answer}
    assert stamped == {
        "survival_after_positive_margins",
        "local_recurrence_after_positive_margins",
    }
    for code in stamped:
        assert ANSWERS[code]["stamp"] == AFTER_SURGERY
        assert AFTER_SURGERY in ANSWERS[code]["sentence"]


def test_the_ratio_after_positive_margins_says_what_against_what():
    ratio = ANSWERS["survival_after_positive_margins"]["hazard_ratio"]
    assert ratio == {
        "estimate": 1.97,
        "interval": [1.161, 3.347],
        "direction": "positive margins / negative margins",
    }


def test_both_denominators_of_later_surgery_are_explained():
    whole, printed = ANSWERS["later_surgery"], ANSWERS["later_surgery_without_early"]
    assert "19.5% (40 of 205" in whole["sentence"]
    assert "(7 of 205" in whole["sentence"]
    assert "20.2% (40 of 198" in printed["sentence"]
    assert "our reading" in printed["sentence"]
    without = whole[SYSTEMIC_THERAPY]["n"] - figure("surgery.early").events
    assert printed[SYSTEMIC_THERAPY]["n"] == without


def test_operation_time_has_its_range_and_the_unit_is_called_our_reading():
    answer = ANSWERS["operation_time"]
    assert answer["minutes"] == {"median": 90, "range": [26, 246]}
    assert "90 minutes (range 26 to 246; the unit is our reading)" in answer["sentence"]


def test_the_authors_remark_is_theirs_with_its_basis():
    answer = ANSWERS["authors_on_local_surgery"]
    assert "75% do not need local surgery" in answer["quote"]
    assert answer["place_of_quote"] == "Discussion"
    for told in ("26.8% (55 of 205", "24.9% (51 of 205", "either is not printed"):
        assert told in answer["sentence"]
    assert "75%" not in answer["sentence"]
    assert not set(ARMS) & set(answer)


@pytest.mark.parametrize("harm", HARMS, ids=ids)
def test_evidence_and_place_are_those_of_the_rows(harm):
    answer = harm.as_dict()
    assert set(answer["evidence"]) <= set(evidence())
    assert all(figure(name).place in answer["place"] for name in answer["evidence"])


def test_answers_are_kept_apart_by_language(monkeypatch):
    monkeypatch.setattr(module, "_", lambda text: f"{current_language()}: {text}")
    module._answers.cache_clear()
    for language in (*LANGUAGES, LANGUAGES[0]):
        with speaking(language):
            assert all(h.as_dict()["text"].startswith(f"{language}: ") for h in HARMS)
    module._answers.cache_clear()


def test_codes_are_distinct():
    assert len(ANSWERS) == len(HARMS)
