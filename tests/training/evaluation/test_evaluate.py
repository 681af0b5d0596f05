"""What is evaluated, what is said of what cannot be, and the files that are written."""

import csv
import io
import json
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import numpy as np
import pytest
from click.testing import CliRunner

from models.assess import Question, assess
from models.evidence import pairs
from models.outcomes import OUTCOMES
from tests.support.bundles import cox_bundle, recalibrated_bundle, save_small, small_manifest
from tests.support.cohorts import rows_of, simulate, text_of
from training.commands.evaluate import evaluate
from training.evaluation.evaluate import EVERYBODY, METRICS, Settings, evaluate_bundle
from training.evaluation.predicted import predict_own_arm
from training.evaluation.report import Subject
from training.real.reading import read_local_cohort
from training.reference import reference_csv

MONTHS = (12, 36)


@pytest.fixture(scope="module")
def text():
    return simulate(400, 4).text


@pytest.fixture(scope="module")
def cohort(text):
    return read_local_cohort(text.encode())


@pytest.fixture(scope="module")
def found(cohort):
    predicted = predict_own_arm(cohort, cox_bundle(5), 36, jobs=1)
    return evaluate_bundle(cohort, predicted, Settings(MONTHS, 36, 20, 1, 1))


def run(folder, text, *more, bundle=None):
    (folder / "cohort.csv").write_text(text, encoding="utf-8")
    if bundle is None:
        bundle = save_small(folder / "bundle", forests={}, manifest=small_manifest(kind=["cox"]))
    arguments = ["--bundle", str(bundle), "--data", str(folder / "cohort.csv")]
    arguments += ["--out", str(folder / "out"), "--resamples", "20", "--jobs", "1", *more]
    return CliRunner().invoke(evaluate, arguments)


def test_predictions_are_an_answers_in_the_own_arm(cohort):
    bundle = cox_bundle(5)
    table = {name: column[:30].copy() for name, column in cohort.table.items()}
    table["clinical_n"][:5] = np.nan
    some = replace(cohort.rows(np.arange(30)), table=table)
    predicted = predict_own_arm(some, bundle, 36, jobs=1)
    answers = assess(table, bundle, Question(MONTHS, 0.95)).estimate
    for place, outcome in enumerate(OUTCOMES):
        for at, month in enumerate(MONTHS):
            own = answers[np.arange(30), place, some.arm.astype(int), at]
            risk = own if outcome.competing_hazard else 1 - own
            assert predicted.at(outcome.name, month) == pytest.approx(risk, abs=1e-12)


def test_survival_between_months_lies_between(cohort):
    predicted = predict_own_arm(cohort.rows(np.arange(20)), cox_bundle(5), 36, jobs=1)
    at = [predicted.survival_at_end("overall_survival", np.full(20, m)) for m in (12, 12.5, 13)]
    assert at[0] == pytest.approx(1 - predicted.at("overall_survival", 12))
    assert ((at[0] > at[1]) & (at[1] > at[2])).all()
    assert at[1] == pytest.approx(np.sqrt(at[0] * at[2]))


def test_every_outcome_has_its_figures(found):
    names = {(m.outcome, m.name) for m in found.metrics if m.group == EVERYBODY}
    for outcome in OUTCOMES:
        expected = set(METRICS) - (
            {"uno_c", "d_calibration_p"} if outcome.competing_hazard else set()
        )
        assert {name for o, name in names if o == outcome.name} == expected


def test_figures_lie_within_their_intervals_or_say_why_not(found):
    for m in found.metrics:
        if m.estimate is None or m.lower is None:
            assert m.note or m.name == "d_calibration_p"
        elif m.name != "ici":
            assert m.lower <= m.estimate <= m.upper, m


def test_large_subgroups_are_evaluated_and_small_ones_named(found, cohort):
    labels = [subgroup.label for pair in pairs() for subgroup in pair.subgroups]
    evaluated = {m.group for m in found.metrics} - {EVERYBODY}
    small = {name.rsplit(" (", 1)[0] for name in found.small_groups}
    assert evaluated | small == set(labels)
    assert not evaluated & small
    assert small
    for m in found.metrics:
        assert m.group == EVERYBODY or (m.month in (36, None) and m.patients >= 100)


def test_a_group_with_few_events_is_told(cohort):
    alive = cohort.rows(np.flatnonzero(cohort.outcomes.os_months > 30))
    predicted = predict_own_arm(alive, cox_bundle(5), 12, jobs=1)
    rows = evaluate_bundle(alive, predicted, Settings((12,), 12, 20, 1, 1)).metrics
    notes = {m.note for m in rows if m.outcome == "overall_survival" and m.group != EVERYBODY}
    assert notes == {"not evaluated: fewer than 30 events"}
    (point,) = [
        m for m in rows if (m.outcome, m.group, m.name) == ("overall_survival", EVERYBODY, "auc")
    ]
    assert point.estimate is None
    assert point.note.startswith("cannot be computed: ")


def test_the_command_writes_three_files_that_agree(text, tmp_path):
    done = run(tmp_path, text, "--horizons", "36, 12", "--no-subgroups")
    assert done.exit_code == 0, done.output
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "metrics.csv",
        "metrics.json",
        "report.html",
    }
    message = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    assert (message["months"], message["main_month"]) == ([12, 36], 36)
    assert message["bundle"]["id"] == "jcog1017-synthetic"
    assert message["remark"] == ""
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "metrics.csv").read_text("utf-8"))))
    assert len(rows) == len(message["metrics"])
    for row, metric in zip(rows, message["metrics"], strict=True):
        assert row == {k: "" if v is None else str(v) for k, v in metric.items()}


class Page(HTMLParser):
    """Collects the tags of a page, and whether they are closed in turn."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.attributes = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_needs_nothing_else(text, tmp_path):
    run(tmp_path, text, "--horizons", "12,36", "--no-subgroups")
    html = (tmp_path / "out" / "report.html").read_text("utf-8")
    page = Page(html)
    assert page.open == []
    assert page.tags.count("svg") == 12
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not {"src", "href", "onload", "onclick"} & {name for name, _ in page.attributes}
    assert html.replace("http://www.w3.org/2000/svg", "").count("http") == 0
    assert "nan" not in html.lower().split()
    for name, meaning in METRICS.items():
        assert escape(meaning) in html, name


def test_patients_that_the_bundle_knows_are_pointed_out(text, tmp_path):
    cohort = read_local_cohort(text.encode())
    described = {
        "patients": 400,
        "events": dict.fromkeys(cox_bundle(3).hazards, 50),
        "data_digest": cohort.digest,
        "rows_digest": cohort.rows_digest,
        "randomised": False,
        "effect_of_surgery": "published",
        "median_follow_up": 50.0,
        "last_month": 96,
    }
    manifest = small_manifest(kind=["cox"], training_data="cohort", cohort=described)
    known = save_small(tmp_path / "known", forests={}, manifest=manifest)
    turned = text_of(rows_of(text)[::-1]).replace("\n", "\r\n")
    done = run(tmp_path, turned, "--horizons", "12", "--no-subgroups", bundle=known)
    assert done.exit_code == 0, done.output
    words = "The bundle, or one that it comes from, was fitted to these very patients."
    assert words in (tmp_path / "out" / "report.html").read_text("utf-8")
    message = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    assert message["remark"].startswith(words)


def test_patients_of_a_parent_are_pointed_out(cohort):
    manifest = {**recalibrated_bundle().manifest}
    manifest["parent"] = {**manifest["parent"], "rows_digests": [cohort.rows_digest]}
    child = replace(recalibrated_bundle(), manifest=manifest)
    assert Subject(child, cohort).seen_before
    assert not Subject(recalibrated_bundle(), cohort).seen_before


def test_a_cohort_that_ends_at_the_main_month_keeps_it(tmp_path):
    rows = rows_of(reference_csv())
    for row in rows:
        for stem in ("os", "lrfs", "ulceration", "bleeding"):
            if float(row[f"{stem}_months"]) > 60:
                row[f"{stem}_months"], row[f"{stem}_event"] = "60", "0"
    done = run(tmp_path, text_of(rows), "--no-subgroups")
    assert done.exit_code == 0, done.output
    message = json.loads((tmp_path / "out" / "metrics.json").read_text("utf-8"))
    late = [m for m in message["metrics"] if m["month"] == 60]
    assert message["main_month"] == 60
    assert late
    assert all(m["estimate"] is not None for m in late), late
    whole = tmp_path / "whole"
    whole.mkdir()
    run(whole, reference_csv(), "--no-subgroups")
    full = json.loads((whole / "out" / "metrics.json").read_text("utf-8"))
    points = {
        (m["outcome"], m["name"]): m["estimate"] for m in full["metrics"] if m["month"] == 60
    }
    for m in late:
        assert m["estimate"] == pytest.approx(points[m["outcome"], m["name"]], abs=0.02), m


def test_months_beyond_the_patients_are_left_out(text, tmp_path):
    rows = rows_of(text)
    for row in rows:
        for stem in ("os", "lrfs", "ulceration", "bleeding"):
            if float(row[f"{stem}_months"]) > 40:
                row[f"{stem}_months"] = "40"
                row[f"{stem}_event"] = "0"
    done = run(tmp_path, text_of(rows), "--horizons", "12,36,60", "--no-subgroups")
    assert done.exit_code == 0, done.output
    assert "month 60" in done.output
    done = run(tmp_path, text_of(rows), "--horizons", "60,72")
    assert done.exit_code == 2
    assert "month 40" in done.output


@pytest.mark.parametrize("months", ["0", "97", "12;24", "twelve", "", "12,,24", "-3"])
def test_months_that_are_none_are_a_mistake_of_usage(text, tmp_path, months):
    done = run(tmp_path, text, "--horizons", months)
    assert done.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_wrong_file_is_refused_and_nothing_written(text, tmp_path):
    rows = rows_of(text)
    rows[0]["os_event"] = "3"
    done = run(tmp_path, text_of(rows))
    assert done.exit_code == 2
    assert "Line 2, os_event" in done.output
    assert not (tmp_path / "out").exists()


def test_a_damaged_bundle_is_refused(text, tmp_path):
    bundle = save_small(tmp_path / "damaged")
    (bundle / "card.md").write_text("other", encoding="utf-8")
    done = run(tmp_path, text, bundle=bundle)
    assert done.exit_code == 2
    assert "refused" in done.output


def test_a_folder_with_other_files_is_left_alone(text, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    done = run(tmp_path, text)
    assert done.exit_code == 2
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["notes.txt"]
