"""What a report of a cohort calls identical, exact and a difference."""

from dataclasses import replace

import numpy as np
import pytest

from models.outcomes import ARMS
from tests.training import paper
from training.matching.report import (
    FARTHEST,
    FARTHEST_MEDIAN,
    FARTHEST_OF_A_SEED,
    LEAST_IDENTICAL,
    STRATIFIED_LABEL,
    Line,
    Report,
    clopper_pearson,
    report,
)


@pytest.fixture(scope="module")
def reference(reference_cohort):
    return report(reference_cohort)


@pytest.fixture(scope="module")
def other(other_cohort):
    return report(other_cohort)


def changed(found, name, by):
    """Return a report in which one figure is off by so much more."""
    lines = [
        replace(line, reached=line.published + by) if line.name == name else line
        for line in found.lines
    ]
    return Report(found.counts, lines)


def test_every_printed_figure_is_there(reference):
    # LRFS: three of the ratio, two medians; twice two proportions with limits and a p.
    expected = {"fig. 3": 48, "stratified": 4, "median": 14 + 4, "follow-up": 3}
    expected["other"] = 5 + 2 * (2 * 3 + 1)
    assert {kind: len(reference.of_kind(kind)) for kind in expected} == expected
    assert len(reference.lines) == sum(expected.values())
    names = [line.name for line in reference.lines]
    assert len(set(names)) == len(names)


def test_counts_are_those_of_the_paper(reference):
    published = {count.name: count.published for count in reference.counts}
    assert len(published) == len(reference.counts) == 147
    labels = ("not offered surgery", "offered surgery")
    for arm, label, deaths in zip(ARMS, labels, paper.DEATHS, strict=True):
        assert published[f"Patients, {label}"] == paper.ARM_SIZES[arm]
        assert published[f"Deaths, {label}"] == deaths
        assert (
            published[f"Fig. 3: triple negative: patients, {label}"]
            == (paper.COUNTS[arm]["triple_negative"][True])
        )
        assert published[f"Table 1: age, median, {label}"] == paper.AGES[arm][1]


def test_the_reference_cohort_has_no_difference(reference):
    assert reference.differences(reference=True) == []
    assert reference.differences(reference=False) == []
    assert reference.fig_3.identical >= LEAST_IDENTICAL
    assert reference.fig_3.farthest <= FARTHEST


def test_a_cohort_before_its_search_has_the_counts_and_not_the_ratios(other):
    assert other.wrong_counts == []
    assert any("hazard ratio" in line for line in other.differences(reference=False))


@pytest.mark.parametrize(
    ("name", "reference_may", "seed_may"),
    [
        ("OS hazard ratio, all patients", FARTHEST, FARTHEST_OF_A_SEED),
        (
            f"OS hazard ratio, {STRATIFIED_LABEL}: lower limit",
            0.0005,
            FARTHEST_OF_A_SEED,
        ),
        ("OS median, premenopausal, both arms", 0.05, FARTHEST_MEDIAN),
        ("LRFS hazard ratio", 0.005, 0.005),
        ("Follow-up, median", 0.5, 0.5 + FARTHEST_MEDIAN),
    ],
)
def test_a_figure_may_be_so_far_off_and_no_farther(reference, name, reference_may, seed_may):
    for is_reference, may in ((True, reference_may), (False, seed_may)):
        for part, expected in ((0.95, 0), (1.05, 1)):
            found = changed(reference, name, part * may).differences(reference=is_reference)
            assert len(found) == expected, (is_reference, part)


def test_too_few_identical_ratios_are_a_difference(reference):
    lines = [
        replace(line, reached=line.published + 0.001) if line.kind == "fig. 3" else line
        for line in reference.lines
    ]
    found = Report(reference.counts, lines)
    assert found.differences(reference=True) == ["Fig. 3: only 0 figures are identical in print"]
    assert found.differences(reference=False) == []


def test_a_wrong_count_is_a_difference(reference):
    first, *rest = reference.counts
    found = Report([first._replace(reached=first.published + 1), *rest], reference.lines)
    (told,) = found.differences(reference=False)
    assert told == f"{first.name}: {first.published + 1} instead of {first.published}"
    assert f"Counts: {len(rest)} of {len(rest) + 1} exact." in found.summary()


def test_identical_is_identical_in_print():
    line = Line("a ratio", "fig. 3", 0.873, 0.87349, 3)
    assert line.identical
    assert line.cells() == ("a ratio", "0.873", "0.8735", "yes")
    assert not replace(line, reached=0.87351).identical


def test_exact_limits_are_the_printed_ones():
    # Ulceration: 51/205 and 21/202 with 19.1 to 31.4 and 6.6 to 15.5% (Results, Efficacy).
    assert np.round(clopper_pearson(51, 205, 0.95), 3).tolist() == [0.191, 0.314]
    assert np.round(clopper_pearson(21, 202, 0.95), 3).tolist() == [0.066, 0.155]
