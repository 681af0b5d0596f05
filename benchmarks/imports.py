"""What a worker costs before its first request, against one that imports scikit-survival."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

from benchmarks.timing import Row, seconds_in_turn, values_in_turn

_OURS = "from service.app import create_app; create_app()"
_THEIRS = "import flask, marshmallow, sksurv.linear_model"
_PEAK = "; import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
_ROUNDS = 9


def import_rows() -> Iterator[Row]:
    """Yield start time and peak memory of a process that is ready to score."""
    name = "Flask and scikit-survival imported, no model"
    ours, theirs = seconds_in_turn(_starts(_OURS), _starts(_THEIRS), rounds=_ROUNDS)
    yield Row("a worker ready to score: start", "s", ours, theirs, name)
    ours, theirs = values_in_turn(_peak(_OURS), _peak(_THEIRS), rounds=3)
    yield Row("a worker ready to score: peak memory", "MiB", ours, theirs, name)


def _starts(code: str) -> Callable[[], object]:
    return lambda: _run(code)


def _peak(code: str) -> Callable[[], float]:
    return lambda: float(_run(code + _PEAK))


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout
