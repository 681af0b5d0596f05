"""``POST /v1/predict``: one patient."""

from __future__ import annotations

from flask import Response, request
from flask_smorest import Blueprint

from models.example import EXAMPLE_PATIENT
from models.prediction import predict as predict_patients
from service.answers import single_answer
from service.api.contract import answers_problems, documented
from service.api.parsing import json_body
from service.cost import refuse_too_much
from service.languages import PARAMETERS
from service.reading import read_request
from service.responses import bundles, json_response, memory, settings
from service.schemas import AnswerSchema, PredictionRequest

blueprint = Blueprint("predict", __name__, description="Predictions for patients")

_EXAMPLE = {"patient": EXAMPLE_PATIENT, "horizons_months": [12, 48, 60]}


@blueprint.route("/v1/predict", methods=["POST"], parameters=list(PARAMETERS))
@documented(
    blueprint.arguments(PredictionRequest(), error_status_code=422, example=_EXAMPLE),
    blueprint.response(200, AnswerSchema),
    answers_problems(blueprint, 400, 404, 413, 415, 422),
)
def predict() -> Response:
    """Predict survival and local complications with and without surgery for one patient.

    Out of scope is an answer, not an error: status 200, reasons and no figures. Bodies are plain:
    a Content-Encoding other than identity is refused (415).
    """
    asked = read_request(json_body(request))
    bundle = bundles().find(asked.options.bundle)
    refuse_too_much([asked.patient], bundle, asked.options, settings().max_combinations)
    (prediction,) = predict_patients([asked.patient], bundle, asked.options, memory())
    return json_response(single_answer(prediction))
