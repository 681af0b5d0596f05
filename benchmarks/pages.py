"""A result page against an empty template of the same server: to its first byte, and whole."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from typing import Any
from urllib.parse import urlencode

from benchmarks.answers import running_server
from benchmarks.patients import PATIENT, different_patients
from benchmarks.timing import Row, values_in_turn
from tests.support.forms import form_texts

_REQUESTS = 500


def page_rows() -> Iterator[Row]:
    """Yield the median times of a result page, of the same patient again and of another each time.

    An empty template is asked for with the same body, in turn, over the same connection.
    """
    asked = {
        "the same patient again": repeat(_body(PATIENT)),
        "another patient": map(_body, different_patients()),
    }
    measures: dict[str, Callable[[http.client.HTTPConnection, str, bytes], float]] = {
        "to the first byte": partial(_seconds, whole=False),
        "whole": partial(_seconds, whole=True),
    }
    with running_server() as connection:
        for told, bodies in asked.items():
            for measured, seconds in measures.items():
                found = values_in_turn(
                    partial(_next, seconds, connection, bodies),
                    partial(seconds, connection, "/empty", _body(PATIENT)),
                    rounds=_REQUESTS,
                )
                title = f"a result page, {measured}, {told} each time, median of {_REQUESTS}"
                ours, empty = (1e3 * each for each in found)
                yield Row(title, "ms", ours, empty, "an empty template, same server")


def _next(
    seconds: Callable[[http.client.HTTPConnection, str, bytes], float],
    connection: http.client.HTTPConnection,
    bodies: Iterator[bytes],
) -> float:
    return seconds(connection, "/", next(bodies))


def _body(patient: dict[str, Any]) -> bytes:
    return urlencode(form_texts(patient), doseq=True).encode()


def _seconds(
    connection: http.client.HTTPConnection, path: str, body: bytes, *, whole: bool
) -> float:
    """Return how long the first byte of an answer, or all of it, takes."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    start = time.perf_counter()
    connection.request("POST", path, body, kind)
    answer = connection.getresponse()
    answer.read(1)
    first = time.perf_counter() - start
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}")
    return time.perf_counter() - start if whole else first
