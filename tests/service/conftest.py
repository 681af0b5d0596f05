"""The bundle is loaded once; apps are cheap and made with the settings that a test needs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from models.bundle import Bundle
from service.app import create_app
from service.bundles import Bundles, default_folder, load_bundle
from service.settings import Settings


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return load_bundle(default_folder())


@pytest.fixture(scope="session")
def make_app(bundle) -> Callable[..., Flask]:
    def make(**settings) -> Flask:
        return create_app(Settings(**settings), Bundles([bundle]))

    return make


@pytest.fixture(scope="session")
def app(make_app) -> Flask:
    return make_app()


@pytest.fixture(scope="session")
def client(app) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def spec(client) -> dict:
    return client.get("/openapi.json").get_json()
