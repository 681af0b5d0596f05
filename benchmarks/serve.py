"""``python -m benchmarks.serve PORT``: the service, and beside it constant answers.

``/empty`` renders a template in which nothing stands.

``/constant`` reads the body and answers the bytes that were put there by ``PUT``, one worker, so
that both endpoints stand behind the same server, connection and headers.
"""

from __future__ import annotations

import sys

from flask import Flask, Response, render_template, request

from service.app import create_app
from service.security import PROTECTION
from service.server import Server


def benchmark_app() -> Flask:
    """Return the application with the constant endpoint and the empty template."""
    PROTECTION["constant"] = ("open", "a benchmark")
    PROTECTION["keep"] = ("open", "a benchmark")
    PROTECTION["empty"] = ("open", "a benchmark")
    app = create_app()
    kept = {"body": b""}
    template = app.jinja_env.from_string("<!doctype html>\n<title></title>\n")

    def constant() -> Response:
        request.get_data()
        return Response(kept["body"], content_type="application/json")

    def keep() -> Response:
        kept["body"] = request.get_data()
        return Response(status=204)

    def empty() -> str:
        return render_template(template)

    app.add_url_rule("/empty", "empty", empty, methods=["POST"])
    app.add_url_rule("/constant", "constant", constant, methods=["POST"])
    app.add_url_rule("/constant", "keep", keep, methods=["PUT"])
    return app


if __name__ == "__main__":
    Server(benchmark_app(), f"127.0.0.1:{sys.argv[1]}", workers=1).run()
