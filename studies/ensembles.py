"""Making ensembles from given knowledge, and what they say of the subjects of the studies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeVar

import numpy as np

from models.assess import member_predictions
from models.bundle import Bundle
from models.design_matrix import TERM_NAMES, design_matrix
from models.patient import read_patient
from models.table import FloatArray, Table, row_count, table_of
from training.calibration import CalibrationFailed
from training.cohort import REFERENCE_SEED
from training.ensemble import MOST_TRIES, Knowledge, draw_fitted, stack_cox
from training.truth import sample_patients

HORIZONS = (12, 48, 60)
LEVEL = 0.95
AVERAGE = "average of the trial's patients"

Drawn = TypeVar("Drawn")

_USUAL = {
    "age": 50,
    "menopausal_status": "pre",
    "ecog_ps": 0,
    "clinical_t": "T2",
    "clinical_n": "N1",
    "er_status": "positive",
    "her2_status": "negative",
    "metastatic_organs": "1",
    "liver_metastasis": False,
    "bone_only_metastasis": True,
}

#: Patients whose own risk is looked at, from the most usual to the rare.
PROFILES: dict[str, dict[str, object]] = {
    "ER+ HER2-, bone only, T2 N1": _USUAL,
    "ER+ HER2-, two organs, T4 N2, postmenopausal": {
        **_USUAL,
        "age": 62,
        "menopausal_status": "post",
        "clinical_t": "T4",
        "clinical_n": "N2",
        "metastatic_organs": "2+",
        "bone_only_metastasis": False,
    },
    "ER- HER2+, liver, T4 N1, postmenopausal": {
        **_USUAL,
        "age": 58,
        "menopausal_status": "post",
        "clinical_t": "T4",
        "er_status": "negative",
        "her2_status": "positive",
        "liver_metastasis": True,
        "bone_only_metastasis": False,
    },
    "triple negative, one organ, T3 N1, premenopausal": {
        **_USUAL,
        "age": 42,
        "clinical_t": "T3",
        "er_status": "negative",
        "bone_only_metastasis": False,
    },
    "ER+ HER2-, PS 1, two organs, T2 N0, postmenopausal": {
        **_USUAL,
        "age": 71,
        "menopausal_status": "post",
        "ecog_ps": 1,
        "clinical_n": "N0",
        "metastatic_organs": "2+",
        "bone_only_metastasis": False,
    },
}
SUBJECTS: tuple[str, ...] = (AVERAGE, *PROFILES)


def first_possible(attempt: Callable[[], Drawn]) -> Drawn:
    """Return the first of a few attempts for which the figures can be met."""
    for _ in range(MOST_TRIES - 1):
        try:
            return attempt()
        except CalibrationFailed:
            continue
    return attempt()


def fit_ensemble_of(
    seed: np.random.SeedSequence, known: Knowledge, members: int
) -> tuple[Bundle, int]:
    """Return a bundle of Cox models, and how many trials had to be drawn beyond its members."""
    fitted = [draw_fitted(rng, known) for rng in map(np.random.default_rng, seed.spawn(members))]
    manifest = {"kind": ["cox"], "members": members, "terms": list(TERM_NAMES)}
    bundle = Bundle(manifest, "", stack_cox([each.cox for each in fitted]), (), "")
    return bundle, sum(each.redrawn for each in fitted)


@cache
def population() -> Table:
    """Return covariates with the counts of Table 1, drawn with the reference cohort's seed."""
    return sample_patients(np.random.default_rng(REFERENCE_SEED)).table


@cache
def profiles() -> Table:
    """Return the covariates of `PROFILES`."""
    return table_of([read_patient(dict(message)) for message in PROFILES.values()])


def subject_members(bundle: Bundle) -> FloatArray:
    """Return every member's figures of the subjects.

    Returns
    -------
    array, shape (subjects, outcomes, shown arms, horizons, members)
        The population's average first, then the profiles.
    """

    def members(table: Table) -> Iterator[FloatArray]:
        for row in design_matrix(table):
            yield member_predictions(row[None], bundle, HORIZONS)[0]

    average = np.add.reduce(list(members(population()))) / row_count(population())
    return np.stack([average, *members(profiles())])
