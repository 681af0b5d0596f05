"""The plans of very long lists follow from the costs, and the list has names of its own."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.patients import csv_list

PAGE = Path(__file__).parents[2] / "docs" / "lists-at-scale.md"


def tables():
    """Return the figures of the page's tables by their names."""
    rows = [line.split("|")[1:3] for line in PAGE.read_text("utf-8").splitlines() if "|" in line]
    found = {}
    for name, figure in rows:
        try:
            found[name.strip()] = float(figure.replace(",", ""))
        except ValueError:
            continue
    return found


def test_the_plans_of_the_page_follow_from_its_costs():
    found = tables()
    planned = [*scale._list_plan(found), *scale._request_plan(found)]
    assert len(planned) == 12
    for cost in planned:
        assert found[cost.name] == pytest.approx(cost.value, rel=0.02), cost.name


def test_what_is_scored_again_is_planned_for():
    costs = {
        "new patients, ndjson": 2_000.0,
        "known rows, ndjson": 10_000.0,
        "share scored again, ndjson": 0.5,
        "patients again, ndjson": 5_000.0,
    }
    first = scale._DISTINCT / 2_000
    each = scale._PLANNED_ROWS * (1 / 10_000 + 0.5 / 5_000) / scale._WORKERS
    assert scale._scoring_seconds(costs, "ndjson", "ndjson") == pytest.approx(first + each)
    del costs["share scored again, ndjson"]
    each = scale._PLANNED_ROWS / 10_000 / scale._WORKERS
    assert scale._scoring_seconds(costs, "ndjson", "ndjson") == pytest.approx(first + each)


def test_names_do_not_repeat_and_patients_do():
    text = scale._random_list()
    header, *rows = text.splitlines()
    assert header.startswith(b"row_id,age,")
    assert text == scale._random_list()
    assert len({row.partition(b",")[0] for row in rows}) == len(rows) == scale._ROWS
    patients = {row.partition(b",")[2] for row in rows}
    written = csv_list(scale._DISTINCT, scale._DISTINCT).splitlines()
    assert patients == set(islice(written, 1, None))
