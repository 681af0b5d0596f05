"""What several tests of the training share, computed once."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from training.calibration import calibrate, identify_effects
from training.cohort import REFERENCE_SEED, simulate_cohort
from training.ensemble import fit_ensemble
from training.priors import priors
from training.targets import published_targets
from training.truth import sample_patients

OTHER_SEED = 11

#: A small ensemble.
TRAINING_SEED, TRAINED_MEMBERS = 5, 3


def prior_mean_effects(patients):
    """Return the effects that trial-like cohorts are simulated with."""
    complication = priors()["complication"].mean
    return {
        "death": identify_effects(patients, priors()["death"].mean, published_targets()),
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
    """Return the truth that the reference cohort is drawn from."""
    return calibrate(patients, effects, targets)


@pytest.fixture(scope="session")
def reference_cohort():
    return simulate_cohort(REFERENCE_SEED)


@pytest.fixture(scope="session")
def other_cohort():
    return simulate_cohort(OTHER_SEED)


@pytest.fixture(scope="session")
def members():
    """Return the models of a small ensemble, fitted in this process."""
    return list(fit_ensemble(TRAINING_SEED, TRAINED_MEMBERS, jobs=1))
