"""``equipoise serve``: the form and the API."""

from __future__ import annotations

import os
import socket

import click

from models.errors import BundleRefused
from service.app import create_app
from service.server import Server, is_loopback
from service.settings import SETTINGS, read_settings

_AUTHORISED = " -H 'Authorization: Bearer TOKEN'"
_CURL = """curl -s {address}/v1/predict{header} -H 'Content-Type: application/json' -d \
'{{"patient": {{"age": 47, "menopausal_status": "pre", "ecog_ps": 0, "clinical_t": "T4", \
"clinical_n": "N1", "er_status": "positive", "her2_status": "negative", \
"metastatic_sites": ["bone"]}}}}'"""

_EPILOG = "\b\nEnvironment:\n" + "\n".join(
    f"  {s.name} (default: {s.default or 'empty'})\n    {s.help}" for s in SETTINGS
)


@click.command(epilog=_EPILOG)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--insecure", is_flag=True, help="Listen beyond this machine without asking for tokens."
)
def serve(host: str, port: int, workers: int, insecure: bool) -> None:
    """Serve the form and the API.

    \b
    Example:
      equipoise serve --port 8000
    """
    try:
        settings = read_settings(os.environ, os.pathsep)
        app = create_app(settings)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except BundleRefused as error:
        raise click.UsageError(f"The bundle is refused: {error}") from None
    if not (is_loopback(host) or settings.tokens or insecure):
        raise click.UsageError(
            f"{host} can be reached from other machines and no token is configured. Set "
            "EQUIPOISE_TOKENS, or pass --insecure."
        )
    # An IPv6 address stands in brackets beside a port.
    place = f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"
    address = f"http://{place}"
    _refuse_taken(host, port)
    click.echo(f"Equipoise: form and API on {address}/ (stop with Ctrl-C). Try:")
    header = _AUTHORISED if settings.tokens else ""
    click.echo(_CURL.format(address=address, header=header))
    Server(app, place, workers).run()


def _refuse_taken(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on, before anything is announced.

    Raises
    ------
    click.UsageError
        With what is wrong.
    """
    plain = host.strip("[]")
    family = socket.AF_INET6 if ":" in plain else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        # As gunicorn does: a port whose last server has just stopped is free.
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((plain, port))
        except OSError as error:
            raise click.UsageError(
                f"{host}, port {port}: {error.strerror}. Take another with --host and --port."
            ) from None
