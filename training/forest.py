"""Growing random survival forests on one cohort and flattening them to plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sksurv.ensemble import RandomSurvivalForest
from sksurv.util import Surv

from models.forest import KNOTS, LEAF, ForestHazard, IntArray, tree_hazards
from models.outcomes import HAZARDS
from models.table import FloatArray
from training.simulation import DIED_FIRST, EVENT, Outcomes

TREES = 5
SMALLEST_LEAF = 30
#: Share of the covariates that each split looks at.
FEATURE_SHARE = 0.5

#: Room for a tree; 407 patients in leaves of 30 give at most 13 leaves.
_NODES, _LEAVES = 31, 16


@dataclass(frozen=True)
class ForestFit:
    """The trees of one member and one hazard, flattened and padded.

    Attributes
    ----------
    feature, left, right : arrays, shape (trees, nodes)
    threshold : array, shape (trees, nodes)
    values : array, shape (trees, leaves, knots)
        As in `models.forest.ForestHazard`.
    factor : float
        Observed over expected events in the arm without surgery.
    between_trees : array, shape (knots,)
        Variance of the mean over trees by the chance of growing them, averaged over the
        cohort's patients without surgery.
    """

    feature: IntArray
    left: IntArray
    right: IntArray
    threshold: FloatArray
    values: FloatArray
    factor: float
    between_trees: FloatArray


def grow_forests(
    design: FloatArray, arm: FloatArray, outcomes: Outcomes, seed: int
) -> dict[str, ForestFit]:
    """Return a forest for each hazard of the bundle, the arm among its covariates.

    A competing event is censoring, so that the leaves hold cause-specific hazards.
    """
    first = outcomes.first_local_event()
    observed = {
        "death": (outcomes.os_months, outcomes.os_event == EVENT),
        "local_progression": (outcomes.lrfs_months, first == EVENT),
        "death_without_local_progression": (outcomes.lrfs_months, first == DIED_FIRST),
    }
    for name in ("ulceration", "bleeding"):
        months = getattr(outcomes, f"{name}_months")
        event = getattr(outcomes, f"{name}_event")
        observed[name] = (months, event == EVENT)
        observed[f"death_without_{name}"] = (months, event == DIED_FIRST)
    covariates = np.column_stack([design, arm])
    return {
        name: grow_forest(covariates, *observed[name], seed=seed + place)
        for place, name in enumerate(HAZARDS)
    }


def grow_forest(
    covariates: FloatArray, months: FloatArray, event: FloatArray, seed: int
) -> ForestFit:
    """Return one forest, grown with scikit-survival and flattened.

    Parameters
    ----------
    covariates : array, shape (patients, terms + 1)
        The design matrix with the arm as its last column.
    event : boolean array, shape (patients,)
    """
    forest = RandomSurvivalForest(
        n_estimators=TREES,
        min_samples_leaf=SMALLEST_LEAF,
        max_features=FEATURE_SHARE,
        random_state=seed,
    )
    forest.fit(covariates, Surv.from_arrays(event, months))
    return calibrated(flatten(forest), covariates, months, event)


def flatten(forest: RandomSurvivalForest) -> ForestFit:
    """Return a fitted forest as padded arrays, not yet calibrated."""
    shape = (len(forest.estimators_), _NODES)
    feature = np.full(shape, LEAF)
    left, right = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    threshold = np.zeros(shape)
    values = np.zeros((shape[0], _LEAVES, len(KNOTS)))
    for number, estimator in enumerate(forest.estimators_):
        tree = estimator.tree_
        size = tree.node_count
        is_leaf = tree.children_left == LEAF
        feature[number, :size] = np.where(is_leaf, LEAF, tree.feature)
        threshold[number, :size] = np.where(is_leaf, 0.0, tree.threshold)
        left[number, :size] = np.where(is_leaf, np.cumsum(is_leaf) - 1, tree.children_left)
        right[number, :size] = np.where(is_leaf, 0, tree.children_right)
        reached = np.searchsorted(estimator.unique_times_, KNOTS, side="right")
        steps = np.column_stack([np.zeros(is_leaf.sum()), tree.value[is_leaf, :, 0]])
        values[number, : is_leaf.sum()] = steps[:, reached]
    return ForestFit(feature, left, right, threshold, values, 1.0, np.zeros(len(KNOTS)))


def calibrated(
    fit: ForestFit, covariates: FloatArray, months: FloatArray, event: FloatArray
) -> ForestFit:
    """Return a forest with its factor and the chance in it.

    Trees that rarely split on the arm blend the arms' hazards. The factor makes the expected
    events of the patients without surgery, each up to her own time, equal those observed.
    """
    without = covariates[:, -1] == 0
    trees = tree_hazards(stack_forests([fit], kept=1.0), covariates[without])[:, 0]
    corners = np.concatenate([[0], KNOTS])
    mean = np.column_stack([np.zeros(without.sum()), trees.mean(axis=1)])
    expected = sum(
        np.interp(end, corners, hazard) for end, hazard in zip(months[without], mean, strict=True)
    )
    within = event[without] & (months[without] <= KNOTS[-1])
    factor = float(within.sum() / expected)
    between = trees.var(axis=1, ddof=1).mean(axis=0) / trees.shape[1] * factor**2
    return ForestFit(fit.feature, fit.left, fit.right, fit.threshold, fit.values, factor, between)


def stack_forests(fits: list[ForestFit], kept: float) -> ForestHazard:
    """Return the forests of all members as the bundle holds them."""
    return ForestHazard(
        feature=np.stack([fit.feature for fit in fits]),
        threshold=np.stack([fit.threshold for fit in fits]),
        left=np.stack([fit.left for fit in fits]),
        right=np.stack([fit.right for fit in fits]),
        values=np.stack([fit.values for fit in fits]),
        factor=np.array([fit.factor for fit in fits]),
        kept=kept,
    )


def kept_share(fits: list[ForestFit], covariates: FloatArray) -> float:
    """Return the share of the members' deviations that is not the chance of few trees.

    The variance over members is the virtual trials' and the trees' together. Taking out the
    trees' part scales every deviation by the root of what is left; one share for all patients
    and times keeps curves monotone.

    Parameters
    ----------
    covariates : array, shape (patients, terms + 1)
        Patients to average over, without surgery.
    """
    forest = stack_forests(fits, kept=1.0)
    hazards = np.concatenate(
        [
            tree_hazards(forest, covariates[row : row + 1]).mean(axis=2) * forest.factor[:, None]
            for row in range(len(covariates))
        ]
    )
    total = hazards.var(axis=1, ddof=1).mean(axis=0)
    chance = np.mean([fit.between_trees for fit in fits], axis=0)
    share = np.clip(1 - chance / np.maximum(total, np.finfo(float).tiny), 0.0, 1.0)
    return float(np.sqrt(np.mean(share)))
