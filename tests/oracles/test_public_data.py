"""Our Cox models of three public data sets, which scikit-survival ships, against R's coxph."""

import numpy as np
import pytest
from sksurv.datasets import load_gbsg2, load_veterans_lung_cancer, load_whas500

from models.curves import survival
from tests.oracles.running import coefficients, run_r, write_cox_csv
from tests.support.cox import fit_cox
from training.simulation import DAYS_PER_MONTH

SAME = 1e-6

#: How to load each data set, and the level of its binary covariate that takes the arm's place.
DATA = {
    "gbsg2": (load_gbsg2, ("horTh", "yes")),
    "whas500": (load_whas500, ("gender", "1")),
    "veterans": (load_veterans_lung_cancer, ("Treatment", "test")),
}


def numeric(frame, arm_name, arm_level):
    """Return names and columns: numbers as they are, categories as indicators, the arm last."""
    names, columns = [], []
    for name in frame.columns.drop(arm_name):
        values = frame[name]
        if values.dtype != "category":
            names.append(name)
            columns.append(values.to_numpy(float))
            continue
        for level in sorted(set(values))[1:]:
            names.append(f"{name}_{level}")
            columns.append((values == level).to_numpy(float))
    arm = (frame[arm_name] == arm_level).to_numpy(float)
    return [*names, "arm"], np.column_stack([*columns, arm])


@pytest.fixture(scope="module")
def data():
    found = {}
    for source, (load, arm) in DATA.items():
        frame, ends = load()
        event, days = (ends[name] for name in ends.dtype.names)
        found[source] = (*numeric(frame, *arm), days / DAYS_PER_MONTH, event)
    return found


@pytest.fixture(scope="module")
def r(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    files = [write_cox_csv(folder / f"{source}.csv", *each) for source, each in data.items()]
    return run_r("cox.R", *files)


@pytest.fixture(scope="module")
def fits(data):
    return {
        source: fit_cox(columns[:, :-1], columns[:, -1], months, event)
        for source, (_, columns, months, event) in data.items()
    }


@pytest.mark.parametrize("source", DATA)
def test_the_arm_is_there_in_both_kinds(data, source):
    _, columns, _, event = data[source]
    assert 0.05 < columns[:, -1].mean() < 0.95
    assert 0 < event.sum() < len(event)


@pytest.mark.parametrize("source", DATA)
def test_coefficients_are_those_of_coxph(r, fits, source):
    expected = r.values(source, "coefficient, efron")
    assert coefficients(fits[source]) == pytest.approx(expected, abs=SAME)


@pytest.mark.parametrize("source", DATA)
def test_baseline_is_breslows_at_efrons_coefficients(r, fits, source):
    # Covariates at zero (an age of none) make large and tiny hazards: a relative tolerance.
    expected = r.values(source, "baseline, efron then ctype 1")
    assert fits[source].baseline == pytest.approx(expected, rel=SAME, abs=1e-12)


@pytest.mark.parametrize("source", DATA)
def test_survival_of_patients_is_that_of_survfit(r, data, fits, source):
    columns, fit = data[source][1], fits[source]
    ratio = np.exp(columns[:3] @ coefficients(fit))
    own = survival(np.outer(ratio, fit.baseline))
    for row in range(3):
        expected = r.values(source, "survival, efron then ctype 1", row)
        assert own[row] == pytest.approx(expected, abs=SAME)
