"""The population that unknown values are averaged over, and how one patient is completed.

The population is a product of independent blocks of covariates (age with menopause, the
receptors, the sites, and so on), each a short list of cells with weights: no patient rows. It
is part of the bundle.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.design_matrix import design_matrix
from models.table import FloatArray, Table, code_of

#: Into how many groups of equal weight an unknown age is divided, by menopausal status.
AGE_GROUPS = 8


@dataclass(frozen=True)
class Block:
    """Covariates that depend on each other, and on no others.

    Attributes
    ----------
    fields : tuple of str
        Names of the covariates.
    cells : array, shape (cells, fields)
        Encoded values.
    weights : array, shape (cells,)
        Probabilities; they add up to one.
    """

    fields: tuple[str, ...]
    cells: FloatArray
    weights: FloatArray


def complete(row: Mapping[str, float], blocks: tuple[Block, ...]) -> tuple[FloatArray, FloatArray]:
    """Return the design rows that a patient may have, and their probabilities.

    Deterministic: the unknown values of each block take all its cells that agree with the
    known ones; blocks are crossed; equal design rows are merged.

    Parameters
    ----------
    row : mapping
        Encoded values by covariate; NaN is not known.
    blocks : tuple of Block
        The population.

    Returns
    -------
    design : array, shape (completions, terms)
        Distinct rows of the design matrix.
    weights : array, shape (completions,)
        They add up to one.
    """
    cells = np.empty((1, 0))
    weights = np.ones(1)
    names: tuple[str, ...] = ()
    for block in blocks:
        block_cells, block_weights = _complete_block(row, block)
        left = np.repeat(cells, len(block_cells), axis=0)
        cells = np.hstack([left, np.tile(block_cells, (len(cells), 1))])
        weights = np.repeat(weights, len(block_weights)) * np.tile(block_weights, len(weights))
        names += block.fields
    table: Table = {name: cells[:, place] for place, name in enumerate(names)}
    return _merge_equal(design_matrix(table), weights)


def completion_count(row: Mapping[str, float], blocks: tuple[Block, ...]) -> int:
    """Return how many combinations of unknown values a patient may have, before merging.

    It tells the cost of a prediction: each is scored by every member.
    """
    return math.prod(len(_complete_block(row, block)[1]) for block in blocks)


def _complete_block(row: Mapping[str, float], block: Block) -> tuple[FloatArray, FloatArray]:
    known = np.array([row[name] for name in block.fields])
    is_known = ~np.isnan(known)
    if is_known.all():
        return known[None, :], np.ones(1)
    cells, weights = _agreeing(known, block)
    if "age" in block.fields and np.isnan(row["age"]):
        cells, weights = _group_ages(cells, weights)
    return np.where(is_known, known, cells), weights / weights.sum()


def _agreeing(known: FloatArray, block: Block) -> tuple[FloatArray, FloatArray]:
    wanted = dict(zip(block.fields, known, strict=True))
    if not np.isnan(wanted.get("age", np.nan)):
        ages = block.cells[:, block.fields.index("age")]
        wanted["age"] = ages[np.argmin(np.abs(ages - wanted["age"]))]  # nearest age with a cell
    agrees = np.ones(len(block.cells), dtype=bool)
    for place, name in enumerate(block.fields):
        if not np.isnan(wanted[name]):
            agrees &= block.cells[:, place] == wanted[name]
    return block.cells[agrees], block.weights[agrees]


def _group_ages(cells: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Merge the ages of each menopausal status into groups at their mean age."""
    grouped, group_weights = [], []
    for status in (code_of("menopausal_status", "pre"), code_of("menopausal_status", "post")):
        chosen = cells[:, 1] == status
        ages, share = cells[chosen, 0], weights[chosen]
        if not share.sum() > 0:
            continue
        order = np.argsort(ages, kind="stable")
        ages, share = ages[order], share[order]
        middle = (np.cumsum(share) - share / 2) / share.sum()
        group = np.minimum((middle * AGE_GROUPS).astype(int), AGE_GROUPS - 1)
        for number in np.unique(group):
            inside = group == number
            grouped.append([np.average(ages[inside], weights=share[inside]), status])
            group_weights.append(share[inside].sum())
    return np.array(grouped), np.array(group_weights)


def _merge_equal(design: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    distinct, place = np.unique(design, axis=0, return_inverse=True)
    merged: FloatArray = np.bincount(place.ravel(), weights=weights).astype(float)
    return distinct, merged
