"""The sheet for the notes: what stands on it, and what does not."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace

import numpy as np
import pytest

from models import __version__
from models.intervals import Estimates
from models.language import JAPANESE, LANGUAGES, speaking
from models.options import Options
from models.outcomes import ALL_EFFECTS, ARM_LABELS, COX, FOREST, OUTCOMES
from models.patient import read_patient
from models.prediction import predict
from models.refused import IDENTIFIERS
from service.page.result import outcome_views, pooled_view
from service.page.sheet import Origin, sheet_of, told_day
from service.page.uncertainty import ratio_words
from tests.service.helpers import OUT_OF_SCOPE, README_PATIENT, ULCERATED, with_values
from tests.support.bundles import cohort_bundle, small_bundle
from tests.support.japanese import is_japanese

DAY = datetime.date(2026, 3, 9)
ORIGIN = Origin(DAY, "the whole trial", "synthetic")
WITH_FOREST = Options(model=FOREST, effect=ALL_EFFECTS)
LITTLE_KNOWN = {"age": 40, "clinical_t": "T2", "clinical_n": "N0"}


def prediction_of(message=README_PATIENT, options=None):
    (prediction,) = predict([read_patient(message)], small_bundle(), options or Options())
    return prediction


def sheet(message=README_PATIENT, options=None):
    return sheet_of(prediction_of(message, options), ORIGIN)


def words(found):
    """Return everything that a sheet says, piece by piece."""
    if isinstance(found, str):
        return [found]
    if isinstance(found, tuple):
        return [text for part in found for text in words(part)]
    return words(tuple(vars(found).values())) if hasattr(found, "__dict__") else []


def numbers(cell):
    return re.findall(r"[+−]?\d+", cell)


# The head


def test_the_head_says_when_with_what_and_for_whom():
    made, model, use = sheet().head
    bundle = small_bundle()
    assert "2026-03-09" in made
    assert f"Equipoise {__version__};" in made
    assert bundle.digest.startswith(re.findall(r"sha256:[0-9a-f]{12}(?=\.)", made)[0])
    assert f"{bundle.id} {bundle.version}, Cox model" in model
    assert "effect of surgery from the whole trial; training data: synthetic." in model
    assert "not for clinical decisions" in use


def test_the_day_is_written_as_the_language_does():
    assert told_day(DAY) == "2026-03-09"
    with speaking(JAPANESE):
        assert told_day(DAY) == "2026年3月9日"


def test_the_model_that_was_asked_for_is_named():
    assert "random survival forest" in sheet(options=WITH_FOREST).head[1]


def test_nothing_asks_for_an_identifier():
    said = " ".join(words(sheet())).lower()
    for name in (*IDENTIFIERS, "signature", "date of birth"):
        assert not re.search(rf"\b{name.replace('_', '[ _]')}\b", said), name


# Inputs


def test_inputs_stand_as_read_and_what_follows_apart():
    found = sheet(with_values(clinical_n=None))
    assert dict(found.inputs) == {
        "Age": "47",
        "Menopausal status": "premenopausal",
        "ECOG performance status": "PS 0",
        "Clinical T": "T4",
        "ER status": "positive",
        "HER2 status": "negative",
        "Sites of metastases": "bone",
        "Progression on systemic therapy": "no",
        "Primary tumour can be completely resected": "yes",
    }
    assert "Bone-only metastasis: yes" in found.derived
    assert "Clinical N" not in found.derived
    assert found.unknown == "Not known, averaged over: Clinical N."


def test_nothing_unknown_has_no_words():
    assert sheet().unknown == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_little_known_is_named_in_full(language):
    message = {**LITTLE_KNOWN, "metastatic_sites": None}
    with speaking(language):
        found = sheet(message)
    assert len(found.inputs) == 3
    assert found.derived == ""
    patient = read_patient(message)
    assert len(re.split("[;；]", found.unknown)) == len(patient.unknown_covariates)


def test_eligibility_is_told_as_the_answer_does():
    prediction = prediction_of()
    found = sheet_of(prediction, ORIGIN)
    assert found.verdict == "No criterion rules her out, but not all are known."
    assert found.notes == tuple(note.text for note in prediction.eligibility.applicability)


# Figures


@pytest.mark.parametrize("options", [Options(), WITH_FOREST], ids=[COX, FOREST])
def test_the_figures_are_those_of_the_page(options):
    prediction = prediction_of(options=options)
    found = sheet_of(prediction, ORIGIN)
    for mine, its in zip(found.figures, outcome_views(prediction, 48), strict=True):
        assert mine.label == its.label
        arms = [[numbers(cell) for cell in row.cells] for row in mine.rows[:3]]
        shown = [[numbers(cell) for cell in row.cells] for row in its.rows]
        assert arms == [list(each) for each in zip(*shown, strict=True)]
        marked = [cell.endswith("*") for cell in mine.rows[2].cells]
        assert marked == [not row.adds_up for row in its.rows]
    pooled = found.figures[0].rows[-1]
    assert pooled.label == "Difference by the four earlier trials"
    assert [numbers(cell) for cell in pooled.cells] == [
        numbers(cell) for cell in pooled_view(prediction).cells
    ]
    assert pooled_view(prediction).source in found.remarks


def test_the_rows_are_the_arms_as_offered_and_the_level_stands_over_them():
    found = sheet()
    labels = [label[0].upper() + label[1:] for label in ARM_LABELS.values()]
    assert [[row.label for row in each.rows] for each in found.figures[1:]] == [labels] * 3
    assert [row.label for row in found.figures[0].rows][:3] == labels
    assert "95% interval" in found.caption
    assert found.months == Options().horizons_months


def test_other_horizons_have_their_columns():
    found = sheet(options=Options(horizons_months=(6, 90), interval_level=0.8))
    assert found.months == (6, 90)
    assert {len(row.cells) for each in found.figures for row in each.rows} == {2}
    assert "80% interval" in found.caption


def test_what_is_assumed_and_who_changed_arms_stand_below_the_figures():
    *_others, last = sheet().remarks
    assert "is assumed; the paper gives them for each arm, at four years." in last
    assert "Open label; 29 of 202 offered surgery declined" in last
    assert "of 205 not offered it 7 had it early and 40 later." in last
    prediction = prediction_of()
    assert ratio_words(prediction, short=True) in sheet().remarks


def test_a_second_model_is_told_where_it_is_far():
    found = sheet_of(prediction_of(), replace(ORIGIN, second="Another says so."))
    assert "Another says so." in found.remarks
    assert "" not in sheet().remarks


def test_of_a_cohort_nothing_of_the_papers_arms_is_assumed():
    (prediction,) = predict([read_patient(README_PATIENT)], cohort_bundle(), Options())
    text = " ".join(sheet_of(prediction, ORIGIN).remarks)
    assert "the paper gives them" not in text
    assert "Open label" in text


def test_the_cox_model_stands_beside_the_forest():
    found = sheet(options=WITH_FOREST)
    cox = sheet(options=Options())
    for mine, its in zip(found.figures, cox.figures, strict=True):
        (beside,) = [row for row in mine.rows if row.label == "Difference by the Cox model"]
        assert beside.cells == tuple(cell.rstrip("*") for cell in its.rows[2].cells)
    assert any("The forest's intervals are too narrow" in text for text in found.remarks)
    assert not any("forest" in text for text in cox.remarks)


def test_the_forest_stands_beside_the_cox_model_where_it_is_asked_for():
    found = sheet(options=Options(effect=ALL_EFFECTS))
    forest = sheet(options=WITH_FOREST)
    for mine, its in zip(found.figures, forest.figures, strict=True):
        words = "Difference by the random survival forest"
        (beside,) = [row for row in mine.rows if row.label == words]
        assert beside.cells == tuple(cell.rstrip("*") for cell in its.rows[2].cells)
    assert any("The forest's intervals are too narrow" in text for text in found.remarks)


def test_no_exploratory_figure_is_on_the_sheet():
    found = sheet(options=WITH_FOREST)
    labels = {row.label for each in found.figures for row in each.rows}
    assert labels == {
        *("Not offered surgery", "Offered surgery", "Difference"),
        *("Difference by the Cox model", "Difference by the four earlier trials"),
    }


def test_what_is_withheld_has_its_reason_and_no_rows():
    found = sheet(ULCERATED)
    withheld = [each for each in found.figures if each.withheld]
    assert [each.label for each in withheld] == ["Ulceration of the primary site"]
    assert withheld[0].rows == ()
    assert "ulcerated already" in withheld[0].withheld


def with_figures(prediction, none, surgery, difference):
    shape = prediction.shown.estimate.shape
    figures = np.broadcast_to(np.array([none, surgery, difference])[None, :, None], shape)
    estimates = Estimates(figures, figures, figures)
    return replace(prediction, analyses=dict.fromkeys(prediction.analyses, estimates))


@pytest.mark.parametrize(
    ("none", "surgery", "difference", "cells"),
    [
        (0.5, 0.6, 0.1, ("50% (50 to 50)", "60% (60 to 60)", "+10 (+10 to +10)")),
        (0.605, 0.615, -0.125, ("60% (60 to 60)", "62% (62 to 62)", "−12 (−12 to −12)*")),
        (0.504, 0.506, 0.002, ("50% (50 to 50)", "51% (51 to 51)", "0 (0 to 0)*")),
    ],
)
def test_figures_are_rounded_half_to_even_and_marked(none, surgery, difference, cells):
    found = sheet_of(with_figures(prediction_of(), none, surgery, difference), ORIGIN)
    assert tuple(row.cells[0] for row in found.figures[1].rows) == cells
    marked = cells[2].endswith("*")
    assert any(text.startswith("* Rounded") for text in found.remarks) == marked


# Caveats and subgroups


@pytest.mark.parametrize("message", [README_PATIENT, LITTLE_KNOWN], ids=["typical", "unknown"])
def test_seven_caveats_and_how_many_more(message):
    prediction = prediction_of(message)
    found = sheet_of(prediction, ORIGIN)
    texts = [caveat.text for caveat in prediction.caveats]
    assert [*found.stops, *found.caveats] == texts[:7]
    assert found.further.startswith(f"{len(texts) - 7} more ")


def test_what_must_be_cleared_up_is_a_stop_and_no_caveat():
    (stop,) = sheet(LITTLE_KNOWN).stops
    assert stop.endswith("Clear this up before reading the figures.")
    assert stop not in sheet(LITTLE_KNOWN).caveats
    assert sheet(README_PATIENT).stops == ()


def test_a_rated_subgroup_has_all_beside_it_and_the_others_one_line():
    *rated, others = sheet().subgroups
    assert rated == [
        "Premenopausal: 0.54 (95% interval 0.33 to 0.87); interaction p 0.017, one of eight pairs "
        "(0.14 by Holm); credibility of a difference: very low. The other way, against its own "
        "trial: E2108, age under 40 (1.72 v. 1.11).",
        "One organ with metastases: 0.71 (95% interval 0.50 to 1.01); interaction p 0.064, one of "
        "eight pairs (0.45 by Holm); credibility of a difference: very low.",
    ]
    assert "ER positive; HER2 negative" in others
    assert not re.search(r"\d\.\d", others)


def test_without_a_known_subgroup_no_line_is_left():
    found = sheet({"age": 40, "clinical_t": "T2", "clinical_n": "N0"})
    assert found.subgroups == ()
    assert found.subgroups_are == ""


# Out of scope


@pytest.mark.parametrize("language", LANGUAGES)
def test_out_of_scope_has_reasons_and_no_figures(language):
    with speaking(language):
        prediction = prediction_of(OUT_OF_SCOPE)
        found = sheet_of(prediction, ORIGIN)
        assert found.notes == tuple(note.text for note in prediction.eligibility.reasons)
    assert (found.figures, found.caveats, found.subgroups, found.months) == ((), (), (), ())
    assert not any("%" in text for text in words(found))


def test_every_word_is_told_in_japanese():
    with speaking(JAPANESE):
        found = sheet(options=WITH_FOREST)
    assert [text for text in found.head if not is_japanese(text)] == []
    texts = (
        *found.stops,
        found.caption,
        *found.remarks,
        *found.caveats,
        found.further,
        *found.subgroups,
    )
    assert [text for text in texts if not is_japanese(text)] == []
    assert len(found.figures) == len(OUTCOMES)
