"""The tables of the coverage study: rates with their Monte Carlo intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from models.outcomes import ARM_LABELS, OUTCOMES
from models.table import FloatArray
from studies.coverage import Replicate
from studies.ensembles import HORIZONS, SUBJECTS

#: What is asked of truths from the ensemble's own priors: of the average's rates, that their
#: Monte Carlo intervals meet the range; of single profiles', that they reach the bound.
WANTED_OF_AVERAGE = (0.93, 0.97)
WANTED_OF_PROFILES = 0.90


@dataclass(frozen=True)
class Rate:
    """How often an interval held the truth.

    Attributes
    ----------
    held, of : int
        Replicates.
    """

    held: int
    of: int

    @property
    def share(self) -> float:
        """The rate."""
        return self.held / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Its Monte Carlo interval: Clopper and Pearson, 95%."""
        missed = self.of - self.held
        lower = beta.ppf(0.025, self.held, missed + 1) if self.held else 0.0
        upper = beta.ppf(0.975, self.held + 1, missed) if missed else 1.0
        return float(lower), float(upper)

    def meets(self, low: float, high: float) -> bool:
        """Return whether the Monte Carlo interval and a range have values in common."""
        lower, upper = self.interval
        return lower <= high and low <= upper


@dataclass(frozen=True)
class Line:
    """One row of the table: a subject, an outcome and an arm, by horizon."""

    subject: str
    outcome: str
    arm: str
    rates: tuple[Rate, ...]
    widths: tuple[float, ...]

    @property
    def judged(self) -> bool:
        """Whether all rates are as wanted."""
        if self.subject == SUBJECTS[0]:
            return all(rate.meets(*WANTED_OF_AVERAGE) for rate in self.rates)
        return all(rate.meets(WANTED_OF_PROFILES, 1.0) for rate in self.rates)


def lines(replicates: Sequence[Replicate]) -> list[Line]:
    """Return the rates of all replicates that have figures."""
    found = [each for each in replicates if not each.failure]
    truth, lower, upper = (
        np.stack([getattr(each, name) for each in found]) for name in ("truth", "lower", "upper")
    )
    held = ((lower <= truth) & (truth <= upper)).sum(axis=0)
    width = (upper - lower).mean(axis=0)
    return list(_lines(held, width, len(found)))


def _lines(held: FloatArray, width: FloatArray, of: int) -> Iterator[Line]:
    for place, subject in enumerate(SUBJECTS):
        for number, outcome in enumerate(OUTCOMES):
            for column, arm in enumerate(ARM_LABELS.values()):
                at = (place, number, column)
                rates = tuple(Rate(int(count), of) for count in held[at])
                yield Line(subject, outcome.label, arm, rates, tuple(width[at].tolist()))


def markdown(replicates: Sequence[Replicate], judged: bool) -> str:
    """Return the table as Markdown.

    Parameters
    ----------
    judged : bool
        Whether the truths came from the ensemble's own priors; other tables are only shown.
    """
    failed = [each.failure for each in replicates if each.failure]
    redrawn = sum(each.redrawn for each in replicates)
    told = (
        f"{len(replicates)} replicates, of which {len(failed)} gave no figures"
        f"{_reasons(failed)}; {redrawn} virtual trials were drawn again because the figures "
        "could not be met.\n\n"
    )
    months = " | ".join(f"{month} months" for month in HORIZONS)
    verdict = " | as wanted" if judged else ""
    head = f"| who | outcome | arm | {months} | mean width, points{verdict} |\n"
    rule = "| --- " * (5 + len(HORIZONS) + judged - 1) + "|\n"
    return told + head + rule + "".join(_row(line, judged) for line in lines(replicates))


def _reasons(failed: list[str]) -> str:
    counted = {reason: failed.count(reason) for reason in sorted(set(failed))}
    if not counted:
        return ""
    return " (" + "; ".join(f"{count}: {reason}" for reason, count in counted.items()) + ")"


def _row(line: Line, judged: bool) -> str:
    rates = " | ".join(
        f"{rate.share:.0%} ({rate.interval[0]:.0%} to {rate.interval[1]:.0%})"
        for rate in line.rates
    )
    widths = ", ".join(f"{100 * width:.0f}" for width in line.widths)
    verdict = f" | {'yes' if line.judged else 'no'}" if judged else ""
    return f"| {line.subject} | {line.outcome} | {line.arm} | {rates} | {widths}{verdict} |\n"
