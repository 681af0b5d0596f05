"""The peers do the work that they say, on the same patients."""

import json
from itertools import islice

import numpy as np
import pandas as pd
import pytest

from benchmarks.answers import body_of
from benchmarks.patients import CODED, PATIENT, different_profiles
from benchmarks.peers import constant, fitted, lean, usual
from benchmarks.peers.coding import design_row
from benchmarks.peers.scikit_survival import survival_functions
from models.design_matrix import design_matrix
from models.patient import read_patient
from models.table import table_of

SOME = list(islice(different_profiles(), 0, 6_000, 37))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("models")
    fitted.write_models(path)
    return path


@pytest.fixture(scope="module")
def design():
    return design_matrix(table_of(list(map(read_patient, SOME))))


def test_the_coded_patient_is_the_example():
    tables = [table_of([read_patient(each)]) for each in (PATIENT, CODED)]
    assert np.array_equal(*map(design_matrix, tables))


def test_patients_are_coded_as_the_models_code_them(design):
    assert np.array_equal([design_row(each, 1.0)[:-1] for each in SOME], design)
    assert {design_row(each, 1.0)[-1] for each in SOME} == {1.0}
    assert np.array_equal(usual.coded(pd.DataFrame(SOME)).to_numpy(), design)


def expected_curves(models):
    """Return the curves of the example: hazards, arms, months."""
    months = np.array(json.loads(body_of(CODED))["horizons_months"], dtype=float)
    arms = [np.array([design_row(CODED, arm)]) for arm in (0.0, 1.0)]
    return survival_functions(models, arms, months)[:, :, 0]


def answered(app, path):
    answer = app.test_client().post(path, data=body_of(CODED), content_type="application/json")
    assert answer.status_code == 200
    by_hazard = answer.get_json()["curves"]
    assert set(by_hazard) == set(fitted.HAZARDS)
    return np.array([[by_hazard[name][arm] for arm in lean.ARMS] for name in fitted.HAZARDS])


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("cox", fitted.cox_peers),
        ("forest", fitted.forest_peers),
        ("large-forest", lambda: fitted.forest_peers(fitted.DEFAULT_TREES)),
    ],
)
def test_the_lean_service_answers_the_curves(folder, name, models):
    found = answered(lean.app(folder, [name]), f"/{name}")
    assert found == pytest.approx(expected_curves(models()), abs=1e-12)


def test_the_usual_service_answers_the_curves(folder):
    found = answered(usual.app(folder), "/cox")
    assert found == pytest.approx(expected_curves(fitted.cox_peers()), abs=1e-12)


def test_the_lean_service_checks_patients(folder):
    wrong = body_of({**CODED, "ecog_ps": 7})
    client = lean.app(folder, ["cox"]).test_client()
    answer = client.post("/cox", data=wrong, content_type="application/json")
    assert answer.status_code == 422
    assert "ecog_ps" in answer.get_json()["errors"]["patient"]


def test_the_constant_service_answers_what_it_was_given():
    client = constant.app().test_client()
    client.put("/constant", data=b"some bytes")
    assert client.post("/constant", data=b"others").data == b"some bytes"
