"""``GET /v1/models`` and ``/v1/models/{id}``: the bundles and their cards."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from models.bundle import Bundle
from models.language import _
from models.source_attributes import read_attributes
from models.texts import INTENDED_USE
from service.api.contract import answers_problems
from service.bundles import DEFAULT_BUNDLE
from service.languages import PARAMETERS
from service.resource_schemas import BundlesSchema, BundleWithCardSchema
from service.responses import bundles, json_response

blueprint = Blueprint("models", __name__, description="The models that are served")

_NAME: dict[str, Any] = {
    "in": "path",
    "name": "name",
    "required": True,
    "schema": {"type": "string", "minLength": 1},
    "description": "id or id@version of a bundle; the list of bundles has them.",
    "example": DEFAULT_BUNDLE,
}


@blueprint.route("/v1/models", methods=["GET"], parameters=list(PARAMETERS))
@blueprint.response(200, BundlesSchema)
@answers_problems(blueprint)
def list_models() -> Response:
    """List the bundles; the first is the default."""
    return json_response(
        {"intended_use": _(INTENDED_USE), "models": [_summary(b) for b in bundles().all]}
    )


@blueprint.route("/v1/models/<name>", methods=["GET"], parameters=[_NAME, *PARAMETERS])
@blueprint.response(200, BundleWithCardSchema)
@answers_problems(blueprint, 404)
def show_model(name: str) -> Response:
    """Show one bundle, ``id`` or ``id@version``, with its model card."""
    bundle = bundles().find(name)
    return json_response(
        {
            "intended_use": _(INTENDED_USE),
            **_summary(bundle),
            "manifest": bundle.manifest,
            "card": bundle.card,
            "source_attributes": [each.as_dict() for each in read_attributes(bundle.card)],
        }
    )


def _summary(bundle: Bundle) -> dict[str, Any]:
    return {
        "id": bundle.id,
        "version": bundle.version,
        "training_data": bundle.training_data,
        "digest": bundle.digest,
        "members": bundle.manifest["members"],
    }
