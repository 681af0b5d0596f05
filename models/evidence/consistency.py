"""Whether other trials point the same way as a pair of Fig. 3.

Each subgroup is compared with the whole of its own trial, so that trials with another overall
effect can still agree on where the effect is larger.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from models.evidence.figures import Figure, Pair, Subgroup, evidence, figure, trials
from models.language import N_, _, joined

AGREES, CONFLICTS, UNCLEAR = "agrees", "conflicts", "unclear"
#: What another trial's figure can be beside the trial's own.
DIRECTIONS: dict[str, str] = {
    AGREES: N_("points the same way"),
    CONFLICTS: N_("points the other way"),
    UNCLEAR: N_("can be counted neither way"),
}
#: Log ratios to the whole trial nearer than this to nought point nowhere (an assumption).
_NEAR = 0.05
_WHOLE_TRIAL = "os.hr.unstratified"
_POOL = "meta_2021"


@dataclass(frozen=True)
class OtherTrial:
    """What another trial says to one subgroup of Fig. 3.

    Attributes
    ----------
    subgroup : str
        Code of the subgroup.
    direction : str
        One of `DIRECTIONS`.
    overall : float
        That trial's own overall ratio.
    holds_overall : bool or None
        Whether its interval holds `overall`; ``None`` without an interval.
    """

    figure: Figure
    subgroup: str
    direction: str
    overall: float
    holds_overall: bool | None

    def __str__(self) -> str:
        words = {
            "label": _(self.figure.label) + self._how_seen,
            "figure": ratio_text(self.figure),
            "direction": _(DIRECTIONS[self.direction]),
        }
        return _("{label}: {figure}, {direction}").format(**words)

    def beside_its_trial(self) -> str:
        """Return in words the figure beside its own trial's, to stand under a subgroup."""
        clear = self.holds_overall is not True
        label = _(self.figure.label)
        return _("{label}: {figure}, beside {overall} in that whole trial; {verdict}.").format(
            label=label[0].upper() + label[1:] + self._how_seen,
            figure=ratio_text(self.figure),
            overall=f"{self.overall:.2f}",
            verdict=_(DIRECTIONS[self.direction]) if clear else _("not clearly different"),
        )

    def against_its_trial(self) -> str:
        """Return in words the figure against its own trial's, to stand in a sentence."""
        return _("{label} ({estimate} v. {overall})").format(
            label=_(self.figure.label),
            estimate=f"{self.figure.estimate:.2f}",
            overall=f"{self.overall:.2f}",
        )

    @property
    def _how_seen(self) -> str:
        """In brackets what lessens its weight: not planned, or only reported elsewhere."""
        row = self.figure
        found = [_("not prespecified")] if row.prespecified is False else []
        found += [_("from another report")] if row.status == "secondary" else []
        return _(" ({words})").format(words=_(", ").join(found)) if found else ""


def other_trials(group: Subgroup) -> tuple[OtherTrial, ...]:
    """Return the other trials' figures that speak to one subgroup."""
    rows = [row for row in evidence().values() if group.code in row.speaks_to]
    return tuple(_beside(group, row) for row in rows)


def consistency_text(pair: Pair) -> str:
    """Return in words what other trials say to a pair, and how much that weighs."""
    found = [each for group in pair.subgroups for each in other_trials(group)]
    if not found:
        return _("No other trial that was read speaks to it.")
    counts = [sum(each.direction == name for each in found) for name in DIRECTIONS]
    start = _(
        "Other trials, each beside its own whole: {same} the same way, {other} the other way, "
        "{unclear} neither."
    ).format(same=counts[0], other=counts[1], unclear=counts[2])
    details = _("; ").join(map(str, found))
    details = _("{details}.").format(details=details[0].upper() + details[1:])
    further = [none_excludes_its_trial(found)]
    named = dict.fromkeys(each.figure.trial for each in found)
    further += [_(trials()[name].caution) for name in named if trials()[name].caution]
    if _overlap(found):
        further.append(_("The four earlier trials include the single ones named."))
    return joined(start, details, *further)


def none_excludes_its_trial(found: Sequence[OtherTrial]) -> str:
    """Return the sentence that no interval tells a subgroup from its trial, where that is so."""
    if any(each.holds_overall is False for each in found):
        return ""
    return _("No interval seen excludes its own trial's overall ratio.")


def _overlap(found: list[OtherTrial]) -> bool:
    """Whether the pool of the earlier trials stands beside one of them."""
    names = {each.figure.trial for each in found}
    return _POOL in names and len(names) > 1


def ratio_text(row: Figure | Subgroup) -> str:
    """Return a hazard ratio with its interval and level in words."""
    if row.interval is None or row.level is None:
        return _("{estimate:.2f} (no interval was seen)").format(estimate=row.estimate)
    return _("{estimate:.2f} ({level:.0%} interval {lower:.2f} to {upper:.2f})").format(
        estimate=row.estimate, level=row.level, lower=row.interval[0], upper=row.interval[1]
    )


def _beside(group: Subgroup, row: Figure) -> OtherTrial:
    overall = figure(trials()[row.trial].overall).estimate
    if row.estimate is None or overall is None:
        raise ValueError(f"{row.id} or what it is compared with has no estimate")
    own, other = side_of_whole(group), _side(row.estimate / overall)
    direction = AGREES if own == other else CONFLICTS if own * other < 0 else UNCLEAR
    lower, upper = row.interval or (math.nan, math.nan)
    holds = lower <= overall <= upper if row.interval else None
    return OtherTrial(row, group.code, direction, overall, holds)


def side_of_whole(group: Subgroup) -> int:
    """Return -1 or 1 for a subgroup's ratio below or above the whole trial's, 0 near it."""
    whole = figure(_WHOLE_TRIAL).estimate
    if whole is None:
        raise ValueError(f"{_WHOLE_TRIAL} has no estimate")
    return _side(group.estimate / whole)


def _side(ratio: float) -> int:
    """Return -1 or 1 for a ratio below or above one, 0 for one that is near it."""
    distance = math.log(ratio)
    return 0 if abs(distance) < _NEAR else int(math.copysign(1, distance))
