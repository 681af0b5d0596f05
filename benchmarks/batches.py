"""A thousand patients as JSON, the whole answer, against a Cox model's arithmetic alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import islice

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.answers import SURVIVAL
from benchmarks.patients import different_profiles
from benchmarks.peers.fitted import cox_peers
from benchmarks.peers.scikit_survival import survival_functions
from benchmarks.points import Sizes, made_lists
from benchmarks.serving import Served, ask, serving
from benchmarks.timing import Asked, Row, Told, compare, scaled_seconds
from models.outcomes import DEFAULT_HORIZONS

PATIENTS = 1_000


def batch_rows(patients: int = PATIENTS) -> Iterator[Row]:
    """Yield the time of a list of different patients at five months."""
    listed = list(islice(different_profiles(), patients))
    body = json.dumps({"patients": listed}).encode()
    arms = made_lists(Sizes(distinct=patients)).arms(patients)
    months = np.array(DEFAULT_HORIZONS, dtype=float)
    name = f"{SURVIVAL}, Cox points of the same patients, arithmetic alone"
    told = Told(f"{patients:,} different patients as JSON, the whole answer", "ms", name, Asked(4))
    with threadpool_limits(1), serving(("-m", "benchmarks.serve")) as served:
        other = partial(survival_functions, cox_peers(), arms, months)
        yield compare(
            told,
            scaled_seconds(partial(_whole, served, body), 1e3),
            scaled_seconds(other, 1e3),
        )


def _whole(served: Served, body: bytes) -> None:
    with closing(served.connect()) as connection:
        ask(connection, "/v1/predict/batch", body)
