"""The published contract: OpenAPI 3.1 and its viewer."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from models.bundle import TRAINING_DATA
from models.evidence.interactions import CREDIBILITIES
from models.options import OPTION_SCHEMAS
from models.outcomes import ANALYSIS_EFFECTS, EFFECTS, MODELS, SHOWN_ARMS, SHOWN_EFFECTS
from models.patient import LEAST_KNOWN
from service.languages import LANG
from tests.service.helpers import (
    JSON,
    NDJSON,
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    ULCERATED,
    Page,
    body_of,
    post_list,
    resolved,
    undocumented,
    validator,
)

UNDOCUMENTED = {"/", "/docs", "/openapi.json", "/static/{filename}"}


def documented(spec):
    """Return (path, method, operation) of every documented operation."""
    return [
        (path, method, operation)
        for path, item in spec["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node
        for part in node.values():
            yield from references(part)
    elif isinstance(node, list):
        for part in node:
            yield from references(part)


def test_it_is_openapi_3_1(spec):
    assert spec["openapi"] == "3.1.0"
    assert spec["info"]["title"] == "Equipoise"


def test_every_route_of_the_api_is_documented(app, spec):
    routes = {
        (rule.rule.replace("<path:", "{").replace("<", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    expected = {(path, method) for path, method in routes if path not in UNDOCUMENTED}
    assert {(path, method) for path, method, _ in documented(spec)} == expected


def test_every_operation_has_a_summary_and_a_200(spec):
    for path, method, operation in documented(spec):
        assert operation["summary"], (method, path)
        assert "200" in operation["responses"], (method, path)


def test_every_operation_has_an_id_of_its_own(spec):
    names = [operation["operationId"] for _, _, operation in documented(spec)]
    assert len(set(names)) == len(names)
    assert {"predict", "predict_batch", "list_models", "show_model"} <= set(names)


def test_the_options_of_a_query_are_those_of_a_body(spec):
    operation = spec["paths"]["/v1/predict/batch"]["post"]
    query = {each["name"]: each for each in operation["parameters"]}
    assert set(query) == {*OPTION_SCHEMAS, "Accept-Language", LANG}
    for name, schema in OPTION_SCHEMAS.items():
        assert query[name]["description"].startswith(schema["description"])
        if name != "horizons_months":
            for word in schema.keys() - {"description"}:
                assert query[name]["schema"][word] == schema[word], (name, word)


def test_only_horizons_are_separated_by_commas(spec):
    operation = spec["paths"]["/v1/predict/batch"]["post"]
    separated = {each["name"]: each for each in operation["parameters"]}
    separated = {n: each for n, each in separated.items() if "commas" in each["description"]}
    assert list(separated) == ["horizons_months"]
    schema = separated["horizons_months"]["schema"]
    assert (schema["type"], schema["default"]) == ("string", "12,24,36,48,60")
    assert Draft202012Validator(schema).is_valid(schema["default"])
    assert not Draft202012Validator(schema).is_valid("12;24")


@pytest.mark.parametrize(
    ("name", "field", "values"),
    [
        ("Model", "kind", MODELS),
        ("Model", "effect", SHOWN_EFFECTS),
        ("Model", "training_data", TRAINING_DATA),
        ("Analysis", "model", MODELS),
        ("Analysis", "effect", ANALYSIS_EFFECTS),
        ("PredictionRequest", "effect", EFFECTS),
        ("Subgroup", "credibility", CREDIBILITIES),
        ("EvidenceRow", "credibility", (*CREDIBILITIES, None)),
        ("Bundle", "training_data", TRAINING_DATA),
        ("Manifest", "training_data", TRAINING_DATA),
    ],
)
def test_a_closed_set_of_words_is_published(spec, name, field, values):
    assert spec["components"]["schemas"][name]["properties"][field]["enum"] == list(values)


@pytest.mark.parametrize(
    ("name", "field", "said"),
    [
        ("Analysis", "exploratory", "never the figures of an answer"),
        ("Answer", "analyses", "exploratory ones last"),
        ("Answer", "assumed", "averaged over"),
        ("Answer", "forest_minus_cox", "present when both models' figures are listed"),
        ("Result", "analyses", "exploratory ones last"),
        ("Result", "assumed", "averaged over"),
        ("Band", "estimate", "mean"),
        ("Band", "lower", "lower limit"),
        ("Band", "upper", "upper limit"),
        ("Outcome", "difference", "Surgery minus no surgery"),
        ("PooledSurvival", "difference", "Surgery minus no surgery"),
    ],
)
def test_what_figures_mean_is_published(spec, name, field, said):
    described = spec["components"]["schemas"][name]["properties"][field]
    assert said in described["description"]


def test_every_arm_is_described(spec):
    properties = spec["components"]["schemas"]["Outcome"]["properties"]
    assert all(properties[arm]["description"] for arm in SHOWN_ARMS)


def test_the_published_patient_says_the_least_that_must_be_known(client, spec):
    assert LEAST_KNOWN in spec["components"]["schemas"]["Patient"]["description"]
    assert LEAST_KNOWN in client.get("/v1/schema").get_json()["description"]


@pytest.mark.parametrize("query", ["", "?model=forest&effect=learned"])
def test_a_line_of_an_answer_is_as_published(client, spec, query):
    patients = [README_PATIENT, OUT_OF_SCOPE, REJECTED, {**ULCERATED, "row_id": "a"}]
    answer = post_list(client, NDJSON, body_of(NDJSON, patients), query=query)
    schema = {"$ref": "#/components/schemas/ListLine"}
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["status"] for line in lines] == ["ok", "out_of_scope", "rejected", "ok"]
    for line in lines:
        validator(spec, schema).validate(line)
        assert list(undocumented(spec, schema, line)) == []


def test_lines_are_named_where_they_are_sent_and_answered(spec):
    operation = spec["paths"]["/v1/predict/batch"]["post"]
    sent = operation["requestBody"]["content"][NDJSON]["schema"]
    answered = operation["responses"]["200"]["content"][NDJSON]["schema"]
    assert sent["contentSchema"] == {"$ref": "#/components/schemas/ListPatient"}
    assert answered["contentSchema"] == {"$ref": "#/components/schemas/ListLine"}


def test_every_route_below_v1_documents_401(spec):
    for path, method, operation in documented(spec):
        assert ("401" in operation["responses"]) == path.startswith("/v1/"), (method, path)


def test_every_error_is_documented_as_a_problem(spec):
    for path, method, operation in documented(spec):
        for status, answer in operation["responses"].items():
            if status in ("200", "414"):  # 414 is told by the server before the application
                continue
            content = resolved(spec, answer)["content"]
            assert list(content) == ["application/problem+json"], (method, path, status)
            schema = content["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, (method, path, status)


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/v1/predict", {"400", "401", "404", "413", "415", "422"}),
        ("/v1/predict/batch", {"400", "401", "404", "406", "413", "415", "422"}),
    ],
)
def test_predictions_document_the_errors_that_they_answer(spec, path, statuses):
    assert statuses <= set(spec["paths"][path]["post"]["responses"])


def test_the_published_problem_is_the_body_of_errors(client, spec):
    schema = {"$ref": "#/components/schemas/Problem", "components": spec["components"]}
    response = client.post("/v1/predict", json={})
    Draft202012Validator(schema).validate(response.get_json(force=True))


def test_every_schema_is_a_json_schema_and_every_reference_leads_somewhere(spec):
    for schema in spec["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for node in references(spec):
        assert resolved(spec, node)


def test_every_operation_that_takes_a_body_says_which(spec):
    for path, method, operation in documented(spec):
        if method == "post":
            assert JSON in operation["requestBody"]["content"], path
            assert operation["requestBody"]["required"] is True, path


def test_the_published_patient_is_the_patient_schema(client, spec):
    published = spec["components"]["schemas"]
    own = client.get("/v1/schema").get_json()
    facts = own["properties"].pop("eligibility")
    published_covariates = dict(published["Patient"]["properties"])
    del published_covariates["eligibility"]
    assert published_covariates == own["properties"]
    assert published["Eligibility"]["properties"] == facts["properties"]
    assert published["Patient"]["additionalProperties"] is False


def test_docs_list_every_operation_and_schema(client, spec):
    text = client.get("/docs").text
    for path, method, _ in documented(spec):
        assert f"<code>{method.upper()} {path}</code>" in text
    for name in spec["components"]["schemas"]:
        assert f"<code>{name}</code>" in text


def test_docs_tell_every_status_of_an_operation(client, spec):
    text = client.get("/docs").text
    for path, method, operation in documented(spec):
        section = text.split(f"<code>{method.upper()} {path}</code>")[1].split("</section>")[0]
        for status in operation["responses"]:
            if status != "default":
                assert f"<code>{status}</code>" in section, (method, path, status)


def test_docs_have_no_script_and_name_no_other_host(client):
    page = Page(client.get("/docs"))
    assert page.named("script") == []
    assert all(url.startswith(("/", "#")) for url in page.urls())


def test_the_contract_is_the_same_for_every_app(make_app, spec):
    again = make_app(tokens=("sesame",)).test_client().get("/openapi.json").get_json()
    assert again == spec
