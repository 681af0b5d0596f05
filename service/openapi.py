"""flask-smorest's API as our contract has it: our error body, and nothing that is not ours."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask
from flask_smorest import Api

import models
from models.texts import INTENDED_USE
from service.problems import PROBLEM_TYPE
from service.schemas import ProblemSchema

CONFIG = {
    "API_TITLE": "Equipoise",
    "API_VERSION": models.__version__,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": INTENDED_USE},
        # A token is asked for only where tokens are configured, hence the empty alternative.
        "security": [{"bearer": []}, {}],
    },
}


class DocumentedApi(Api):  # type: ignore[misc]
    """An API whose documented errors are problem details."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            response = {
                "description": status.phrase,
                "content": {PROBLEM_TYPE: {"schema": ProblemSchema}},
            }
            self.spec.components.response(status.name, response, lazy=True)

    def _register_pagination_header(self) -> None:
        """Register nothing: no route of ours has pages."""
