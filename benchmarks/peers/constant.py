"""Flask and gunicorn alone: ``python -m benchmarks.peers.constant PORT`` answers constant bytes.

Work: none but HTTP. ``PUT /constant`` keeps bytes, ``POST /constant`` answers them. It is the
floor of what this Flask and this gunicorn cost, with the same settings and one worker.
"""

from __future__ import annotations

import sys

from flask import Flask, Response, request

from service.server import Server


def app() -> Flask:
    """Return the application."""
    constant = Flask("constant")
    kept = {"body": b""}

    @constant.put("/constant")
    def keep() -> Response:
        kept["body"] = request.get_data()
        return Response(status=204)

    @constant.post("/constant")
    def answer() -> Response:
        request.get_data()
        return Response(kept["body"], content_type="application/json")

    return constant


if __name__ == "__main__":
    Server(app(), f"127.0.0.1:{sys.argv[1]}", workers=1).run()
