"""Bootstrap resamples of a cohort, and how gaps in the covariates are filled inside each.

A gap is filled with the values of another patient of the same resample who has them (a random
hot deck within classes). Covariates are taken as the same independent blocks as where a patient's
unknown values are averaged over (`training.covariate_sampling.population_blocks`): the donor has
the same known values within the block. Filling without the outcome would pull effects to zero,
so it is done for each hazard by itself, in classes of that hazard's event, of the third of its
cumulative hazard at the end of observation, and of the arm. These classes, and that the values are
missing at random given them, are assumptions. A part of an effect is still lost, because the
donor's other covariates are not looked at, though they and the outcome together tell of the gap;
classes of tenths in place of thirds lose as much. `studies.gaps` measures it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.table import FloatArray, Table
from training.covariate_sampling import population_blocks
from training.weighted_cox import Weighted, fit_weighted_cox, timeline

#: A class with fewer donors is widened, at last to all who agree within the block.
FEWEST_DONORS = 5
_YEARS = 5.0
_LEFT_OPEN = "triple_negative"


def resample(arm: FloatArray, rng: np.random.Generator, *, by_arm: bool) -> FloatArray:
    """Return how often each patient is in a bootstrap resample, shape (patients,).

    Parameters
    ----------
    by_arm : bool
        Keep the size of each arm, as a randomised trial does.
    """
    counts = np.zeros(len(arm))
    groups = [arm == 0, arm == 1] if by_arm else [arm >= 0]
    for rows in map(np.flatnonzero, groups):
        counts[rows] = np.bincount(rng.integers(0, len(rows), len(rows)), minlength=len(rows))
    return counts


def outcome_classes(
    months: FloatArray, event: NDArray[np.bool_], arm: FloatArray
) -> NDArray[np.intp]:
    """Return the classes of one hazard within which gaps are filled.

    Returns
    -------
    array of int, shape (3, patients)
        From fine to coarse: event, third of the cumulative hazard and arm; event and third;
        event.
    """
    everyone = Weighted(np.ones(len(arm)), np.zeros(len(arm)))
    # Nelson-Aalen's hazard is Breslow's baseline without covariates, at her completed month.
    hazard = fit_weighted_cox(np.zeros((len(arm), 0)), timeline(months, event), everyone).baseline
    at_end = hazard[np.minimum(months.astype(int), len(hazard) - 1)]
    third = np.searchsorted(np.quantile(at_end, [1 / 3, 2 / 3]), at_end)
    with_third = third * 2 + event
    return np.stack([with_third * 2 + arm, with_third, event]).astype(np.intp)


def gaps(table: Table) -> dict[str, int]:
    """Return how many patients have no value of each covariate, for those that have gaps."""
    counts = {name: int(np.isnan(table[name]).sum()) for name in table if name != _LEFT_OPEN}
    return {name: count for name, count in counts.items() if count}


def fill_gaps(
    table: Table, classes: NDArray[np.intp], weights: FloatArray, rng: np.random.Generator
) -> Table:
    """Return a table in which the patients of a resample have no gap.

    Parameters
    ----------
    classes : array of int, shape (levels, patients)
        As `outcome_classes`.
    weights : array, shape (patients,)
        How often each is in the resample; only those in it give values.

    Raises
    ------
    ValueError
        If nobody in the resample has all values of a block.
    """
    filled = {name: column.copy() for name, column in table.items()}
    for block in population_blocks():
        columns = np.column_stack([table[name] for name in block.fields])
        if np.isnan(columns).any():
            whole = _fill_block(_coarse(columns, block.fields), classes, weights, rng)
            for place, name in enumerate(block.fields):
                gap = np.isnan(columns[:, place])
                filled[name][gap] = columns[whole[gap], place]
    return filled


def _coarse(columns: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """Return the values by which patients agree: ages by groups of five years."""
    coarse = columns.copy()
    if "age" in names:
        place = names.index("age")
        coarse[:, place] = np.floor(columns[:, place] / _YEARS)
    return coarse


def _fill_block(
    values: FloatArray, classes: NDArray[np.intp], weights: FloatArray, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return for each row the row that gives its values: itself, or a donor."""
    donor_of = np.arange(len(values))
    whole = ~np.isnan(values).any(axis=1) & (weights > 0)
    if not whole.any():
        raise ValueError("nobody has all values of a block of covariates")
    for rows, known in _patterns(values):
        agrees = whole & (values[:, known] == values[rows[0]][known]).all(axis=1)
        if not agrees.any():
            agrees = whole
        finest = classes[0][rows]
        for group in np.unique(finest):
            asking = rows[finest == group]
            donors = _donors(agrees, classes, asking[0])
            chance = np.cumsum(weights[donors])
            drawn = np.searchsorted(chance, rng.random(len(asking)) * chance[-1], side="right")
            donor_of[asking] = donors[drawn]
    return donor_of


def _donors(
    agrees: NDArray[np.bool_], classes: NDArray[np.intp], asking: np.intp
) -> NDArray[np.intp]:
    """Return the rows that may give values to one row: those of its finest class with enough."""
    for level in classes:
        donors = np.flatnonzero(agrees & (level == level[asking]))
        if len(donors) >= FEWEST_DONORS:
            return donors
    return np.flatnonzero(agrees)


def _patterns(values: FloatArray) -> Iterator[tuple[NDArray[np.intp], NDArray[np.bool_]]]:
    """Yield the rows with gaps that have the same known values, and which are known."""
    rows = np.flatnonzero(np.isnan(values).any(axis=1))
    _, first, place = np.unique(
        np.nan_to_num(values[rows], nan=-1.0), axis=0, return_index=True, return_inverse=True
    )
    for number, start in enumerate(first):
        yield rows[place.ravel() == number], ~np.isnan(values[rows[start]])
