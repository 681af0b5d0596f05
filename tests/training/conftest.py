"""What several tests of the training share, computed once."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from training.calibration import calibrate, identify_death
from training.cohort import REFERENCE_SEED
from training.cohort_csv import read_cohort
from training.ensemble import fit_ensemble
from training.matching.cohort import matched_cohort
from training.priors import priors
from training.reference import reference_csv
from training.targets import published_targets
from training.truth import sample_patients

OTHER_SEED = 11

#: A small ensemble.
TRAINING_SEED, TRAINED_MEMBERS = 5, 3


def prior_mean_effects(patients):
    """Return the effects that trial-like cohorts are simulated with."""
    complication = priors()["complication"].mean
    dying, _ = identify_death(patients, priors()["death"].mean, published_targets())
    return {
        "death": dying.coefficients,
        "progression": priors()["progression"].mean,
        "ulceration": complication,
        "bleeding": complication,
    }


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep the linear algebra to one thread: on small matrices more of them only wait."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def targets():
    return published_targets()


@pytest.fixture(scope="session")
def patients():
    """Return the patients of the reference cohort."""
    return sample_patients(np.random.default_rng(REFERENCE_SEED))


@pytest.fixture(scope="session")
def effects(patients):
    return prior_mean_effects(patients)


@pytest.fixture(scope="session")
def truth(patients, effects, targets):
    """Return the truth of the prior means."""
    return calibrate(patients, effects, targets)


@pytest.fixture(scope="session")
def reference_cohort():
    """Return the shipped cohort."""
    return read_cohort(reference_csv())


@pytest.fixture(scope="session")
def other_cohort():
    """Return the cohort of another seed before its search: with every count."""
    return matched_cohort(OTHER_SEED, stretches=0)


@pytest.fixture(scope="session")
def members():
    """Return the models of a small ensemble, fitted in this process."""
    return list(fit_ensemble(TRAINING_SEED, TRAINED_MEMBERS, jobs=1))
