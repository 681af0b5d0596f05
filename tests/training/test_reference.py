from training.cohort import REFERENCE_SEED
from training.cohort_csv import cohort_csv
from training.reference import reference_csv


def test_the_shipped_cohort_is_written_as_we_write_cohorts(reference_cohort):
    assert cohort_csv(reference_cohort) == reference_csv()


def test_the_reference_seed_is_the_day_of_publication():
    assert REFERENCE_SEED == 20250704  # published online: 4 July 2025
