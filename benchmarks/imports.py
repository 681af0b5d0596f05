"""What a worker costs before its first request, against one that imports scikit-survival."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.timing import Row, seconds_in_turn

_OURS = "from service.app import create_app; create_app()"
_THEIRS = "import flask, marshmallow, sksurv.linear_model"
_PEAK = "; import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def import_rows() -> Iterator[Row]:
    """Yield start time and peak memory of a process that is ready to score."""
    ours, theirs = seconds_in_turn(lambda: _run(_OURS), lambda: _run(_THEIRS), rounds=5)
    name = "Flask and scikit-survival imported, no model"
    yield Row("process ready to score, start", "s", ours, theirs, name)
    peaks = [int(_run(code + _PEAK)) / 1024 for code in (_OURS, _THEIRS)]
    yield Row("process ready to score, peak memory", "MiB", peaks[0], peaks[1], name)


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout
