"""Covariates of virtual trials: Table 1's counts exact in each arm, the rest as assumed.

The joint distribution is not published. What follows from printed figures is used: the four
ER x HER2 cells, and the sites of one-organ disease. Menopause follows age as in the sources
below. Everything else is independent: an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import brentq

from models.covariates import FIELDS
from models.design_matrix import design_matrix
from models.evidence import table_1
from models.outcomes import ARMS
from models.population import Block
from models.table import FloatArray, Table, code_of

#: logit P(postmenopausal) = slope * (age - middle). Slopes 0.49-0.56 and middles 50.6-52.0 in
#: three public data sets (Rotterdam, GBSG-2, MSK 2018); Japan: mean age at menopause 50.2.
MENOPAUSE_SLOPE = 0.53
MENOPAUSE_MIDDLE = 51.0

#: Ages between the quartiles are spread evenly; the tails are an assumption, in years.
YOUNGEST, OLDEST = 28, 79

#: (organs, liver, bone only) and how the cell is counted from Table 1 and the one-organ sites.
_SITE_FIELDS = ("metastatic_organs", "liver_metastasis", "bone_only_metastasis")
_SITE_CELLS = (("1", 0, 1), ("1", 1, 0), ("1", 0, 0), ("2+", 1, 0), ("2+", 0, 0))
_RECEPTOR_FIELDS = ("er_status", "her2_status", "triple_negative")
_RECEPTOR_CELLS = (
    ("negative", "negative", 1),
    ("negative", "positive", 0),
    ("positive", "negative", 0),
    ("positive", "positive", 0),
)
_SINGLE_FIELDS = ("ecog_ps", "clinical_t", "clinical_n")


def sample_covariates(rng: np.random.Generator) -> tuple[Table, FloatArray]:
    """Return the covariates of one virtual trial and the arm (0, 1) of each patient.

    Returns
    -------
    table : dict of arrays, shape (407,)
        Encoded covariates, arm A before arm B.
    arm : array, shape (407,)
        0 systemic therapy, 1 PTR plus systemic therapy.
    """
    tables = [_sample_arm(arm, rng) for arm in ARMS]
    table = {name: np.concatenate([part[name] for part in tables]) for name in tables[0]}
    sizes = [table_1()["arms"][arm] for arm in ARMS]
    return table, np.repeat([0.0, 1.0], sizes)


def _sample_arm(arm: str, rng: np.random.Generator) -> Table:
    counts = table_1()["counts"][arm]
    size = table_1()["arms"][arm]
    table: Table = {"age": _sample_ages(table_1()["age"][arm], size, rng)}
    table["menopausal_status"] = _sample_menopause(
        table["age"], counts["menopausal_status"]["pre"], rng
    )
    for field in _SINGLE_FIELDS:
        codes = [_code(field, value) for value in counts[field]]
        table[field] = rng.permutation(np.repeat(codes, list(counts[field].values())))
    for fields, cells, cell_counts in (
        (_RECEPTOR_FIELDS, _encoded(_RECEPTOR_FIELDS, _RECEPTOR_CELLS), receptor_counts(arm)),
        (_SITE_FIELDS, _encoded(_SITE_FIELDS, _SITE_CELLS), site_counts(arm)),
    ):
        rows = rng.permutation(np.repeat(np.arange(len(cells)), cell_counts))
        table |= {field: cells[rows, place] for place, field in enumerate(fields)}
    return table


def receptor_counts(arm: str) -> list[int]:
    """Return the patients of an arm in each ER x HER2 cell; they follow from Table 1."""
    counts = table_1()["counts"][arm]
    triple = counts["triple_negative"]["true"]
    only_her2 = counts["er_status"]["negative"] - triple
    only_er = counts["her2_status"]["negative"] - triple
    both = counts["her2_status"]["positive"] - only_her2
    return [triple, only_her2, only_er, both]


def site_counts(arm: str) -> list[int]:
    """Return the patients of an arm in each cell of organs, liver and bone only.

    The 40 patients with liver metastasis alone are given for both arms together; they are
    divided like all patients with liver metastasis (an assumption).
    """
    counts = table_1()["counts"][arm]
    liver = counts["liver_metastasis"]["true"]
    livers = sum(table_1()["counts"][each]["liver_metastasis"]["true"] for each in ARMS)
    liver_alone = round(table_1()["one_organ_sites"]["liver"] * liver / livers)
    bone = counts["bone_only_metastasis"]["true"]
    other = counts["metastatic_organs"]["1"] - bone - liver_alone
    several = counts["metastatic_organs"]["2+"]
    with_liver = liver - liver_alone
    return [bone, liver_alone, other, with_liver, several - with_liver]


def population_blocks() -> tuple[Block, ...]:
    """Return the population of the trial as independent blocks (both arms together)."""
    counts = table_1()["counts"]
    blocks = [_age_block()]
    for field in _SINGLE_FIELDS:
        values = list(counts[ARMS[0]][field])
        cells = np.array([[_code(field, value)] for value in values])
        weights = np.array([sum(counts[arm][field][v] for arm in ARMS) for v in values])
        blocks.append(Block((field,), cells, weights / weights.sum()))
    for fields, cells, count in (
        (_RECEPTOR_FIELDS, _encoded(_RECEPTOR_FIELDS, _RECEPTOR_CELLS), receptor_counts),
        (_SITE_FIELDS, _encoded(_SITE_FIELDS, _SITE_CELLS), site_counts),
    ):
        weights = np.sum([count(arm) for arm in ARMS], axis=0)
        blocks.append(Block(fields, cells, weights / weights.sum()))
    return tuple(blocks)


def trial_design(table: Table) -> FloatArray:
    """Return the design matrix of a virtual trial, shape (patients, terms)."""
    return design_matrix(table)


def _age_block() -> Block:
    """Return ages by year, each pre- and postmenopausal by the logistic curve."""
    years = np.arange(20.0, 81.0)
    edges = np.append(years, years[-1] + 1)
    sizes = table_1()["arms"]
    weights = np.zeros(len(years))
    for arm in ARMS:
        position, ages = _age_quantiles(table_1()["age"][arm])
        weights += sizes[arm] * np.diff(np.interp(edges, ages, position))
    weights /= weights.sum()
    post = _chance_of_postmenopause(years, _middle_for_the_trial(years, weights))
    cells = np.array([(year, status) for year in years for status in (0.0, 1.0)])
    return Block(
        ("age", "menopausal_status"),
        cells[np.repeat(weights, 2) > 0],
        np.column_stack([weights * (1 - post), weights * post]).ravel()[np.repeat(weights, 2) > 0],
    )


def _age_quantiles(age: Mapping[str, int]) -> tuple[FloatArray, FloatArray]:
    # Completed years: the middle of the printed year stands at the printed quantile.
    ages = np.array([YOUNGEST, age["quartile_1"], age["median"], age["quartile_3"], OLDEST]) + 0.5
    return np.array([0.0, 0.25, 0.5, 0.75, 1.0]), ages


def _sample_ages(age: Mapping[str, int], size: int, rng: np.random.Generator) -> FloatArray:
    """Return ages whose printed median and quartiles are exact, in random order.

    Ages are spread evenly over the quantiles with a jitter inside each patient's share; draws
    whose quartiles are off by a rounding are drawn again.
    """
    position, ages = _age_quantiles(age)
    wanted = [age["quartile_1"], age["median"], age["quartile_3"]]
    while True:
        jittered = (np.arange(size) + rng.random(size)) / size
        drawn = np.floor(np.interp(jittered, position, ages))
        if np.array_equal(np.quantile(drawn, [0.25, 0.5, 0.75]), wanted):
            return rng.permutation(drawn)


def _chance_of_postmenopause(age: FloatArray, middle: float) -> FloatArray:
    chance: FloatArray = 1 / (1 + np.exp(-MENOPAUSE_SLOPE * (age - middle)))
    return chance


def _middle_for_the_trial(years: FloatArray, weights: FloatArray) -> float:
    """Return the middle of the logistic curve that gives Table 1's share of postmenopause."""
    counts = [table_1()["counts"][arm]["menopausal_status"] for arm in ARMS]
    wanted = sum(count["post"] for count in counts) / sum(table_1()["arms"].values())
    return float(
        brentq(
            lambda middle: weights @ _chance_of_postmenopause(years, middle) - wanted, 40.0, 65.0
        )
    )


def _sample_menopause(age: FloatArray, pre: int, rng: np.random.Generator) -> FloatArray:
    """Return menopausal status with an exact count, by the logistic curve of age."""
    propensity = MENOPAUSE_SLOPE * (age - MENOPAUSE_MIDDLE) + rng.logistic(size=len(age))
    status = np.full(len(age), code_of("menopausal_status", "post"))
    status[np.argsort(propensity, kind="stable")[:pre]] = code_of("menopausal_status", "pre")
    return status


def _code(field: str, value: str) -> float:
    return FIELDS[field].encode(FIELDS[field].read_text(value))


def _encoded(fields: tuple[str, ...], cells: tuple[tuple[Any, ...], ...]) -> FloatArray:
    return np.array(
        [
            [
                code_of(field, v) if isinstance(v, str) else float(v)
                for field, v in zip(fields, cell, strict=True)
            ]
            for cell in cells
        ]
    )
