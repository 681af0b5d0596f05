"""``python -m benchmarks.serve PORT``: the service, and beside it constant answers.

``/constant`` answers the bytes that were put there by ``PUT``, one worker, so that both
endpoints stand behind the same server, connection and headers.
"""

from __future__ import annotations

import sys

from flask import Flask, Response, request

from service.app import create_app
from service.security import PROTECTION
from service.server import Server


def benchmark_app() -> Flask:
    """Return the application with the constant endpoint."""
    PROTECTION["constant"] = ("open", "a benchmark")
    PROTECTION["keep"] = ("open", "a benchmark")
    app = create_app()
    kept = {"body": b""}

    def constant() -> Response:
        return Response(kept["body"], content_type="application/json")

    def keep() -> Response:
        kept["body"] = request.get_data()
        return Response(status=204)

    app.add_url_rule("/constant", "constant", constant, methods=["POST"])
    app.add_url_rule("/constant", "keep", keep, methods=["PUT"])
    return app


if __name__ == "__main__":
    Server(benchmark_app(), f"127.0.0.1:{sys.argv[1]}", workers=1).run()
