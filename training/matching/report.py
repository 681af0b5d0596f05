"""What a cohort reached of every printed figure, and what of it is a difference."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import beta, fisher_exact, norm

from models.evidence import figure, pairs
from models.outcomes import ARM_LABELS, ARMS
from models.table import FloatArray
from training.cohort import Cohort
from training.matching.counts import Count, complications, counts
from training.matching.distance import list_row, measured
from training.matching.figures import (
    RATIO_STEP,
    STRATIFIED_FIGURE,
    UNREADABLE,
    median_names,
    published_figures,
)
from training.matching.state import State
from training.matching.statistics import (
    MEDIAN_GROUPS,
    STRATIFIED,
    Z_95,
    medians,
    new_deaths,
    stratified_z,
)
from training.matching.tables import state_of
from training.simulation import DAYS_PER_MONTH, EVENT
from training.statistics import cox_of_arm, headline

#: Of Fig. 3's printed ratios and limits, how many the reference cohort has to the last digit,
#: and how far any may be off.
LEAST_IDENTICAL = 36
FARTHEST = 0.0015

#: How far any other cohort may be off: ratios, and medians in months.
FARTHEST_OF_A_SEED = 0.005
FARTHEST_MEDIAN = 0.1

#: The one limit that the paper prints otherwise than its counts give it (see the evidence).
_SLIP = f"Bleeding by 48 months, {ARM_LABELS[ARMS[0]]}: upper limit"
_SLIP_TOLD = (
    "the upper limit of bleeding without surgery is printed as 0.335 where its counts give 0.334."
)

_ENDS = ("", ": lower limit", ": upper limit")

#: What the paper prints and no column of a cohort holds.
NOT_HELD = (
    "Not part of it, because a cohort has no columns for it: surgery declined or later, margins, "
    "complications of surgery, distant progression in the first 3 months. The row of Fig. 3 that "
    "cannot be read (not only bone) has counts and no ratio."
)

#: A row of the printout: figure, published, reached, within rounding.
Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Line:
    """One printed figure and what a cohort reached.

    Attributes
    ----------
    kind : str
        ``fig. 3``, ``stratified``, ``median``, ``follow-up`` or ``other``.
    digits : int
        Decimals that are printed.
    """

    name: str
    kind: str
    published: float
    reached: float
    digits: int

    @property
    def identical(self) -> bool:
        """Whether it is identical in print."""
        return f"{self.reached:.{self.digits}f}" == f"{self.published:.{self.digits}f}"

    @property
    def deviation(self) -> float:
        """How far it is off, before rounding."""
        return abs(self.reached - self.published)

    def cells(self) -> Row:
        """Return name, published, reached (with one more digit) and whether it is identical."""
        published = f"{self.published:.{self.digits}f}"
        reached = f"{self.reached:.{self.digits + 1}f}"
        return self.name, published, reached, "yes" if self.identical else "no"


class Agreement(NamedTuple):
    """How many figures are identical in print, of how many, and the farthest deviation."""

    identical: int
    of: int
    farthest: float


def agreement(lines: list[Line]) -> Agreement:
    """Return how far some figures agree with the printed ones."""
    identical = sum(line.identical for line in lines)
    return Agreement(identical, len(lines), max(line.deviation for line in lines))


@dataclass(frozen=True)
class Report:
    """Everything printed, beside what a cohort reached."""

    counts: list[Count]
    lines: list[Line]

    @property
    def wrong_counts(self) -> list[Count]:
        """The counts that are not exact."""
        return [count for count in self.counts if not count.exact]

    def of_kind(self, kind: str) -> list[Line]:
        """Return the lines of one kind."""
        return [line for line in self.lines if line.kind == kind]

    def rows(self) -> list[Row]:
        """Return every figure as text, counts first."""
        return [*(count.cells() for count in self.counts), *(line.cells() for line in self.lines)]

    @property
    def odd_others(self) -> int:
        """How many figures outside Fig. 3 are not identical, but for the paper's own slip."""
        others = [line for line in self.lines if line.kind != "fig. 3" and line.name != _SLIP]
        return sum(not line.identical for line in others)

    @property
    def fig_3(self) -> Agreement:
        """How far the ratios and limits of Fig. 3 agree."""
        return agreement(self.of_kind("fig. 3"))

    def summary(self) -> tuple[str, ...]:
        """Return sentences about the counts, Fig. 3, the rest, and what is not held."""
        exact = len(self.counts) - len(self.wrong_counts)
        found, rest = self.fig_3, [line for line in self.lines if line.kind != "fig. 3"]
        same = sum(line.identical for line in rest)
        return (
            f"Counts: {exact} of {len(self.counts)} exact.",
            f"Fig. 3: {found.identical} of {found.of} ratios and limits identical in print, none "
            f"off by more than {math.ceil(found.farthest * 1e4) / 1e4:.4f}.",
            f"Other figures: {same} of {len(rest)} identical in print; {_SLIP_TOLD}",
            NOT_HELD,
        )

    def differences(self, *, reference: bool) -> list[str]:
        """Return what is a difference, in words.

        The reference cohort has every count, every figure outside Fig. 3 in print, and of Fig.
        3 at least `LEAST_IDENTICAL` figures and none off by more than `FARTHEST`. Another
        cohort has every count, and ratios and medians within `FARTHEST_OF_A_SEED` and
        `FARTHEST_MEDIAN`; its quartiles of follow-up, printed in whole months, may be that much
        beyond their rounding.
        """
        found = [f"{c.name}: {c.reached:g} instead of {c.published}" for c in self.wrong_counts]
        found += [
            f"{line.name}: {line.reached:.4f} instead of {line.published:.{line.digits}f}"
            for line in self.lines
            if _differs(line, reference)
        ]
        same = self.fig_3.identical
        if reference and same < LEAST_IDENTICAL:
            found.append(f"Fig. 3: only {same} figures are identical in print")
        return found


def _differs(line: Line, reference: bool) -> bool:
    if line.name == _SLIP:
        return line.deviation > 2 * RATIO_STEP
    if line.kind == "fig. 3":
        return line.deviation > (FARTHEST if reference else FARTHEST_OF_A_SEED)
    if reference or line.kind == "other":
        return not line.identical
    if line.kind == "follow-up":
        return line.deviation > 0.5 + FARTHEST_MEDIAN
    return line.deviation > (FARTHEST_MEDIAN if line.kind == "median" else FARTHEST_OF_A_SEED)


def report(cohort: Cohort) -> Report:
    """Return everything printed beside what a cohort reached, computed from its patients."""
    state = state_of(cohort)
    lines = [*_ratios(state), *_medians(state), *_local(cohort), *_follow_up(cohort)]
    return Report(counts(cohort), lines)


#: The paper prints 0.86 (0.69 to 1.07) and p 0.13; the third digit is a matched cohort's own.
STRATIFIED_LABEL = "stratified, 90%, third digit derived"


def _ratios(state: State) -> Iterator[Line]:
    """Yield Fig. 3 and the stratified analysis."""
    figures, reached = published_figures(), measured(state, published_figures())
    groups = [(group.label, group.code) for pair in pairs() for group in pair.subgroups]
    rows = [("all patients", ""), *groups, (STRATIFIED_LABEL, STRATIFIED_FIGURE)]
    for row, (label, code) in enumerate(rows):
        if code == UNREADABLE:
            continue
        kind = "stratified" if row == STRATIFIED else "fig. 3"
        reach = figures.reach[row] * reached.error[row]
        for end, side, published in zip(_ENDS, (0, -1, 1), figures.ratios[row], strict=True):
            value = math.exp(reached.log_ratio[row] + side * reach)
            yield Line(f"OS hazard ratio, {label}{end}", kind, float(published), value, 3)
    one_sided = "OS, stratified: one-sided p, third digit derived"
    yield Line(one_sided, "stratified", figures.stratified_p, _p(state), 3)


def _p(state: State) -> float:
    deaths = new_deaths(len(state.queue))
    list_row(state, STRATIFIED, deaths)
    return float(norm.cdf(stratified_z(deaths)))


def _medians(state: State) -> Iterator[Line]:
    """Yield the medians of survival and the limits of both arms' medians."""
    figures = published_figures()
    found, limits = np.empty(MEDIAN_GROUPS), np.empty((2, 2))
    medians(state, found, limits)
    for name, wanted, days in zip(median_names(), figures.medians, found, strict=True):
        row = figure(name)
        label = row.label or ARM_LABELS[name.rpartition(".")[2]]
        yield _months(f"OS median, {label}", wanted, days)
    for arm, wanted_limits, own in zip(ARMS, figures.limits, limits, strict=True):
        for end, wanted, days in zip(_ENDS[1:], wanted_limits, own, strict=True):
            yield _months(f"OS median, {ARM_LABELS[arm]}{end}", wanted, days)


def _months(name: str, published: float, reached: float) -> Line:
    return Line(name, "median", published / DAYS_PER_MONTH, reached / DAYS_PER_MONTH, 1)


def _local(cohort: Cohort) -> Iterator[Line]:
    """Yield local relapse-free survival, ulceration and bleeding."""
    arm, outcomes = cohort.patients.arm, cohort.outcomes
    log_ratio, error = cox_of_arm(arm, outcomes.lrfs_months, outcomes.lrfs_event == EVENT)
    row, found = figure("lrfs.hr"), headline(arm, outcomes)
    printed = (row.estimate or math.nan, *(row.interval or (math.nan, math.nan)))
    for end, side, published in zip(_ENDS, (0, -1, 1), printed, strict=True):
        value = math.exp(log_ratio + side * Z_95 * error)
        yield Line(f"LRFS hazard ratio{end}", "other", published, value, 2)
    for number, name in enumerate(ARMS):
        published = figure(f"lrfs.median.{name}").estimate or math.nan
        months = float(found.lrfs_medians[number])
        yield Line(f"LRFS median, {ARM_LABELS[name]}", "other", published, months, 0)
    for name in ("ulceration", "bleeding"):
        yield from _proportions(cohort, name)


def _proportions(cohort: Cohort, name: str) -> Iterator[Line]:
    """Yield the proportions of a complication with exact limits, and Fisher's p."""
    table = []
    for number, arm in enumerate(ARMS):
        own = cohort.patients.arm == number
        events, size = complications(cohort, name, own), int(own.sum())
        table.append([events, size - events])
        row = figure(f"{name}.{arm}")
        printed = (row.estimate or math.nan, *(row.interval or (math.nan, math.nan)))
        exact = (events / size, *clopper_pearson(events, size, row.level or math.nan))
        for end, published, value in zip(_ENDS, printed, exact, strict=True):
            label = f"{name.capitalize()} by 48 months, {ARM_LABELS[arm]}{end}"
            yield Line(label, "other", published, value, 3)
    published = figure(f"{name}.{ARMS[1]}").p or math.nan
    p = float(fisher_exact(np.array(table)).pvalue)
    yield Line(f"{name.capitalize()}: p", "other", published, p, 4)


def clopper_pearson(events: int, size: int, level: float) -> tuple[float, float]:
    """Return exact limits of a proportion (neither 0 nor all)."""
    tail = (1 - level) / 2
    lower = beta.ppf(tail, events, size - events + 1)
    upper = beta.ppf(1 - tail, events + 1, size - events)
    return float(lower), float(upper)


def _follow_up(cohort: Cohort) -> Iterator[Line]:
    """Yield the quartiles of the observed time."""
    row = figure("follow_up.median")
    lower, upper = row.range or (math.nan, math.nan)
    published: tuple[float, ...] = (lower, row.estimate or math.nan, upper)
    reached: FloatArray = np.quantile(cohort.outcomes.os_months, [0.25, 0.5, 0.75])
    for name, wanted, months in zip(
        ("lower quartile", "median", "upper quartile"), published, reached, strict=True
    ):
        yield Line(f"Follow-up, {name}", "follow-up", wanted, float(months), 0)
