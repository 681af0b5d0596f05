"""A real server on a free port of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

EQUIPOISE = str(Path(sys.executable).with_name("equipoise"))
_PATIENCE_SECONDS = 30


@contextmanager
def running_server(
    *arguments: str,
    cwd: Path | None = None,
    log: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Run ``equipoise serve`` and yield its address when it is ready; stop it afterwards.

    Parameters
    ----------
    log : Path, optional
        Where what it says of errors and warnings is written.
    settings : mapping of str to str, optional
        Environment variables beside those of the tests.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [EQUIPOISE, "serve", "--port", str(port), "--workers", "1", *arguments]
    environment = {**os.environ, **(settings or {})}
    with open(log or os.devnull, "wb") as errors:
        process = subprocess.Popen(
            command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=errors, env=environment
        )
    try:
        _wait_until_ready(f"{address}/readyz", process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE_SECONDS)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server stopped with {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer")
