"""What a worker pays for: no fitting library in the service, no web library in the models."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .helpers import clean_environment

FITTING = {"sksurv", "sklearn", "scipy", "pandas", "joblib", "training"}
WEB = {
    "flask",
    "flask_babel",
    "babel",
    "flask_smorest",
    "marshmallow",
    "werkzeug",
    "gunicorn",
    "click",
    "service",
}

_IMPORT_ALL = """
import importlib, json, pkgutil, sys
package = importlib.import_module({package!r})
for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(found.name)
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules}})))
"""
_IMPORT_APP = """
import json, sys
import service.app
service.app.create_app()
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def loaded(code, folder):
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    return set(json.loads(result.stdout))


def test_the_app_loads_no_fitting_library(tmp_path):
    assert loaded(_IMPORT_APP, tmp_path) & FITTING == set()


@pytest.mark.parametrize(("package", "refused"), [("service", FITTING), ("models", FITTING | WEB)])
def test_no_module_loads_what_its_package_may_not(tmp_path, package, refused):
    assert loaded(_IMPORT_ALL.format(package=package), tmp_path) & refused == set()
