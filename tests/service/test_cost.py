"""What one request may cost."""

from __future__ import annotations

from html import unescape

import pytest

from models.errors import TooLargeInput
from models.options import Options
from models.patient import read_patient
from service.cost import (
    ALL_COUNTS,
    FOREST_COUNTS,
    FOREST_SUBGROUP_COUNTS,
    LEARNED_COUNTS,
    SUBGROUP_COUNTS,
    refuse_too_much,
)
from service.settings import SETTINGS

from .helpers import README_PATIENT, with_values

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
        ({"effect": "subgroup"}, 2),
        ({"model": "forest", "effect": "subgroup"}, 10),
        ({"effect": "all"}, 18),
    ],
)
def test_each_combination_counts_as_much_as_the_models_cost(bundle, asked, weight):
    patient = read_patient(ONE_UNKNOWN)
    options = Options(horizons_months=(12, 48, 60), **asked)
    refuse_too_much([patient], bundle, options, most=6 * weight)
    with pytest.raises(TooLargeInput, match=f"{6 * weight} in all, too many"):
        refuse_too_much([patient], bundle, options, most=6 * weight - 1)


@pytest.mark.parametrize(
    ("asked", "counted"),
    [
        ({}, "at 3 horizons: 6 in all"),
        ({"horizons_months": (48,)}, "at 1 horizon: 2 in all"),
        ({"model": "forest"}, "at 3 horizons, each counted 5 times for what the models cost: 30"),
        ({"effect": "all"}, "at 3 horizons, each counted 18 times for what the models cost: 108"),
    ],
)
def test_a_refusal_says_what_was_counted_and_what_counts_how_often(bundle, asked, counted):
    options = Options(**{"horizons_months": (12, 48, 60), **asked})
    with pytest.raises(TooLargeInput) as caught:
        refuse_too_much([read_patient(ONE_UNKNOWN)], bundle, options, most=1)
    (problem,) = caught.value.problems
    assert f"2 combinations, {counted}" in problem.message
    assert "with the forest each counts 5 times" in problem.accepted
    assert "with the forest's own effect 13 times" in problem.accepted
    assert "by subgroups 2 times (10 with the forest), with all effects 18" in problem.accepted


def test_the_setting_says_how_often_a_combination_counts():
    (setting,) = [each for each in SETTINGS if each.name == "EQUIPOISE_MAX_COMBINATIONS"]
    assert f"{FOREST_COUNTS} times with the forest and {LEARNED_COUNTS} times" in setting.help
    assert (
        f"by subgroups {SUBGROUP_COUNTS} times ({FOREST_SUBGROUP_COUNTS} with the forest), with "
        f"all effects {ALL_COUNTS} times"
    ) in setting.help
    assert "patients with the same values count once" in setting.help


def test_patients_of_a_list_add_up(bundle):
    patients = [read_patient({**ONE_UNKNOWN, "age": age}) for age in range(40, 50)]
    with pytest.raises(TooLargeInput, match="20 combinations"):
        refuse_too_much(patients, bundle, Options(horizons_months=(48,)), most=19)


def test_patients_with_the_same_values_count_once(bundle):
    same = [ONE_UNKNOWN, {**ONE_UNKNOWN, "age": 47.5}, {**ONE_UNKNOWN, "eligibility": None}]
    patients = [read_patient(patient) for patient in same] * 10
    options = Options(horizons_months=(48,))
    refuse_too_much(patients, bundle, options, most=2)
    other = read_patient(with_values(clinical_t=None))
    with pytest.raises(TooLargeInput, match="6 combinations"):
        refuse_too_much([*patients, other], bundle, options, most=5)


def test_a_single_request_is_bounded_too(make_app):
    client = make_app(max_combinations=9).test_client()
    response = client.post("/v1/predict", json={"patient": ONE_UNKNOWN})
    assert response.status_code == 413


def test_the_page_is_bounded_too_and_keeps_what_was_typed(make_app):
    client = make_app(max_combinations=9).test_client()
    form = {"age": "47", "menopausal_status": "pre", "clinical_t": "T4", "clinical_n": "N1"}
    response = client.post("/", data=form)
    assert response.status_code == 413
    text = unescape(response.text)
    assert "Too much is not known: the figures would take too long." in text
    # The page has no horizons that could be fewer, and no effect to choose.
    for word in ("horizon", "Cox model alone", "combinations", "effect by subgroups"):
        assert word not in text
    assert 'value="47"' in response.text
