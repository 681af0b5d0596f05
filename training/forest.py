"""Growing random survival forests on one cohort and flattening them to plain arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sksurv.ensemble import RandomSurvivalForest
from sksurv.tree import SurvivalTree
from sksurv.util import Surv

from models.forest import KNOTS, LEAF, ForestHazard, Trees, member_hazards, tree_hazards
from models.outcomes import HAZARDS
from models.table import FloatArray
from training.simulation import DIED_FIRST, EVENT, Outcomes

TREES = 10
SMALLEST_LEAF = 30
#: Share of the covariates that each split looks at.
FEATURE_SHARE = 0.5


@dataclass(frozen=True)
class ForestFit:
    """The trees of one member and one hazard.

    Attributes
    ----------
    trees : Trees
        As `models.forest` walks them.
    factor : float
        Observed over expected events in the arm without surgery.
    between_trees : array, shape (knots,)
        Variance of the mean over trees by the chance of growing them, averaged over the
        cohort's patients without surgery.
    """

    trees: Trees
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
    return calibrate_forest(flatten(forest), covariates, months, event)


def flatten(forest: RandomSurvivalForest) -> Trees:
    """Return the trees of a fitted forest as plain arrays."""
    each = [_flatten_tree(estimator) for estimator in forest.estimators_]
    return _one_after_the_other(each)


def _flatten_tree(estimator: SurvivalTree) -> Trees:
    tree = estimator.tree_
    is_leaf = tree.children_left == LEAF
    reached = np.searchsorted(estimator.unique_times_, KNOTS, side="right")
    steps = np.column_stack([np.zeros(is_leaf.sum()), tree.value[is_leaf, :, 0]])
    return Trees(
        sizes=np.array([tree.node_count]),
        feature=np.where(is_leaf, LEAF, tree.feature),
        threshold=np.where(is_leaf, 0.0, tree.threshold),
        left=np.where(is_leaf, 0, tree.children_left),
        right=np.where(is_leaf, 0, tree.children_right),
        values=steps[:, reached],
    )


def _one_after_the_other(trees: Sequence[Trees]) -> Trees:
    return Trees(
        *(
            np.concatenate([getattr(each, part.name) for each in trees])
            for part in dataclasses.fields(Trees)
        )
    )


def calibrate_forest(
    trees: Trees, covariates: FloatArray, months: FloatArray, event: FloatArray
) -> ForestFit:
    """Return a forest with its factor and the chance in it.

    Trees that rarely split on the arm blend the arms' hazards. The factor makes the expected
    events of the patients without surgery, each up to her own time, equal those observed.
    """
    without = covariates[:, -1] == 0
    by_tree = tree_hazards(trees, covariates[without])
    corners = np.concatenate([[0], KNOTS])
    mean = np.column_stack([np.zeros(without.sum()), by_tree.mean(axis=1)])
    expected = sum(
        np.interp(end, corners, hazard) for end, hazard in zip(months[without], mean, strict=True)
    )
    within = event[without] & (months[without] <= KNOTS[-1])
    factor = float(within.sum() / expected)
    between = by_tree.var(axis=1, ddof=1).mean(axis=0) / by_tree.shape[1] * factor**2
    return ForestFit(trees, factor, between)


def stack_forests(fits: list[ForestFit], kept: float) -> ForestHazard:
    """Return the forests of all members as the bundle holds them."""
    return ForestHazard(
        trees=_one_after_the_other([fit.trees for fit in fits]),
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
        [member_hazards(forest, covariates[row : row + 1]) for row in range(len(covariates))]
    )
    total = hazards.var(axis=1, ddof=1).mean(axis=0)
    chance = np.mean([fit.between_trees for fit in fits], axis=0)
    share = np.clip(1 - chance / np.maximum(total, np.finfo(float).tiny), 0.0, 1.0)
    return float(np.sqrt(np.mean(share)))
