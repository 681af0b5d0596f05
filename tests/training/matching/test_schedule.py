"""The course of the search: its temperatures and the rows that come first."""

import pytest

from training.matching.anneal import TRIPLE_NEGATIVE_ROW
from training.matching.schedule import _COOLINGS, Cooling, small_rows, temperature

COOLING = Cooling(1.0, 0.5, ((0.0, 100.0), (1.0, 1.0)))


def test_the_coolings_make_up_the_whole_search():
    assert sum(each.share for each in _COOLINGS) == pytest.approx(1)


def test_the_temperature_falls_geometrically():
    assert [temperature(part, COOLING) for part in (0, 0.5, 1)] == pytest.approx([100, 10, 1])


def test_small_rows_have_few_deaths_and_not_the_one_that_is_locked():
    rows = small_rows()
    assert TRIPLE_NEGATIVE_ROW not in rows
    assert sorted(rows) == [1, 4, 10, 14]  # ER negative, HER2 positive, PS 1 or 2, liver
