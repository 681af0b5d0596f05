import csv
import io
from collections import Counter

import numpy as np
import pytest

from models.eligibility import check_eligibility
from models.patient import read_patient_text
from models.table import table_of
from tests.training import paper
from training.cohort_csv import cohort_csv, read_cohort

COLUMNS = [
    "row_id",
    "arm",
    "age",
    "menopausal_status",
    "ecog_ps",
    "clinical_t",
    "clinical_n",
    "er_status",
    "her2_status",
    "triple_negative",
    "metastatic_organs",
    "liver_metastasis",
    "bone_only_metastasis",
    "metastatic_sites",
    "os_months",
    "os_event",
    "lrfs_months",
    "lrfs_event",
    "ulceration_months",
    "ulceration_event",
    "bleeding_months",
    "bleeding_event",
]
COVARIATES, OUTCOMES = COLUMNS[2:14], COLUMNS[14:]


@pytest.fixture(scope="module")
def text(other_cohort):
    return cohort_csv(other_cohort)


@pytest.fixture(scope="module")
def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def read(rows):
    return [read_patient_text({name: row[name] for name in COVARIATES}) for row in rows]


def test_columns_are_those_of_the_contract(text):
    assert text.splitlines()[0].split(",") == COLUMNS


def test_lines_end_with_a_newline_alone(text):
    assert "\r" not in text
    assert text.endswith("\n")


def test_each_patient_has_a_row_with_a_name_of_its_own(rows):
    assert len(rows) == 407
    assert len({row["row_id"] for row in rows}) == 407
    assert (rows[0]["row_id"], rows[-1]["row_id"]) == ("sim-0001", "sim-0407")


def test_arms_have_their_names_and_sizes(rows):
    assert Counter(row["arm"] for row in rows) == paper.ARM_SIZES


def test_every_row_is_read_as_the_patient_it_came_from(read, other_cohort):
    table = table_of(read)
    for name, column in other_cohort.patients.table.items():
        assert np.array_equal(table[name], column), name


def test_every_row_is_in_scope(read):
    assert all(check_eligibility(patient).in_scope for patient in read)


def test_outcomes_are_the_cohorts(rows, other_cohort):
    for name in OUTCOMES:
        written = np.array([float(row[name]) for row in rows])
        assert written == pytest.approx(getattr(other_cohort.outcomes, name), abs=5e-5)


def test_events_are_written_as_codes(rows):
    assert {row["os_event"] for row in rows} == {row["lrfs_event"] for row in rows} == {"0", "1"}
    for name in ("ulceration_event", "bleeding_event"):
        assert {row[name] for row in rows} == {"0", "1", "2"}


def test_a_death_ends_all_times_on_the_same_day_as_written(rows):
    # Rounding must not make a time that ended with death differ from the time of death.
    for row in rows:
        if row["ulceration_event"] == "2":
            assert row["ulceration_months"] == row["os_months"]
        assert float(row["lrfs_months"]) <= float(row["os_months"])


def test_sites_of_one_organ_disease_are_the_published_ones(rows):
    sites = Counter(row["metastatic_sites"] for row in rows if row["metastatic_organs"] == "1")
    assert sites == paper.ONE_ORGAN_SITES


def test_sites_of_several_organs_are_not_known(rows):
    assert {row["metastatic_sites"] for row in rows if row["metastatic_organs"] == "2+"} == {""}


def test_sites_agree_with_liver_and_bone_only(rows):
    for row in rows:
        if row["metastatic_organs"] == "1":
            assert (row["metastatic_sites"] == "liver") == (row["liver_metastasis"] == "true")
            assert (row["metastatic_sites"] == "bone") == (row["bone_only_metastasis"] == "true")


def test_the_same_cohort_gives_the_same_text(text, other_cohort):
    assert cohort_csv(other_cohort) == text


def test_a_cohort_is_read_as_it_was_written(text, other_cohort):
    again = read_cohort(text)
    assert cohort_csv(again) == text
    assert again.sites == other_cohort.sites
    assert np.array_equal(again.patients.design, other_cohort.patients.design)
