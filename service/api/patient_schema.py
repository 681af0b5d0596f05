"""``GET /v1/schema``: the JSON Schema of a patient."""

from __future__ import annotations

from flask import Response
from flask_smorest import Blueprint

from models.patient_schema import patient_json_schema
from service.api.contract import answers_problems
from service.resource_schemas import PatientContractSchema
from service.responses import json_response

blueprint = Blueprint("patient_schema", __name__, description="The contract of a patient")


@blueprint.route("/v1/schema", methods=["GET"])
@blueprint.response(200, PatientContractSchema)
@answers_problems(blueprint)
def show_schema() -> Response:
    """Return the JSON Schema (2020-12) of a patient."""
    return json_response(patient_json_schema())
