"""The reference pages are what the commands, the OpenAPI and the settings say now."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from models.covariates import FIELDS
from models.options import Options
from models.outcomes import EFFECTS, FOREST, LEARNED_EFFECT, MODELS, OUTCOMES, SHOWN_ARMS
from service.bundles import load_bundles
from service.lists.columns import REJECT_COLUMNS, SCORED_COLUMNS, Chosen, Column, FigureColumns
from service.lists.layouts import WIDE, layout_of
from service.lists.tables import csv_header

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
    others = ["eligibility.md"]  # by scripts/eligibility_page.py
    written = sorted(path.name for path in reference.FOLDER.iterdir())
    assert written == sorted([*PAGES, *others])


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_script_writes(name):
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == PAGES[name], "run `make docs`"


def test_every_link_inside_a_page_leads_somewhere():
    for name, text in PAGES.items():
        titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        anchors = {title.lower().replace(" ", "-") for title in titles}
        assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= anchors, name


def test_the_forest_plot_is_what_the_script_draws():
    drawn = reference.FOREST_PLOT.read_text(encoding="utf-8")
    assert drawn == reference.forest_plot(), "run `make docs`"
    assert "](../images/forest-plot.svg)" in PAGES["evidence.md"]


ASKED = [
    Options(model=model, effect=effect)
    for model in MODELS
    for effect in EFFECTS
    if effect != LEARNED_EFFECT or model == FOREST
]


@pytest.fixture(scope="module")
def headers():
    """Return the header of a scored list for each model and effect."""
    bundle = load_bundles(()).default
    return {options: csv_header(layout_of(WIDE, bundle, options, Chosen())) for options in ASKED}


def spellings(columns, months):
    """Return every name that the pattern of some figures can have."""
    places = [
        {"outcome": outcome.name, "arm": arm, "model": model, "effect": effect}
        for outcome in OUTCOMES
        for arm in SHOWN_ARMS
        for model in MODELS
        for effect in EFFECTS
    ]
    return {name for each in places for name in columns.names(months, **each)}


def test_every_column_of_every_list_is_described_and_every_described_one_is_there(headers):
    figures = [each for each in SCORED_COLUMNS if isinstance(each, FigureColumns)]
    by_pattern = {each.pattern: spellings(each, Options().horizons_months) for each in figures}
    fixed = [each.name for each in SCORED_COLUMNS if isinstance(each, Column)]
    used = set()
    for header in headers.values():
        assert [name for name in header if name in fixed] == fixed
        for name in set(header) - set(fixed):
            (pattern,) = [each for each, names in by_pattern.items() if name in names]
            used.add(pattern)
    assert used == set(by_pattern)
    for each in SCORED_COLUMNS:
        shown = each.name if isinstance(each, Column) else each.pattern
        assert f"| `{shown}` | {each.meaning}" in PAGES["columns.md"]


def test_the_page_of_columns_says_what_each_model_and_effect_adds(headers):
    for options, header in headers.items():
        start = f"| `{options.model}` | `{options.effect}` | "
        (line,) = [each for each in PAGES["columns.md"].splitlines() if each.startswith(start)]
        stem = f"{OUTCOMES[0].name}_{SHOWN_ARMS[0]}"
        suffixes = [
            name.removeprefix(stem).removesuffix("_12")
            for name in header
            if name.startswith(stem) and name.endswith("_12")
        ]
        told = re.findall(r"`(_\w+)`", line)
        assert suffixes == ["", *told]


def test_the_page_of_columns_has_every_column_that_is_sent_and_rejected():
    for name in ("row_id", *FIELDS, *REJECT_COLUMNS):
        assert f"| `{name}` | " in PAGES["columns.md"]
    for field in FIELDS.values():
        assert field.accepted in PAGES["columns.md"]


@pytest.mark.parametrize(
    "term", ["Analysis", "Exploratory", "Forest", "Learned", "Pooled", "Subgroup effect"]
)
def test_the_glossary_has_the_words_of_models_and_effects(term):
    assert f"**{term}**: " in GLOSSARY


@pytest.mark.parametrize("term", ["Effect of surgery", "Subgroup"])
def test_the_glossary_names_the_exceptions_of_the_rules(term):
    meaning = " ".join(GLOSSARY.split(f"**{term}**: ")[1].split("\n\n")[0].split())
    assert "exploratory effects subgroup and learned" in meaning


def test_the_glossary_defines_each_term_once():
    terms = re.findall(r"^\*\*(.+?)\*\*", GLOSSARY, re.MULTILINE)
    assert len(terms) > 30
    assert terms == sorted(set(terms), key=str.lower)
