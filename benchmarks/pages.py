"""A result page against an empty template of the same server: to its first byte, and whole."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import cycle, repeat
from typing import Any
from urllib.parse import urlencode

from benchmarks.patients import PATIENT, different_patients
from benchmarks.serving import Served, serving
from benchmarks.timing import Row, Told, compare
from tests.support.forms import form_texts

#: Requests in a round, of which the median is taken.
_REQUESTS = 50


def page_rows() -> Iterator[Row]:
    """Yield the median times of a result page, of the same patient again and of another each time.

    An empty template is asked for with the same body, in turn, over the same connection.
    """
    asked = {
        "the same patient again": repeat(_body(PATIENT)),
        "another patient": map(_body, cycle(different_patients())),
    }
    measures: dict[str, Callable[[http.client.HTTPConnection, str, bytes], float]] = {
        "to the first byte": partial(_seconds, whole=False),
        "whole": partial(_seconds, whole=True),
    }
    with serving(("-m", "benchmarks.serve")) as served:
        for told, bodies in asked.items():
            for measured, seconds in measures.items():
                title = f"a result page, {measured}, {told} each time, p50"
                empty = repeat(_body(PATIENT))
                yield compare(
                    Told(title, "ms", "an empty template, same server"),
                    partial(_median, seconds, served, "/result", bodies),
                    partial(_median, seconds, served, "/empty", empty),
                )


def _median(
    seconds: Callable[[http.client.HTTPConnection, str, bytes], float],
    served: Served,
    path: str,
    bodies: Iterator[bytes],
) -> float:
    """Return the median milliseconds of some requests over one connection."""
    with closing(served.connect()) as connection:
        seconds(connection, path, next(bodies))
        taken = [seconds(connection, path, next(bodies)) for _ in range(_REQUESTS)]
        return 1e3 * statistics.median(taken)


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
