"""What one request may cost."""

from __future__ import annotations

import pytest

from models.errors import TooLargeInput
from models.options import Options
from models.patient import read_patient
from service.cost import refuse_too_much

from .helpers import README_PATIENT

ONE_UNKNOWN = {**README_PATIENT, "ecog_ps": None}


def test_known_patients_cost_nothing(bundle):
    refuse_too_much([read_patient(README_PATIENT)] * 100, bundle, Options(), most=0)


def test_each_combination_counts_at_each_horizon(bundle):
    patient = read_patient(ONE_UNKNOWN)  # performance status: two combinations
    options = Options(horizons_months=(12, 48, 60))
    refuse_too_much([patient], bundle, options, most=6)
    with pytest.raises(TooLargeInput, match="2 combinations, at 3 horizons"):
        refuse_too_much([patient], bundle, options, most=5)


@pytest.mark.parametrize(
    ("asked", "weight"),
    [
        ({}, 1),
        ({"effect": "pooled"}, 1),
        ({"model": "forest"}, 5),
        ({"model": "forest", "effect": "learned"}, 13),
        ({"effect": "all"}, 13),
    ],
)
def test_each_combination_counts_as_much_as_the_models_cost(bundle, asked, weight):
    patient = read_patient(ONE_UNKNOWN)
    options = Options(horizons_months=(12, 48, 60), **asked)
    refuse_too_much([patient], bundle, options, most=6 * weight)
    with pytest.raises(TooLargeInput, match="at 3 horizons: too many"):
        refuse_too_much([patient], bundle, options, most=6 * weight - 1)


def test_patients_of_a_list_add_up(bundle):
    patients = [read_patient(ONE_UNKNOWN)] * 10
    with pytest.raises(TooLargeInput, match="20 combinations"):
        refuse_too_much(patients, bundle, Options(horizons_months=(48,)), most=19)


def test_a_single_request_is_bounded_too(make_app):
    client = make_app(max_combinations=9).test_client()
    response = client.post("/v1/predict", json={"patient": ONE_UNKNOWN})
    assert response.status_code == 413


def test_the_page_is_bounded_too_and_keeps_what_was_typed(make_app):
    client = make_app(max_combinations=9).test_client()
    form = {"age": "47", "menopausal_status": "pre", "clinical_t": "T4", "clinical_n": "N1"}
    response = client.post("/", data=form)
    assert response.status_code == 413
    assert "too many for one request" in response.text
    assert 'value="47"' in response.text
