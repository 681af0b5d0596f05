"""Our solver against scikit-survival's, to 1e-8, and what scikit-survival does not have."""

import numpy as np
import pytest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from training.weighted_cox import MONTHS, NoMaximum, Weighted, fit_weighted_cox, timeline

SAME = 1e-8
TERMS = 4


def draw(seed, size=300, tied=True):
    """Return a design, months and events."""
    rng = np.random.default_rng(seed)
    design = (rng.random((size, TERMS)) < 0.4).astype(float)
    design[:, 0] = rng.normal(size=size)
    ratio = np.exp(design @ np.array([0.4, -0.6, 0.3, 0.0]))
    months = rng.exponential(40 / ratio)
    end = rng.uniform(20, 110, size)
    event = months <= end
    observed = np.minimum(months, end)
    return design, (np.ceil(observed) if tied else observed), event


def plain(size):
    return Weighted(np.ones(size), np.zeros(size))


def theirs(design, months, event):
    model = CoxPHSurvivalAnalysis(ties="efron", tol=1e-14, n_iter=200)
    model.fit(design, Surv.from_arrays(event, months))
    steps = model.cum_baseline_hazard_
    reached = np.searchsorted(steps.x, MONTHS, side="right")
    return model.coef_, np.concatenate([[0.0], steps.y])[reached]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_scikit_survivals_model(seed, tied):
    design, months, event = draw(seed, tied=tied)
    ours = fit_weighted_cox(design, timeline(months, event), plain(len(months)))
    coefficients, baseline = theirs(design, months, event)
    assert ours.coefficients == pytest.approx(coefficients, abs=SAME)
    assert ours.baseline == pytest.approx(baseline, abs=SAME)


@pytest.mark.parametrize("seed", range(5))
def test_a_resample_is_its_rows_written_out(seed):
    design, months, event = draw(seed)
    rng = np.random.default_rng(seed + 100)
    weights = np.bincount(rng.integers(0, 300, 300), minlength=300).astype(float)
    rows = np.repeat(np.arange(300), weights.astype(int))
    ours = fit_weighted_cox(design, timeline(months, event), Weighted(weights, np.zeros(300)))
    coefficients, baseline = theirs(design[rows], months[rows], event[rows])
    assert ours.coefficients == pytest.approx(coefficients, abs=SAME)
    assert ours.baseline == pytest.approx(baseline, abs=SAME)


def test_an_offset_at_the_estimate_leaves_the_other_estimates():
    design, months, event = draw(1)
    coefficients, baseline = theirs(design, months, event)
    sample = Weighted(np.ones(300), design[:, 1] * coefficients[1])
    ours = fit_weighted_cox(np.delete(design, 1, axis=1), timeline(months, event), sample)
    assert ours.coefficients == pytest.approx(np.delete(coefficients, 1), abs=SAME)
    assert ours.baseline == pytest.approx(baseline, abs=SAME)


def test_an_offset_is_not_estimated():
    design, months, event = draw(2)
    times = timeline(months, event)
    free = fit_weighted_cox(design, times, plain(300))
    held = fit_weighted_cox(design, times, Weighted(np.ones(300), design[:, 0]))
    assert held.coefficients[0] == pytest.approx(free.coefficients[0] - 1, abs=SAME)


def test_without_terms_the_baseline_is_nelson_aalens():
    _, months, event = draw(3)
    found = fit_weighted_cox(np.zeros((300, 0)), timeline(months, event), plain(300)).baseline
    expected = [
        sum(
            (event & (months == t)).sum() / (months >= t).sum()
            for t in np.unique(months[months <= m])
        )
        for m in MONTHS
    ]
    assert found == pytest.approx(np.array(expected), abs=SAME)


def test_a_term_without_events_on_one_side_has_no_maximum():
    design, months, event = draw(5)
    design[:, 1] = ~event
    with pytest.raises(NoMaximum):
        fit_weighted_cox(design, timeline(months, event), plain(300))


def test_a_term_twice_has_no_maximum():
    design, months, event = draw(6)
    with pytest.raises(NoMaximum):
        fit_weighted_cox(
            np.column_stack([design, design[:, 1]]), timeline(months, event), plain(300)
        )


def test_a_resample_without_an_event_has_no_maximum():
    design, months, event = draw(7)
    with pytest.raises(NoMaximum):
        fit_weighted_cox(
            design, timeline(months, event), Weighted((~event).astype(float), np.zeros(300))
        )
