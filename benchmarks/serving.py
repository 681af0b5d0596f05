"""Starting servers, asking them over one connection that is kept, and stopping them."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import free_port

_PATIENCE_SECONDS = 60
_BETWEEN_TRIES = 0.002
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Served:
    """A running server.

    Attributes
    ----------
    process : Popen
        Its first process.
    port : int
        Where it listens, on 127.0.0.1.
    """

    process: subprocess.Popen[bytes]
    port: int

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection as soon as the server accepts one.

        Raises
        ------
        RuntimeError
            If the server has ended.
        TimeoutError
            If it accepts none in a minute.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE_SECONDS)
        end = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < end:
            try:
                connection.connect()
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    raise RuntimeError("the server has ended") from None
                time.sleep(_BETWEEN_TRIES)
            else:
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return connection
        raise TimeoutError("the server did not start")


@contextmanager
def serving(
    arguments: Sequence[str], *, python: str = sys.executable, port_option: Sequence[str] = ()
) -> Iterator[Served]:
    """Run ``python ARGUMENTS [OPTION] PORT`` and stop it afterwards.

    Parameters
    ----------
    arguments : sequence of str
        Of the interpreter; the port is put behind them.
    python : str
        The interpreter.
    port_option : sequence of str
        What stands between the arguments and the port.
    """
    port = free_port()
    command = [python, *arguments, *port_option, str(port)]
    quiet = {"stdout": subprocess.DEVNULL}
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, env=environment, **quiet) as process:
        try:
            yield Served(process, port)
        finally:
            process.terminate()


def ask(
    connection: http.client.HTTPConnection, path: str, body: bytes, method: str = "POST"
) -> bytes:
    """Return the answer to a request with JSON.

    Raises
    ------
    RuntimeError
        If the status is an error.
    """
    connection.request(method, path, body, _JSON)
    answer = connection.getresponse()
    data = answer.read()
    if answer.status not in (200, 204):
        raise RuntimeError(f"{path} answers {answer.status}: {data[:300]!r}")
    return data


def asking(
    served: Served, path: str, bodies: Iterator[bytes], requests: int
) -> Callable[[], float]:
    """Return what measures the median milliseconds of some requests, one after the other.

    All of them over one connection, which is opened anew for each measurement (a server closes one
    that waits for long) and has answered once before.
    """

    def once(connection: http.client.HTTPConnection) -> float:
        body = next(bodies)
        start = time.perf_counter()
        ask(connection, path, body)
        return 1e3 * (time.perf_counter() - start)

    def median() -> float:
        with closing(served.connect()) as connection:
            once(connection)
            return statistics.median(once(connection) for _ in range(requests))

    return median
