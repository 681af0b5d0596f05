"""Each statement can fail: an answer that breaks it is caught, at every door that could.

An answer of a door is doctored as raw text and read by the door's own reader, so that both the
reader and the statement are put to the test.
"""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from models.language import LANGUAGES
from tests.statements import statements as s
from tests.statements.doors import BY_NAME, DOORS, hear
from tests.statements.reading import Case
from tests.statements.statements import STATEMENTS
from tests.statements.wording import WORDINGS, kinds, patterns, unhedged
from tests.support.patients import message_of

KNOWN = Case(message_of(), {}, "en")
UNKNOWN = Case(message_of(clinical_n=None), {}, "en")
ALL = Case(message_of(), {"effect": "all"}, "en")
OLD = Case(message_of(age=85, menopausal_status="post"), {}, "en")

API, LIST, TABLE, PAGE = "predict", "JSON list", "CSV list", "page"
SHEET, KEPT = "printed sheet", "plain text of the page"
LINES, SCORE = "NDJSON list", "equipoise score"
SUMMED, SUMMED_PAGE = "its summary, numbers", "its summary, page"
SUMMARY, DOWNLOAD = "list in a browser", "downloaded list"
EXPLAINED, TEXT = "equipoise evidence, JSON", "equipoise evidence"


def tree(change):
    """Return a doctor of a JSON answer."""

    def doctor(raw):
        answer = json.loads(raw)
        change(answer)
        return json.dumps(answer)

    return doctor


def row(**cells):
    """Return a doctor of a table's row: cells are set, and left out where they are ``None``."""

    def doctor(raw):
        (found,) = csv.DictReader(io.StringIO(raw))
        left = {name: cell for name, cell in {**found, **cells}.items() if cell is not None}
        buffer = io.StringIO()
        csv.writer(buffer).writerows([left.keys(), left.values()])
        return buffer.getvalue()

    return doctor


def words(pattern, new):
    """Return a doctor that replaces the first place that a pattern finds."""

    def doctor(raw):
        changed, times = re.subn(pattern, new, raw, count=1, flags=re.DOTALL)
        assert times, f"nothing reads {pattern}"
        return changed

    return doctor


def kept(pattern, new):
    """Return a doctor of the page's plain text."""
    return words(rf"(<textarea[^>]*>.*?){pattern}", rf"\g<1>{new}")


def printed(pattern, new):
    """Return a doctor of the page's sheet."""
    return words(rf'(<section class="sheet">.*?){pattern}', rf"\g<1>{new}")


def drop(*path):
    """Return a doctor that takes a part out of a JSON answer."""

    def change(answer):
        part = answer
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]

    return tree(change)


def put(value, *path):
    """Return a doctor that puts a value into a JSON answer."""

    def change(answer):
        part = answer
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = value

    return tree(change)


def swap_caveats(answer):
    caveats = answer["caveats"]
    caveats[0], caveats[-1] = caveats[-1], caveats[0]


def exchange(raw):
    """Exchange the first two caveats of a table."""
    first, second = re.search(
        r"(progression_not_ruled_out);(primary_endpoint_not_met)", raw
    ).groups()
    return raw.replace(f"{first};{second}", f"{second};{first}")


SURVIVAL = ("outcomes", "overall_survival", "difference")
OF_LIST = ("results", 0)

#: By statement: door, case, and what is done to the answer.
DOCTORED = {
    s.no_ratio_of_a_subgroup_stands_alone: (
        (API, KNOWN, drop("subgroups", 0, "interaction_p")),
        (API, KNOWN, drop("subgroups", 0, "interval")),
        (LINES, KNOWN, drop("subgroups", 0, "interval_level")),
        (LIST, KNOWN, drop("subgroups", 0, "credibility")),
        (LIST, KNOWN, put("Subgroup premenopausal: hazard ratio 0.54.", "caveats", 0, "text")),
        (PAGE, KNOWN, words(r" Interaction p 0\.017,", "")),
        (PAGE, KNOWN, words(r"; credibility of a difference: very low", "")),
        (TABLE, KNOWN, row(error_messages="premenopausal: 0.54")),
        (SCORE, KNOWN, row(caveats="premenopausal 0.54")),
        (DOWNLOAD, KNOWN, row(reasons="premenopausal: 0.54")),
        (SUMMARY, KNOWN, words(r" Interaction p 0\.017,", "")),
        (SUMMARY, KNOWN, words(r"\(95% interval 0\.33 to 0\.87\)", "")),
        (EXPLAINED, KNOWN, drop("subgroups", 0, "interval")),
        (TEXT, KNOWN, words(r"\(95% interval 0\.33 to\s+0\.87\)", "")),
        (TEXT, KNOWN, words(r"Credibility: very low", "")),
        (SHEET, KNOWN, printed(r" interaction p 0\.017,", "")),
        (
            KEPT,
            KNOWN,
            kept(r"interaction\s+p\s+0\.017,[^;]*;\s+credibility[^.]*very\s+low", "see the page"),
        ),
        (SUMMED, KNOWN, put("Subgroup premenopausal: hazard ratio 0.54.", "caveats", 0, "text")),
        (SUMMED_PAGE, KNOWN, words(r" Interaction p 0\.017,", "")),
    ),
    s.nobody_is_promised_to_be_helped: (
        (API, KNOWN, put("She benefits from surgery.", "arms")),
        (LINES, KNOWN, put("Surgery helps her.", "arms")),
        (LIST, KNOWN, put("Surgery prolongs survival.", "arms")),
        (TABLE, KNOWN, row(intended_use="For her benefit.")),
        (SCORE, OLD, row(intended_use="Surgery will help.")),
        (DOWNLOAD, KNOWN, row(intended_use="She lives longer.")),
        (SUMMARY, KNOWN, words("None is averaged here", "Surgery helps them")),
        (
            PAGE,
            KNOWN,
            words("no evidence that surgery helps her", "evidence that surgery helps her"),
        ),
        (EXPLAINED, KNOWN, put("It works for her.", "status_text")),
        (TEXT, KNOWN, words("Subgroups overlap", "She lives longer")),
        (SHEET, KNOWN, printed("No suggestion of a different effect", "Surgery helps her")),
        (KEPT, KNOWN, kept("No suggestion of a different effect", "She benefits")),
        (SUMMED, KNOWN, put("Surgery helps them.", "means")),
        (SUMMED_PAGE, KNOWN, words("It says how sure the mean is", "Surgery helps them")),
    ),
    s.every_difference_has_an_interval_and_the_pooled_one: (
        (API, KNOWN, drop(*SURVIVAL, "lower")),
        (API, KNOWN, drop("pooled_survival")),
        (LINES, ALL, drop("analyses", 0, *SURVIVAL, "upper")),
        (LIST, KNOWN, drop(*OF_LIST, "pooled_survival")),
        (TABLE, KNOWN, row(overall_survival_difference_48_lower=None)),
        (SCORE, KNOWN, row(overall_survival_difference_pooled_48=None)),
        (DOWNLOAD, KNOWN, row(overall_survival_difference_48_upper=None)),
        (SUMMARY, KNOWN, words("None is averaged here", "The difference is +5 points")),
        (PAGE, KNOWN, words(r"(\+\d+ points?) \([^)]*\)", r"\1")),
        (PAGE, KNOWN, words(r'<td class="pooled">.*?</td>(?=</tr>)', "")),
        (TEXT, KNOWN, words("Subgroups overlap", "That is +5 points. Subgroups overlap")),
        (SHEET, KNOWN, printed(r"(<td>\+\d+) \([^)]*\)", r"\2")),
        (SHEET, KNOWN, printed(r"<tr><th>Difference by the four.*?</tr>", "")),
        (KEPT, KNOWN, kept(r"(\| \+\d+) \([^)]*\)", r"\2")),
        (SUMMED, KNOWN, tree(lambda a: a.update(figures=a["figures"][:-5]))),
        (SUMMED_PAGE, KNOWN, words(r"<td>(\+\d+ points?) \([^)]*\)", r"<td>\1")),
        (SUMMED_PAGE, KNOWN, words(r'<td class="pooled">.*?</td>', "")),
    ),
    s.no_probability_of_benefit_is_given: (
        (API, KNOWN, put(0.9, "outcomes", "overall_survival", "probability_above_0")),
        (LINES, KNOWN, put("The probability that surgery prolongs life is high.", "arms")),
        (LIST, KNOWN, put("In 9 of 10 members above 0.", "arms")),
        (TABLE, KNOWN, row(overall_survival_superior_48="0.8700")),
        (SCORE, KNOWN, row(intended_use="87% for surgery")),
        (DOWNLOAD, KNOWN, row(overall_survival_certainty_48="0.8700")),
        (SUMMARY, KNOWN, words("None is averaged here", "Surgery is better with 87%")),
        (PAGE, KNOWN, words("The arms are policies", "Surgery is better with 87%")),
        (EXPLAINED, KNOWN, put(0.98, "subgroups", 0, "certainty")),
        (TEXT, KNOWN, words("Subgroups overlap", "The chance of surgery being best is high")),
        (SHEET, KNOWN, printed("Intervals are about", "Surgery is better with 87%")),
        (KEPT, KNOWN, kept("Intervals are about", "Surgery is better with 87%")),
        (SUMMED, KNOWN, put(0.9, "figures_above_0")),
        (SUMMED_PAGE, KNOWN, words("It says how sure the mean is", "Surgery is better with 87%")),
    ),
    s.out_of_scope_there_are_no_numbers: (
        (API, OLD, put([{"n": 205}], "harms")),
        (LINES, OLD, put("About 52% are alive.", "arms")),
        (LIST, OLD, put([{"events": 38}], "harms")),
        (TABLE, OLD, row(overall_survival_difference_48="0.0400")),
        (SCORE, OLD, row(subgroups="postmenopausal 1.08")),
        (DOWNLOAD, OLD, row(local_bleeding_systemic_therapy_48="0.2000")),
        (SUMMARY, OLD, words("so there are no figures", "but 52% are alive")),
        (PAGE, OLD, words(r"The reasons:", "Others: 52% alive. The reasons:")),
        (EXPLAINED, OLD, put([{"deaths": 71}], "subgroups")),
        (TEXT, OLD, words(r"shown\.", "shown, but 0.86 holds for all.")),
        (SHEET, OLD, printed("The reasons:", "Others: 52% alive. The reasons:")),
        (KEPT, OLD, kept("No figures are given", "Of others 52% are alive. No figures are given")),
        (SUMMED, OLD, put("About 52% are alive.", "means")),
        (SUMMED_PAGE, OLD, words("so there are no figures", "but 52% are alive")),
    ),
    s.simulated_patients_are_never_left_unsaid: (
        (API, KNOWN, put([], "caveats")),
        (LINES, KNOWN, put("cohort", "model", "training_data")),
        (LIST, KNOWN, tree(lambda a: (a.update(caveats=[]), a["results"][0].update(caveats=[])))),
        (TABLE, KNOWN, words("synthetic_training_data;", "")),
        (SCORE, KNOWN, row(training_data="cohort")),
        (DOWNLOAD, KNOWN, row(training_data="cohort")),
        (SUMMARY, KNOWN, words("The model learned from simulated", "The model learned from")),
        (
            PAGE,
            KNOWN,
            words("The model learned from simulated patients", "The model learned from patients"),
        ),
        (EXPLAINED, KNOWN, put([], "caveats")),
        (TEXT, KNOWN, words("simulated", "many")),
        (SHEET, KNOWN, printed("learned from simulated patients", "learned from patients")),
        (KEPT, KNOWN, kept("learned from simulated patients", "learned from patients")),
        (SUMMED, KNOWN, put("cohort", "model", "training_data")),
        (
            SUMMED_PAGE,
            KNOWN,
            lambda raw: raw.replace("simulated patients", "patients"),
        ),
    ),
    s.no_interval_stands_without_its_level: (
        (API, KNOWN, drop("interval_level")),
        (LINES, KNOWN, drop("harms", 0, "interval_level")),
        (LIST, KNOWN, drop("subgroups", 0, "interaction", "interval_level")),
        (TABLE, KNOWN, row(interval_level=None)),
        (SCORE, KNOWN, row(interval_level="0.8")),
        (DOWNLOAD, KNOWN, row(interval_level=None)),
        (SUMMARY, KNOWN, words(r"90% interval as reported", "interval as reported")),
        (PAGE, KNOWN, words(r"estimate and 95% interval", "estimate and interval")),
        (PAGE, KNOWN, words(r"90% interval as reported", "interval as reported")),
        (PAGE, KNOWN, words(r" \(95% intervals\)", "")),
        (EXPLAINED, KNOWN, drop("subgroups", 0, "shrunken", "interval_level")),
        (TEXT, KNOWN, words(r"\(95% interval 0\.67", "(0.67")),
        (SHEET, KNOWN, printed(r"Estimate and 95% interval", "Estimate and interval")),
        (SHEET, KNOWN, printed(r"95% interval 0\.72", "interval 0.72")),
        (KEPT, KNOWN, kept(r"Estimate and 95% interval", "Estimate and interval")),
        (SUMMED, KNOWN, put(0.5, "interval_level")),
        (SUMMED_PAGE, KNOWN, words(r"with the 95% interval", "with the interval")),
    ),
    s.no_caveat_is_lost: (
        (API, KNOWN, put("warning", "caveats", 0, "severity")),
        (LINES, KNOWN, drop("caveats", 3)),
        (LIST, KNOWN, drop(*OF_LIST, "caveats", 0)),
        (TABLE, KNOWN, words(";open_label", "")),
        (SCORE, KNOWN, words(";crossover", "")),
        (DOWNLOAD, KNOWN, words(";crossover", "")),
        (SUMMARY, KNOWN, words(r'<li class="info">.*?</li>', "")),
        (SUMMARY, KNOWN, words(r'<details class="further">(.*?)</details>', r"\1")),
        (PAGE, KNOWN, words(r'<li class="info">.*?</li>', "")),
        (PAGE, KNOWN, words(r'<details class="further">(.*?)</details>', r"\1")),
        (SHEET, KNOWN, printed(r'<p class="more">.*?</p>', "")),
        (SHEET, KNOWN, printed("did not clearly prolong", "did not prolong")),
        (SUMMED, KNOWN, drop("caveats", 3)),
        (SUMMED_PAGE, KNOWN, words(r'<li class="info">.*?</li>', "")),
    ),
    s.order_is_kept_and_unknown_values_are_named: (
        (API, KNOWN, tree(swap_caveats)),
        (LINES, UNKNOWN, put([], "assumed")),
        (LIST, UNKNOWN, put(["crossover", "no_modern_drugs"], *OF_LIST, "caveats")),
        (TABLE, UNKNOWN, row(assumed="")),
        (SCORE, KNOWN, exchange),
        (DOWNLOAD, UNKNOWN, row(assumed="")),
        (SUMMARY, UNKNOWN, words("Not known, and averaged over[^<]*", "Some are unknown.")),
        (PAGE, UNKNOWN, words("Not known, and averaged over[^<]*", "Some are unknown.")),
        (SHEET, UNKNOWN, printed("averaged over: Clinical N", "averaged over: Clinical T")),
        (SUMMED, UNKNOWN, put([], "assumed")),
        (SUMMED_PAGE, UNKNOWN, words("Not known, and averaged over[^<]*", "Some are unknown.")),
    ),
    s.all_doors_show_the_same_figures: (
        (API, KNOWN, put({}, "outcomes")),
        (LINES, KNOWN, put([0.5] * 5, *SURVIVAL, "estimate")),
        (LIST, KNOWN, put([0.5] * 5, *OF_LIST, *SURVIVAL, "upper")),
        (TABLE, KNOWN, row(overall_survival_difference_48="0.0500")),
        (SCORE, KNOWN, row(local_bleeding_systemic_therapy_12_upper="0.5")),
        (DOWNLOAD, KNOWN, row(overall_survival_difference_48="0.0500")),
        (PAGE, KNOWN, words(r"<td>\d+% \(", "<td>3% (")),
        (SHEET, KNOWN, printed(r"<td>\d+% \(", "<td>3% (")),
        (KEPT, KNOWN, kept(r"12 \| \d+%", "12 | 3%")),
        (SUMMED, KNOWN, put(0.5, "figures", 0, "mean")),
        (SUMMED_PAGE, KNOWN, words(r"<td>\d+% \(", "<td>3% (")),
    ),
}


def heard_of(door, case, doctor=None):
    """Return what a door says of a case, its answer doctored."""
    heard = hear(BY_NAME[door], case)
    if doctor is None:
        return heard
    raw = heard.door.ask(heard.case)
    return s.Heard(heard.case, heard.door, heard.door.read(doctor(raw)), heard.reference)


def _name(value):
    return getattr(value, "__name__", None) or (value if isinstance(value, str) else "")


@pytest.mark.parametrize(
    ("statement", "door", "case", "doctor"),
    [(statement, *row) for statement, rows in DOCTORED.items() for row in rows],
    ids=_name,
)
def test_a_doctored_answer_is_caught(statement, door, case, doctor):
    statement(heard_of(door, case))
    with pytest.raises(AssertionError):
        statement(heard_of(door, case, doctor))


@pytest.mark.parametrize("statement", STATEMENTS, ids=_name)
def test_every_statement_is_seen_to_fail_at_every_door_that_it_looks_at(statement):
    seen = {door for door, _case, _doctor in DOCTORED[statement]}
    looked = {
        door.name
        for door in DOORS
        if any(statement(hear(door, case)) for case in (KNOWN, UNKNOWN, OLD))
    }
    assert looked <= seen, f"never seen to fail at {looked - seen}"


#: Sentences that would break a statement, and some that would not, by kind and language.
SAID = {
    ("promises", "en"): (
        ("She benefits.", "Surgery helps her.", "It will prolong survival; she will live longer."),
        ("This is no evidence that surgery helps her; use the overall effect.",),
    ),
    ("promises", "ja"): (
        (
            "手術の利益があります。",
            "この患者に恩恵があります。",
            "手術は役に立ちます。",
            "延命できます。",
        ),
        ("手術が役に立つという証拠ではありません。", "手術が役立つことの示唆にすぎません。"),
    ),
    ("chances", "en"): (
        ("The probability that surgery helps is 0.9.", "In 93% of the members it is above 0."),
        ("probability alive", "Interaction p 0.017, one of eight pairs."),
    ),
    ("chances", "ja"): (
        ("効果がある確率は高い。", "手術が優れる確率", "メンバーの割合"),
        ("生存の確率", "交互作用のp値 0.017"),
    ),
    ("intervals", "en"): (
        ("interval 0.69 to 1.07", "90% (81 to 96)", "+2 points (−1 to +6)"),
        ("Age from 20 to 80 years.", "T1 to T4"),
    ),
    ("intervals", "ja"): (
        ("95%信頼区間 0.69〜1.07", "90%（81〜96）", "区間は0.69から1.07"),
        ("20〜80歳", "T1からT4"),
    ),
    ("levels", "en"): (("95% interval", "(80% intervals)"), ("the interval", "95% of them")),
    ("levels", "ja"): (("95%信頼区間", "80％区間"), ("信頼区間", "95%")),
    ("points", "en"): (("+5 points", "−1 point"), ("+5 points (−2 to +9)", "up to 5 points")),
    ("points", "ja"): (("+5ポイント",), ("+5ポイント（−2〜+9）", "5ポイント")),
}


@pytest.mark.parametrize(("kind", "language"), SAID)
def test_the_patterns_find_what_they_are_for(kind, language):
    caught, passed = SAID[kind, language]
    pattern = patterns(kind, language)
    assert [text for text in caught if not pattern.search(unhedged(text, language))] == []
    assert [text for text in passed if pattern.search(unhedged(text, language))] == []


_SOUGHT = set(kinds()) - {"hedges", "denials"}


def test_every_language_has_every_pattern():
    assert set(WORDINGS) == set(LANGUAGES)
    assert set(SAID) == {(k, language) for k in _SOUGHT for language in LANGUAGES}
