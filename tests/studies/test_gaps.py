"""What filling gaps loses of an effect."""

import numpy as np
import pytest
from click.testing import CliRunner

from studies import __main__ as command
from studies.gaps import SHOWN, STRENGTHS, WAYS, Gaps, gaps_table, measure_gaps


@pytest.fixture(scope="module")
def gaps():
    return measure_gaps(seed=3, cohorts=3, patients=4000)


def test_the_share_left_is_the_slope_through_zero():
    rng = np.random.default_rng(1)
    known = rng.normal(size=(5, len(STRENGTHS), 1, len(SHOWN), 2))
    shares, errors = Gaps(np.concatenate([known, 0.8 * known, 0.4 * known], axis=2)).left()
    assert shares[:, 0] == pytest.approx(np.full((len(STRENGTHS), len(SHOWN)), 0.8))
    assert shares[:, 1] == pytest.approx(np.full((len(STRENGTHS), len(SHOWN)), 0.4))
    assert errors == pytest.approx(np.zeros_like(shares), abs=1e-9)


def test_looking_at_the_outcome_leaves_more_than_not(gaps):
    shares, _ = gaps.left()
    local = [SHOWN.index("ulceration"), SHOWN.index("bleeding")]
    assert (shares[:, 0, local] > shares[:, 1, local] + 0.1).all()
    # Half of the values are there, so half of an effect is left whatever is put into the others.
    assert shares[:, 1].mean() == pytest.approx(0.5, abs=0.15)


def test_the_table_has_a_row_for_each_strength_and_hazard(gaps):
    rows = gaps_table(gaps).splitlines()
    assert len(rows) == 2 + len(STRENGTHS) * len(SHOWN)
    assert all(way in rows[0] for way in WAYS[1:])


def test_the_command_writes_the_table(tmp_path):
    out = tmp_path / "gaps.md"
    asked = ["--cohorts", "2", "--patients", "2000", "--out", str(out)]
    done = CliRunner().invoke(command.gaps, asked)
    assert done.exit_code == 0, done.output
    assert "2 simulated cohorts of 2,000 patients" in " ".join(out.read_text("utf-8").split())
