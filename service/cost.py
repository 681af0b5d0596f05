"""How much work a request over HTTP may ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.analyses import Analysis
from models.bundle import Bundle
from models.errors import EquipoiseError, Problem, TooLargeInput
from models.language import _
from models.options import Options
from models.outcomes import COX, FOREST, LEARNED_EFFECT, SUBGROUP_EFFECT
from models.patient import Patient
from models.population import completion_count
from models.table import table_of

#: The work of a model on one combination, and of the forest's own effect, in that of the Cox
#: model (measured, rounded up). They add up: the Cox model's figures stand beside the forest's.
#: The effect by subgroups takes the work of its model once more.
_WEIGHTS = {COX: 1, FOREST: 4}
_LEARNED_WEIGHT = 8

#: How many times a combination counts when the forest is asked for, and its own effect with it.
FOREST_COUNTS = _WEIGHTS[COX] + _WEIGHTS[FOREST]
LEARNED_COUNTS = FOREST_COUNTS + _LEARNED_WEIGHT
#: With the effect by subgroups, and with all effects.
SUBGROUP_COUNTS = 2 * _WEIGHTS[COX]
FOREST_SUBGROUP_COUNTS = 2 * FOREST_COUNTS
ALL_COUNTS = FOREST_SUBGROUP_COUNTS + _LEARNED_WEIGHT


@dataclass(frozen=True)
class TooMuchWork(Problem):
    """So little is known of patients that scoring them would take long."""


def told_on_page(error: EquipoiseError) -> EquipoiseError:
    """Return an error as a page tells it, where nobody can choose horizons or an effect."""
    if not any(isinstance(problem, TooMuchWork) for problem in error.problems):
        return error
    message = _("Too much is not known: the figures would take too long.")
    accepted = _("more values, fewer patients at a time, or the command equipoise score")
    return TooLargeInput([Problem("", "too_large", message, accepted)])


def refuse_too_much(
    patients: Sequence[Patient], bundle: Bundle, options: Options, most: int
) -> None:
    """Refuse patients of whom so little is known that scoring them would take long.

    Parameters
    ----------
    most : int
        Most combinations of unknown values, times horizons and what the models cost, in all;
        those of a profile that comes again count once, as it is scored once.

    Raises
    ------
    TooLargeInput
        If there are more.
    """
    incomplete = [patient for patient in patients if patient.unknown_covariates]
    if not incomplete:
        return
    profiles = _distinct_profiles(incomplete)
    combinations = sum(completion_count(profile, bundle.population) for profile in profiles)
    horizons, counts = len(options.horizons_months), _weight(bundle, options)
    if combinations * horizons * counts > most:
        raise TooLargeInput([_too_large(combinations, horizons, counts, most)])


def combination_count(patient: Patient, bundle: Bundle) -> int:
    """Return how many combinations of unknown values are averaged over; 1 when all is known."""
    (profile,) = _distinct_profiles([patient])
    return completion_count(profile, bundle.population)


def _too_large(combinations: int, horizons: int, counts: int, most: int) -> TooMuchWork:
    """Return the problem with a request that asks for too much."""
    at = _("{count} horizon") if horizons == 1 else _("{count} horizons")
    models = _(", each counted {counts} times for what the models cost") if counts > 1 else ""
    message = _(
        "The unknown values have {combinations} combinations, at {horizons}{models}: {asked} in "
        "all, too many for one request. Ask for fewer patients or horizons at once, for the Cox "
        "model alone, or use equipoise score."
    ).format(
        combinations=combinations,
        horizons=at.format(count=horizons),
        models=models.format(counts=counts),
        asked=combinations * horizons * counts,
    )
    accepted = _(
        "at most {most} combinations times horizons; with the forest each counts {forest} times "
        "(the Cox model's figures stand beside it), with the forest's own effect {learned} "
        "times, with the effect by subgroups {subgroup} times ({both} with the forest), with "
        "all effects {all_effects} times; patients with the same values count once"
    ).format(
        most=most,
        forest=FOREST_COUNTS,
        learned=LEARNED_COUNTS,
        subgroup=SUBGROUP_COUNTS,
        both=FOREST_SUBGROUP_COUNTS,
        all_effects=ALL_COUNTS,
    )
    return TooMuchWork("", "too_large", message, accepted)


def _distinct_profiles(patients: Sequence[Patient]) -> list[dict[str, float]]:
    """Return the encoded covariates of the patients, equal ones once."""
    table = table_of(patients)
    profiles = np.column_stack(list(table.values()))
    distinct = {profile.tobytes(): profile.tolist() for profile in profiles}
    return [dict(zip(table, profile, strict=True)) for profile in distinct.values()]


def _weight(bundle: Bundle, options: Options) -> int:
    """Return how many times the work of the Cox model is asked for."""
    listed = options.listed(bundle.held)
    models = {options.model, *(analysis.model for analysis in listed)}
    return sum(_WEIGHTS[model] for model in models) + sum(map(_further_weight, listed))


def _further_weight(analysis: Analysis) -> int:
    """Return what an analysis costs beyond its model's figures under the whole trial's effect."""
    if analysis.effect == LEARNED_EFFECT:
        return _LEARNED_WEIGHT
    return _WEIGHTS[analysis.model] if analysis.effect == SUBGROUP_EFFECT else 0
