"""The tables of the coverage study: rates with their Monte Carlo intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import beta, binom

from models.outcomes import ARM_LABELS, OUTCOMES
from models.table import FloatArray
from studies.coverage import Replicate
from studies.ensembles import HORIZONS, PROFILES, SUBJECTS

#: What is asked of truths from the ensemble's own priors: of the average's rates, that their
#: Monte Carlo intervals meet the range; of single profiles', that they reach the bound.
WANTED_OF_AVERAGE = (0.93, 0.97)
WANTED_OF_PROFILES = 0.90


#: The profiles' rates averaged: a subject of its own in the tables.
TOGETHER = "the profiles together"


class Estimate(NamedTuple):
    """A rate and its Monte Carlo interval, 95%."""

    share: float
    lower: float
    upper: float

    def meets(self, low: float, high: float) -> bool:
        """Return whether the Monte Carlo interval and a range have values in common."""
        return self.lower <= high and low <= self.upper


def rate(held: float, of: float) -> Estimate:
    """Return how often an interval held the truth, with Clopper and Pearson's interval.

    Parameters
    ----------
    held, of : float
        Replicates, or as many as count like independent ones (`clustered`).
    """
    missed = of - held
    lower = beta.ppf(0.025, held, missed + 1) if held else 0.0
    upper = beta.ppf(0.975, held + 1, missed) if missed else 1.0
    return Estimate(held / of, float(lower), float(upper))


def clustered(shares: FloatArray) -> Estimate:
    """Return the mean of the replicates' own shares, with its Monte Carlo interval.

    The profiles of a replicate share one trial, so that they are no independent trials of the
    intervals. Clopper and Pearson's interval is taken for the number of independent ones that
    would have the same standard error, at least the number of replicates.

    Parameters
    ----------
    shares : array, shape (replicates,)
    """
    mean, of = float(shares.mean()), len(shares)
    variance = shares.var(ddof=1) / of if of > 1 else 0.0
    alike = mean * (1 - mean) / variance if variance > 0 else 0.0
    effective = max(float(of), alike)
    return rate(mean * effective, effective)


@dataclass(frozen=True)
class Line:
    """One row of the table: a subject, an outcome and an arm, by horizon."""

    subject: str
    outcome: str
    arm: str
    rates: tuple[Estimate, ...]
    widths: tuple[float, ...]

    @property
    def judged(self) -> bool:
        """Whether all rates meet the aim."""
        wanted = (WANTED_OF_PROFILES, 1.0) if self.subject in PROFILES else WANTED_OF_AVERAGE
        return all(each.meets(*wanted) for each in self.rates)


def lines(replicates: Sequence[Replicate]) -> list[Line]:
    """Return the rates of all replicates that have figures."""
    found = [each for each in replicates if not each.failure]
    truth, lower, upper = (
        np.stack([getattr(each, name) for each in found]) for name in ("truth", "lower", "upper")
    )
    held, width = (lower <= truth) & (truth <= upper), (upper - lower).mean(axis=0)
    # The average of the trial's patients comes first; what follows are the profiles.
    together = _lines(TOGETHER, held[:, 1:].mean(axis=1), width[1:].mean(axis=0), clustered)
    single = [
        line
        for place, subject in enumerate(SUBJECTS)
        for line in _lines(subject, held[:, place].astype(float), width[place], _counted)
    ]
    return [*together, *single]


def _counted(held: FloatArray) -> Estimate:
    return rate(int(held.sum()), len(held))


def overall(replicates: Sequence[Replicate]) -> Estimate:
    """Return the rate over profiles, outcomes, arms and horizons together."""
    found = [each for each in replicates if not each.failure]
    shares = [
        ((each.lower <= each.truth) & (each.truth <= each.upper))[1:].mean() for each in found
    ]
    return clustered(np.array(shares))


def _lines(
    subject: str,
    held: FloatArray,
    width: FloatArray,
    estimate: Callable[[FloatArray], Estimate],
) -> Iterator[Line]:
    """Yield a subject's rows; held has the replicates first, then outcomes, arms, horizons."""
    for number, outcome in enumerate(OUTCOMES):
        for column, arm in enumerate(ARM_LABELS.values()):
            rates = tuple(estimate(each) for each in held[:, number, column].T)
            yield Line(subject, outcome.label, arm, rates, tuple(width[number, column].tolist()))


def markdown(replicates: Sequence[Replicate], judged: bool) -> str:
    """Return the table as Markdown.

    Parameters
    ----------
    judged : bool
        Whether the truths came from the ensemble's own priors; other tables are only shown.
    """
    failed = [each.failure for each in replicates if each.failure]
    redrawn = sum(each.redrawn for each in replicates)
    together = _words(overall(replicates))
    told = (
        f"All together (profiles, outcomes, arms, horizons): {together}. "
        f"{len(replicates)} replicates, of which {len(failed)} gave no figures"
        f"{_reasons(failed)}; {redrawn} virtual trials were drawn again because the figures "
        "could not be met.\n\n"
        f"By outcome, of the profiles: {'; '.join(_by_outcome(replicates))}.\n\n"
    )
    if judged:
        told += _power_words(len(replicates) - len(failed))
    months = " | ".join(f"{month} months" for month in HORIZONS)
    verdict = " | meets the aim" if judged else ""
    head = f"| who | outcome | arm | {months} | mean width, points{verdict} |\n"
    rule = "| --- " * (5 + len(HORIZONS) + judged - 1) + "|\n"
    return told + head + rule + "".join(_row(line, judged) for line in lines(replicates))


def _by_outcome(replicates: Sequence[Replicate]) -> Iterator[str]:
    """Yield the rate of each outcome over profiles, arms and horizons."""
    found = [each for each in replicates if not each.failure]
    for place, outcome in enumerate(OUTCOMES):
        shares = [
            ((each.lower <= each.truth) & (each.truth <= each.upper))[1:, place].mean()
            for each in found
        ]
        yield f"{outcome.label.lower()} {_words(clustered(np.array(shares)))}"


def _power_words(of: int) -> str:
    """Return what a rate that meets the aim is worth with so many replicates."""
    average = passes(of, WANTED_OF_AVERAGE[0], 0.88)
    profile = passes(of, WANTED_OF_PROFILES, 0.85)
    return (
        "A rate that meets the aim is not contradicted by these replicates, no more: with "
        f"{of} of them a true rate of 88% would meet the average's aim in {average:.0%} of such "
        f"studies, one of 85% a profile's in {profile:.0%}.\n\n"
    )


def passes(of: int, low: float, true: float) -> float:
    """Return how probably a true rate below a bound has an interval that reaches the bound."""
    fewest = next(held for held in range(of + 1) if rate(held, of).upper >= low)
    return float(binom.sf(fewest - 1, of, true))


def _reasons(failed: list[str]) -> str:
    counted = {reason: failed.count(reason) for reason in sorted(set(failed))}
    if not counted:
        return ""
    return " (" + "; ".join(f"{count}: {reason}" for reason, count in counted.items()) + ")"


def _row(line: Line, judged: bool) -> str:
    rates = " | ".join(_words(each) for each in line.rates)
    widths = ", ".join(f"{100 * width:.0f}" for width in line.widths)
    verdict = f" | {'yes' if line.judged else 'no'}" if judged else ""
    return f"| {line.subject} | {line.outcome} | {line.arm} | {rates} | {widths}{verdict} |\n"


def _words(estimate: Estimate) -> str:
    return f"{estimate.share:.0%} ({estimate.lower:.0%} to {estimate.upper:.0%})"
