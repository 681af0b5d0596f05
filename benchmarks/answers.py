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
from functools import partial
from itertools import repeat
from typing import Any

from benchmarks.patients import PATIENT, different_patients
from benchmarks.timing import Row, seconds_in_turn

_HORIZONS = [6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96]
_REQUESTS = 500
_SECONDS_TO_START = 30


def single_answer_rows() -> Iterator[Row]:
    """Yield the median time of an answer with twelve horizons and four outcomes.

    Twice: of the same patient again and again, whose figures the server remembers, and of
    another patient with each request. Both endpoints are asked in turn over one connection
    that is kept.
    """
    with running_server() as connection:
        again = _body(PATIENT)
        body = _ask(connection, "POST", "/v1/predict", again)
        _ask(connection, "PUT", "/constant", body)
        if _ask(connection, "POST", "/constant", again) != body:
            raise RuntimeError("the constant endpoint answers other bytes")
        constant = partial(_ask, connection, "POST", "/constant", again)
        name = f"the same {len(body)} bytes, constant, same server"
        asked = {
            "the same patient again": repeat(again),
            "another patient": map(_body, different_patients()),
        }
        for told, bodies in asked.items():
            ours = partial(_ask_next, connection, bodies)
            seconds = seconds_in_turn(ours, constant, rounds=_REQUESTS)
            title = f"one answer, {told} each time, median of {_REQUESTS}"
            yield Row(title, "ms", *(1e3 * each for each in seconds), name)


def _ask_next(connection: http.client.HTTPConnection, bodies: Iterator[bytes]) -> bytes:
    return _ask(connection, "POST", "/v1/predict", next(bodies))


def _body(patient: dict[str, Any]) -> bytes:
    return json.dumps({"patient": patient, "horizons_months": _HORIZONS}).encode()


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: bytes) -> bytes:
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status not in (200, 204):
        raise RuntimeError(f"{path} answers {answer.status}")
    return answer.read()


@contextmanager
def running_server() -> Iterator[http.client.HTTPConnection]:
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
