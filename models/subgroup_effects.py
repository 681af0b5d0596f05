"""How the effect of surgery on survival may differ between patients: one joint, shrunken model.

Exploratory. The log hazard ratio of a patient is the overall one plus her shift, a sum over the
eight pairs of Fig. 3 that were estimated together (`training.subgroup_effects`) and bounded
here: no patient is further from the overall effect than the most extreme single subgroup,
neither in a member of the ensemble nor on average over members.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.design_matrix import TERM_NAMES
from models.table import FloatArray

#: The terms of the design matrix that tell which subgroups a patient belongs to. Each is 0 or 1.
_TELLING = (
    "postmenopausal",
    "ps_1_or_more",
    "er_positive",
    "her2_positive",
    "organs_2_or_more",
    "liver",
    "bone_only",
)
_PLACES = [TERM_NAMES.index(name) for name in _TELLING]
_POWERS = 2 ** np.arange(len(_TELLING))

#: Membership in the second subgroup of each pair of Fig. 3, read from those terms. As in the
#: models of prognosis, ER and HER2 negative is triple negative.
_SECOND_OF: dict[str, Callable[[dict[str, FloatArray]], FloatArray]] = {
    "er": lambda terms: terms["er_positive"],
    "her2": lambda terms: terms["her2_positive"],
    "triple_negative": lambda terms: np.maximum(terms["er_positive"], terms["her2_positive"]),
    "menopause": lambda terms: terms["postmenopausal"],
    "performance_status": lambda terms: terms["ps_1_or_more"],
    "organs": lambda terms: terms["organs_2_or_more"],
    "liver": lambda terms: terms["liver"],
    "bone_only": lambda terms: 1.0 - terms["bone_only"],
}
MODIFIER_PAIRS: tuple[str, ...] = tuple(_SECOND_OF)

#: Halvings of the interval in which the constant that moves a patient inside the bound is looked
#: for: enough for the last digit of a double.
_HALVINGS = 60


@dataclass(frozen=True)
class SubgroupEffects:
    """Interactions of surgery on death, member by member, and what centres and bounds them.

    Attributes
    ----------
    interactions : array, shape (pairs, members)
        Log ratio of hazard ratios, second subgroup of the pair over the first, given the
        others. Pairs as `models.evidence.pairs` has them.
    centre : array, shape (pairs,)
        Share of the second subgroup among those who died in the trial.
    means : array, shape (subgroups, pairs)
        The same share within each of the sixteen subgroups.
    """

    interactions: FloatArray
    centre: FloatArray
    means: FloatArray

    @cached_property
    def of_subgroups(self) -> FloatArray:
        """Shift of each single subgroup from the overall log hazard ratio.

        The mean of the joint model's shifts over those of its members who died, shape
        (subgroups, members).
        """
        return self._sums(self.means)

    def shifts(self, design: FloatArray) -> FloatArray:
        """Return each patient's shift from the overall log hazard ratio, bounded.

        Parameters
        ----------
        design : array, shape (rows, terms)

        Returns
        -------
        array, shape (rows, members)
        """
        profiles = design[:, _PLACES].astype(np.intp) @ _POWERS
        shifts: FloatArray = self._by_profile[profiles]
        return shifts

    @cached_property
    def _by_profile(self) -> FloatArray:
        """The bounded shifts of every combination of the telling terms, (profiles, members)."""
        profiles = np.arange(2 ** len(_TELLING))
        bits = (profiles[:, None] // _POWERS % 2).astype(float)
        sums = self._sums(_second_of(dict(zip(_TELLING, bits.T, strict=True))))
        return bounded(sums, self.of_subgroups)

    def _sums(self, memberships: FloatArray) -> FloatArray:
        # Pair by pair, so that the order of summation never depends on the library.
        sums = np.zeros((len(memberships), self.interactions.shape[1]))
        centred = memberships - self.centre
        for pair, interaction in zip(centred.T, self.interactions, strict=True):
            sums += pair[:, None] * interaction
        return sums


def memberships(design: FloatArray) -> FloatArray:
    """Return who belongs to the second subgroup of each pair, shape (rows, pairs)."""
    terms = {name: design[:, place] for name, place in zip(_TELLING, _PLACES, strict=True)}
    return _second_of(terms)


def _second_of(terms: dict[str, FloatArray]) -> FloatArray:
    return np.column_stack([read(terms) for read in _SECOND_OF.values()])


def bounded(sums: FloatArray, of_subgroups: FloatArray) -> FloatArray:
    """Return shifts that stay within those of the single subgroups.

    Two conditions hold for every row: each member lies between that member's smallest and
    largest subgroup, and the mean over members between the smallest and largest of the
    subgroups' means. The second does not follow from the first, because in each member another
    subgroup may be the extreme one. A row that breaks it is moved by one constant before it is
    clipped, which keeps the spread over members as far as the first condition allows.

    Parameters
    ----------
    sums : array, shape (rows, members)
        The joint model's shifts.
    of_subgroups : array, shape (subgroups, members)
        Those of the single subgroups.
    """
    limits = of_subgroups.min(axis=0), of_subgroups.max(axis=0)
    averages = of_subgroups.mean(axis=1)
    means = sums.clip(*limits).mean(axis=1)
    wanted = means.clip(averages.min(), averages.max())
    moves = np.zeros(len(sums))
    outside = wanted != means
    if outside.any():
        moves[outside] = _moves(sums[outside], limits, wanted[outside])
    shifts: FloatArray = (sums - moves[:, None]).clip(*limits)
    return shifts


def _moves(
    sums: FloatArray, limits: tuple[FloatArray, FloatArray], wanted: FloatArray
) -> FloatArray:
    """Return the constants that bring each row's clipped mean where it is wanted.

    The mean falls as the constant grows, so halving an interval finds it.
    """
    low_limits, high_limits = limits
    least = (sums - high_limits).min(axis=1)
    most = (sums - low_limits).max(axis=1)
    for _ in range(_HALVINGS):
        middle = (least + most) / 2
        too_high = (sums - middle[:, None]).clip(*limits).mean(axis=1) > wanted
        least = np.where(too_high, middle, least)
        most = np.where(too_high, most, middle)
    moves: FloatArray = (least + most) / 2
    return moves
