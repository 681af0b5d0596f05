"""Our Cox models of the reference cohort against R's coxph."""

import numpy as np
import pytest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from models.curves import survival
from models.outcomes import HAZARDS
from tests.oracles.conftest import NAMES
from tests.oracles.running import coefficients, run_r, write_cox_csv
from tests.support.cox import fit_cox
from training.fitting import MONTHS, hazard_events

#: What is the same method has to give the same number.
SAME = 1e-6

#: Ties are made by rounding the times to whole months.
ROUNDED = ("death", "local_progression")

#: Breslow's partial likelihood takes all who die in a month as at risk until the last of them
#: dies, so its hazard ratios are nearer to one than Efron's: with about three deaths a month
#: among 400 patients by one or two parts in a hundred.
EFRON_BRESLOW_COEFFICIENTS = 0.03

#: The same about survival: Efron's hazard of d deaths among n is 1/n + ... + 1/(n-d+1), that of
#: Breslow d/n.
EFRON_BRESLOW_SURVIVAL = 0.015


def months_up(months):
    return np.maximum(np.ceil(months), 1.0)


@pytest.fixture(scope="module")
def r(cohort, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cox")
    hazards = cohort.hazards()
    files = [
        write_cox_csv(folder / f"{name}.csv", NAMES, cohort.columns, *hazards[name])
        for name in HAZARDS
    ]
    for name in ROUNDED:
        months, event = hazards[name]
        file = folder / f"{name}-rounded.csv"
        files.append(write_cox_csv(file, NAMES, cohort.columns, months_up(months), event))
    return run_r("cox.R", *files)


@pytest.fixture(scope="module")
def fits(cohort):
    """Return our fits by the name of the file that R read."""
    hazards = cohort.hazards()
    data = {name: hazards[name] for name in HAZARDS}
    for name in ROUNDED:
        months, event = hazards[name]
        data[f"{name}-rounded"] = (months_up(months), event)
    return {
        name: fit_cox(cohort.design, cohort.arm, months, event)
        for name, (months, event) in data.items()
    }


EVERY = (*HAZARDS, *(f"{name}-rounded" for name in ROUNDED))


@pytest.mark.parametrize("name", EVERY)
def test_coefficients_are_those_of_coxph(r, fits, name):
    assert coefficients(fits[name]) == pytest.approx(
        r.values(name, "coefficient, efron"), abs=SAME
    )


@pytest.mark.parametrize("name", EVERY)
def test_baseline_is_breslows_at_efrons_coefficients(r, fits, name):
    # scikit-survival's baseline is d / (sum of exp(x beta) at risk) whatever the ties: in R
    # survfit(coxph(ties = "efron"), ctype = 1). R's own default (basehaz) is Efron's.
    expected = r.values(name, "baseline, efron then ctype 1")
    assert fits[name].baseline == pytest.approx(expected, abs=SAME, rel=SAME)


@pytest.mark.parametrize("name", ["death-rounded", "local_progression-rounded"])
def test_efrons_baseline_is_above_breslows_where_there_are_ties(r, fits, name):
    # The other estimator: sum of 1/n, 1/(n-1), ... in place of d/n.
    others = r.values(name, "basehaz, efron")
    assert (others >= fits[name].baseline - 1e-12).all()
    assert others[-1] > fits[name].baseline[-1]
    own, other = survival(fits[name].baseline), survival(others)
    assert own == pytest.approx(other, abs=EFRON_BRESLOW_SURVIVAL)


def first_three(fit, columns):
    """Return survival of the first three patients at months 0 to 96, as the service does it."""
    ratio = np.exp(columns[:3] @ coefficients(fit))
    return survival(np.outer(ratio, fit.baseline))


@pytest.mark.parametrize("name", EVERY)
def test_survival_of_patients_is_that_of_survfit(r, cohort, fits, name):
    own = first_three(fits[name], cohort.columns)
    for row in range(3):
        expected = r.values(name, "survival, efron then ctype 1", row)
        assert own[row] == pytest.approx(expected, abs=SAME)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("name", ["death-rounded", "local_progression-rounded"])
def test_survival_with_ties_is_close_to_rs_other_estimators(r, cohort, fits, name, ties):
    own = first_three(fits[name], cohort.columns)
    for row in range(3):
        expected = r.values(name, f"survival, {ties}", row)
        assert own[row] == pytest.approx(expected, abs=EFRON_BRESLOW_SURVIVAL)


@pytest.mark.parametrize("name", ROUNDED)
def test_breslows_ties_differ_from_ours_and_are_those_of_the_library(r, cohort, fits, name):
    # Ties are a choice of `fit_cox`; with the other one scikit-survival agrees with R, too.
    months, event = cohort.hazards()[name]
    months, source = months_up(months), f"{name}-rounded"
    expected = r.values(source, "coefficient, breslow")
    model = CoxPHSurvivalAnalysis(ties="breslow").fit(
        cohort.columns, Surv.from_arrays(event, months)
    )
    assert model.coef_ == pytest.approx(expected, abs=SAME)
    steps = model.cum_baseline_hazard_
    baseline = np.concatenate([[0.0], steps.y])[np.searchsorted(steps.x, MONTHS, side="right")]
    assert baseline == pytest.approx(r.values(source, "basehaz, breslow"), abs=SAME)
    distance = np.abs(coefficients(fits[source]) - expected).max()
    assert 1e-3 < distance < EFRON_BRESLOW_COEFFICIENTS


@pytest.mark.parametrize("name", HAZARDS)
def test_the_hazards_of_a_bundle_are_those_that_r_was_given(cohort, name):
    months, event = hazard_events(cohort.outcomes)[name]
    own_months, own_event = cohort.hazards()[name]
    assert np.array_equal(months, own_months)
    assert np.array_equal(event, own_event)
