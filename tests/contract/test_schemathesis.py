"""A running server keeps what its OpenAPI says, whatever is sent to it.

Three kinds of request: those that fit the published schemas, those that do not, and patients
that can exist, for whom most answers hold figures.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models.covariates import FIELDS
from models.options import OPTION_NAMES
from models.outcomes import EFFECTS, LEARNED_EFFECT, MODELS
from service.bundles import DEFAULT_BUNDLE
from service.languages import LANG
from tests.support.examples import examples
from tests.support.patients import any_messages, incomplete_messages, row_of

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: A list answers 200 with the mistakes of its rows in their places.
MISTAKES_ARE_ROWS = ("/v1/predict/batch",)

#: Usual number of examples by path and kind of request, with the plausible ones over 2,000 in all.
COUNTS = {
    ("/v1/predict", GenerationMode.POSITIVE): 400,
    ("/v1/predict", GenerationMode.NEGATIVE): 400,
    ("/v1/predict/batch", GenerationMode.POSITIVE): 360,
    ("/v1/predict/batch", GenerationMode.NEGATIVE): 360,
    ("/v1/models/{name}", GenerationMode.POSITIVE): 80,
}
PLAUSIBLE = 320

#: Operations that take nothing but a language: one example says all.
FIXED = ("/v1/models", "/v1/evidence", "/v1/schema", "/healthz", "/readyz")


def unhurried(usual):
    """Return the settings of so many examples: making one from a schema takes its time."""
    return settings(examples(usual), suppress_health_check=list(HealthCheck))


def csv_of(messages):
    """Return patients as a CSV of all columns."""
    rows = [",".join(FIELDS)]
    rows += [",".join(row_of(message).get(name, "") for name in FIELDS) for message in messages]
    return "\n".join(rows)


def ndjson_of(messages):
    """Return patients a line."""
    return "\n".join(json.dumps(message) for message in messages)


patients = any_messages() | incomplete_messages()
lists = st.lists(patients, min_size=1, max_size=4)
options = st.fixed_dictionaries(
    {},
    optional={
        "horizons_months": st.lists(st.integers(1, 96), min_size=1, max_size=6, unique=True),
        "interval_level": st.floats(0.8, 0.99),
        "bundle": st.just(DEFAULT_BUNDLE),
        "model": st.sampled_from(MODELS),
        "effect": st.sampled_from([name for name in EFFECTS if name != LEARNED_EFFECT]),
    },
)
LIST_BODIES = {
    JSON: st.builds(lambda rows, asked: {"patients": rows, **asked}, lists, options),
    NDJSON: lists.map(ndjson_of),
    CSV: lists.map(csv_of),
}
TEXT_BODIES = {media: st.text(max_size=200) | LIST_BODIES[media] for media in (NDJSON, CSV)}


@pytest.fixture(scope="module", autouse=True)
def text_bodies():
    """Make lists as text from patients, too: a random text is hardly ever one."""
    load_all_checks()
    for media, strategy in TEXT_BODIES.items():
        schemathesis.openapi.media_type(media, strategy.map(str.encode))


@pytest.fixture(scope="module")
def api(live_server):
    """Return the OpenAPI that the server publishes."""
    return schemathesis.openapi.from_url(f"{live_server}/openapi.json")


@pytest.fixture
def check():
    """Return a function that sends a case and holds the answer against the contract."""

    def send(case, *further):
        return case.call_and_validate(checks=[*CHECKS, *further], timeout=30)

    return send


def operation_of(api, path):
    """Return the one operation of a path."""
    (method,) = {"get", "post"} & set(api[path])
    return api[path][method]


def test_every_operation_is_looked_at(api):
    assert set(api) == {path for path, _ in COUNTS} | set(FIXED)


@pytest.mark.parametrize("path", FIXED)
def test_what_takes_no_input(api, check, path):
    assert check(operation_of(api, path).Case()).status_code == 200


def test_the_shipped_model_is_shown_as_published(api, check):
    shown = operation_of(api, "/v1/models/{name}")
    assert check(shown.Case(path_parameters={"name": DEFAULT_BUNDLE})).status_code == 200


@pytest.mark.property
@pytest.mark.parametrize(
    ("path", "mode"), COUNTS, ids=[f"{path}-{mode.value}" for path, mode in COUNTS]
)
def test_any_request(api, check, path, mode):
    further = [] if path in MISTAKES_ARE_ROWS else [negative_data_rejection]
    seen = Counter()

    @unhurried(COUNTS[path, mode])
    @given(operation_of(api, path).as_strategy(generation_mode=mode))
    def look(case):
        seen[check(case, *further).status_code] += 1

    look()
    assert sum(seen.values()) >= COUNTS[path, mode] // 2


@pytest.mark.property
def test_patients_that_can_exist(api, check):
    predict = operation_of(api, "/v1/predict")
    seen = Counter()

    @unhurried(PLAUSIBLE)
    @given(patients, options)
    def look(patient, asked):
        case = predict.Case(body={"patient": patient, **asked}, media_type=JSON)
        seen[check(case).status_code] += 1

    look()
    assert seen.keys() <= {200, 413, 422}
    assert seen[200] > sum(seen.values()) / 2


@pytest.mark.property
def test_lists_of_patients_that_can_exist(api, check):
    batch = operation_of(api, "/v1/predict/batch")

    @unhurried(PLAUSIBLE)
    @given(st.data(), st.sampled_from([JSON, NDJSON, CSV]), st.sampled_from([JSON, NDJSON, CSV]))
    def look(data, sent, wanted):
        body = data.draw(LIST_BODIES[sent])
        encoded = body if sent == JSON else body.encode()
        case = batch.Case(body=encoded, media_type=sent, headers={"Accept": wanted})
        answer = check(case)
        assert answer.status_code in (200, 413)
        assert answer.status_code == 413 or answer.headers["content-type"] == [wanted]

    look()


def test_the_query_options_are_those_of_the_service(api):
    query = operation_of(api, "/v1/predict/batch").definition.raw["parameters"]
    named = {parameter["name"] for parameter in query if parameter["in"] == "query"}
    assert named == {*OPTION_NAMES, LANG}


def test_an_address_that_is_too_long_is_told_as_documented(live_server, api):
    documented = api.raw_schema["paths"]["/v1/predict/batch"]["post"]["responses"]["414"]
    answer = requests.post(f"{live_server}/v1/predict/batch?bundle={'x' * 5000}", timeout=30)
    assert answer.status_code == 414
    assert answer.headers["Content-Type"] in documented["content"]
