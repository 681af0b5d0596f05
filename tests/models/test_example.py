"""The example patient is the README's, and nothing of her is unknown."""

from models.example import EXAMPLE_PATIENT
from models.patient import read_patient
from tests.support.readme import README_PATIENT


def test_it_is_the_readmes_patient():
    assert EXAMPLE_PATIENT == README_PATIENT


def test_every_covariate_of_hers_is_known():
    assert read_patient(EXAMPLE_PATIENT).unknown_covariates == ()
