"""Bundles that real patients had a part in are served, and say so by every door."""

import json
from html import unescape

import jsonschema
import pytest

from models.texts import COHORT_INTERVAL_MEANING
from service.app import create_app
from service.bundles import Bundles, load_bundles
from service.settings import Settings
from tests.service.helpers import answer_schema, form_of, validator, with_values
from tests.support.bundles import cohort_bundle, recalibrated_bundle, save_small
from tests.support.patients import TYPICAL

BUNDLES = {
    "published": cohort_bundle(),
    "randomised": cohort_bundle(effect_of_surgery="cohort", randomised=True),
    "recalibrated": recalibrated_bundle(),
}
#: What must stand above the figures of the page.
NOTICES = {
    "published": ("cohort_training_data", "effect_of_surgery_from_trial"),
    "randomised": ("cohort_training_data", "effect_of_surgery_from_cohort"),
    "recalibrated": ("synthetic_training_data", "recalibrated_on_cohort"),
}


@pytest.fixture(params=BUNDLES)
def kind(request):
    return request.param


@pytest.fixture
def client(kind):
    return create_app(Settings(), Bundles([BUNDLES[kind]])).test_client()


def ask(client, **more):
    return client.post("/v1/predict", json={"patient": TYPICAL, **more})


def test_it_answers_and_says_what_it_learned_from(client, kind):
    answer = ask(client).get_json()
    assert answer["status"] == "ok"
    assert answer["interval_meaning"] == COHORT_INTERVAL_MEANING
    assert answer["model"]["training_data"] == BUNDLES[kind].training_data
    assert set(NOTICES[kind]) <= {caveat["code"] for caveat in answer["caveats"]}


def test_its_manifest_is_as_documented(client, kind):
    shown = client.get(f"/v1/models/{BUNDLES[kind].id}").get_json()
    assert shown["manifest"] == BUNDLES[kind].manifest
    spec = client.get("/openapi.json").get_json()
    manifest = answer_schema(spec, "/v1/models/{name}")
    validator(spec, manifest).validate(shown)
    wrong = json.loads(json.dumps(shown))
    cohort = wrong["manifest"].get("recalibration") or wrong["manifest"]["cohort"]
    cohort["patients"] = "many"
    with pytest.raises(jsonschema.ValidationError):
        validator(spec, manifest).validate(wrong)


def test_the_page_says_it_before_the_figures(client, kind):
    page = unescape(client.post("/", data=form_of(with_values())).get_data(as_text=True))
    texts = {c["code"]: c["text"] for c in ask(client).get_json()["caveats"]}
    for code in NOTICES[kind]:
        assert page.index(texts[code]) < page.index('<section class="outcome">')
    source = "the local cohort" if kind == "randomised" else "the whole trial"
    assert f"effect of surgery from {source};" in page


def test_months_beyond_the_patients_are_refused(client):
    answer = ask(client, horizons_months=[12, 73])
    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert error["field"] == "horizons_months"
    assert error["accepted"] == "whole months from 1 to 72"


def test_a_forest_is_refused(client):
    assert ask(client, model="forest").status_code == 422


def test_lists_name_the_training_data(client, kind):
    answer = client.post(
        "/v1/predict/batch",
        data="age,menopausal_status,er_status,her2_status\n50,pre,positive,negative\n",
        content_type="text/csv",
    )
    header, row = answer.get_data(as_text=True).splitlines()
    place = header.split(",").index("training_data")
    assert row.split(",")[place] == BUNDLES[kind].training_data


def test_a_folder_of_such_a_bundle_is_served_beside_the_shipped_one(tmp_path, kind):
    bundle = BUNDLES[kind]
    kept = {k: v for k, v in bundle.manifest.items() if k not in ("format", "population", "files")}
    manifest = {**kept, "id": "my-hospital"}
    parts = {"forests": {}, "subgroup_effects": None, "manifest": manifest}
    save_small(tmp_path / "bundle", 3, **parts)
    client = create_app(Settings(), load_bundles([str(tmp_path / "bundle")])).test_client()
    answer = client.post("/v1/predict", json={"patient": TYPICAL, "bundle": "my-hospital"})
    assert answer.get_json()["model"]["id"] == "my-hospital"
    shipped = ask(client).get_json()
    assert shipped["model"]["id"] == "jcog1017-synthetic"
    assert "cohort_training_data" not in {c["code"] for c in shipped["caveats"]}
