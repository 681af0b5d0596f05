"""What an interval is made of: the shares of its layers, and what the priors move.

Ensembles of the same virtual trials, seed by seed, with one layer after the other held at its
mean: first the effects that only the priors determine, then those that the trial's deaths by
subgroup hold, then the estimated effect of surgery. What the variance over members loses with each
is that layer's share; what is left is the sampling of 407 patients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from models.bundle import Bundle
from models.design_matrix import TERMS
from models.intervals import summarise
from models.outcomes import ARM_LABELS, OUTCOMES
from models.table import FloatArray
from studies.ensembles import (
    HORIZONS,
    LEVEL,
    SUBJECTS,
    fit_ensemble_of,
    subject_members,
)
from training.calibration import identify_death
from training.cohort import REFERENCE_SEED
from training.ensemble import Knowledge
from training.priors import Prior, priors
from training.targets import published_targets
from training.truth import sample_patients

LAYERS = (
    "priors of prognosis",
    "prognosis that the trial determines in part",
    "effect of surgery",
    "sampling of the rest",
)

#: The time of the table, in months, and the subjects shown: the average and a usual patient.
MONTH = 60
SHOWN = SUBJECTS[:2]


def without_priors(by_hazard: dict[str, Prior]) -> dict[str, Prior]:
    """Return priors in which what only they determine stands at its mean."""
    return {
        hazard: replace(prior, sd=np.where(prior.speaks, prior.sd, 0.0))
        for hazard, prior in by_hazard.items()
    }


def without_prognosis(by_hazard: dict[str, Prior]) -> dict[str, Prior]:
    """Return priors in which all of prognosis stands at the mean that the trial leaves."""
    death = by_hazard["death"]
    patients = sample_patients(np.random.default_rng(REFERENCE_SEED))
    dying, _ = identify_death(patients, death.mean, published_targets())
    fixed = {
        hazard: replace(prior, sd=np.zeros_like(prior.sd)) for hazard, prior in by_hazard.items()
    }
    held, speaks = death.mean.copy(), death.speaks
    held[speaks] += death.gain @ (dying.coefficients - death.mean)[speaks]
    return {**fixed, "death": replace(fixed["death"], mean=held)}


def with_one_effect(bundle: Bundle) -> Bundle:
    """Return a bundle whose members share one effect of surgery, their mean."""
    hazards = {
        name: replace(hazard, arm=np.full_like(hazard.arm, hazard.arm.mean()))
        for name, hazard in bundle.hazards.items()
    }
    return replace(bundle, hazards=hazards)


@dataclass(frozen=True)
class Layers:
    """Variance over members with one layer after the other held at its mean.

    Attributes
    ----------
    variances : array, shape (layers, subjects, outcomes, shown arms, horizons)
        Of everything, then without the first layer, without the first two, and so on.
    """

    variances: FloatArray

    @property
    def shares(self) -> FloatArray:
        """Each layer's share of the whole variance, of the shape of `variances`."""
        lost = self.variances - np.concatenate(
            [self.variances[1:], np.zeros_like(self.variances[:1])]
        )
        shares: FloatArray = lost / self.variances[0]
        return shares


def measure_layers(seed: int, members: int) -> Layers:
    """Return the layers of an ensemble; the same seed gives the same ones."""
    stated = priors()
    settings = (stated, without_priors(stated), without_prognosis(stated))
    everything, no_priors, no_prognosis = _bundles(settings, seed, members)
    bundles = (everything, no_priors, no_prognosis, with_one_effect(no_prognosis))
    return Layers(np.stack([subject_members(each).var(axis=-1) for each in bundles]))


def _bundles(settings: tuple[dict[str, Prior], ...], seed: int, members: int) -> list[Bundle]:
    targets = published_targets()
    tasks = (delayed(_one_bundle)(seed, Knowledge(targets, each), members) for each in settings)
    found: list[Bundle] = Parallel(n_jobs=-1)(tasks)
    return found


def _one_bundle(seed: int, known: Knowledge, members: int) -> Bundle:
    with threadpool_limits(limits=1):
        bundle, _ = fit_ensemble_of(np.random.SeedSequence(seed), known, members)
    return bundle


@dataclass(frozen=True)
class Move:
    """How a usual patient's survival moves with one prior.

    Attributes
    ----------
    term : str
        Label of the covariate whose effect on death is moved by one SD of its prior.
    estimates : tuple of float
        Change of both arms and of the difference, in probability.
    """

    term: str
    estimates: tuple[float, ...]


def measure_moves(seed: int, members: int) -> list[Move]:
    """Return how the usual patient's figures move when each prior of death moves by one SD."""
    stated = priors()
    moved = [_moved(stated, place) for place in range(len(TERMS))]
    base, *others = _bundles((stated, *moved), seed, members)
    at = (1, 0, slice(None), HORIZONS.index(MONTH))
    start = summarise(subject_members(base), LEVEL).estimate[at]
    changes = [summarise(subject_members(each), LEVEL).estimate[at] - start for each in others]
    return [
        Move(term.label, tuple(change.tolist()))
        for term, change in zip(TERMS, changes, strict=True)
    ]


def _moved(by_hazard: dict[str, Prior], place: int) -> dict[str, Prior]:
    death = by_hazard["death"]
    mean = death.mean.copy()
    mean[place] += death.sd[place]
    return {**by_hazard, "death": replace(death, mean=mean)}


def layers_table(layers: Layers) -> str:
    """Return the shares at `MONTH` as Markdown."""
    head = f"| who | outcome | arm | {' | '.join(LAYERS)} |\n"
    return head + "| --- " * (3 + len(LAYERS)) + "|\n" + "".join(_rows(layers))


def _rows(layers: Layers) -> Iterator[str]:
    shares = layers.shares[..., HORIZONS.index(MONTH)]
    for place, subject in enumerate(SHOWN):
        for number, outcome in enumerate(OUTCOMES):
            for column, arm in enumerate(ARM_LABELS.values()):
                cells = " | ".join(f"{share:.0%}" for share in shares[:, place, number, column])
                yield f"| {subject} | {outcome.label} | {arm} | {cells} |\n"


def moves_table(moves: list[Move]) -> str:
    """Return the moves as Markdown, in percentage points."""
    head = f"| effect on death moved by one SD | {' | '.join(ARM_LABELS.values())} |\n"
    rows = (
        f"| {move.term} | {' | '.join(f'{100 * each:+.1f}' for each in move.estimates)} |\n"
        for move in moves
    )
    return head + "| --- " * (1 + len(ARM_LABELS)) + "|\n" + "".join(rows)
