"""Every JSON answer is published key by key, and a live one keeps what was published."""

from __future__ import annotations

from copy import deepcopy

import pytest

from models.bundle import MANIFEST_KINDS, OPTIONAL_MANIFEST_KINDS
from models.covariates import COVARIATES
from models.evidence import sources
from service.bundles import DEFAULT_BUNDLE
from service.evidence_rows import EVIDENCE_COLUMNS

from .helpers import (
    JSON,
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    answer_schema,
    resolved,
    undocumented,
    validator,
)

#: What is asked of each route: the address, and the body where it takes one.
SHOWN = {
    "/v1/models": "/v1/models",
    "/v1/models/{name}": f"/v1/models/{DEFAULT_BUNDLE}",
    "/v1/evidence": "/v1/evidence",
    "/v1/schema": "/v1/schema",
    "/healthz": "/healthz",
    "/readyz": "/readyz",
}
PREDICTED = {
    "/v1/predict": {"patient": README_PATIENT},
    "/v1/predict/batch": {"patients": [README_PATIENT, OUT_OF_SCOPE, REJECTED]},
}
TYPES = {int: "integer", str: "string", list: "array", dict: "object"}


@pytest.fixture(scope="module")
def answers(client):
    """Return a live answer of each route."""
    responses = {path: client.get(address) for path, address in SHOWN.items()}
    responses |= {path: client.post(path, json=body) for path, body in PREDICTED.items()}
    for path, response in responses.items():
        assert (response.status_code, response.mimetype) == (200, JSON), path
    return {path: response.get_json() for path, response in responses.items()}


def places(value, place=()):
    """Yield the keys that lead to each part of a value; the first of a list stands for all."""
    if place:
        yield place
    parts = value.items() if isinstance(value, dict) else []
    if isinstance(value, list):
        parts = list(enumerate(value))[:1]
    for key, part in parts:
        yield from places(part, (*place, key))


def shortened(value):
    """Return a value with the first member of each list, which is quicker to validate."""
    if isinstance(value, dict):
        return {name: shortened(part) for name, part in value.items()}
    return [shortened(part) for part in value[:1]] if isinstance(value, list) else value


def with_another_kind(value, place):
    """Return a copy that holds a list where an object was and an object elsewhere."""
    changed = deepcopy(value)
    *way, last = place
    holder = changed
    for key in way:
        holder = holder[key]
    holder[last] = [] if isinstance(holder[last], dict) else {}
    return changed


def properties(spec, schema):
    return resolved(spec, schema)["properties"]


def test_every_route_that_answers_json_is_asked(spec):
    answering = {
        path
        for path, item in spec["paths"].items()
        for method in {"get", "post"} & set(item)
        if JSON in resolved(spec, item[method]["responses"]["200"])["content"]
    }
    assert answering == {*SHOWN, *PREDICTED}


@pytest.mark.parametrize("path", [*SHOWN, *PREDICTED])
def test_the_schema_names_every_key_of_the_answer(spec, answers, path):
    schema = answer_schema(spec, path)
    assert properties(spec, schema), "an answer has keys"
    assert set(undocumented(spec, schema, answers[path])) == set()


@pytest.mark.parametrize("path", [*SHOWN, *PREDICTED])
def test_a_live_answer_fits_its_schema(spec, answers, path):
    validator(spec, answer_schema(spec, path)).validate(answers[path])


@pytest.mark.parametrize("path", SHOWN)
def test_a_key_is_neither_left_out_nor_added(spec, answers, path):
    check = validator(spec, answer_schema(spec, path))
    for name in answers[path]:
        assert not check.is_valid({k: v for k, v in answers[path].items() if k != name}), name
    assert not check.is_valid({**answers[path], "further": 1})


@pytest.mark.parametrize("path", SHOWN)
def test_no_value_can_be_of_another_kind(spec, answers, path):
    check = validator(spec, answer_schema(spec, path))
    answer = shortened(answers[path])
    check.validate(answer)
    for place in places(answer):
        assert not check.is_valid(with_another_kind(answer, place)), place


def test_the_manifest_is_published_as_bundles_are_read(spec):
    shown = properties(spec, answer_schema(spec, "/v1/models/{name}"))
    published = properties(spec, shown["manifest"])
    kinds = {name: resolved(spec, schema)["type"] for name, schema in published.items()}
    every_key = {**MANIFEST_KINDS, **OPTIONAL_MANIFEST_KINDS}
    assert kinds == {name: TYPES[kind] for name, kind in every_key.items()}


def test_a_row_of_the_evidence_is_published_by_its_columns(spec):
    answer = properties(spec, answer_schema(spec, "/v1/evidence"))
    row = resolved(spec, answer["evidence"]["items"])
    assert tuple(row["properties"]) == EVIDENCE_COLUMNS
    assert set(row["required"]) == set(EVIDENCE_COLUMNS)


def test_a_source_is_published_by_its_keys(spec):
    answer = properties(spec, answer_schema(spec, "/v1/evidence"))
    published = properties(spec, answer["sources"]["additionalProperties"])
    assert all(set(source) == set(published) for source in sources().values())


def test_the_contract_is_published_field_by_field(spec):
    contract = properties(spec, answer_schema(spec, "/v1/schema"))
    published = resolved(spec, contract["properties"])
    names = {field.name for field in COVARIATES} | {"eligibility"}
    assert set(published["properties"]) == set(published["required"]) == names
