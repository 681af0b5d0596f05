"""How much work a request over HTTP may ask for."""

from __future__ import annotations

from collections.abc import Sequence

from models.bundle import Bundle
from models.errors import Problem, TooLargeInput
from models.options import Options
from models.outcomes import COX, FOREST
from models.patient import Patient
from models.population import completion_count
from models.table import table_of

#: The work of a model on one combination, and of the forest's own effect, in that of the Cox
#: model (measured, rounded up).
_WEIGHTS = {COX: 1, FOREST: 4}
_LEARNED_WEIGHT = 8


def refuse_too_much(
    patients: Sequence[Patient], bundle: Bundle, options: Options, most: int
) -> None:
    """Refuse patients of whom so little is known that scoring them would take long.

    Parameters
    ----------
    most : int
        Most combinations of unknown values, times horizons and what the models cost, in all.

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
    asked = combinations * len(options.horizons_months) * _weight(bundle, options)
    if asked > most:
        message = (
            f"The unknown values have {combinations} combinations, at "
            f"{len(options.horizons_months)} horizons: too many for one request. Ask for fewer "
            "patients or horizons at once, for the Cox model alone, or use equipoise score."
        )
        accepted = (
            f"at most {most} combinations times horizons; with the forest each counts "
            f"{_WEIGHTS[FOREST]} times more, with its own effect {_LEARNED_WEIGHT} times more"
        )
        raise TooLargeInput([Problem("", "too_large", message, accepted)])


def _weight(bundle: Bundle, options: Options) -> int:
    """Return how many times the work of the Cox model is asked for."""
    listed = options.listed(bundle.kinds)
    models = {options.model, *(analysis.model for analysis in listed)}
    learned = _LEARNED_WEIGHT if any(analysis.exploratory for analysis in listed) else 0
    return sum(_WEIGHTS[model] for model in models) + learned
