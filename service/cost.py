"""How much work a request over HTTP may ask for."""

from __future__ import annotations

from collections.abc import Sequence

from models.bundle import Bundle
from models.errors import Problem, TooLargeInput
from models.options import Options
from models.patient import Patient
from models.population import completion_count
from models.table import table_of


def refuse_too_much(
    patients: Sequence[Patient], bundle: Bundle, options: Options, most: int
) -> None:
    """Refuse patients of whom so little is known that scoring them would take long.

    Parameters
    ----------
    most : int
        Most combinations of unknown values, times horizons, in all.

    Raises
    ------
    TooLargeInput
        If there are more.
    """
    incomplete = [patient for patient in patients if patient.unknown_covariates]
    if not incomplete:
        return
    table = table_of(incomplete)
    combinations = sum(
        completion_count({name: float(table[name][row]) for name in table}, bundle.population)
        for row in range(len(incomplete))
    )
    asked = combinations * len(options.horizons_months)
    if asked > most:
        message = (
            f"The unknown values have {combinations} combinations, at "
            f"{len(options.horizons_months)} horizons: too many for one request. Ask for fewer "
            "patients or horizons at once, or use equipoise score."
        )
        accepted = f"at most {most} combinations times horizons"
        raise TooLargeInput([Problem("", "too_large", message, accepted)])
