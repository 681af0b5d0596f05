"""Serving with gunicorn, in an environment of our own.

`gunicorn.app.base.BaseApplication` is subclassed because the ``gunicorn`` command puts the
working folder first on the import path, where a foreign ``service/`` would be taken for ours.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

_WORKER_TIMEOUT_SECONDS = 60
_THREADS = 4
_GRACEFUL_SECONDS = 20


class Server(BaseApplication):  # type: ignore[misc]
    """A gunicorn server of one application, loaded before the workers are forked.

    Parameters
    ----------
    app : Flask
        The application.
    bind : str
        ``host:port``.
    workers : int
        Worker processes.
    """

    def __init__(self, app: Flask, bind: str, workers: int) -> None:
        self._app = app
        self._settings: dict[str, Any] = {
            "bind": bind,
            "workers": workers,
            "preload_app": True,
            # Threads keep a worker answering monitors while it scores a long list.
            "worker_class": "gthread",
            "threads": _THREADS,
            "timeout": _WORKER_TIMEOUT_SECONDS,
            "graceful_timeout": _GRACEFUL_SECONDS,
            "loglevel": "warning",
            # Nobody steers a running server, and its socket needs a home folder to write to.
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        """Take the settings given, and none from files or the environment."""
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application."""
        return self._app


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a host name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
