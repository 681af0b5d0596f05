"""What several tests of the studies share."""

import pytest

from training.cohort_csv import read_cohort
from training.reference import reference_csv


@pytest.fixture(scope="session")
def reference_cohort():
    """Return the shipped cohort."""
    return read_cohort(reference_csv())
