"""One answer of ``/v1/predict`` against an endpoint of the same server that returns its bytes."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.patients import PATIENT
from benchmarks.timing import Row, seconds_in_turn

_HORIZONS = [6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96]
_REQUESTS = 500
_SECONDS_TO_START = 30


def single_answer_rows() -> Iterator[Row]:
    """Yield the median time of an answer with twelve horizons and four outcomes.

    Both endpoints are asked in turn over one connection that is kept.
    """
    request = json.dumps({"patient": PATIENT, "horizons_months": _HORIZONS}).encode()
    with _server() as connection:
        body = _ask(connection, "POST", "/v1/predict", request)
        _ask(connection, "PUT", "/constant", body)
        if _ask(connection, "POST", "/constant", request) != body:
            raise RuntimeError("the constant endpoint answers other bytes")
        ours, constant = seconds_in_turn(
            lambda: _ask(connection, "POST", "/v1/predict", request),
            lambda: _ask(connection, "POST", "/constant", request),
            rounds=_REQUESTS,
        )
    name = f"the same {len(body)} bytes, constant, same server"
    yield Row(f"one answer, median of {_REQUESTS}", "ms", ours * 1e3, constant * 1e3, name)


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> bytes:
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status not in (200, 204):
        raise RuntimeError(f"{path} answers {answer.status}")
    return answer.read()


@contextmanager
def _server() -> Iterator[http.client.HTTPConnection]:
    """Yield a connection to a server that stops afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "benchmarks.serve", str(port)]
    with subprocess.Popen(command) as process:
        try:
            yield _connect(port)
        finally:
            process.terminate()


def _connect(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS_TO_START)
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        try:
            connection.connect()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connection
    raise TimeoutError("the server did not start")
