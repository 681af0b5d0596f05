"""Taking times in turn, so that a machine that slows down slows all sides.

A comparison holds only when it can be trusted: the same program runs twice as a pair in every
round, and the load of other programs is watched. Where the pair does not agree, or others were at
work, the row is void and says why.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks.load import Watch

#: Rounds of a comparison, at least, after one that warms up.
ROUNDS = 6
#: Where the median ratio of the same program to itself must lie.
SAME = (0.90, 1.10)
#: Cores that other programs may use while a comparison runs.
FOREIGN = 0.25


@dataclass(frozen=True)
class Asked:
    """What is asked of a ratio.

    Attributes
    ----------
    number : float
        The limit.
    faster : bool
        Whether the limit is how many times as fast as the other side at least; else it is how
        many times the other side's figure at most.
    """

    number: float
    faster: bool = True

    def ratio(self, ours: float, other: float) -> float:
        """Return the ratio that the limit is for."""
        return other / ours if self.faster else ours / other

    def met(self, ratio: float) -> bool:
        """Return whether a ratio is within the limit."""
        return ratio >= self.number if self.faster else ratio <= self.number


@dataclass(frozen=True)
class Row:
    """One measurement, and what it is measured beside.

    Attributes
    ----------
    name, unit : str
        What is measured.
    ours, other : float
        Medians.
    other_name : str
        What it is measured beside.
    asked : Asked or None
        What is asked of the ratio; ``None`` where it is reported only.
    ratio : float or None
        Median of the ratios of the rounds; ``None`` where there were no rounds, and the ratio is
        that of the medians.
    void : str
        Why the measurement does not hold; empty where it does.
    """

    name: str
    unit: str
    ours: float
    other: float
    other_name: str
    asked: Asked | None = None
    ratio: float | None = None
    void: str = ""


@dataclass(frozen=True)
class Told:
    """What a row says beside its figures."""

    name: str
    unit: str
    other_name: str
    asked: Asked | None = None


def compare(
    told: Told, ours: Callable[[], float], other: Callable[[], float], rounds: int = ROUNDS
) -> Row:
    """Return a row of two sides that were measured in one run.

    Parameters
    ----------
    told : Told
        What is measured, in which unit, beside what.
    ours, other : callable
        Each measures once and returns the figure. Ours runs twice a round.
    rounds : int
        Rounds after one that warms up.
    """
    watch = Watch()
    first, again, beside = taken_in_turn(ours, ours, other, rounds=rounds)
    void = void_because(first, again, watch.foreign())
    ratio = median_ratio(told.asked or Asked(0, faster=False), first, beside)
    return Row(
        told.name,
        told.unit,
        statistics.median(first),
        statistics.median(beside),
        told.other_name,
        told.asked,
        ratio,
        void,
    )


def median_ratio(asked: Asked, ours: Sequence[float], other: Sequence[float]) -> float:
    """Return the median over rounds of the ratio that is asked for."""
    return statistics.median(map(asked.ratio, ours, other))


def void_because(first: Sequence[float], again: Sequence[float], foreign: float) -> str:
    """Return why a comparison does not hold, or an empty text.

    Parameters
    ----------
    first, again : sequence of float
        Figures of the same program, a pair a round.
    foreign : float
        Load of other programs, in cores.
    """
    reasons = []
    pair = statistics.median(b / a for a, b in zip(first, again, strict=True))
    if not SAME[0] <= pair <= SAME[1]:
        reasons.append(f"the same program differs from itself, {pair:.2f}")
    if foreign > FOREIGN:
        reasons.append(loaded(foreign))
    return ", ".join(reasons)


def loaded(foreign: float) -> str:
    """Return the reason that other programs were at work."""
    return f"other programs used {foreign:.2f} cores"


def taken_in_turn(*actions: Callable[[], float], rounds: int) -> list[list[float]]:
    """Return what each action measures in each round.

    The order rotates, A B C, B C A ..., so that none always comes first; one round before
    warms up.
    """
    taken: list[list[float]] = [[] for _ in actions]
    places = list(range(len(actions)))
    for number in range(rounds + 1):
        for place in places:
            value = actions[place]()
            if number:
                taken[place].append(value)
        places = places[1:] + places[:1]
    return taken


def values_in_turn(*actions: Callable[[], float], rounds: int) -> list[float]:
    """Return the median of what each action measures, as `taken_in_turn` takes it."""
    return [statistics.median(values) for values in taken_in_turn(*actions, rounds=rounds)]


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def scaled_seconds(action: Callable[[], object], scale: float) -> Callable[[], float]:
    """Return what measures an action: seconds times a scale, such as 1e6 over rows."""
    return lambda: scale * seconds(action)


def seconds_in_turn(*actions: Callable[[], object], rounds: int) -> list[float]:
    """Return the median seconds of each action, as `taken_in_turn` takes them."""
    timed = [partial(seconds, action) for action in actions]
    return values_in_turn(*timed, rounds=rounds)
