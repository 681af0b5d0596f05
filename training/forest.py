"""Growing random survival forests on one cohort and flattening them to plain arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sksurv.ensemble import RandomSurvivalForest
from sksurv.tree import SurvivalTree
from sksurv.util import Surv

from models.forest import KNOTS, LEAF, ForestHazard, Trees, tree_hazards
from models.outcomes import HAZARDS
from models.table import FloatArray
from training.simulation import DIED_FIRST, EVENT, Outcomes

TREES = 10
SMALLEST_LEAF = 30
#: Share of the covariates that each split looks at.
FEATURE_SHARE = 0.5

#: Every second tree of a member.
_HALVES = (slice(0, None, 2), slice(1, None, 2))


@dataclass(frozen=True)
class ForestFit:
    """The trees of one member and one hazard.

    Attributes
    ----------
    trees : Trees
        As `models.forest` walks them.
    factor : array, shape (arms,)
        Observed over expected events in each arm.
    half_factors : array, shape (2, arms)
        The same of every second tree, from the first and from the second on.
    """

    trees: Trees
    factor: FloatArray
    half_factors: FloatArray


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
    expected = _expected_by_tree(forest, covariates, months)
    within = event & (months <= KNOTS[-1])
    factors = [
        arm_factors(chosen.mean(axis=1), within, covariates[:, -1])
        for chosen in (expected, *(expected[:, half] for half in _HALVES))
    ]
    return ForestFit(flatten(forest), factors[0], np.stack(factors[1:]))


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


def _expected_by_tree(
    forest: RandomSurvivalForest, covariates: FloatArray, months: FloatArray
) -> FloatArray:
    """Return each tree's cumulative hazard at each patient's own time, (patients, trees).

    On the steps themselves: a straight line between knots would leave out a part of the step
    at which an event happens.
    """
    single = covariates.astype(np.float32)
    end = np.minimum(months, KNOTS[-1])
    by_tree = []
    for estimator in forest.estimators_:
        leaf = estimator.tree_.apply(single)
        reached = np.searchsorted(estimator.unique_times_, end, side="right")
        hazard = estimator.tree_.value[leaf, np.maximum(reached - 1, 0), 0]
        by_tree.append(np.where(reached > 0, hazard, 0.0))
    return np.column_stack(by_tree)


def arm_factors(expected: FloatArray, happened: FloatArray, in_arm: FloatArray) -> FloatArray:
    """Return observed over expected events in each arm, shape (arms,).

    Trees look at half of the covariates in each split and stop at leaves of thirty patients, so
    they blend the hazards of the arms. The factors undo that for each arm as a whole.

    Parameters
    ----------
    expected : array, shape (patients,)
        Cumulative hazard at each patient's own time.
    happened : boolean array, shape (patients,)
        Whether the event was observed by then.
    """
    return np.array(
        [happened[in_arm == arm].sum() / expected[in_arm == arm].sum() for arm in (0, 1)]
    )


def stack_forests(fits: list[ForestFit], kept: float) -> ForestHazard:
    """Return the forests of all members as the bundle holds them."""
    return ForestHazard(
        trees=_one_after_the_other([fit.trees for fit in fits]),
        factor=np.array([fit.factor for fit in fits]),
        kept=kept,
    )


def kept_share(fits: list[ForestFit], covariates: FloatArray) -> float:
    """Return the share of the members' deviations that is not the chance of few trees.

    Two halves of a member's trees, each scaled by its own factor, share the virtual trial and
    not the trees' chance: their covariance over members is the variance without that chance.
    The root of its share of the whole variance scales every deviation; one share for all
    patients and times keeps curves monotone.

    Parameters
    ----------
    covariates : array, shape (patients, terms + 1)
        Patients to average over, without surgery.
    """
    trees = stack_forests(fits, kept=1.0).trees
    factor = np.array([fit.factor[0] for fit in fits])
    halves = np.array([fit.half_factors[:, 0] for fit in fits])
    shared, whole = np.zeros(len(KNOTS)), np.zeros(len(KNOTS))
    for row in covariates:
        by_tree = tree_hazards(trees, row[None]).reshape(len(fits), -1, len(KNOTS))
        first, second = (
            by_tree[:, half].mean(axis=1) * halves[:, number, None]
            for number, half in enumerate(_HALVES)
        )
        shared += _covariance(first, second)
        full = by_tree.mean(axis=1) * factor[:, None]
        whole += _covariance(full, full)
    share = np.clip(shared / np.maximum(whole, np.finfo(float).tiny), 0.0, 1.0)
    return float(np.sqrt(share.mean()))


def _covariance(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the covariance over members at each knot, shape (knots,)."""
    deviations = (one - one.mean(axis=0)) * (other - other.mean(axis=0))
    covariance: FloatArray = deviations.sum(axis=0) / (len(one) - 1)
    return covariance
