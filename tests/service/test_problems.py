"""One error body for every producer."""

from __future__ import annotations

import json

import pytest
from flask import abort

from models.errors import EquipoiseError, Problem
from service.api import predict as predict_route
from service.problems import STATUS, problem_body, status_of

from .helpers import JSON, PROBLEM_KEYS, README_PATIENT, check_problem

SECRET = "Jane-Secret-4711"
PATIENT = json.dumps({"patient": README_PATIENT})


def all_subclasses(kind):
    return {kind}.union(*(all_subclasses(child) for child in kind.__subclasses__()))


@pytest.fixture(scope="module")
def guarded(make_app):
    return make_app(tokens=("sesame",)).test_client()


PRODUCERS = [
    ("unknown path", 404, "GET", "/nowhere", {}),
    ("unknown path below v1", 404, "POST", "/v1/nowhere", {"data": PATIENT, "content_type": JSON}),
    ("path with a slash", 404, "GET", "/v1/models/", {}),
    ("unknown bundle", 404, "GET", "/v1/models/other", {}),
    ("unknown static file", 404, "GET", "/static/other.css", {}),
    ("wrong method", 405, "GET", "/v1/predict", {}),
    ("wrong method of the form", 405, "PUT", "/", {}),
    ("wrong method of the docs", 405, "POST", "/docs", {}),
    ("not acceptable", 406, "POST", "/v1/predict/batch",
     {"data": '{"patients": [{}]}', "content_type": JSON, "headers": {"Accept": "text/html"}}),
    ("too large", 413, "POST", "/v1/predict", {"data": b" " * 9_000_000, "content_type": JSON}),
    ("wrong content type", 415, "POST", "/v1/predict", {"data": PATIENT}),
    ("malformed", 400, "POST", "/v1/predict", {"data": "{", "content_type": JSON}),
    ("invalid", 422, "POST", "/v1/predict", {"data": "{}", "content_type": JSON}),
    ("invalid list", 422, "POST", "/v1/predict/batch", {"data": "{}", "content_type": JSON}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("_name", "status", "method", "path", "sent"), PRODUCERS, ids=[p[0] for p in PRODUCERS]
)
def test_every_producer_gives_the_one_body(client, _name, status, method, path, sent):
    check_problem(client.open(path, method=method, **sent), status)


def test_no_token_gives_the_one_body(guarded):
    response = guarded.post("/v1/predict", data=PATIENT, content_type=JSON)
    check_problem(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/v1/predict", "GET", {"POST", "OPTIONS"}),
        ("/v1/predict/batch", "DELETE", {"POST", "OPTIONS"}),
        ("/v1/models", "POST", {"GET", "HEAD", "OPTIONS"}),
        ("/", "PUT", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/healthz", "POST", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_wrong_method_is_405_and_tells_the_right_ones(client, path, method, allowed):
    response = client.open(path, method=method)
    check_problem(response, 405)
    assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.fixture
def broken(make_app, monkeypatch):
    def fail(*_):
        raise RuntimeError(f"{SECRET} is 47")

    monkeypatch.setattr(predict_route, "predict_patients", fail)
    return make_app().test_client()


def test_an_unexpected_error_is_500_without_its_text(broken, caplog, capfd):
    caplog.set_level("DEBUG")
    response = broken.post("/v1/predict", data=PATIENT, content_type=JSON)
    check_problem(response, 500)
    written = capfd.readouterr()
    for text in (response.text, caplog.text, written.out, written.err):
        assert SECRET not in text
        assert "Traceback" not in text


def test_an_unexpected_error_is_logged_by_class_and_place(broken, caplog):
    broken.post("/v1/predict", data=PATIENT, content_type=JSON)
    assert "RuntimeError" in caplog.text


def test_what_is_wrong_with_a_patient_is_not_logged(client, caplog):
    caplog.set_level("DEBUG")
    client.post("/v1/predict", json={"patient": {**README_PATIENT, "age": SECRET}})
    assert SECRET not in caplog.text


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 416, 500, 503])
def test_every_error_of_the_framework_keeps_its_status(make_app, status):
    app = make_app()

    def fail():
        abort(status)

    app.add_url_rule("/fail", view_func=fail)
    check_problem(app.test_client().get("/fail"), status)


def test_a_range_that_the_style_sheet_does_not_have_is_416(client):
    response = client.get("/static/style.css", headers={"Range": "bytes=999999-"}, buffered=True)
    check_problem(response, 416)


def test_the_table_of_statuses_is_complete():
    assert set(STATUS) == all_subclasses(EquipoiseError)


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
def test_every_class_has_a_body_of_its_own(kind):
    error = kind([Problem("age", "wrong_type", "It is not.", "a number")])
    body = problem_body(error, status_of(error))
    assert list(body) == PROBLEM_KEYS
    assert body["status"] == STATUS[kind]
    assert body["type"].endswith(body["code"])
    assert [other.code for other in STATUS].count(kind.code) == 1


def test_all_problems_are_in_the_detail():
    messages = ["One.", "Two."]
    error = EquipoiseError(Problem("", "wrong_type", text) for text in messages)
    assert problem_body(error, 500)["detail"] == "One. Two."


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/models/other", "/nowhere"])
def test_a_head_request_of_an_error_has_no_body(client, path):
    response = client.head(path)
    assert response.status_code >= 400
    assert response.data == b""
