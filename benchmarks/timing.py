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
    number : float or None
        The limit; ``None`` where the ratio is reported only.
    faster : bool
        Whether the limit is how many times as fast as the other side at least; else it is how
        many times the other side's figure at most.
    """

    number: float | None
    faster: bool = True

    def ratio(self, ours: float, other: float) -> float:
        """Return the ratio that the limit is for."""
        return other / ours if self.faster else ours / other

    def verdict(self, ratios: Sequence[float]) -> str:
        """Return what is said of the ratios of the rounds: all of them must agree."""
        if self.number is None:
            return "reported"
        met = {ratio >= self.number if self.faster else ratio <= self.number for ratio in ratios}
        if len(met) > 1:
            return "undecided"
        return "met" if met == {True} else "not met"


#: Where nothing is asked: how many times the other side's figure, or how many times as fast.
REPORTED, REPORTED_SPEED = Asked(None, faster=False), Asked(None)


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
    asked : Asked
        What is asked of the ratio.
    ratios : tuple of float
        Those of the rounds; empty where nothing was measured, which the row says as void.
    void : str
        Why the measurement does not hold; empty where it does.
    """

    name: str
    unit: str
    ours: float
    other: float
    other_name: str
    asked: Asked = REPORTED
    ratios: tuple[float, ...] = ()
    void: str = ""


@dataclass(frozen=True)
class Told:
    """What a row says beside its figures."""

    name: str
    unit: str
    other_name: str
    asked: Asked = REPORTED


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
    return judged(told, first, beside, void_because(first, again, watch.foreign()))


def judged(told: Told, ours: Sequence[float], other: Sequence[float], void: str) -> Row:
    """Return the row of what was measured.

    Parameters
    ----------
    told : Told
        What was measured, in which unit, beside what.
    ours, other : sequence of float
        Figures of the two sides, a pair a round.
    void : str
        Why the measurement does not hold; empty where it does.
    """
    return Row(
        told.name,
        told.unit,
        statistics.median(ours),
        statistics.median(other),
        told.other_name,
        told.asked,
        tuple(map(told.asked.ratio, ours, other)),
        void,
    )


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
    return ", ".join(filter(None, [*reasons, loaded(foreign)]))


def loaded(foreign: float) -> str:
    """Return the reason that other programs were at work, or an empty text if they were not.

    Parameters
    ----------
    foreign : float
        Load of other programs, in cores.
    """
    return f"other programs used {foreign:.2f} cores" if foreign > FOREIGN else ""


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
