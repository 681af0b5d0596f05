"""The reference pages are what the commands, the OpenAPI and the settings say now."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def load_script():
    place = ROOT / "scripts" / "reference.py"
    spec = importlib.util.spec_from_file_location("reference", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


reference = load_script()
PAGES = reference.pages()


def test_there_are_no_other_pages():
    assert sorted(path.name for path in reference.FOLDER.iterdir()) == sorted(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_script_writes(name):
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == PAGES[name], "run `make docs`"


def test_every_link_inside_a_page_leads_somewhere():
    for name, text in PAGES.items():
        titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        anchors = {title.lower().replace(" ", "-") for title in titles}
        assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors, name


def test_the_glossary_defines_each_term_once():
    terms = re.findall(r"^\*\*(.+?)\*\*", GLOSSARY, re.MULTILINE)
    assert len(terms) > 30
    assert terms == sorted(set(terms), key=str.lower)
