"""Effects of all covariates together: a Cox model of the design matrix and the arm."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from models.table import FloatArray
from training.matching.state import TERMS, State

_STEPS = 25
_CONVERGED = 1e-10


@njit(cache=False)
def effects_score(state: State, effects: FloatArray, found: FloatArray) -> None:
    """Set the score of the partial likelihood at given log hazard ratios, shape (terms,)."""
    risk = 0.0
    weighted = np.zeros(TERMS)
    found[:] = 0.0
    for place in range(len(state.queue) - 1, -1, -1):
        patient = state.queue[place]
        row = state.design[patient]
        index = 0.0
        for term in range(TERMS):
            index += row[term] * effects[term]
        ratio = math.exp(index)
        risk += ratio
        for term in range(TERMS):
            weighted[term] += ratio * row[term]
        if state.event[patient] == 1:
            inverse = 1.0 / risk
            for term in range(TERMS):
                found[term] += row[term] - weighted[term] * inverse


@njit(cache=False)
def effects_information(state: State, effects: FloatArray) -> FloatArray:
    """Return the information of the partial likelihood, shape (terms, terms)."""
    risk = 0.0
    weighted = np.zeros(TERMS)
    squares = np.zeros((TERMS, TERMS))
    found = np.zeros((TERMS, TERMS))
    for place in range(len(state.queue) - 1, -1, -1):
        patient = state.queue[place]
        row = state.design[patient]
        index = 0.0
        for term in range(TERMS):
            index += row[term] * effects[term]
        ratio = math.exp(index)
        risk += ratio
        for term in range(TERMS):
            weighted[term] += ratio * row[term]
            for other in range(TERMS):
                squares[term, other] += ratio * row[term] * row[other]
        if state.event[patient] == 1:
            for term in range(TERMS):
                for other in range(TERMS):
                    product = weighted[term] * weighted[other] / (risk * risk)
                    found[term, other] += squares[term, other] / risk - product
    return found


def fit_effects(state: State, start: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the log hazard ratios of all terms and the inverse of the information there.

    Raises
    ------
    RuntimeError
        If Newton's method does not converge.
    """
    effects = start.copy()
    found = np.zeros(TERMS)
    for _ in range(_STEPS):
        effects_score(state, effects, found)
        inverse = np.linalg.inv(effects_information(state, effects)).astype(float)
        step = inverse @ found
        effects = effects + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < _CONVERGED:
            return effects, inverse
    raise RuntimeError("the effects of the covariates cannot be estimated")
