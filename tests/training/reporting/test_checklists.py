"""Every item of every checklist is answered, and every number in an answer has a source."""

import json
import re
import tomllib
from dataclasses import replace
from importlib import resources
from string import Formatter

import pytest

from models.source_attributes import read_attributes
from tests.support.bundles import DEFAULT_FOLDER, default_bundle, small_bundle
from tests.training import paper
from training.reporting.checklists import (
    PROBAST_AI,
    SOURCE_ATTRIBUTES,
    TRIPOD_AI,
    probast_domains,
    reporting_sections,
    source_attributes,
    texts,
    tripod_items,
)
from training.reporting.facts import facts

#: TRIPOD+AI: 27 items with their sub-items.
TRIPOD_LETTERS = {3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3}
#: How many source attributes each paragraph of (B) has: 31.
PARAGRAPHS = (4, 4, 2, 4, 2, 4, 5, 4, 2)
ROMAN = ("i", "ii", "iii", "iv", "v")
#: PROBAST+AI: 16 questions of development, 18 of evaluation.
QUESTIONS = {"Development": (3, 4, 4, 5), "Evaluation": (3, 4, 4, 7)}
#: Numbers that are names: the trial, and parts of the paper and of the regulation.
NAMES = re.compile(r"JCOG1017|Table \d|Fig\. \d|\(B\)\(\d\)|/v1/|HER2")
COHORT = {"patients": 1234, "data_digest": "sha256:abc", "effect_of_surgery": "published"}


def cohort_bundle():
    bundle = small_bundle()
    manifest = {**bundle.manifest, "training_data": "cohort"}
    return replace(bundle, manifest={**manifest, "cohort": {**COHORT, "last_month": 60}})


def written_answers():
    """Return every answer and judgement as it is written, with its placeholders."""
    found = []
    for name in (TRIPOD_AI, SOURCE_ATTRIBUTES, PROBAST_AI):
        written = texts(name)
        rows = [*written.get("item", []), *written.get("domain", [])]
        rows += [item for domain in written.get("domain", []) for item in domain["item"]]
        for row in rows:
            found += [
                text
                for key, text in row.items()
                if isinstance(text, str) and key not in ("code", "title", "part")
            ]
    return found


def test_tripod_has_its_27_items_with_all_sub_items():
    wanted = [
        f"{item}{letter}"
        for item in range(1, 28)
        for letter in "abcdefg"[: TRIPOD_LETTERS.get(item, 0)] or [""]
    ]
    assert [item.code for item in tripod_items(default_bundle())] == wanted
    assert len(wanted) == 52


def test_the_31_source_attributes_are_all_there():
    wanted = [
        f"(B)({number})({ROMAN[place]})"
        for number, places in enumerate(PARAGRAPHS, 1)
        for place in range(places)
    ]
    assert len(wanted) == 31
    for bundle in (default_bundle(), cohort_bundle()):
        assert [each.code for each in source_attributes(bundle)] == wanted


@pytest.mark.parametrize("part", QUESTIONS)
def test_probast_has_its_domains_with_all_questions(part):
    domains = [each for each in probast_domains(default_bundle()) if each.part == part]
    assert [each.code for each in domains] == ["D1", "D2", "D3", "D4"]
    for number, (domain, questions) in enumerate(zip(domains, QUESTIONS[part], strict=True), 1):
        assert [item.code for item in domain.items] == [
            f"{number}.{place}" for place in range(1, questions + 1)
        ]
        assert domain.judgement
        assert domain.because
        assert bool(domain.applicability) == bool(domain.applicability_because) == (number < 4)


def every_answer(bundle):
    answers = [each.answer for each in source_attributes(bundle)]
    if bundle.manifest.get("cohort") is None:
        answers += [item.answer for item in tripod_items(bundle)]
        answers += [item.answer for each in probast_domains(bundle) for item in each.items]
    return answers


@pytest.mark.parametrize("bundle", [default_bundle(), cohort_bundle()], ids=["virtual", "cohort"])
def test_every_answer_says_something_and_is_filled_in(bundle):
    for answer in every_answer(bundle):
        assert answer.endswith("."), answer
        assert len(answer) >= len("None."), answer
        assert not set("{}|\n") & set(answer), answer


def test_no_number_is_typed_into_an_answer():
    answers = written_answers()
    assert len(answers) > 52 + 31 + 34
    for answer in answers:
        literal = "".join(text for text, *_ in Formatter().parse(answer))
        assert not re.search(r"\d", NAMES.sub("", literal)), answer


def test_no_answer_promises_anything_to_patients():
    assert not [answer for answer in written_answers() if "benefit" in answer.lower()]


def test_every_word_is_used_and_every_used_word_is_there():
    used = {
        name
        for answer in written_answers()
        for _, name, _, _ in Formatter().parse(answer)
        if name is not None
    }
    assert used == set(facts(cohort_bundle()))


def test_the_numbers_of_the_bundle_are_its_manifests():
    manifest = json.loads((DEFAULT_FOLDER / "manifest.json").read_text("utf-8"))
    words = facts(default_bundle())
    for name in ("id", "version", "members", "seed"):
        assert words[name] == str(manifest[name])
    assert words["terms"] == str(len(manifest["terms"]))
    assert all(f"{k} {v}" in words["packages"] for k, v in manifest["packages"].items())
    assert facts(small_bundle(20))["members"] == "20"


def test_the_numbers_of_the_trial_are_the_papers():
    words = facts(default_bundle())
    sizes = [paper.ARM_SIZES[arm] for arm in (paper.SYSTEMIC, paper.SURGERY)]
    assert [int(words[name]) for name in ("arm_none", "arm_ptr")] == sizes
    assert int(words["patients"]) == sum(sizes)
    assert int(words["deaths"]) == int(words["deaths_none"]) + int(words["deaths_ptr"])
    ages = [paper.AGES[arm][1] for arm in (paper.SYSTEMIC, paper.SURGERY)]
    assert [int(words[name]) for name in ("age_none", "age_ptr")] == ages
    assert int(words["ps_impaired"]) == sum(
        paper.COUNTS[arm]["ecog_ps"][1] for arm in paper.ARM_SIZES
    )
    evidence = tomllib.loads(
        resources.files("models.evidence").joinpath("jcog1017.toml").read_text("utf-8")
    )
    rows = {row["id"]: row for row in evidence["figure"]}
    assert int(words["deaths_none"]) == rows["os.events.systemic_therapy"]["events"]
    assert int(words["deaths_ptr"]) == rows["os.events.ptr_plus_systemic_therapy"]["events"]
    assert int(words["declined"]) == rows["surgery.declined"]["events"]
    assert int(words["later"]) == rows["surgery.later"]["events"]
    survival, follow_up = rows["os.hr.stratified"], rows["follow_up.median"]
    assert float(words["os_hr"]) == survival["estimate"]
    assert [float(words["os_low"]), float(words["os_high"])] == survival["interval"]
    assert words["os_level"] == f"{survival['level']:.0%}"
    assert float(words["follow_up_median"]) == follow_up["estimate"]
    assert [float(words["follow_up_low"]), float(words["follow_up_high"])] == follow_up["range"]
    assert float(words["follow_up_minimum"]) == rows["follow_up.minimum"]["estimate"]


def test_assumed_priors_are_counted_and_those_of_local_outcomes_are_all_assumed():
    text = resources.files("training").joinpath("priors.toml").read_text("utf-8")
    rows = {hazard: list(each.values()) for hazard, each in tomllib.loads(text).items()}
    assumed = {
        hazard: sum(row["source"] == "assumption" for row in each) for hazard, each in rows.items()
    }
    words = facts(default_bundle())
    assert int(words["assumed_priors"]) == sum(assumed.values())
    assert int(words["all_priors"]) == sum(map(len, rows.values()))
    for hazard in ("progression", "complication"):
        assert assumed[hazard] == len(rows[hazard])


def test_a_cohorts_bundle_answers_for_its_cohort():
    answers = {each.code: each.answer for each in source_attributes(cohort_bundle())}
    ours = {each.code: each.answer for each in source_attributes(small_bundle())}
    assert answers["(B)(4)(i)"].startswith("1234 patients of a local file (digest sha256:abc).")
    assert "taken from the trial" in answers["(B)(5)(ii)"]
    assert "up to month 60;" in answers["(B)(1)(iii)"]
    assert "virtual" not in "".join(answers.values())
    assert answers["(B)(2)(i)"] == ours["(B)(2)(i)"]


def test_the_sections_hold_every_answer_and_say_what_was_read():
    bundle = default_bundle()
    card = reporting_sections(bundle)
    for name in (TRIPOD_AI, SOURCE_ATTRIBUTES, PROBAST_AI):
        assert texts(name)["read"] in card
    for item in tripod_items(bundle):
        assert f"| {item.code} | {item.title} | {item.answer} |" in card
    for domain in probast_domains(bundle):
        assert domain.because in card
        assert domain.applicability_because in card
        for item in domain.items:
            assert f"| {item.code} | {item.title} | {item.answer} |" in card
    assert read_attributes(card) == source_attributes(bundle)


def test_the_shipped_card_has_the_checklists():
    bundle = default_bundle()
    assert reporting_sections(bundle) in bundle.card, "run `make bundle`"
