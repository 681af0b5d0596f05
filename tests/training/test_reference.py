import pytest

from training.cohort import REFERENCE_SEED
from training.cohort_csv import cohort_csv, read_cohort
from training.matching.report import report
from training.reference import MATCHED_SEEDS, matched_cohorts, matched_csv, reference_csv


def test_the_shipped_cohort_is_written_as_we_write_cohorts(reference_cohort):
    assert cohort_csv(reference_cohort) == reference_csv()


def test_the_reference_seed_is_the_day_of_publication():
    assert REFERENCE_SEED == 20250704  # published online: 4 July 2025


@pytest.mark.parametrize("seed", MATCHED_SEEDS)
def test_each_cohort_of_the_shipped_set_shows_the_printed_figures(seed):
    text = matched_csv(seed)
    cohort = read_cohort(text)
    assert cohort_csv(cohort) == text
    found = report(cohort)
    assert not found.wrong_counts
    assert not found.differences(reference=False)


def test_the_set_has_ten_cohorts_beside_the_reference_and_no_two_alike():
    assert len(MATCHED_SEEDS) == 10
    texts = {reference_csv(), *map(matched_csv, MATCHED_SEEDS)}
    assert len(texts) == len(matched_cohorts()) == 11
