"""What was assumed, and what a value that is not known would do."""

from __future__ import annotations

from dataclasses import replace

from models.covariates import FIELDS
from models.options import Options
from models.patient import read_patient
from models.prediction import predict
from models.rounding import percent
from service.page.changes import picture_of
from tests.service.helpers import README_PATIENT, with_values


def picture(patient, bundle, options=None):
    (prediction,) = predict([read_patient(patient)], bundle, options or Options())
    return picture_of(prediction, 48)


def test_where_all_is_known_nothing_is_averaged(bundle):
    found = picture(README_PATIENT, bundle)
    assert found.if_known == ()
    assert not [text for text in found.assumed if "not known" in text]


def test_what_follows_from_other_values_is_said(bundle):
    (derived,) = [t for t in picture(README_PATIENT, bundle).assumed if "follows from" in t]
    assert FIELDS["bone_only_metastasis"].label in derived


def test_an_unknown_value_is_told_with_each_of_its_values(bundle):
    found = picture(with_values(clinical_n=None), bundle)
    (n,) = found.if_known
    assert n.label == FIELDS["clinical_n"].label
    assert [words for words, _ in n.rows] == ["N0", "N1", "N2", "N3"]
    for value, alive in n.rows:
        known = read_patient(with_values(clinical_n=value))
        (each,) = predict([known], bundle, replace(Options(), horizons_months=(48,)))
        shown = each.shown
        for arm, words in enumerate(alive):
            figures = [kind[0, arm, 0] for kind in (shown.estimate, shown.lower, shown.upper)]
            assert words == "{}% ({} to {})".format(*map(percent, figures))


def test_values_that_cannot_be_or_are_out_of_scope_are_left_out(bundle):
    no_bone = {"ps2_due_to_bone_metastases": False}
    found = picture(with_values(ecog_ps=None, eligibility=no_bone), bundle)
    (status,) = found.if_known
    assert [words for words, _ in status.rows] == ["PS 0", "PS 1"]


def test_criteria_that_are_not_known_would_change_the_picture(bundle):
    assert any("turns out not to be met" in t for t in picture(README_PATIENT, bundle).changes)


def test_where_little_is_known_no_value_is_tried(bundle):
    patient = {"age": 50, "clinical_t": "T4", "er_status": "positive"}
    assert picture(patient, bundle).if_known == ()
