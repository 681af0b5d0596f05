"""``GET /healthz`` and ``/readyz``: liveness and readiness."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint

from service.resource_schemas import LivenessSchema, ReadinessSchema
from service.responses import bundles, json_response

blueprint = Blueprint("health", __name__, description="For the operator's monitor")


@blueprint.route("/healthz", methods=["GET"])
@blueprint.response(200, LivenessSchema)
def healthz() -> Response:
    """Say that the process answers."""
    return json_response({"status": "alive"})


@blueprint.route("/readyz", methods=["GET"])
@blueprint.response(200, ReadinessSchema)
def readyz() -> Response:
    """Say that the bundles were verified; a process that could not verify them never starts."""
    return json_response({"status": "ready", "bundles": len(bundles().all)})
