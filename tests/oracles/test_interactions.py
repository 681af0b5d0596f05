"""Interactions against R, from the second transcription of Fig. 3."""

import csv
from pathlib import Path

import pytest

import tests.models.evidence
from models.evidence import interactions, pairs
from tests.oracles.running import run_r, write_csv

TYPED = Path(tests.models.evidence.__file__).parent / "transcription_fig_3.csv"
PAIRS = [pair.id for pair in pairs()]
ENDS = ("estimate", "lower", "upper")

#: What is printed of the p values, in the order of Fig. 3.
PRINTED = {
    "er": "0.52",
    "her2": "0.13",
    "triple_negative": "0.98",
    "menopause": "0.017",
    "performance_status": "0.93",
    "organs": "0.064",
    "liver": "0.19",
    "bone_only": "0.52",
}


@pytest.fixture(scope="module")
def r(tmp_path_factory):
    with TYPED.open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = {"pair": PAIRS}
    for name, half in (("first", rows[::2]), ("second", rows[1::2])):
        for end in ENDS:
            column = name if end == "estimate" else f"{name}_{end}"
            columns[column] = [float(row[end]) for row in half]
    folder = tmp_path_factory.mktemp("interactions")
    return run_r("interactions.R", write_csv(folder / "pairs.csv", columns))


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize(
    ("quantity", "name"), [("p", "p"), ("bonferroni", "p_bonferroni"), ("holm", "p_holm")]
)
def test_p_is_that_of_r_to_four_digits(r, pair, quantity, name):
    expected = r.value("", quantity, pair)
    assert getattr(interactions()[pair], name) == pytest.approx(expected, rel=5e-5)


@pytest.mark.parametrize("pair", PAIRS)
def test_ratio_and_limits_are_those_of_r(r, pair):
    row = interactions()[pair]
    expected = [r.value("", quantity, pair) for quantity in ("ratio", "lower", "upper")]
    assert [row.ratio, *row.interval] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("pair", PRINTED)
def test_p_is_printed_as_r_rounds_it(r, pair):
    assert f"{interactions()[pair].p:.2g}" == f"{r.value('', 'p', pair):.2g}" == PRINTED[pair]
