"""flask-smorest's API as our contract has it: our error body, and nothing that is not ours."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apispec import BasePlugin
from flask import Flask
from flask_smorest import Api

import models
from models.texts import INTENDED_USE
from service.problems import PROBLEM_TYPE
from service.schemas import LINE_NAME, LIST_LINE, ProblemSchema

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


class _Words(BasePlugin):
    """Names each operation as the function that answers it, and says what a schema means."""

    def schema_helper(
        self,
        name: str,  # noqa: ARG002 (apispec's)
        definition: dict[str, Any],  # noqa: ARG002 (apispec's)
        *,
        schema: Any = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Return the description of a schema that has a meaning."""
        # A description in marshmallow's Meta would take away that no other fields are allowed.
        meaning = getattr(schema, "meaning", "")
        return {"description": meaning} if meaning else {}

    def path_helper(
        self,
        path: str | None = None,  # noqa: ARG002 (apispec's)
        operations: dict[str, Any] | None = None,
        parameters: list[dict[str, Any]] | None = None,  # noqa: ARG002 (apispec's)
        *,
        rule: Any = None,
        **_: Any,
    ) -> None:
        """Add the ``operationId`` of each operation of a route."""
        for operation in (operations or {}).values():
            operation["operationId"] = rule.endpoint.rpartition(".")[2]


class DocumentedApi(Api):  # type: ignore[misc]
    """An API whose documented errors are problem details."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        super().__init__(app, spec_kwargs={"extra_plugins": [_Words()]})
        self.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
        # What no JSON answer is, but what each line of an answer of lines is.
        self.spec.components.schema(LINE_NAME, schema=LIST_LINE)

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            response = {
                "description": status.phrase,
                "content": {PROBLEM_TYPE: {"schema": ProblemSchema}},
            }
            self.spec.components.response(status.name, response, lazy=True)

    def _register_pagination_header(self) -> None:
        """Register nothing: no route of ours has pages."""
