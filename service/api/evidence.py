"""``GET /v1/evidence``: every published figure with its source."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint

from service.api.contract import answers_problems
from service.evidence_rows import evidence_document
from service.languages import PARAMETERS
from service.resource_schemas import EvidenceSchema
from service.responses import json_response

blueprint = Blueprint("evidence", __name__, description="The published figures")


@blueprint.route("/v1/evidence", methods=["GET"], parameters=list(PARAMETERS))
@blueprint.response(200, EvidenceSchema)
@answers_problems(blueprint)
def list_evidence() -> Response:
    """List the figures with source, level, direction, interaction p and credibility."""
    return json_response(evidence_document())
