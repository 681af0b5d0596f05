"""Our figures of the reference cohort against lifelines, in an environment of its own."""

import numpy as np
import pytest

from models.outcomes import ARMS, HAZARDS
from tests.oracles.conftest import NAMES
from tests.oracles.running import coefficients, run_lifelines, write_cox_csv, write_csv
from tests.oracles.test_trial_figures import (
    HORIZONS,
    INCIDENCES,
    PRODUCT_LIMIT,
    SURVIVALS,
    at,
    incidences,
    nelson_aalen,
    product_limit,
)
from tests.support.cox import fit_cox
from training.simulation import CENSORED, EVENT, Outcomes
from training.statistics import median

SAME = 1e-5


def untied(months, kind):
    """Return times without ties, a millionth of a month apart, events before censorings.

    lifelines moves tied times by chance before it computes Aalen-Johansen; without ties it is
    the estimator itself.
    """
    order = np.lexsort((kind == CENSORED, months))
    moved = months.copy()
    moved[order] += 1e-6 * np.arange(len(months))
    return moved


@pytest.fixture(scope="module")
def untied_cohort(cohort):
    columns = dict(vars(cohort.outcomes))
    for source in INCIDENCES:
        kind = columns[f"{source}_event"]
        columns[f"{source}_months"] = untied(columns[f"{source}_months"], kind)
    return type(cohort)(cohort.design, cohort.arm, Outcomes(**columns))


@pytest.fixture(scope="module")
def lifelines(cohort, untied_cohort, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lifelines")
    arm = [ARMS[int(value)] for value in cohort.arm]
    for name, (months, event) in cohort.hazards().items():
        write_cox_csv(folder / "cox" / f"{name}.csv", NAMES, cohort.columns, months, event)
    for kind, data, sources in (
        ("medians", cohort, SURVIVALS),
        ("incidence", untied_cohort, INCIDENCES),
    ):
        for source in sources:
            months = getattr(data.outcomes, f"{source}_months")
            event = getattr(data.outcomes, f"{source}_event")
            columns = {"arm": arm, "months": months, "event": event}
            write_csv(folder / kind / f"{source}.csv", columns)
    return run_lifelines(folder)


@pytest.mark.parametrize("name", HAZARDS)
def test_coefficients_are_those_of_coxphfitter(lifelines, cohort, name):
    fit = fit_cox(cohort.design, cohort.arm, *cohort.hazards()[name])
    expected = np.array([lifelines["cox"][name][column] for column in NAMES])
    assert coefficients(fit) == pytest.approx(expected, abs=SAME)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("source", SURVIVALS)
def test_medians_are_those_of_kaplanmeierfitter(lifelines, cohort, source, arm):
    rows = cohort.arm == ARMS.index(arm)
    months = getattr(cohort.outcomes, f"{source}_months")[rows]
    event = getattr(cohort.outcomes, f"{source}_event")[rows] == EVENT
    assert median(months, event) == pytest.approx(lifelines["medians"][source][arm], abs=SAME)


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("source", INCIDENCES)
def test_incidence_is_that_of_aalenjohansenfitter(lifelines, untied_cohort, source, arm):
    times, *hazards = nelson_aalen(untied_cohort, source, arm)
    expected = np.array(lifelines["incidence"][source][arm])
    own, _ = incidences(*product_limit(*hazards))
    assert at(HORIZONS, times, own, 0.0) == pytest.approx(expected, abs=SAME)
    served, _ = incidences(*hazards)
    assert at(HORIZONS, times, served, 0.0) == pytest.approx(expected, abs=PRODUCT_LIMIT)
