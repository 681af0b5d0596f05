"""One answer of ``/v1/predict`` against an endpoint of the same app that returns its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from benchmarks.patients import PATIENT
from benchmarks.timing import Row, seconds_in_turn
from service.app import create_app
from service.security import PROTECTION

_HORIZONS = [6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96]


def single_answer_rows() -> Iterator[Row]:
    """Yield the time of a single answer, twelve horizons, four outcomes, in process."""
    app = create_app()
    request = {"patient": PATIENT, "horizons_months": _HORIZONS}
    body = app.test_client().post("/v1/predict", json=request).data
    PROTECTION["constant"] = ("open", "a benchmark")
    app = create_app()
    app.add_url_rule(
        "/constant",
        "constant",
        lambda: Response(body, content_type="application/json"),
        methods=["POST"],
    )
    client = app.test_client()
    ours, constant = seconds_in_turn(
        lambda: client.post("/v1/predict", json=request),
        lambda: client.post("/constant", json=request),
        rounds=200,
    )
    yield Row("one answer", "ms", ours * 1e3, constant * 1e3, "the same bytes, constant")
