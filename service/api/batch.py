"""``POST /v1/predict/batch``: a list of patients as JSON, NDJSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from models.bundle import Bundle
from models.errors import InvalidInput, MalformedInput, Problem, UnsupportedInput
from models.example import EXAMPLE_PATIENT
from models.language import _
from models.options import OPTION_NAMES, OPTION_SCHEMAS, Options, read_options, read_options_text
from service.api.contract import answers_problems
from service.api.parsing import refuse_other_charsets
from service.encoding import json_bytes
from service.languages import LANG, PARAMETERS
from service.lists.admission import admitted
from service.lists.documents import json_document, ndjson_lines
from service.lists.rows import ROW_ID, Row, csv_rows, json_rows, ndjson_rows
from service.lists.scoring import ScoredRow, score_rows
from service.lists.tables import csv_lines
from service.reading import as_object, strict_json, unknown_names
from service.responses import bundles, settings
from service.schemas import LINE_NAME, ListAnswerSchema, ListRequestSchema

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
FORMATS = (JSON, NDJSON, CSV)

blueprint = Blueprint("batch", __name__, description="Predictions for lists of patients")


@dataclass(frozen=True)
class ListRequest:
    """The rows of a list and the options for all of them."""

    rows: Iterator[Row]
    options: Options


def _lines(meaning: str, schema: str) -> dict[str, Any]:
    """Return the schema of a text each line of which is JSON of a named schema."""
    return {
        "type": "string",
        "description": f"{meaning} Each line is the JSON of {schema}.",
        "contentMediaType": JSON,
        "contentSchema": {"$ref": f"#/components/schemas/{schema}"},
    }


_EXAMPLE = {ROW_ID: "a", **EXAMPLE_PATIENT}


def _csv_example() -> str:
    """Return the example as a header and a row; sites are separated by semicolons."""
    cells = (";".join(v) if isinstance(v, list) else str(v) for v in _EXAMPLE.values())
    return f"{','.join(_EXAMPLE)}\n{','.join(cells)}\n"


_BODY = {
    "required": True,
    "content": {
        JSON: {"schema": ListRequestSchema, "example": {"patients": [_EXAMPLE]}},
        NDJSON: {
            "schema": _lines("One patient a line, as in a JSON list.", "ListPatient"),
            "example": f"{json.dumps(_EXAMPLE)}\n",
        },
        CSV: {
            "schema": {"type": "string", "description": "A header and one patient a row."},
            "example": _csv_example(),
        },
    },
}
_ANSWER = {
    "200": {
        "description": "OK",
        "content": {
            JSON: {"schema": ListAnswerSchema},
            NDJSON: {"schema": _lines("One answer a line.", LINE_NAME)},
            CSV: {"schema": {"type": "string", "description": "One scored patient a row."}},
        },
    },
    "414": {
        "description": "The address is longer than 4,094 characters; told by the server itself.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    },
}


def _query_parameter(name: str) -> dict[str, Any]:
    """Return an option as a parameter of the query, in which a list is a text."""
    schema = {word: said for word, said in OPTION_SCHEMAS[name].items() if word != "description"}
    meaning = OPTION_SCHEMAS[name]["description"]
    if schema["type"] == "array":
        default = ",".join(map(str, schema["default"]))
        schema = {"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$", "default": default}
        meaning += " Separated by commas."
    meaning += " Of NDJSON and CSV lists; a JSON list has it in its body."
    return {"in": "query", "name": name, "schema": schema, "description": meaning}


_QUERY = [*(_query_parameter(name) for name in OPTION_NAMES), *PARAMETERS]


@blueprint.route("/v1/predict/batch", methods=["POST"])
@blueprint.doc(requestBody=_BODY, parameters=_QUERY, responses=_ANSWER)
@answers_problems(blueprint, 400, 404, 406, 413, 415, 422)
def predict_batch() -> Response:
    """Predict for a list; a row that is wrong is told in its place and never stops the list."""
    sent = _sent_format()
    wanted = _wanted_format(sent)
    asked = _READERS[sent](request.get_data())
    bundle = bundles().find(asked.options.bundle)
    rows = admitted(asked.rows, bundle, asked.options, settings())
    scored = list(score_rows(rows, bundle, asked.options))
    return Response(_render(wanted, scored, bundle, asked.options), content_type=wanted)


def _sent_format() -> str:
    sent = (request.mimetype or "none").lower()
    if sent in FORMATS:
        refuse_other_charsets(request)
        return sent
    message = _("The content type {name} is not served here.").format(name=repr(sent[:60]))
    raise UnsupportedInput(
        [Problem("Content-Type", "unsupported_content_type", message, ", ".join(FORMATS))]
    )


def _wanted_format(sent: str) -> str:
    """Return the format of ``Accept``; the request's own where that is accepted, too."""
    accept = request.accept_mimetypes
    if not accept.provided or accept[sent] == max((accept[f] for f in FORMATS), default=0) > 0:
        return sent
    best = accept.best_match(FORMATS)
    if best is None:
        message = _("None of {names} can be given.").format(names=repr(str(accept)[:60]))
        raise UnsupportedInput([Problem("Accept", "not_acceptable", message, ", ".join(FORMATS))])
    return best


def _read_json(data: bytes) -> ListRequest:
    body = as_object(strict_json(data))
    problems = unknown_names(body, ("patients", *OPTION_NAMES)) + _misplaced_options()
    patients = body.get("patients")
    if not isinstance(patients, list):
        message = _("A list needs patients: an array of patients.")
        code = "wrong_type" if "patients" in body else "missing_field"
        problems.append(Problem("patients", code, message, _("an array")))
    elif not patients:
        message = _("The list holds no patient.")
        problems.append(Problem("patients", "empty_list", message, _("at least one patient")))
    try:
        options = read_options(body)
    except InvalidInput as error:
        problems.extend(error.problems)
    if problems or not isinstance(patients, list):
        raise InvalidInput(problems)
    return ListRequest(json_rows(patients), options)


def _read_ndjson(data: bytes) -> ListRequest:
    return ListRequest(ndjson_rows(data.split(b"\n")), _query_options())


def _read_csv(data: bytes) -> ListRequest:
    try:
        rows = csv_rows(data.split(b"\n"))
    except MalformedInput:
        raise
    except InvalidInput as error:
        raise InvalidInput([*_query_problems(), *error.problems]) from None
    return ListRequest(rows, _query_options())


_READERS = {JSON: _read_json, NDJSON: _read_ndjson, CSV: _read_csv}


def _query_options() -> Options:
    repeated = _("{name} is given more than once.")
    problems = unknown_names(request.args, (*OPTION_NAMES, LANG)) + [
        Problem(name, "duplicate_field", repeated.format(name=name), _("once"))
        for name, values in request.args.lists()
        if len(values) > 1
    ]
    options = None
    try:
        options = read_options_text(request.args)
    except InvalidInput as error:
        problems.extend(error.problems)
    if problems or options is None:
        raise InvalidInput(problems)
    return options


def _query_problems() -> tuple[Problem, ...]:
    """Return what is wrong with the options of a query string."""
    try:
        _query_options()
    except InvalidInput as error:
        return error.problems
    return ()


def _misplaced_options() -> list[Problem]:
    """Return the problems with a query string, which a JSON list does not have."""
    message = _("The options of a JSON list stand in its body.")
    return [
        Problem(name, "unknown_field", message, _("the body"))
        for name in request.args
        if name != LANG
    ]


def _render(wanted: str, scored: list[ScoredRow], bundle: Bundle, options: Options) -> str | bytes:
    if wanted == CSV:
        return "".join(csv_lines(scored, bundle, options))
    if wanted == NDJSON:
        return b"".join(ndjson_lines(scored))
    return json_bytes(json_document(scored, bundle, options))
