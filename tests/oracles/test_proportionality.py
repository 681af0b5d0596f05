"""Our tests of proportional hazards against R's cox.zph, with ties and an offset."""

import numpy as np
import pytest

from tests.oracles.conftest import NAMES
from tests.oracles.running import run_r, write_csv
from training.real.proportionality import proportionality_tests
from training.weighted_cox import timeline

SAME = 1e-6
CASES = ("death", "local_progression", "rounded", "offset")


def data_of(case, cohort):
    """Return months, events and the known part of the log hazard ratio."""
    months, event = cohort.hazards()["death" if case in ("rounded", "offset") else case]
    offset = 0.5 * cohort.design[:, 0] if case == "offset" else np.zeros(len(months))
    return (np.ceil(months) if case == "rounded" else months), event, offset


@pytest.fixture(scope="module")
def r(cohort, tmp_path_factory):
    folder = tmp_path_factory.mktemp("zph")
    files = []
    for case in CASES:
        months, event, offset = data_of(case, cohort)
        design = dict(zip(NAMES, cohort.columns.T, strict=True))
        columns = {"months": months, "event": event, "offset": offset, **design}
        files.append(write_csv(folder / f"{case}.csv", columns))
    return run_r("zph.R", *files)


@pytest.mark.parametrize("case", CASES)
def test_statistics_and_p_values_are_cox_zphs(case, cohort, r):
    months, event, offset = data_of(case, cohort)
    found = proportionality_tests(cohort.columns, timeline(months, event), offset)
    assert found.coefficients == pytest.approx(r.values(case, "coefficient"), abs=SAME)
    assert found.statistics == pytest.approx(r.values(case, "chisq"), abs=SAME)
    assert found.p_values == pytest.approx(r.values(case, "p"), abs=SAME)


@pytest.mark.parametrize("case", CASES)
def test_scaled_residuals_are_cox_zphs(case, cohort, r):
    months, event, offset = data_of(case, cohort)
    found = proportionality_tests(cohort.columns, timeline(months, event), offset)
    for place, name in enumerate(NAMES):
        # Of tied events the order is ours or theirs, so they are compared sorted.
        ours, known = np.sort(found.residuals[:, place]), np.sort(r.values(case, "residual", name))
        assert ours == pytest.approx(known, abs=1e-5)
