"""Bundles from real cohorts: reading and refusing, fitting, recalibrating."""
