"""The published contract: OpenAPI 3.1 and its viewer."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from .helpers import JSON, Page, resolved

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


def test_every_route_below_v1_documents_401(spec):
    for path, method, operation in documented(spec):
        assert ("401" in operation["responses"]) == path.startswith("/v1/"), (method, path)


def test_every_error_is_documented_as_a_problem(spec):
    for path, method, operation in documented(spec):
        for status, answer in operation["responses"].items():
            if status == "200":
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
