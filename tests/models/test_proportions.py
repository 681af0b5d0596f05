"""Exact intervals of proportions, against scipy, and against binom.test of R."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

from models.proportions import clopper_pearson, wald_difference
from tests.support.examples import examples

COUNTS = st.integers(1, 600).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@examples(100)
@given(COUNTS, st.floats(0.5, 0.999))
def test_limits_are_quantiles_of_beta_distributions(counts, level):
    events, n = counts
    tail = (1 - level) / 2
    lower, upper = clopper_pearson(events, n, level)
    assert lower == pytest.approx(
        beta.ppf(tail, events, n - events + 1) if events else 0, abs=1e-9
    )
    most = beta.ppf(1 - tail, events + 1, n - events) if events < n else 1
    assert upper == pytest.approx(most, abs=1e-9)


@examples(50)
@given(COUNTS)
def test_each_tail_has_half_of_what_the_level_leaves(counts):
    events, n = counts
    lower, upper = clopper_pearson(events, n, 0.9)
    if events:
        assert binom.sf(events - 1, n, lower) == pytest.approx(0.05, abs=1e-7)
    if events < n:
        assert binom.cdf(events, n, upper) == pytest.approx(0.05, abs=1e-7)


#: R 4.2.2: binom.test(events, n, conf.level = level)$conf.int
OF_R = {
    (66, 202, 0.95): (0.262558807994, 0.396080601102),
    (38, 205, 0.95): (0.134641512266, 0.245432544972),
    (11, 173, 0.95): (0.0321652534245, 0.110919501958),
    (2, 173, 0.95): (0.00140313282167, 0.0411353265531),
    (22, 173, 0.95): (0.0814403948253, 0.186182823568),
    (10, 22, 0.95): (0.243861865923, 0.677895245447),
    (29, 202, 0.95): (0.0983025707109, 0.199632403727),
    (40, 205, 0.95): (0.143208760119, 0.256078372748),
    (40, 198, 0.95): (0.148422535597, 0.26476875245),
    (0, 30, 0.95): (0, 0.115703308222),
    (30, 30, 0.9): (0.904966147145, 1),
    (7, 205, 0.99): (0.0100357517956, 0.0815301562295),
}


@pytest.mark.parametrize(("counts", "expected"), OF_R.items(), ids=str)
def test_limits_are_those_of_r(counts, expected):
    assert clopper_pearson(*counts) == pytest.approx(expected, abs=1e-9)


def test_large_counts_do_not_overflow():
    lower, upper = clopper_pearson(5_000, 10_000)
    assert lower == pytest.approx(beta.ppf(0.025, 5_000, 5_001), abs=1e-9)
    assert upper == pytest.approx(beta.ppf(0.975, 5_001, 5_000), abs=1e-9)


@pytest.mark.parametrize(
    ("events", "n", "level"), [(-1, 5, 0.95), (6, 5, 0.95), (0, 0, 0.95), (1, 5, 0), (1, 5, 1)]
)
def test_what_is_no_proportion_is_refused(events, n, level):
    with pytest.raises(ValueError, match="no proportion"):
        clopper_pearson(events, n, level)


def test_the_wald_interval_of_a_difference_is_that_of_r():
    """``prop.test(c(66, 38), c(202, 205), correct = FALSE)``."""
    found = wald_difference((38, 205), (66, 202))
    assert found == pytest.approx((0.141367, 0.057607, 0.225127), abs=2e-5)
    assert wald_difference((66, 202), (38, 205))[0] == pytest.approx(-found[0])
    narrow = wald_difference((38, 205), (66, 202), 0.8)
    assert found[1] < narrow[1] < narrow[2] < found[2]
