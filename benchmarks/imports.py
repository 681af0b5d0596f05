"""What a worker costs before its first request, against one that imports scikit-survival.

Each process prints a line when it is ready. There the clock stops; how it ends is not timed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

from benchmarks.timing import Row, Told, compare

_OURS = "from service.app import create_app; create_app()"
_THEIRS = "import flask, marshmallow, sksurv.linear_model"
#: Of the program itself: what `resource.getrusage` tells begins with the process it came from.
_PEAK = """
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
print(peak, flush=True)"""
_READY = "\nprint(flush=True)"
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
    return lambda: until_line(code + _READY)[0]


def _peak(code: str) -> Callable[[], float]:
    return lambda: float(until_line(code + _PEAK)[1])


def until_line(code: str, *arguments: str) -> tuple[float, str]:
    """Return the seconds from a process's start to the first line it prints, and the line.

    Parameters
    ----------
    code : str
        The program, in Python.
    arguments : str
        Of the program.

    Raises
    ------
    RuntimeError
        If it ends without a line.
    """
    start = time.perf_counter()
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline() if process.stdout else ""
        taken = time.perf_counter() - start
    if not line:
        raise RuntimeError(f"no line from: {code}")
    return taken, line
