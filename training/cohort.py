"""Trial-like cohorts: 205 + 202 simulated patients whose results are the trial's headline.

Unlike a virtual trial of the ensemble, which varies by chance as a real trial would, a cohort
is spread evenly around what is expected and chosen among several: it shows the headline, and
it says nothing about uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from models.outcomes import ARM_LABELS, ARMS
from models.table import FloatArray
from training.calibration import calibrate, identify_effects
from training.priors import priors
from training.simulation import Outcomes, simulate_outcomes, spread_uniforms
from training.statistics import Headline, headline
from training.targets import Targets, published_targets
from training.truth import Patients, sample_patients

#: The seed of the reference cohort: the day the paper was published.
REFERENCE_SEED = 20250704

#: How many cohorts are drawn, of which the closest to the headline is taken.
CANDIDATES = 120


@dataclass(frozen=True)
class Cohort:
    """Patients with outcomes.

    Attributes
    ----------
    sites : tuple of str
        The only organ with metastases of each patient, empty where several are affected; of a
        cohort without them they are dealt when it is written.
    """

    patients: Patients
    outcomes: Outcomes
    sites: tuple[str, ...] = ()


def simulate_cohort(seed: int) -> Cohort:
    """Return one trial-like cohort; the same seed gives the same cohort.

    Prognostic effects stand at their prior means, or where the deaths by subgroup put them.
    """
    with threadpool_limits(limits=1):  # small matrices: threads would only wait
        return _simulate(np.random.default_rng(seed))


def _simulate(rng: np.random.Generator) -> Cohort:
    patients = sample_patients(rng)
    targets = published_targets()
    death = identify_effects(patients, priors()["death"].mean, targets)
    complication = priors()["complication"].mean
    effects = {
        "death": death,
        "progression": priors()["progression"].mean,
        "ulceration": complication,
        "bleeding": complication,
    }
    truth = calibrate(patients, effects, targets)
    drawn = [
        simulate_outcomes(patients, truth, spread_uniforms(patients, rng), evened=True)
        for _ in range(CANDIDATES)
    ]
    distances = [_distance(headline(patients.arm, each), targets) for each in drawn]
    return Cohort(patients, drawn[int(np.argmin(distances))])


@dataclass(frozen=True)
class Comparison:
    """One published figure beside the cohort's."""

    name: str
    published: float
    reached: float
    unit: str


def compare(cohort: Cohort) -> list[Comparison]:
    """Return the headline, published and reached."""
    found = headline(cohort.patients.arm, cohort.outcomes)
    return [
        Comparison(name, float(published), float(reached), unit)
        for name, published, reached, unit, _ in _pairs(found, published_targets())
    ]


def _distance(found: Headline, targets: Targets) -> float:
    """Return the sum of squared deviations, each in the unit of one printed step or count."""
    return float(sum(((p - r) / step) ** 2 for _, p, r, _, step in _pairs(found, targets)))


def _pairs(found: Headline, targets: Targets) -> list[tuple[str, float, float, str, float]]:
    """Return (name, published, reached, unit, tolerated step) for each figure."""
    rows = [
        ("OS hazard ratio (unstratified)", np.exp(targets.os_log_hr), found.os_hr, "", 0.005),
        ("LRFS hazard ratio", np.exp(targets.lrfs_log_hr), found.lrfs_hr, "", 0.005),
        ("deaths", targets.deaths, found.deaths.sum(), "", 2.0),
    ]
    by_arm: list[tuple[str, FloatArray, FloatArray, str, float]] = [
        ("OS median", targets.os_medians, found.os_medians, "months", 0.5),
        ("LRFS median", targets.lrfs_medians, found.lrfs_medians, "months", 0.5),
        ("ulceration by 48 months", targets.ulceration, found.ulceration, "", 0.005),
        ("bleeding by 48 months", targets.bleeding, found.bleeding, "", 0.005),
    ]
    for name, published, reached, unit, step in by_arm:
        for place, arm in enumerate(ARMS):
            rows.append(
                (f"{name}, {ARM_LABELS[arm]}", published[place], reached[place], unit, step)
            )
    quartiles = zip(
        ("lower quartile", "median", "upper quartile"),
        targets.follow_up_quartiles,
        found.follow_up_quartiles,
        strict=True,
    )
    rows += [(f"follow-up, {name}", p, r, "months", 1.0) for name, p, r in quartiles]
    return rows
