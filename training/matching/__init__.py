"""Cohorts that reproduce the trial's printed figures: a search over whole patients and times."""
