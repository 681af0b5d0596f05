"""The effect of surgery for cohorts whose arms were not left to chance: the trial's.

Each member of the ensemble draws it once, so that its error is in the intervals once. Death,
before or without a local event, has the printed ratio of overall survival. The paper prints no
ratio of local progression before death (its ratio of local relapse-free survival counts deaths,
too) and none of ulceration or bleeding: these come from the shipped bundle, whose virtual trials
show the printed medians, ratio and counts on average.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
from scipy.stats import norm

from models.bundle import Bundle, load_bundle
from models.evidence import figure
from models.outcomes import HAZARDS
from models.table import FloatArray
from training.train import BUNDLE_ID

#: The printed ratio of overall survival to three digits.
SURVIVAL_RATIO = "os.hr.stratified.three_digits"

LOCAL_HAZARDS = ("local_progression", "ulceration", "bleeding")


@dataclass(frozen=True)
class PublishedEffect:
    """A log hazard ratio, surgery / no surgery, with its standard error and where it is from."""

    mean: float
    standard_error: float
    source: str


@cache
def shipped_bundle() -> Bundle:
    """Return the bundle that is shipped, verified."""
    return load_bundle(Path(str(resources.files("models").joinpath("bundles", BUNDLE_ID))))


@cache
def published_effects() -> dict[str, PublishedEffect]:
    """Return the trial's effect by hazard; death without a local event has that of death."""
    row = figure(SURVIVAL_RATIO)
    if row.estimate is None or row.interval is None or row.level is None:
        raise ValueError(f"{SURVIVAL_RATIO} has no interval")
    # Limits of a normal interval on the log scale: estimate -/+ z SE.
    width = 2 * norm.ppf((1 + row.level) / 2)
    error = float(np.log(row.interval[1] / row.interval[0]) / width)
    death = PublishedEffect(float(np.log(row.estimate)), error, SURVIVAL_RATIO)
    shipped = shipped_bundle()
    local = {
        name: PublishedEffect(
            float(shipped.hazards[name].arm.mean()),
            float(shipped.hazards[name].arm.std(ddof=1)),
            f"{shipped.id} {shipped.version}",
        )
        for name in LOCAL_HAZARDS
    }
    return {name: local.get(name, death) for name in HAZARDS}


def draw_effects(rng: np.random.Generator) -> dict[str, float]:
    """Return one draw by hazard: one of death for all its forms, one of each local event."""
    chance = {name: float(rng.standard_normal()) for name in ("death", *LOCAL_HAZARDS)}
    return {
        name: effect.mean + effect.standard_error * chance.get(name, chance["death"])
        for name, effect in published_effects().items()
    }


def mean_effects(arm: FloatArray) -> dict[str, FloatArray]:
    """Return each patient's part of the log hazard ratio that is known, by hazard."""
    return {name: arm * effect.mean for name, effect in published_effects().items()}
