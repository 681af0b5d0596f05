"""A lean service of scikit-survival.

Usage: ``python -m benchmarks.peers.lean FOLDER MODELS WORKERS PORT``. MODELS are names of pickles,
separated by commas (``cox,forest``); each has an endpoint.

Work: ``POST /cox`` and ``/forest`` check a patient with a marshmallow schema that is built once,
code her in plain Python, and answer the survival curves of four hazards under both arms at the
months that are asked for: the same curves as ours, no intervals, no texts. It is fair because
nothing else is done: no pandas, both arms in one call, models unpickled once before the workers
are forked, the same Flask, gunicorn and settings as ours.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
from flask import Flask, Response, jsonify, request
from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import OneOf, Range

from benchmarks.peers.coding import design_row
from service.server import Server

ARMS = ("systemic_therapy", "ptr_plus_systemic_therapy")
_SIGNS = OneOf(("positive", "negative"))


class PatientSchema(Schema):
    """A patient, every value known."""

    age = fields.Float(required=True, validate=Range(0, 120))
    menopausal_status = fields.String(required=True, validate=OneOf(("pre", "post")))
    ecog_ps = fields.Integer(required=True, validate=Range(0, 4))
    clinical_t = fields.String(required=True, validate=OneOf(("T0", "T1", "T2", "T3", "T4")))
    clinical_n = fields.String(required=True, validate=OneOf(("N0", "N1", "N2", "N3")))
    er_status = fields.String(required=True, validate=_SIGNS)
    her2_status = fields.String(required=True, validate=_SIGNS)
    metastatic_organs = fields.String(required=True, validate=OneOf(("1", "2+")))
    liver_metastasis = fields.Boolean(required=True)
    bone_only_metastasis = fields.Boolean(required=True)


class RequestSchema(Schema):
    """A patient and the months."""

    patient = fields.Nested(PatientSchema, required=True)
    horizons_months = fields.List(fields.Integer(validate=Range(1, 96)), required=True)


def app(folder: Path, names: list[str]) -> Flask:
    """Return the application with some models of a folder."""
    lean = Flask("lean")
    schema = RequestSchema()
    models = {name: pickle.loads((folder / f"{name}.pickle").read_bytes()) for name in names}

    def answer(model: str) -> Response | tuple[Response, int]:
        try:
            asked = schema.load(request.get_json())
        except ValidationError as error:
            return jsonify(errors=error.messages), 422
        return jsonify(curves(models[model], asked))

    for name in names:
        lean.add_url_rule(f"/{name}", name, answer, methods=["POST"], defaults={"model": name})
    return lean


def curves(models: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Return the survival curves of a patient by hazard and arm."""
    months = np.array(asked["horizons_months"], dtype=float)
    rows = np.array([design_row(asked["patient"], arm) for arm in (0.0, 1.0)])
    return {
        "horizons_months": asked["horizons_months"],
        "curves": {
            name: {
                arm: curve(months).tolist()
                for arm, curve in zip(ARMS, model.predict_survival_function(rows), strict=True)
            }
            for name, model in models.items()
        },
    }


if __name__ == "__main__":
    place, served, workers, port = sys.argv[1:]
    Server(app(Path(place), served.split(",")), f"127.0.0.1:{port}", workers=int(workers)).run()
