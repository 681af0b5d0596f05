"""Small helpers of the routes: the app's bundles and settings, and JSON bodies."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, current_app

from service.bundles import Bundles
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


def json_response(body: Any) -> Response:
    """Return a JSON answer; the same body always gives the same bytes."""
    return Response(
        json.dumps(body, ensure_ascii=False, allow_nan=False) + "\n",
        content_type="application/json",
    )
