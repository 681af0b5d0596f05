"""What a prediction is: covariates, eligibility, evidence, caveats, curves, bundle, assess.

This package stands on numpy alone. It knows nothing of the web, of fitting or of files of
patients, so that every worker and every door can afford it.
"""

__version__ = "0.1.0"
