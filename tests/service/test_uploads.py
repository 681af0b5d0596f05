"""Files that a form sends stay in memory, and what is refused is read to its end."""

from __future__ import annotations

import io
import tempfile

import pytest
from flask import Request
from werkzeug import formparser

from models.errors import InvalidInput, TooLargeInput
from service.uploads import MemoryRequest, megabytes, read_file

from .helpers import multipart

FIELD = "list"
#: More than Flask would keep in memory.
LARGE = b"age\n" + b"1\n" * 600_000


@pytest.fixture
def sent(make_app):
    """Return a function that reads a sent form as a page does."""
    app = make_app(max_bytes=2**21)

    def read(**body):
        with app.test_request_context("/lists", method="POST", **body):
            return read_file(FIELD)

    return read


def test_a_file_is_read_with_its_name(sent):
    found = sent(**multipart((FIELD, "patients.csv", b"age\n40\n")))
    assert (found.name, found.content) == ("patients.csv", b"age\n40\n")


def test_a_large_file_never_touches_a_disk(sent, monkeypatch):
    def refuse(*arguments, **named):
        raise AssertionError("a temporary file was made")

    for module, name in (
        (formparser, "SpooledTemporaryFile"),
        (tempfile, "TemporaryFile"),
        (tempfile, "NamedTemporaryFile"),
        (tempfile, "mkstemp"),
    ):
        monkeypatch.setattr(module, name, refuse)
    assert sent(**multipart((FIELD, "a.csv", LARGE))).content == LARGE


def test_as_flask_reads_it_a_large_file_would_touch_a_disk(app):
    with app.test_request_context(method="POST", **multipart((FIELD, "a.csv", LARGE))) as context:
        plain = Request(context.request.environ)
        assert plain.files[FIELD].stream._rolled
        plain.close()


def test_the_app_reads_files_in_memory(app):
    assert app.request_class is MemoryRequest


@pytest.mark.parametrize(
    "body",
    [
        {},
        multipart((FIELD, "", b"")),
        {"data": {FIELD: "age,ecog_ps"}},
        multipart(("another", "a.csv", b"age")),
        {"data": b"age\n40", "content_type": "text/csv"},
    ],
    ids=["nothing", "not chosen", "a text", "another field", "no form"],
)
def test_no_file_is_told(sent, body):
    with pytest.raises(InvalidInput) as caught:
        sent(**body)
    assert (FIELD, "missing_field") in {(p.field, p.code) for p in caught.value.problems}


def test_an_empty_file_is_a_file(sent):
    assert sent(**multipart((FIELD, "a.csv", b""))).content == b""


def test_two_files_are_refused(sent):
    with pytest.raises(InvalidInput, match="More than one file"):
        sent(**multipart((FIELD, "a.csv", b"age\n1"), (FIELD, "b.csv", b"age\n2")))


def test_what_stands_beside_the_file_is_refused(sent):
    with pytest.raises(InvalidInput) as caught:
        sent(**multipart((FIELD, "a.csv", b"age\n1"), ("model", "b.csv", b"forest")))
    assert [problem.field for problem in caught.value.problems] == ["model"]


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in pieces"])
def test_too_large_a_body_is_refused_and_read_to_its_end(make_app, announced):
    app, body = make_app(max_bytes=1000), multipart((FIELD, "a.csv", LARGE))
    stream = io.BytesIO(body["data"])
    in_pieces = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    length = {"CONTENT_LENGTH": str(len(body["data"]))}
    environ = {"wsgi.input": stream, **(length if announced else in_pieces)}
    with (
        app.test_request_context(
            method="POST", content_type=body["content_type"], environ_overrides=environ
        ),
        pytest.raises(TooLargeInput, match="larger than what is accepted") as caught,
    ):
        read_file(FIELD)
    assert stream.read() == b"", "a browser reads no answer while it still sends"
    assert [problem.field for problem in caught.value.problems] == [FIELD]


@pytest.mark.parametrize(
    ("size", "words"), [(8 * 2**20, "8"), (2**20 + 2**19, "1.5"), (1000, "0.000954")]
)
def test_sizes_are_told_in_megabytes(size, words):
    assert megabytes(size) == words
