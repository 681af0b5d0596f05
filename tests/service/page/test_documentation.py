"""The published contract: OpenAPI 3.1 and its viewer."""

from __future__ import annotations

import html
import json
import re
import shlex

import pytest
from jsonschema import Draft202012Validator

from models.bundle import TRAINING_DATA
from models.evidence.interactions import CREDIBILITIES
from models.options import OPTION_SCHEMAS
from models.outcomes import ANALYSIS_EFFECTS, EFFECTS, MODELS, SHOWN_ARMS, SHOWN_EFFECTS
from models.patient import LEAST_KNOWN
from service.languages import LANG
from service.page.documentation import operations
from service.schema_words import type_with_default
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
    results_of,
    undocumented,
    validator,
)

UNDOCUMENTED = {
    *("/", "/result", "/sure", "/sure/{name}", "/models", "/models/{name}"),
    *("/docs", "/openapi.json", "/static/{filename}"),
    *("/lists", "/lists/download", "/lists/template.csv", "/lists/columns"),
}


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


def section_of(text, path, method):
    """Return the part of the page on one operation."""
    return text.split(f"<code>{method.upper()} {path}</code>")[1].split("</section>")[0]


def tables(text):
    """Return the rows of each table, headers and inner marks left out."""
    found = []
    for table in re.findall(r"<tbody>(.*?)</tbody>", text, re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
        found.append([[plain(cell) for cell in row] for row in cells])
    return found


def plain(marked):
    return html.unescape(re.sub(r"<[^>]+>", "", marked)).strip()


def type_of(schema):
    return "".join(part.text for part in type_with_default(schema))


def test_docs_list_every_operation_and_schema(client, spec):
    text = client.get("/docs").text
    contents = text.split('aria-label="Contents"')[1].split("</nav>")[0]
    for path, method, operation in documented(spec):
        name = operation["operationId"]
        assert f'<h2 id="{name}"><code>{method.upper()} {path}</code></h2>' in text
        assert f'<a href="#{name}">{method.upper()} {path}</a>' in contents
    for name in spec["components"]["schemas"]:
        assert f'<h3 id="schema-{name}"><code>{name}</code></h3>' in text
        assert f'<a href="#schema-{name}">{name}</a>' in text


def test_docs_tell_every_parameter(client, spec):
    text = client.get("/docs").text
    for path, method, operation in documented(spec):
        section = section_of(text, path, method)
        shared = spec["paths"][path].get("parameters", [])
        parameters = [*shared, *operation.get("parameters", [])]
        assert ("<caption>Parameters" in section) == bool(parameters)
        if parameters:
            assert tables(section)[0] == [
                [
                    each["name"],
                    each["in"],
                    type_of(each["schema"]),
                    "yes" if each.get("required") else "no",
                    each["description"],
                ]
                for each in parameters
            ]


def test_docs_tell_every_status_with_its_schemas(client, spec):
    text = client.get("/docs").text
    for path, method, operation in documented(spec):
        section = section_of(text, path, method)
        statuses = {name: a for name, a in operation["responses"].items() if name != "default"}
        rows = {row[0]: row[1:] for row in tables(section)[-1]}
        assert set(rows) == set(statuses)
        for status, documented_answer in statuses.items():
            answer = resolved(spec, documented_answer)
            assert rows[status][0] == answer["description"]
            assert all(media in rows[status][1] for media in answer["content"])
        names = {node["$ref"].rpartition("/")[2] for node in references(operation)}
        linked = set(re.findall(r'href="#schema-([^"]*)"', section))
        assert linked == names, (method, path)


def test_docs_tell_what_is_sent(client, spec):
    text = client.get("/docs").text
    for path, method, operation in documented(spec):
        section = section_of(text, path, method)
        sent = operation.get("requestBody", {}).get("content", {})
        assert ("What is sent" in section) == bool(sent)
        assert all(f"<li>{media}: " in section for media in sent)


def test_docs_tell_every_property_of_a_schema(client, spec):
    text = client.get("/docs").text
    for name, schema in spec["components"]["schemas"].items():
        section = text.split(f'<h3 id="schema-{name}">')[1].split("</section>")[0]
        required = schema.get("required", [])
        assert tables(section)[0] == [
            [
                field,
                type_of(described),
                "yes" if field in required else "no",
                described.get("description") or described.get("title", ""),
            ]
            for field, described in schema["properties"].items()
        ]
        assert html.escape(schema.get("description", "")).split("&")[0] in section
        folded = re.search(r"<pre[^>]*>(.*?)</pre></details>", section, re.DOTALL)[1]
        assert json.loads(html.unescape(folded)) == schema


def commands(client):
    """Return the commands of the page as a shell would read them, by operation."""
    text = client.get("/docs", base_url="http://127.0.0.1:8000").text
    for part in text.split('<section class="operation">')[1:]:
        section = part.split("</section>")[0]
        name = re.search(r'<h2 id="([^"]*)"', section)[1]
        for command in re.findall(r'<pre class="command"[^>]*>(.*?)</pre>', section, re.DOTALL):
            # A shell joins lines before it reads them.
            yield name, shlex.split(html.unescape(command).replace("\\\n", ""))


def run(client, arguments):
    """Do what curl would do with its arguments."""
    assert arguments[:2] == ["curl", "-s"]
    options = dict(zip(arguments[3::2], arguments[4::2], strict=True))
    path = arguments[2].removeprefix("http://127.0.0.1:8000")
    if not options:
        return client.get(path)
    kind = options.pop("-H").removeprefix("Content-Type: ")
    return client.post(path, data=options.pop("--data-binary"), content_type=kind)


def test_every_command_of_the_docs_is_answered(client):
    for name, arguments in commands(client):
        response = run(client, arguments)
        assert response.status_code == 200, (name, response.text)
        if response.mimetype == JSON and "status" in response.json:
            assert response.json["status"] != "out_of_scope"


def test_there_is_a_command_for_every_operation_and_format(client, spec):
    found = [name for name, _ in commands(client)]
    for _path, _method, operation in documented(spec):
        sent = operation.get("requestBody", {}).get("content", {})
        assert found.count(operation["operationId"]) == max(1, len(sent))


def test_an_example_of_a_list_is_scored_in_every_format(client):
    answers = [
        results_of(run(client, arguments))
        for name, arguments in commands(client)
        if name == "predict_batch"
    ]
    assert len(answers) == 3
    for (row,) in answers:
        assert (row["row_id"], row["status"]) == ("a", "ok")


def test_an_operation_without_an_example_has_no_command():
    body = {"content": {JSON: {"schema": {"type": "object"}}}}
    place = {"in": "path", "name": "id", "schema": {"type": "string"}}
    called = {"operationId": "do", "responses": {}}
    spec = {
        "paths": {
            "/a": {"post": {**called, "requestBody": body}},
            "/b/{id}": {"get": {**called, "parameters": [place]}},
            "/c": {"get": called},
        }
    }
    found = {each.path: each.examples for each in operations(spec, "http://h")}
    assert found == {"/a": (), "/b/{id}": (), "/c": ("curl -s http://h/c",)}


def test_a_hostile_host_stays_one_word_of_a_command():
    spec = {"paths": {"/c": {"get": {"operationId": "do", "responses": {}}}}}
    ((command,),) = (each.examples for each in operations(spec, "http://h;rm -rf ~"))
    assert shlex.split(command) == ["curl", "-s", "http://h;rm -rf ~/c"]


def test_docs_have_no_script_but_ours_and_name_no_other_host(client):
    page = Page(client.get("/docs"))
    assert [attrs["src"] for attrs in page.named("script")] == ["/static/form.js"]
    assert all(url.startswith(("/", "#")) for url in page.urls())


def test_the_contract_is_the_same_for_every_app(make_app, spec):
    again = make_app(tokens=("sesame",)).test_client().get("/openapi.json").get_json()
    assert again == spec
