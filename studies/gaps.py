"""What filling gaps loses of an effect: cohorts in which half of the patients have no T.

Truths are drawn from the ensemble's priors, and once more with all effects of the covariates
doubled. Each gives a large cohort, in which T is taken from half of the patients at random. The
two terms of T are estimated with every value, with the gaps filled as a bundle's are, and with
gaps filled from all patients alike, whatever happened to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from models.design_matrix import TERM_NAMES, design_matrix
from models.outcomes import HAZARDS
from models.table import FloatArray, Table, select_rows
from training.ensemble import draw_truth
from training.fitting import hazard_events
from training.real.cohort import LocalCohort
from training.real.resampling import fill_gaps, outcome_classes
from training.simulation import independent_uniforms, simulate_outcomes
from training.truth import HazardTruth, Truth, patients_of, sample_patients
from training.weighted_cox import Weighted, fit_weighted_cox, timeline

#: Local events and death: the hazards of death without them are much like that of death.
SHOWN = tuple(name for name in HAZARDS if "without" not in name)
STRENGTHS = (1.0, 2.0)
WAYS = ("every value", "filled as in a bundle", "filled whatever happened")

_TERMS = [TERM_NAMES.index("t3_or_more"), TERM_NAMES.index("t4")]
_MISSING = 0.5
#: Fillings of each cohort, whose estimates are averaged.
_FILLINGS = 4


@dataclass(frozen=True)
class Gaps:
    """Estimates of the two terms of T.

    Attributes
    ----------
    estimates : array, shape (cohorts, strengths, ways, hazards, 2)
    """

    estimates: FloatArray

    def left(self) -> tuple[FloatArray, FloatArray]:
        """Return the share of an effect that is left, and its standard error.

        The slope of a line through zero, from the estimates with every value to those with
        filled gaps, over cohorts and the two terms; jackknife over cohorts.

        Returns
        -------
        shares, errors : arrays, shape (strengths, 2 ways, hazards)
        """
        whole = _slopes(self.estimates)
        size = len(self.estimates)
        without = [_slopes(np.delete(self.estimates, place, axis=0)) for place in range(size)]
        return whole, np.std(without, axis=0) * np.sqrt(size - 1)


def _slopes(estimates: FloatArray) -> FloatArray:
    known, filled = estimates[:, :, :1], estimates[:, :, 1:]
    shares: FloatArray = (known * filled).sum(axis=(0, -1)) / (known**2).sum(axis=(0, -1))
    return shares


def measure_gaps(seed: int, cohorts: int, patients: int) -> Gaps:
    """Return the estimates in simulated cohorts."""
    seeds = np.random.SeedSequence(seed).spawn(cohorts)
    return Gaps(np.array(Parallel(n_jobs=-1)(delayed(_one)(each, patients) for each in seeds)))


def _one(seed: np.random.SeedSequence, patients: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    with threadpool_limits(limits=1):
        truth = draw_truth(rng)[1]
        table = _many(patients, rng)
        return np.array([_estimates(_scaled(truth, each), table, rng) for each in STRENGTHS])


def _many(size: int, rng: np.random.Generator) -> Table:
    """Return the covariates of many patients like the trial's."""
    tables = [sample_patients(rng).table]
    while sum(len(table["age"]) for table in tables) < size:
        tables.append(sample_patients(rng).table)
    joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    return select_rows(joined, slice(0, size))


def _scaled(truth: Truth, strength: float) -> Truth:
    def stronger(hazard: HazardTruth) -> HazardTruth:
        return replace(hazard, coefficients=strength * hazard.coefficients)

    return replace(
        truth,
        death=stronger(truth.death),
        progression=stronger(truth.progression),
        ulceration=stronger(truth.ulceration),
        bleeding=stronger(truth.bleeding),
    )


def _estimates(truth: Truth, table: Table, rng: np.random.Generator) -> FloatArray:
    """Return the estimates of one cohort, shape (ways, hazards, 2)."""
    size = len(table["age"])
    patients = patients_of(table, (rng.random(size) < 0.5).astype(float))
    outcomes = simulate_outcomes(patients, truth, independent_uniforms(patients, rng))
    cohort = LocalCohort(table, patients.arm, outcomes, "")
    stage = np.where(rng.random(size) < _MISSING, np.nan, table["clinical_t"])
    gappy = {**table, "clinical_t": stage}
    alike = np.zeros((1, size), dtype=np.intp)
    rows = []
    for name in SHOWN:
        classes = outcome_classes(*hazard_events(outcomes)[name], patients.arm)
        ways = [
            [table],
            *(
                [fill_gaps(gappy, each, np.ones(size), rng) for _ in range(_FILLINGS)]
                for each in (classes, alike)
            ),
        ]
        rows.append([_fit(cohort, name, tables) for tables in ways])
    return np.swapaxes(np.array(rows), 0, 1)


def _fit(cohort: LocalCohort, name: str, tables: Sequence[Table]) -> FloatArray:
    times = timeline(*hazard_events(cohort.outcomes)[name])
    everybody = Weighted(np.ones(cohort.size), np.zeros(cohort.size))
    fits = [
        fit_weighted_cox(np.column_stack([design_matrix(t), cohort.arm]), times, everybody)
        for t in tables
    ]
    mean: FloatArray = np.mean([fit.coefficients[_TERMS] for fit in fits], axis=0)
    return mean


def gaps_table(gaps: Gaps) -> str:
    """Return what is left of the effects, Markdown."""
    return "\n".join(_lines(gaps)) + "\n"


def _lines(gaps: Gaps) -> Iterator[str]:
    shares, errors = gaps.left()
    yield f"| effects | hazard | {WAYS[1]} | {WAYS[2]} |"
    yield "| --- | --- | --- | --- |"
    for place, strength in enumerate(STRENGTHS):
        drawn = "as drawn" if strength == 1 else f"times {strength:g}"
        for at, name in enumerate(SHOWN):
            cells = [
                f"{share:.0%} (SE {error:.0%})"
                for share, error in zip(shares[place, :, at], errors[place, :, at], strict=True)
            ]
            yield f"| {drawn} | {name.replace('_', ' ')} | {' | '.join(cells)} |"
