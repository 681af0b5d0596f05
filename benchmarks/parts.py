"""What one answer of `benchmarks.answers` consists of: each part alone, again and again.

In a server each part takes longer: between two requests the processor sleeps, and other work
takes the place of what its caches held. All parts are void when other programs were at work.
"""

from __future__ import annotations

import json
import timeit
from collections.abc import Callable, Iterator

import numpy as np

from benchmarks.answers import HORIZONS
from benchmarks.load import Watch
from benchmarks.timing import loaded
from models.analyses import DEFAULT_ANALYSIS
from models.assess import assess_with_pooled
from models.bundle import load_bundle
from models.design_matrix import design_matrix
from models.example import EXAMPLE_PATIENT
from models.hazards import hazard_source
from models.intervals import summarise
from models.memory import Memory
from models.prediction import predict
from models.table import table_of
from service.answers import single_answer
from service.app import create_app
from service.bundles import default_folder
from service.encoding import json_bytes
from service.reading import read_request, strict_json

#: Bytes of figures that are remembered: enough for one patient.
_REMEMBERED = 10**7
#: Calls of a round, and rounds, of which the quickest counts.
_CALLS, _ROUNDS = 200, 7
_ASKED = {"patient": EXAMPLE_PATIENT, "horizons_months": HORIZONS}


def parts() -> Iterator[str]:
    """Yield the lines of a table of milliseconds."""
    yield "| part of one answer, alone in a loop | ms |"
    yield "| --- | --- |"
    watch = Watch()
    taken = {name: _milliseconds(work) for name, work in _parts()}
    void = loaded(watch.foreign())
    for name, each in taken.items():
        yield f"| {name} | {f'void: {void}' if void else f'{each:.3f}'} |"


def _milliseconds(work: Callable[[], object]) -> float:
    """Return what the quickest round took a call."""
    work()
    return 1e3 * min(timeit.repeat(work, number=_CALLS, repeat=_ROUNDS)) / _CALLS


def _parts() -> Iterator[tuple[str, Callable[[], object]]]:
    body = json.dumps(_ASKED).encode()
    request = read_request(strict_json(body))
    bundle, memory = load_bundle(default_folder()), Memory(_REMEMBERED)
    patients, options = [request.patient], request.options
    (prediction,) = predict(patients, bundle, options, memory)
    answer = single_answer(prediction)
    yield "read and check the body", lambda: read_request(strict_json(body))
    yield (
        "eligibility, caveats, figures that are remembered",
        lambda: predict(patients, bundle, options, memory),
    )
    yield "write the answer", lambda: json_bytes(single_answer(prediction))
    yield "of that: JSON", lambda: json_bytes(answer)
    yield from _arithmetic()
    client = create_app().test_client()
    yield (
        "the same patient again, whole route without a server",
        lambda: client.post("/v1/predict", data=body, content_type="application/json"),
    )
    yield "an empty route without a server", lambda: client.get("/healthz")


def _arithmetic() -> Iterator[tuple[str, Callable[[], object]]]:
    bundle = load_bundle(default_folder())
    request = read_request(_ASKED)
    table, question = table_of([request.patient]), request.options.question
    (row,) = design_matrix(table)
    months = np.asarray(question.horizons)
    hazards = hazard_source(bundle, DEFAULT_ANALYSIS, max(question.horizons))(row)
    incidences = hazards.incidences(months)
    members = incidences.shape[-1]
    yield (
        f"figures of a new patient, {members} members, {len(months)} months",
        lambda: assess_with_pooled(table, bundle, question),
    )
    yield (
        "of that: two incidences month by month, both arms",
        lambda: hazards.incidences(months),
    )
    shape = (6, 3, len(months), members)
    drawn = np.random.default_rng(1).random(shape)
    yield "of that: means and quantiles", lambda: summarise(drawn, question.level)
    cells = -np.random.default_rng(2).random((2, max(question.horizons), 2 * members))
    yield "of that: the exponentials", lambda: np.exp(cells)
