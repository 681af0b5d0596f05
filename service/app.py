"""The application factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from models.language import speaking
from models.memory import Memory
from service.api import batch, evidence, health, patient_schema, predict
from service.api import models as model_routes
from service.bundles import Bundles, load_bundles
from service.languages import language_of_request, register_languages
from service.openapi import CONFIG, DocumentedApi
from service.page import card, documentation, lists, routes, sure
from service.problems import log_unexpected, register_error_handlers
from service.responses import EXTENSION
from service.security import protect
from service.settings import Settings
from service.uploads import MemoryRequest, register_uploads

#: Bytes of figures that are kept, of about 5,000 profiles by default.
_REMEMBERED = 32 * 2**20


class _Application(Flask):
    """Flask, but each request has its language, its files stay in memory, no log holds a text."""

    request_class = MemoryRequest

    def full_dispatch_request(self, *context: Any) -> Response:
        """Answer a request, errors included, in its language; none outlives the request."""
        with speaking(language_of_request()):
            return super().full_dispatch_request(*context)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is: none of ours is asynchronous."""
        return func

    def log_exception(self, exc_info: Any, ctx: Any = None) -> None:  # noqa: ARG002 (Flask's)
        """Log an error that no handler could tell."""
        log_unexpected(exc_info[1])


def create_app(settings: Settings | None = None, bundles: Bundles | None = None) -> Flask:
    """Return the web application.

    Parameters
    ----------
    settings : Settings, optional
        Default: no tokens, no other origins, the shipped bundle.
    bundles : Bundles, optional
        Default: those of the settings, verified here.

    Raises
    ------
    BundleRefused
        If a bundle is damaged: an app that cannot score does not start.
    """
    settings = settings or Settings()
    app = _Application("service")
    app.config.update(CONFIG, MAX_CONTENT_LENGTH=settings.max_bytes)
    if settings.trusted_proxies:
        believed = dict.fromkeys(("x_proto", "x_host"), settings.trusted_proxies)
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0, **believed)  # type: ignore[method-assign]
    app.extensions[EXTENSION] = {
        "settings": settings,
        "bundles": bundles or load_bundles(settings.bundle_folders),
        "memory": Memory(_REMEMBERED),
    }
    api = DocumentedApi(app)
    for module in (predict, batch, model_routes, evidence, patient_schema, health):
        api.register_blueprint(module.blueprint)
    app.extensions[EXTENSION]["api"] = api
    for module in (routes, lists, card, sure, documentation):
        app.register_blueprint(module.blueprint)
    register_error_handlers(app)
    register_uploads(app)
    register_languages(app)
    protect(app, settings)
    return app
