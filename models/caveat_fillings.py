"""The caveats of ``caveats.toml`` that one patient can have several times over.

Such a row has ``each`` in place of ``when``: the name of what it is told for, here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.caveat_case import Cell, Profile
from models.evidence.consistency import (
    AGREES,
    CONFLICTS,
    OtherTrial,
    none_excludes_its_trial,
    other_trials,
    side_of_whole,
)
from models.evidence.credibility import RATING_LABELS
from models.evidence.interactions import NOT_RATED
from models.language import N_, _
from models.subgroups import SUGGESTED_BY_THE_PAPER, SubgroupEvidence, all_subgroups

#: What a ratio is worth where the pair is not rated, by whether it is below one: a subgroup that
#: promises and one that threatens are told in the same words.
_NOT_RATED: Mapping[bool, str] = {
    True: N_("This is no evidence that surgery helps her; use the overall effect."),
    False: N_("This is no evidence that surgery harms her; use the overall effect."),
}
#: The same where it is rated, by whether the ratio is below that of the other subgroup: a
#: difference between subgroups says nothing of the effect in one of them.
_RATED: Mapping[bool, str] = {
    True: N_(
        "This may be chance; at most it is a hint that surgery does more in this subgroup than in "
        "the other of its pair. It is no evidence that surgery helps her or harms her."
    ),
    False: N_(
        "This may be chance; at most it is a hint that surgery does less in this subgroup than in "
        "the other of its pair. It is no evidence that surgery helps her or harms her."
    ),
}
#: Where a ratio stands beside that of a whole trial.
_SIDES: Mapping[int, str] = {-1: N_("below"), 0: N_("near"), 1: N_("above")}


@dataclass(frozen=True)
class Filling:
    """What one telling of a row has of its own.

    Attributes
    ----------
    suffix : str
        What follows the row's code, ``""`` when it is told once.
    evidence : tuple of str
        Ids of evidence rows beside those of the row.
    place : str or None
        Where the trial's words stand, in place of what the row says.
    words : tuple of (str, str)
        What is filled in, in the language of the context.
    """

    suffix: str = ""
    evidence: tuple[str, ...] = ()
    place: str | None = None
    words: tuple[tuple[str, str], ...] = ()


def _of_cell(cell: Cell) -> Filling:
    """Return what is said of a row of Table 1 with few patients."""
    return Filling(cell.code, _subgroup_of(cell), "Table 1", _cell_words(cell))


def _of_smallest(cell: Cell) -> Filling:
    """Return what is said of the smallest row of Table 1."""
    return Filling("", _subgroup_of(cell), "Table 1", _cell_words(cell))


def _subgroup_of(cell: Cell) -> tuple[str, ...]:
    return () if cell.subgroup is None else (cell.subgroup,)


def _cell_words(cell: Cell) -> tuple[tuple[str, str], ...]:
    return (("label", _(cell.label)), ("n", str(cell.total)), ("n_surgery", str(cell.n[1])))


def _of_subgroup(code: str) -> Filling:
    """Return what is said of a subgroup of Fig. 3."""
    row = by_code()[code]
    return Filling(code, (code,), _place_of(row), _subgroup_words(row))


def _subgroup_words(row: SubgroupEvidence) -> tuple[tuple[str, str], ...]:
    group, interaction = row.subgroup, row.interaction
    return (
        ("label", _(group.label)),
        ("hr", f"{group.estimate:.2f}"),
        ("level", f"{group.level:.0%}"),
        ("lower", f"{group.interval[0]:.2f}"),
        ("upper", f"{group.interval[1]:.2f}"),
        ("p", f"{interaction.p:.2g}"),
        ("credibility", _(RATING_LABELS[row.assessment.rating])),
        ("reading", _(_reading(row))),
    )


def _reading(row: SubgroupEvidence) -> str:
    if row.assessment.rating == NOT_RATED:
        return _NOT_RATED[row.subgroup.estimate < 1]
    (other,) = (each for each in row.pair.subgroups if each is not row.subgroup)
    return _RATED[row.subgroup.estimate < other.estimate]


def _combinations(profile: Profile) -> tuple[tuple[str, ...], ...]:
    """Return her subgroups of the pairs that the paper points at, where there are several."""
    named = tuple([code for code in profile.subgroups if code in _suggested()])
    return (named,) if len(named) > 1 else ()


@cache
def _suggested() -> frozenset[str]:
    """Return the codes of the subgroups of the pairs that the paper points at."""
    return frozenset(
        code for code, row in by_code().items() if row.pair.id in SUGGESTED_BY_THE_PAPER
    )


def _of_combination(codes: tuple[str, ...]) -> Filling:
    """Return what is said of several subgroups together."""
    words = _(", ").join(_(by_code()[code].subgroup.label) for code in codes)
    return Filling("", codes, "Fig. 3", (("combination", words),))


def _of_conflict(code: str) -> Filling | None:
    """Return what is said of a subgroup for which another trial's point the other way."""
    row = by_code()[code]
    same, against = _elsewhere(row, AGREES), _elsewhere(row, CONFLICTS)
    if not against:
        return None
    same_way = _("The same way points: {trials}.") if same else ""
    words = (
        *_compared_words(row, against, [*against, *same]),
        ("other_side", _(_SIDES[-side_of_whole(row.subgroup)])),
        ("same_way", same_way.format(trials=_names(same))),
    )
    return Filling(code, _ids(row), _place_of(row), words)


def _of_agreement(code: str) -> Filling | None:
    """Return what is said of a subgroup for which all other trials' point the same way."""
    row = by_code()[code]
    same, against = _elsewhere(row, AGREES), _elsewhere(row, CONFLICTS)
    if against or not same:
        return None
    return Filling(code, _ids(row), _place_of(row), _compared_words(row, same, same))


def _compared_words(
    row: SubgroupEvidence, told: list[OtherTrial], named: list[OtherTrial]
) -> tuple[tuple[str, str], ...]:
    """Return what is said of a subgroup beside other trials, each against its own trial."""
    return (
        ("label", _(row.subgroup.label)),
        ("side", _(_SIDES[side_of_whole(row.subgroup)])),
        ("trials", _names(told)),
        ("not_excluded", none_excludes_its_trial(named)),
    )


def _elsewhere(row: SubgroupEvidence, direction: str) -> list[OtherTrial]:
    """Return the figures of other trials that point one way."""
    return [each for each in other_trials(row.subgroup) if each.direction == direction]


def _names(trials: list[OtherTrial]) -> str:
    return _("; ").join(trial.against_its_trial() for trial in trials)


def _ids(row: SubgroupEvidence) -> tuple[str, ...]:
    return (row.subgroup.code, *(trial.id for trial in row.other_trials))


def _place_of(row: SubgroupEvidence) -> str:
    return f"Fig. 3, {row.pair.label}"


@cache
def by_code() -> dict[str, SubgroupEvidence]:
    """Return the sixteen subgroups of Fig. 3 by their codes."""
    return {row.subgroup.code: row for row in all_subgroups()}


@dataclass(frozen=True)
class Each:
    """What a row can be told for several times over.

    Attributes
    ----------
    things : callable
        Returns what of a profile it is told for; each can be a key.
    filling : callable
        Returns the filling of one of those, ``None`` where nothing is told. It depends on
        nothing else but the language of the context.
    """

    things: Callable[[Profile], tuple[Any, ...]]
    filling: Callable[[Any], Filling | None]


def _subgroups(profile: Profile) -> tuple[str, ...]:
    return profile.subgroups


#: What ``each`` names.
EACH: Mapping[str, Each] = {
    "few": Each(lambda profile: profile.few, _of_cell),
    "smallest": Each(
        lambda profile: () if profile.smallest is None else (profile.smallest,), _of_smallest
    ),
    "subgroups": Each(_subgroups, _of_subgroup),
    "combination": Each(_combinations, _of_combination),
    "conflicts": Each(_subgroups, _of_conflict),
    "agreements": Each(_subgroups, _of_agreement),
}
