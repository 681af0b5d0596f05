"""One Cox model with the arm among its covariates, as cohorts are fitted."""

import numpy as np

from training.fitting import CoxFit
from training.weighted_cox import Weighted, fit_weighted_cox, timeline


def fit_cox(design, arm, months, event):
    """Return the model of patients who each count once, without an offset."""
    sample = Weighted(np.ones(len(arm)), np.zeros(len(arm)))
    columns = np.column_stack([design, arm])
    fit = fit_weighted_cox(columns, timeline(months, np.asarray(event)), sample)
    return CoxFit(fit.coefficients[:-1], float(fit.coefficients[-1]), fit.baseline)
