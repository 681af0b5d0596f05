"""Small helpers of the routes: the app's bundles and settings, and JSON bodies."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app

from models.memory import Memory
from service.bundles import Bundles
from service.encoding import json_bytes
from service.settings import Settings

#: How the routes reach what `service.app.create_app` was given.
EXTENSION = "equipoise"


def bundles() -> Bundles:
    """Return the bundles that this app serves."""
    found: Bundles = current_app.extensions[EXTENSION]["bundles"]
    return found


def settings() -> Settings:
    """Return the settings of this app."""
    found: Settings = current_app.extensions[EXTENSION]["settings"]
    return found


def memory() -> Memory:
    """Return the memory of figures that the routes of this app share."""
    found: Memory = current_app.extensions[EXTENSION]["memory"]
    return found


def json_response(body: Any) -> Response:
    """Return a JSON answer; the same body always gives the same bytes."""
    return Response(json_bytes(body), content_type="application/json")
