"""Codes and texts as pages show them."""

from __future__ import annotations

import pytest

from models.bundle import TRAINING_DATA as KINDS
from service.page.words import TRAINING_DATA, breakable, time_words, with_codes


def test_every_kind_of_training_data_has_words():
    assert set(TRAINING_DATA) == set(KINDS)


@pytest.mark.parametrize(("month", "told"), [(48, "four years"), (6, "6 months")])
def test_a_horizon_that_is_none_of_the_pages_is_told_in_months(month, told):
    assert time_words(month) == told


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("age", "age"),
        ("er_status", "er_<wbr>status"),
        ("eligibility.primary_bleeding", "eligibility.<wbr>primary_<wbr>bleeding"),
        ("<b>_", "&lt;b&gt;_<wbr>"),
    ],
)
def test_a_code_goes_on_in_the_next_line_behind_its_words(code, shown):
    assert str(breakable(code)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No code.", "No code."),
        ("`ok` or `out_of`.", "<code>ok</code> or <code>out_<wbr>of</code>."),
        ("<i> & `<b>`", "&lt;i&gt; &amp; <code>&lt;b&gt;</code>"),
    ],
)
def test_what_stands_in_backticks_is_code_and_all_is_escaped(text, shown):
    assert str(with_codes(text)) == shown
