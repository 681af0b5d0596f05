"""What all tests share: settings of property tests, and a real server."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.support.examples import FACTOR
from tests.support.server import running_server

# A usual run is the same every time; a study takes its seed from the command line.
settings.register_profile(
    "equipoise",
    deadline=None,
    derandomize=FACTOR == 1,
    suppress_health_check=[] if FACTOR == 1 else [HealthCheck.too_slow],
)
settings.load_profile("equipoise")


def pytest_collection_modifyitems(items):
    """Mark the property tests, so that a study can choose them."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("property")


@pytest.fixture(scope="session")
def live_server():
    """Return the address of a running server."""
    with running_server() as address:
        yield address
