"""One answer of ``/v1/predict``, against constant bytes and against services of a model.

Each side is a gunicorn server (BentoML its own) with one worker, asked over one connection that
is kept. The patient is the same with each request, whose figures our server remembers, or another
one each time, whose figures it does not.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import cycle, repeat
from pathlib import Path
from typing import Any

from benchmarks.patients import CODED, PATIENT, different_patients, different_profiles
from benchmarks.peers.fitted import DEFAULT_TREES, write_models
from benchmarks.serving import Served, ask, asking, serving
from benchmarks.timing import REPORTED, Asked, Row, Told, compare
from models.outcomes import COX, FOREST
from training.forest import TREES

PREDICT = "/v1/predict"
HORIZONS = [6, 12, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96]
#: Requests in a round, of which the median is taken.
_REQUESTS = {COX: 100, FOREST: 20}
_SAME, _ANOTHER = "the same patient again", "another patient"
_BENTO = Path(__file__).parent / "peers" / "bento.py"
SURVIVAL = f"scikit-survival {version('scikit-survival')}"
LEAN = f"lean: Flask, marshmallow {version('marshmallow')}, {SURVIVAL}"
_USUAL = f"usual: Flask, joblib {version('joblib')}, pandas {version('pandas')}, {SURVIVAL}"
_AT_MOST = Asked(1.6, faster=False)


@dataclass(frozen=True)
class Peer:
    """Another service that answers the same curves.

    Attributes
    ----------
    name : str
        What it is.
    served : Served
        Where it runs.
    path : str
        Where it answers.
    model : str
        Which of our models is asked beside it.
    asked : Asked
        What is asked of ours.
    """

    name: str
    served: Served
    path: str
    model: str
    asked: Asked = REPORTED


class Bodies:
    """The requests of our side and of the peers', different patients never asked before long.

    More different patients are asked than the server remembers figures of.
    """

    def __init__(self) -> None:
        self._ours = cycle(different_patients())
        self._theirs = cycle(different_profiles())

    def ours(self, told: str, model: str) -> Iterator[bytes]:
        """Return requests of a model for one of the two kinds of patients."""
        return map(
            partial(body_of, model=model), self._ours if told == _ANOTHER else repeat(PATIENT)
        )

    def theirs(self, told: str) -> Iterator[bytes]:
        """Return requests that a peer reads."""
        return map(body_of, self._theirs if told == _ANOTHER else repeat(CODED))


def body_of(patient: dict[str, Any], model: str = "") -> bytes:
    """Return a request with twelve months."""
    message = {"patient": patient, "horizons_months": HORIZONS}
    return json.dumps(message | ({"model": model} if model else {})).encode()


def single_answer_rows(requests: dict[str, int] | None = None) -> Iterator[Row]:
    """Yield the median time of an answer with twelve horizons and four outcomes."""
    numbers, bodies = requests or _REQUESTS, Bodies()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        write_models(Path(folder))

        def start(*arguments: str, python: str = sys.executable) -> Served:
            return stack.enter_context(serving(arguments, python=python))

        ours = start("-m", "benchmarks.serve")
        constants = _constants(ours, start("-m", "benchmarks.peers.constant"))
        peers = _peers(folder, start)
        for told in (_SAME, _ANOTHER):
            for peer in (*constants, *peers):
                number = numbers[peer.model]
                own = asking(ours, PREDICT, bodies.ours(told, peer.model), number)
                other = asking(peer.served, peer.path, bodies.theirs(told), number)
                title = _title(peer.model, told)
                yield compare(Told(title, "ms", peer.name, peer.asked), own, other)
            if not _bento_python():
                yield _without_bento(told)


def _constants(ours: Served, alone: Served) -> list[Peer]:
    """Return the endpoints that answer our bytes as they are."""
    with closing(ours.connect()) as connection:
        body = ask(connection, PREDICT, body_of(PATIENT))
    name = f"the same {len(body):,} bytes, constant"
    libraries = f"Flask {version('flask')} and gunicorn {version('gunicorn')}"
    for served in (ours, alone):
        _keep(served, body)
    return [
        Peer(f"{name}, {libraries} alone", alone, "/constant", COX, _AT_MOST),
        Peer(f"{name}, an endpoint of our own application", ours, "/constant", COX, _AT_MOST),
    ]


def _keep(served: Served, body: bytes) -> None:
    with closing(served.connect()) as connection:
        ask(connection, "/constant", body, "PUT")
        if ask(connection, "/constant", body_of(PATIENT)) != body:
            raise RuntimeError("the constant endpoint answers other bytes")


def _peers(folder: str, start: Callable[..., Served]) -> list[Peer]:
    """Return the services of a model."""
    lean = start("-m", "benchmarks.peers.lean", folder, "cox,forest,large-forest", "1")
    usual = start("-m", "benchmarks.peers.usual", folder)
    found = [
        Peer(f"{LEAN}, Cox, no intervals", lean, "/cox", COX, Asked(2)),
        Peer(f"{LEAN}, forests of {TREES} trees", lean, "/forest", FOREST, Asked(9)),
        Peer(f"{LEAN}, forests of {DEFAULT_TREES} trees", lean, "/large-forest", FOREST, Asked(9)),
        Peer(f"{_USUAL}, Cox, a data frame a request", usual, "/cox", COX, Asked(18)),
    ]
    python = _bento_python()
    if python:
        bento = start(str(_BENTO), folder, python=python)
        name = f"{_bento_version()}, {SURVIVAL}, Cox, no intervals"
        found.append(Peer(name, bento, "/cox", COX, Asked(18)))
    return found


def _title(model: str, told: str) -> str:
    return f"one answer, {model}, {told} each time, p50"


def _bento_python() -> str:
    return os.environ.get("BENTOML_PYTHON", "")


def _bento_version() -> str:
    """Return the version that the lock names."""
    lock = Path(__file__).parents[1] / "requirements-bentoml.txt"
    lines = lock.read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("bentoml==")]
    return "BentoML " + line.removeprefix("bentoml==").split()[0]


def _without_bento(told: str) -> Row:
    why = "BENTOML_PYTHON is not set, as make bench does"
    return Row(_title(COX, told), "ms", 0.0, 0.0, _bento_version(), void=why)
