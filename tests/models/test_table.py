"""Patients as columns of numbers, counted by hand."""

import numpy as np
import pytest

from models.covariates import TABLE_COVARIATES
from models.table import code_of, encoded_row, row_count, select_rows, table_of
from tests.support.patients import message_of, patient_of, table_from

SECOND = {
    "age": 60.9,
    "menopausal_status": "post",
    "ecog_ps": 1,
    "clinical_t": "T2",
    "clinical_n": "N0",
    "er_status": "negative",
    "her2_status": "negative",
    "metastatic_sites": ["liver", "lung"],
}
BY_HAND = {
    "age": [47, 60],
    "menopausal_status": [0, 1],
    "ecog_ps": [0, 1],
    "clinical_t": [4, 2],
    "clinical_n": [1, 0],
    "er_status": [0, 1],
    "her2_status": [1, 1],
    "triple_negative": [0, 1],
    "metastatic_organs": [0, 1],
    "liver_metastasis": [0, 1],
    "bone_only_metastasis": [1, 0],
}


@pytest.mark.parametrize("name", TABLE_COVARIATES)
def test_column_counted_by_hand(name):
    assert table_from([message_of(), SECOND])[name].tolist() == BY_HAND[name]


@pytest.mark.parametrize("name", [n for n in TABLE_COVARIATES if n != "triple_negative"])
def test_unknown_value_is_nan(name):
    spread = ("metastatic_organs", "liver_metastasis", "bone_only_metastasis")
    sites = {"metastatic_sites": None} if name in spread else {}
    column = table_of([patient_of(**{**sites, name: None})])[name]
    assert np.isnan(column).tolist() == [True]


@pytest.mark.parametrize(("age", "completed"), [(47, 47), (47.99, 47), (80.9, 80), (0.5, 0)])
def test_age_is_in_completed_years(age, completed):
    assert table_of([patient_of(age=age)])["age"].tolist() == [completed]


def test_columns_are_floats():
    assert {column.dtype for column in table_from([message_of()]).values()} == {np.dtype(float)}


def test_no_patients_are_no_rows():
    assert row_count(table_of([])) == 0


def test_rows_are_counted():
    assert row_count(table_from([message_of(), SECOND])) == 2


def test_rows_are_selected_in_the_order_asked():
    table = select_rows(table_from([message_of(), SECOND]), np.array([1, 0]))
    assert table["age"].tolist() == [60, 47]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("clinical_t", "T0", 0), ("clinical_t", "T4", 4), ("metastatic_organs", "2+", 1)],
)
def test_code_is_the_place_in_the_list(name, value, code):
    assert code_of(name, value) == code


def test_a_row_is_a_column_of_the_table():
    patients = [patient_of(age=47.9), patient_of(age=None, clinical_n=None)]
    table = table_of(patients)
    for place, patient in enumerate(patients):
        row = [column[place] for column in table.values()]
        np.testing.assert_array_equal(encoded_row(patient), row)
