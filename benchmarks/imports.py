"""What a worker costs before its first request, against one that imports scikit-survival."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version

from benchmarks.timing import Row, Told, compare, scaled_seconds

_OURS = "from service.app import create_app; create_app()"
_THEIRS = "import flask, marshmallow, sksurv.linear_model"
#: Of the program itself: what `resource.getrusage` tells begins with the process it came from.
_PEAK = """
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024)"""
#: What a program that only scores imports, and the least that scikit-survival needs for it.
_SCORING = "import models.prediction"
_FITTED = "import sksurv.linear_model"


def import_rows() -> Iterator[Row]:
    """Yield import times, and start time and peak memory of a process that is ready to score."""
    survival = f"scikit-survival {version('scikit-survival')}"
    told = Told("import of what scores", "s", f"import of {survival}'s Cox model")
    yield compare(told, _starts(_SCORING), _starts(_FITTED))
    name = f"Flask and {survival} imported, no model"
    told = Told("a worker ready to score: start", "s", name)
    yield compare(told, _starts(_OURS), _starts(_THEIRS))
    told = Told("a worker ready to score: peak memory", "MiB", name)
    yield compare(told, _peak(_OURS), _peak(_THEIRS))


def _starts(code: str) -> Callable[[], float]:
    return scaled_seconds(partial(_run, code), 1.0)


def _peak(code: str) -> Callable[[], float]:
    return lambda: float(_run(code + _PEAK))


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout
