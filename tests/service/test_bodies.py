"""Bodies that come in pieces, whose sum nobody announces: whole or refused, never cut."""

from __future__ import annotations

import http.client
import io
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.support.server import running_server

from .helpers import (
    CSV,
    FORMATS,
    JSON,
    NDJSON,
    README_PATIENT,
    body_of,
    cells_of,
    check_problem,
    find_item,
    form_of,
    multipart,
)

MOST = 40_000
_FORM = "application/x-www-form-urlencoded"
_HEADER = ",".join(cells_of(README_PATIENT))
_ROW = ",".join(cells_of(README_PATIENT).values())


def padded(body: bytes, size: int) -> bytes:
    """Return a body with blanks behind it that change nothing of what it says."""
    assert len(body) <= size
    return body + b"\n" * (size - len(body))


def long_list(kind: str, size: int) -> bytes:
    """Return a list of so many bytes."""
    rows = [{**README_PATIENT, "row_id": str(number)} for number in range(20)]
    return padded(body_of(kind, rows), size)


def predict_body(size: int) -> bytes:
    return padded(json.dumps({"patient": README_PATIENT}).encode(), size)


def form_body(size: int) -> bytes:
    text = urlencode(form_of(README_PATIENT), doseq=True)
    return (text + "&" * (size - len(text))).encode()


def file_body(size: int) -> bytes:
    empty = len(multipart(("list", "a.csv", b""))["data"])
    return multipart(("list", "a.csv", long_list(CSV, size - empty)))["data"]


_MULTIPART = multipart(("list", "a.csv", b""))["content_type"]
#: Every route that reads a body: its path, the content type, and a body of so many bytes.
DOORS = {
    "predict": ("/v1/predict", JSON, predict_body),
    **{
        f"batch {kind}": ("/v1/predict/batch", kind, lambda size, kind=kind: long_list(kind, size))
        for kind in FORMATS
    },
    "form": ("/result", _FORM, form_body),
    "form at its old address": ("/", _FORM, form_body),
    "lists": ("/lists", _MULTIPART, file_body),
    "download": ("/lists/download", _MULTIPART, file_body),
}
each_door = pytest.mark.parametrize(("path", "kind", "body"), DOORS.values(), ids=DOORS)


@pytest.fixture(scope="module")
def client(make_app):
    return make_app(max_bytes=MOST).test_client()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Run the real server with the same limit and yield its host and port."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EQUIPOISE_MAX_BYTES", str(MOST))
        with running_server() as found:
            yield found.removeprefix("http://")


def post_pieces(client, path: str, kind: str, body: bytes):
    """Send a body to the app as a server does that ends it where the request ends."""
    in_pieces = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    # Werkzeug's client would name a boundary of its own.
    environ = {"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": kind, **in_pieces}
    return client.post(path, environ_overrides=environ)


def pieces(body: bytes, size: int = 1000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def send(address: str, path: str, kind: str, body: bytes) -> tuple[int, str]:
    """Send a body in pieces to the real server and return status and text of the answer."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("POST", path, pieces(body), {"Content-Type": kind}, encode_chunked=True)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@each_door
def test_a_body_of_the_most_bytes_is_answered(client, path, kind, body):
    sent = body(MOST)
    assert len(sent) == MOST
    assert post_pieces(client, path, kind, sent).status_code == 200


@each_door
def test_a_byte_more_is_refused(client, path, kind, body):
    response = post_pieces(client, path, kind, body(MOST + 1))
    assert response.status_code == 413
    if not path.startswith("/lists"):
        item = find_item(check_problem(response, 413)["errors"], "", "too_large")
        assert item["accepted"] == f"at most {MOST} bytes"


@each_door
def test_the_real_server_answers_a_body_of_the_most_bytes(address, path, kind, body):
    assert send(address, path, kind, body(MOST))[0] == 200


@each_door
@pytest.mark.parametrize("size", [MOST + 1, 9 * 2**20], ids=["a byte more", "much more"])
def test_the_real_server_refuses_more_and_its_sender_sees_why(address, path, kind, body, size):
    status, text = send(address, path, kind, body(size))
    assert status == 413
    assert "too_large" in text or "larger than what is accepted" in text


@pytest.mark.parametrize("kind", [NDJSON, CSV])
@pytest.mark.parametrize("within", [False, True], ids=["on a row's end", "inside a row"])
def test_no_row_vanishes_or_is_cut(address, kind, within):
    """What stands up to the limit is a list by itself, so that a cut would not be seen."""
    row = (_ROW if kind == CSV else json.dumps(README_PATIENT)).encode() + b"\n"
    head = _HEADER.encode() + b"\n" if kind == CSV else b""
    count = (MOST - len(head)) // len(row)
    if within:
        # The limit is behind the first digit of the last row's age: 4 in place of 47.
        blanks = MOST - len(head) - count * len(row) + len(row) - row.index(b"47") - 1
    else:
        blanks = MOST - len(head) - count * len(row)
    lines = count - 1 if within else count
    body = head + b"\n" * blanks + row * lines
    assert len(body) + (row.index(b"47") + 1 if within else 0) == MOST
    body += row
    status, text = send(address, "/v1/predict/batch", kind, body)
    assert (status, json.loads(text)["errors"][0]["code"]) == (413, "too_large")


def test_patients_are_answered_one_for_one_however_small_the_pieces(address):
    rows = [README_PATIENT] * 30
    connection = http.client.HTTPConnection(address, timeout=60)
    body = body_of(CSV, rows)
    connection.request(
        "POST", "/v1/predict/batch", pieces(body, 7), {"Content-Type": CSV}, encode_chunked=True
    )
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    assert len(lines) == 1 + len(rows)
    assert len(set(lines[1:])) == 1


_START = f"POST /v1/predict/batch HTTP/1.1\r\nHost: a\r\nContent-Type: {CSV}\r\n"
_LIST = body_of(CSV, [README_PATIENT])
BROKEN = {
    "less than announced": f"{_START}Content-Length: {len(_LIST) + 9}\r\n\r\n".encode() + _LIST,
    "no last piece": f"{_START}Transfer-Encoding: chunked\r\n\r\n{len(_LIST):x}\r\n".encode()
    + _LIST,
    "no pieces": f"{_START}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode() + _LIST,
}


@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN)
def test_a_list_that_breaks_off_is_the_senders_mistake(address, sent):
    host, _colon, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: connection.recv(4096), b"")).startswith(b"HTTP/1.1 400 ")
