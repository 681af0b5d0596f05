"""Errors over HTTP: RFC 9457 problem details, one body for all of them; a page for browsers.

``{"type", "title", "status", "detail", "code", "errors": [{field, code, message, accepted}]}``
"""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed

from models.errors import (
    BundleRefused,
    CrossSite,
    EquipoiseError,
    InvalidInput,
    MalformedInput,
    MethodNotAllowed,
    NotAuthorised,
    Problem,
    TooLargeInput,
    UnknownResource,
    UnsupportedInput,
)
from models.language import N_, _

PROBLEM_TYPE = "application/problem+json"
_PAGE = "text/html"

#: The one ``Content-Encoding`` of bodies that are read.
PLAIN_CODING = "identity"

#: Status by class; the class itself, not an ancestor, must be listed.
STATUS: dict[type[EquipoiseError], int] = {
    EquipoiseError: 500,
    InvalidInput: 422,
    MalformedInput: 400,
    UnsupportedInput: 415,
    TooLargeInput: 413,
    UnknownResource: 404,
    MethodNotAllowed: 405,
    NotAuthorised: 401,
    CrossSite: 403,
    BundleRefused: 503,
}

#: How Flask's own errors are told: class, problem code, sentence. Others keep their status.
_FLASK_ERRORS: dict[int, tuple[type[EquipoiseError], str, str]] = {
    400: (MalformedInput, "bad_request", N_("The request could not be understood.")),
    404: (UnknownResource, "not_found", N_("There is nothing at this address.")),
    405: (MethodNotAllowed, "method_not_allowed", N_("This address does not answer this method.")),
    413: (TooLargeInput, "too_large", N_("The body is larger than what is accepted.")),
    415: (UnsupportedInput, "unsupported_content_type", N_("This content type is not served.")),
}
_OTHER_CLIENT_ERROR = (InvalidInput, "bad_request", N_("The request could not be answered."))
_SERVER_ERROR = (EquipoiseError, "unexpected", N_("Something went wrong on our side."))

#: Headers of Flask's errors that a client needs.
_KEPT_HEADERS = ("Allow", "Content-Range", "Retry-After")

_log = logging.getLogger("equipoise")


def problem_body(error: EquipoiseError, status: int) -> dict[str, Any]:
    """Return the body that tells an error."""
    return {
        "type": f"urn:equipoise:problem:{error.code}",
        "title": _(error.title),
        "status": status,
        "detail": str(error),
        "code": error.code,
        "errors": [problem.as_dict() for problem in error.problems],
    }


def status_of(error: EquipoiseError) -> int:
    """Return the HTTP status of an error: that of its class, but 406 where no format fits."""
    if any(problem.code == "not_acceptable" for problem in error.problems):
        return 406
    return STATUS[type(error)]


def problem_response(error: EquipoiseError, status: int | None = None) -> Response:
    """Return the HTTP answer that tells an error; by default with the status of its class."""
    status = status or status_of(error)
    response = _problem_page(error, status) if _wants_page() else _problem_details(error, status)
    response.vary.add("Accept")
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="equipoise"'
    if any(problem.code == "unsupported_content_encoding" for problem in error.problems):
        response.headers["Accept-Encoding"] = PLAIN_CODING
    return response


def _wants_page() -> bool:
    """Return whether a person's browser asks for a page, rather than a program for the API."""
    if request.path.startswith("/v1/"):
        return False
    return request.accept_mimetypes.best_match([PROBLEM_TYPE, _PAGE]) == _PAGE


def _problem_page(error: EquipoiseError, status: int) -> Response:
    page = render_template("problem.html", title=_(error.title), problems=error.problems)
    return Response(page, status=status, mimetype=_PAGE)


def _problem_details(error: EquipoiseError, status: int) -> Response:
    body = json.dumps(problem_body(error, status), ensure_ascii=False)
    # An answer that tells an error must never fail itself, whatever characters it repeats.
    encoded = body.encode(errors="backslashreplace")
    return Response(encoded, status=status, content_type=PROBLEM_TYPE)


def register_error_handlers(app: Flask) -> None:
    """Make the app tell every error, its own and Flask's, as problem details."""
    app.register_error_handler(EquipoiseError, problem_response)
    app.register_error_handler(HTTPException, _tell_flask_error)
    app.register_error_handler(Exception, _tell_unexpected)


def from_flask(error: HTTPException) -> EquipoiseError:
    """Return our error for one of Flask's."""
    status = error.code or 500
    other = _SERVER_ERROR if status >= 500 else _OTHER_CLIENT_ERROR
    kind, code, message = _FLASK_ERRORS.get(status, other)
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    accepted = _("at most {limit} bytes").format(limit=limit) if code == "too_large" else ""
    if isinstance(error, WerkzeugMethodNotAllowed):
        accepted = ", ".join(sorted(error.valid_methods or ()))
    return kind([Problem("", code, _(message), accepted)])


def _tell_flask_error(error: HTTPException) -> Response:
    response = problem_response(from_flask(error), error.code)
    for name, value in error.get_headers():
        if name in _KEPT_HEADERS:
            response.headers[name] = value
    return response


def _tell_unexpected(error: Exception) -> Response:
    log_unexpected(error)
    message = _("Something went wrong on our side. Nothing was stored.")
    return problem_response(EquipoiseError([Problem("", "unexpected", message)]))


def log_unexpected(error: BaseException | None) -> None:
    """Log an error's class and place, never its text: it could hold a patient's values."""
    frame = error.__traceback__ if error is not None else None
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else "unknown place"
    _log.error("unexpected %s in %s", type(error).__name__, place)
