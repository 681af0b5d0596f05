"""The page on the effect by subgroups is in step with what training computes."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "subgroup_table.py"
    spec = importlib.util.spec_from_file_location("subgroup_table", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_what_the_script_writes(script):
    page = script.PAGE.read_text(encoding="utf-8")
    assert page == script.with_table(page), "run `make docs`"


def test_the_table_has_every_subgroup(script):
    rows = [line for line in script.table().splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + 16


def test_the_page_states_the_scale_that_is_used(script):
    page = script.PAGE.read_text(encoding="utf-8")
    assert f"half-normal({script.SPREAD_SCALE:g})" in page
