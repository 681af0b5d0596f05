"""The page on eligibility is what the criteria and the cases say now."""

import importlib.util
from pathlib import Path

import pytest

from models.criteria import CRITERIA
from tests.support.eligibility_cases import cases

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "eligibility_page.py"
    spec = importlib.util.spec_from_file_location("eligibility_page", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_script_writes(script):
    assert script.PAGE.read_text(encoding="utf-8") == script.page(), "run `make docs`"


def test_the_page_has_every_criterion_once_and_every_case(script):
    lines = script.page().splitlines()
    for criterion in CRITERIA:
        assert sum(line.startswith(f"| `{criterion.code}` |") for line in lines) == 1
    for case in cases():
        assert sum(line.startswith(f"| {case['title']} |") for line in lines) == 1
