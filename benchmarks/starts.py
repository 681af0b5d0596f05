"""What a service costs before and while it answers: its first answer, memory, many at once."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain, cycle, islice
from pathlib import Path

from benchmarks.answers import LEAN, PREDICT, SURVIVAL, body_of
from benchmarks.imports import until_line
from benchmarks.load import family
from benchmarks.patients import CODED, PATIENT, different_patients, different_profiles
from benchmarks.peers.fitted import COX_FILE, write_models
from benchmarks.serving import Served, ask, serving
from benchmarks.timing import Asked, Row, Told, compare
from tests.support.server import EQUIPOISE

_REQUESTS = 200
_CONNECTIONS = 8
_SECONDS = 1.0
_OURS = (EQUIPOISE, "serve", "--workers")
#: scikit-survival is imported and a model unpickled; the line tells that it is done.
_LOADED = (
    "import pickle, sys, sksurv.linear_model; "
    "pickle.load(open(sys.argv[1], 'rb')); print(flush=True)"
)


def start_rows() -> Iterator[Row]:
    """Yield the time from the start of a process to the first answer."""
    with tempfile.TemporaryDirectory() as folder:
        write_models(Path(folder))
        told = Told(
            "from the start of the process to the first answer of /v1/predict",
            "s",
            f"{SURVIVAL} imported and a pickled Cox model loaded, no server",
            Asked(1 / 3, faster=False),
        )
        pickled = str(Path(folder, f"{COX_FILE}.pickle"))
        yield compare(told, _first_answer, lambda: until_line(_LOADED, pickled)[0])


def memory_rows(requests: int = _REQUESTS) -> Iterator[Row]:
    """Yield the memory of two workers and what started them, after some requests."""
    with tempfile.TemporaryDirectory() as folder:
        write_models(Path(folder))
        theirs = ("-m", "benchmarks.peers.lean", folder, "cox,forest", "2")
        told = Told(
            f"memory of two workers and their parent after {requests} requests, "
            "proportional set size",
            "MiB",
            f"{LEAN}, Cox and forest loaded, the same",
            Asked(1 / 2, faster=False),
        )
        ours = list(islice(map(body_of, different_patients()), requests))
        coded = list(islice(map(body_of, different_profiles()), requests))
        yield compare(
            told,
            lambda: _memory((*_OURS, "2", "--port"), PREDICT, ours),
            lambda: _memory(theirs, "/cox", coded),
        )


def throughput_rows(seconds: float = _SECONDS) -> Iterator[Row]:
    """Yield requests a second over eight connections, and how long the slowest hundredth took."""
    with tempfile.TemporaryDirectory() as folder:
        write_models(Path(folder))
        lean = ("-m", "benchmarks.peers.lean", folder, "cox", "1")
        with serving((*_OURS, "1", "--port")) as own, serving(lean) as peer:
            for told, ours, theirs in (
                ("the same patient", [body_of(PATIENT)], [body_of(CODED)]),
                (
                    "another patient each time",
                    list(map(body_of, different_patients())),
                    list(map(body_of, islice(different_profiles(), 10_000))),
                ),
            ):
                for name, unit, figure in (
                    ("throughput", "requests/s", _rate),
                    ("p99", "ms", _slowest),
                ):
                    yield compare(
                        Told(f"{_CONNECTIONS} connections, {told}: {name}", unit, f"{LEAN}, Cox"),
                        _loading(own, PREDICT, ours, seconds, figure),
                        _loading(peer, "/cox", theirs, seconds, figure),
                    )


def _first_answer() -> float:
    start = time.perf_counter()
    with serving((*_OURS, "1", "--port")) as served:
        with closing(served.connect()) as connection:
            ask(connection, PREDICT, body_of(PATIENT))
        return time.perf_counter() - start


def _memory(arguments: Sequence[str], path: str, bodies: Sequence[bytes]) -> float:
    """Return MiB of all processes of a server after some requests, a connection each."""
    with serving(arguments) as served:
        for body in bodies:
            with closing(served.connect()) as connection:
                ask(connection, path, body)
        return sum(map(proportional_bytes, family(served.process.pid))) / 2**20


def proportional_bytes(process: int) -> int:
    """Return the proportional set size of a process."""
    text = Path("/proc", str(process), "smaps_rollup").read_text(encoding="ascii")
    (line,) = [line for line in text.splitlines() if line.startswith("Pss:")]
    return int(line.split()[1]) * 1024


def _rate(taken: list[float], seconds: float) -> float:
    return len(taken) / seconds


def _slowest(taken: list[float], _: float) -> float:
    return 1e3 * statistics.quantiles(taken, n=100)[-1]


def _loading(
    served: Served,
    path: str,
    bodies: Sequence[bytes],
    seconds: float,
    figure: Callable[[list[float], float], float],
) -> Callable[[], float]:
    """Return what asks over eight connections at once for a while, and tells a figure of it."""
    # Each connection begins at another place and goes on where it stood.
    starts = range(0, len(bodies), max(len(bodies) // _CONNECTIONS, 1))
    sources = [
        cycle(chain(bodies[start:], bodies[:start]))
        for start in islice(cycle(starts), _CONNECTIONS)
    ]

    def once() -> float:
        taken: list[float] = []
        end = time.monotonic() + seconds
        threads = [
            threading.Thread(target=_ask_until, args=(served, path, source, end, taken))
            for source in sources
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return figure(taken, seconds)

    return once


def _ask_until(
    served: Served, path: str, bodies: Iterator[bytes], end: float, taken: list[float]
) -> None:
    with closing(served.connect()) as connection:
        while time.monotonic() < end:
            start = time.perf_counter()
            ask(connection, path, next(bodies))
            taken.append(time.perf_counter() - start)
