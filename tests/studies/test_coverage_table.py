"""Rates, their Monte Carlo intervals, and what is wanted of them."""

import numpy as np
import pytest

from models.outcomes import OUTCOMES
from studies.coverage import Replicate
from studies.coverage_table import TOGETHER, clustered, lines, markdown, overall, rate
from studies.ensembles import HORIZONS, SUBJECTS

SHAPE = (len(SUBJECTS), len(OUTCOMES), 3, len(HORIZONS))


def replicate(held=True):
    truth = np.full(SHAPE, 0.5)
    upper = truth + (0.1 if held else -0.1)
    return Replicate("", truth, truth - 0.2, upper, redrawn=1)


@pytest.mark.parametrize(
    ("held", "of", "interval"),
    [
        (0, 20, (0.0, 0.1684)),
        (20, 20, (0.8316, 1.0)),
        (95, 100, (0.8872, 0.9836)),  # as R's binom.test(95, 100)
    ],
)
def test_intervals_are_clopper_and_pearsons(held, of, interval):
    assert rate(held, of)[1:] == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize(("held", "meets"), [(85, False), (88, True), (95, True), (100, True)])
def test_a_rate_is_as_wanted_when_its_interval_meets_the_range(held, meets):
    assert rate(held, 100).meets(0.93, 0.97) == meets


def test_ten_thousand_replicates_can_show_that_a_rate_is_too_high():
    assert not rate(9_900, 10_000).meets(0.93, 0.97)


def test_truths_within_the_limits_are_counted():
    found = lines([replicate()] * 3 + [replicate(held=False)])
    single = [line for line in found if line.subject != TOGETHER]
    assert len(single) == len(SUBJECTS) * len(OUTCOMES) * 3
    assert {each for line in single for each in line.rates} == {rate(3, 4)}
    assert single[0].subject == SUBJECTS[0]
    assert single[0].widths == pytest.approx([0.25] * len(HORIZONS))


def test_profiles_of_a_replicate_count_as_one():
    replicates = [replicate()] * 3 + [replicate(held=False)]
    together = [line for line in lines(replicates) if line.subject == TOGETHER]
    assert {each for line in together for each in line.rates} == {rate(3, 4)}
    assert overall(replicates) == rate(3, 4)


def test_replicates_that_differ_little_count_as_more():
    # The variance of the mean is 0.0002 / 3; as many independent ones would have it from 0.09.
    effective = 0.9 * 0.1 / (0.0008 / 3 / 4)
    assert clustered(np.array([0.9, 0.92, 0.88, 0.9])) == pytest.approx(
        rate(0.9 * effective, effective)
    )


def test_one_replicate_alone_tells_next_to_nothing():
    assert clustered(np.array([1.0])) == rate(1, 1)


def test_failures_are_told_and_not_counted():
    nothing = np.zeros(0)
    failed = Replicate("a median is not reached", nothing, nothing, nothing)
    table = markdown([replicate(), replicate(), failed, failed], judged=True)
    assert "4 replicates, of which 2 gave no figures (2: a median is not reached)" in table
    assert "2 virtual trials were drawn again" in table
    assert "100% (16% to 100%)" in table


def test_only_a_judged_table_has_a_verdict():
    good, bad = [replicate()] * 40, [replicate(held=False)] * 40
    assert "as wanted" not in markdown(good, judged=False)
    assert "| yes |" in markdown(good, judged=True)
    assert "| no |" in markdown(bad, judged=True)


def test_every_row_has_as_many_cells_as_the_head():
    for judged in (False, True):
        table = markdown([replicate()] * 2, judged).split("\n\n")[1].splitlines()
        assert len({row.count("|") for row in table}) == 1
