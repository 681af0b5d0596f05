"""The routes that show what the service stands on: models, evidence, schema, health."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from models.errors import BundleRefused
from models.evidence import evidence
from models.patient_schema import patient_json_schema
from models.source_attributes import HEADING, SourceAttribute, attribute_lines
from models.texts import INTENDED_USE
from service.app import create_app
from service.bundles import Bundles, default_folder, load_bundles
from service.evidence_rows import EVIDENCE_COLUMNS, evidence_rows
from service.settings import Settings

from .helpers import OUT_OF_SCOPE, README_PATIENT, another_version, check_problem


def get(client, path):
    response = client.get(path)
    assert response.status_code == 200, response.text
    assert response.content_type == "application/json"
    return response.get_json()


def test_models_are_listed_with_digest_and_intended_use(client, bundle):
    answer = get(client, "/v1/models")
    assert answer["intended_use"] == INTENDED_USE
    (row,) = answer["models"]
    assert (row["id"], row["version"], row["digest"]) == (bundle.id, bundle.version, bundle.digest)
    assert row["digest"].startswith("sha256:")
    assert row["training_data"] == "synthetic"


@pytest.mark.parametrize("name", ["{id}", "{id}@{version}"])
def test_a_model_is_shown_with_its_card_and_manifest(client, bundle, name):
    answer = get(client, f"/v1/models/{name.format(id=bundle.id, version=bundle.version)}")
    assert answer["digest"] == bundle.digest
    assert answer["card"] == (default_folder() / "card.md").read_text(encoding="utf-8")
    assert answer["manifest"]["files"].keys() == {"arrays.npz", "card.md"}


def test_a_model_has_the_source_attributes_of_its_card(bundle):
    rows = [SourceAttribute(f"(B)(1)({place})", "About", f"{place}.") for place in ("i", "ii")]
    card = "\n".join(["# A card", "", HEADING, "", *attribute_lines(rows), ""])
    told = create_app(Settings(), Bundles([replace(bundle, card=card)]))
    shown = get(told.test_client(), f"/v1/models/{bundle.id}")
    assert shown["source_attributes"] == [
        {"code": "(B)(1)(i)", "attribute": "About", "answer": "i."},
        {"code": "(B)(1)(ii)", "attribute": "About", "answer": "ii."},
    ]


def test_a_model_whose_card_has_no_source_attributes_has_an_empty_list(bundle):
    silent = create_app(Settings(), Bundles([replace(bundle, card="# A card\n")]))
    assert get(silent.test_client(), f"/v1/models/{bundle.id}")["source_attributes"] == []


def test_the_shipped_model_has_all_31_source_attributes(client, bundle):
    shown = get(client, f"/v1/models/{bundle.id}")
    assert len(shown["source_attributes"]) == 31, "run `make bundle`"
    for each in shown["source_attributes"]:
        assert f"| {each['code']} | {each['attribute']} | {each['answer']} |" in shown["card"]


def test_source_attributes_are_described(spec):
    schemas = spec["components"]["schemas"]
    bundle = schemas["BundleWithCard"]
    assert "source_attributes" in bundle["required"]
    items = bundle["properties"]["source_attributes"]["items"]
    described = schemas[items["$ref"].rpartition("/")[2]]
    assert set(described["required"]) == {"code", "attribute", "answer"}


def test_an_unknown_model_is_404_and_the_known_ones_are_told(client, bundle):
    (item,) = check_problem(client.get("/v1/models/other"), 404)["errors"]
    assert "'other'" in item["message"]
    assert bundle.id in item["accepted"]


def test_every_name_that_the_list_gives_can_be_asked_for(client):
    for row in get(client, "/v1/models")["models"]:
        assert get(client, f"/v1/models/{row['id']}@{row['version']}")["id"] == row["id"]


def test_the_first_bundle_is_the_default(bundle):
    bundles = Bundles([bundle])
    assert bundles.default is bundles.find(None) is bundles.find(bundle.id) is bundle


def test_two_bundles_of_one_name_are_refused():
    with pytest.raises(BundleRefused, match="same id and version"):
        load_bundles([str(default_folder())])


def test_a_version_can_be_asked_for(tmp_path):
    bundles = load_bundles([str(another_version(tmp_path))])
    assert bundles.find("jcog1017-synthetic@9.9.9").version == "9.9.9"


def test_the_shipped_bundle_is_served_beside_further_ones(tmp_path):
    bundles = load_bundles([str(another_version(tmp_path))])
    assert len(bundles.all) == 2
    assert bundles.default.id == "jcog1017-synthetic"


def test_evidence_rows_have_all_columns(client):
    rows = get(client, "/v1/evidence")["evidence"]
    assert rows
    assert all(list(row) == list(EVIDENCE_COLUMNS) for row in rows)


def test_evidence_has_every_figure_and_the_sixteen_subgroups(client):
    ids = [row["id"] for row in get(client, "/v1/evidence")["evidence"]]
    assert len(ids) == len(set(ids))
    assert ids[: len(evidence())] == list(evidence())
    assert len(ids) == len(evidence()) + 16


def test_every_figure_has_a_listed_source_a_place_and_a_status(client):
    answer = get(client, "/v1/evidence")
    for row in answer["evidence"]:
        assert row["source"] in answer["sources"], row["id"]
        assert row["place"], row["id"]
        assert row["status"] in ("seen", "derived", "secondary", "assumption"), row["id"]


def test_every_interval_has_a_level_and_every_ratio_a_direction():
    for row in evidence_rows():
        if row["kind"] == "hazard_ratio":
            assert row["direction"], row["id"]
            assert row["lower"] is None or row["level"], row["id"]


def test_subgroups_have_interaction_and_credibility():
    rows = [row for row in evidence_rows() if row["credibility"]]
    assert len(rows) == 16
    assert all(0 < row["interaction_p"] <= 1 for row in rows)
    rated = {row["credibility"] for row in rows}
    assert rated <= {"not_rated", "very_low", "low", "moderate", "high"}


def test_the_primary_endpoint_is_among_the_evidence(client):
    rows = {row["id"]: row for row in get(client, "/v1/evidence")["evidence"]}
    row = rows["os.hr.stratified"]
    assert (row["estimate"], row["lower"], row["upper"], row["level"]) == (0.86, 0.69, 1.07, 0.9)


def test_the_schema_is_that_of_the_models(client):
    assert get(client, "/v1/schema") == patient_json_schema()


def test_the_schema_is_a_json_schema_that_takes_a_patient(client):
    schema = get(client, "/v1/schema")
    Draft202012Validator.check_schema(schema)
    for patient in (README_PATIENT, OUT_OF_SCOPE, {"age": None, "eligibility": None}):
        Draft202012Validator(schema).validate(patient)


@pytest.mark.parametrize(
    "patient",
    [{"age": 200}, {"age": "47"}, {"clinical_t": "TX"}, {"name": "Jane"}, {"ecog_ps": True}],
)
def test_the_schema_refuses_what_the_service_refuses(client, patient):
    schema = get(client, "/v1/schema")
    assert not Draft202012Validator(schema).is_valid({**README_PATIENT, **patient})
    check_problem(client.post("/v1/predict", json={"patient": {**README_PATIENT, **patient}}), 422)


def test_health_and_readiness(client):
    assert get(client, "/healthz") == {"status": "alive"}
    assert get(client, "/readyz") == {"status": "ready", "bundles": 1}


def test_evidence_has_the_eight_interactions_the_trials_and_the_sources(client):
    answer = get(client, "/v1/evidence")
    assert len(answer["interactions"]) == 8
    for row in answer["evidence"]:
        assert row["trial"] in answer["trials"], row["id"]
        assert row["setting"] == answer["trials"][row["trial"]]["setting"]
        assert row["licence"] == answer["sources"][row["source"]]["licence"]


def test_evidence_tells_arms_apart_where_they_are_known():
    rows = {row["id"]: row for row in evidence_rows()}
    assert (rows["liver"]["events_surgery"], rows["liver"]["n_surgery"]) == (24, 44)
    assert (rows["liver"]["events_no_surgery"], rows["liver"]["n_no_surgery"]) == (24, 49)
    assert (rows["tata.os.hr"]["n_surgery"], rows["tata.os.hr"]["n_no_surgery"]) == (173, 177)
    assert rows["mf07_01.age_under_55"]["n_surgery"] is None
    assert rows["abcsg_28.os.hr"]["inverted"] is True
