"""``POST /v1/predict/batch``: a list of patients as JSON, NDJSON or CSV."""

from __future__ import annotations

import io
import json
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from models.errors import InvalidInput, MalformedInput, Problem, UnsupportedInput
from models.example import EXAMPLE_PATIENT
from models.language import _, current_language
from models.options import OPTION_NAMES, OPTION_SCHEMAS, Options, read_options, read_options_text
from service.api.contract import answers_problems, documented
from service.api.parsing import refuse_other_charsets, refuse_packed
from service.encoding import json_bytes
from service.languages import LANG, PARAMETERS
from service.lists.admission import admitted_blocks
from service.lists.blocks import Block, blocks_of_messages, lines_of
from service.lists.columns import Chosen
from service.lists.contents import JsonReader, Reader
from service.lists.documents import json_document
from service.lists.inputs import text_blocks
from service.lists.kinds import CSV as CSV_TEXT
from service.lists.kinds import NDJSON as NDJSON_TEXT
from service.lists.layouts import WIDE
from service.lists.results import Task, with_bundle
from service.lists.rows import LONGEST_LINE, ROW_ID
from service.lists.scoring import score_rows
from service.lists.streams import BLOCK, STOPPED, Allowance, rows_in_time, text_parts
from service.problems import log_unexpected
from service.reading import as_object, strict_json, unknown_names
from service.responses import bundles, settings
from service.schemas import LINE_NAME, ListAnswerSchema, ListRequestSchema
from service.streaming import ListBroken, Spoken

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
FORMATS = (JSON, NDJSON, CSV)
#: What the lists of the command are called that are answered in parts.
_TEXTS = {NDJSON: NDJSON_TEXT, CSV: CSV_TEXT}

blueprint = Blueprint("batch", __name__, description="Predictions for lists of patients")


@dataclass(frozen=True)
class ListRequest:
    """The rows of a list, what reads them, and the options for all of them."""

    blocks: Iterator[Block]
    reader: Reader
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
_ENDING = (
    f"When the time is used up, the last has the status {STOPPED}, and the answer lacks its end."
)
_ANSWER = {
    "200": {
        "description": "OK",
        "content": {
            JSON: {"schema": ListAnswerSchema},
            NDJSON: {"schema": _lines(f"One answer a line. {_ENDING}", LINE_NAME)},
            CSV: {
                "schema": {"type": "string", "description": f"One scored patient a row. {_ENDING}"}
            },
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
@documented(
    blueprint.doc(requestBody=_BODY, parameters=_QUERY, responses=_ANSWER),
    answers_problems(blueprint, 400, 404, 406, 413, 415, 422),
)
def predict_batch() -> Response:
    """Predict for a list; a row that is wrong is told in its place and never stops the list.

    NDJSON and CSV are sent while rows are scored. A list that takes too long is refused (413), or
    ends with a row whose status is stopped; the connection is then closed without the end of the
    answer (over HTTP/1.1 without its last chunk). Bodies are plain: a Content-Encoding other than
    identity is refused (415).
    """
    allowance = Allowance(settings().max_seconds)
    sent = _sent_format()
    wanted = _wanted_format(sent)
    asked = _READERS[sent](request.get_data(cache=False))
    bundle = bundles().find(asked.options.bundle)
    blocks = admitted_blocks(asked.blocks, asked.reader, bundle, asked.options, settings())
    allowance.refuse_if_used_up()
    if wanted == JSON:
        rows = rows_in_time(blocks, asked.reader, allowance)
        scored = score_rows(rows, bundle, asked.options, BLOCK)
        answer = json_bytes(json_document(scored, bundle, asked.options))
        return Response(answer, content_type=JSON)
    kind = _TEXTS[wanted]
    task = Task(None, bundle.digest, asked.options, Chosen(), WIDE, kind, asked.reader)
    parts = text_parts(deque(blocks), with_bundle(task, bundle), allowance)
    spoken = Spoken(_guarded(parts), current_language())
    spoken.begin()
    return Response(spoken, content_type=wanted)


def _guarded(parts: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """Yield parts; what fails behind the first is logged, without its text, and breaks them off.

    Raises
    ------
    ListBroken
        If a later part could not be made. What the server logs of it holds no patient's values.
    """
    with closing(parts):
        yield next(parts)
        try:
            yield from parts
        except ListBroken:
            raise
        except Exception as error:  # noqa: BLE001 (whatever it is, its text could tell of a patient)
            log_unexpected(error)
            raise ListBroken from None


def _sent_format() -> str:
    sent = (request.mimetype or "none").lower()
    if sent in FORMATS:
        refuse_other_charsets(request)
        refuse_packed(request)
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
    return ListRequest(blocks_of_messages(patients, BLOCK), JsonReader(), options)


def _read_ndjson(data: bytes) -> ListRequest:
    reader, blocks = text_blocks(_pieces(data), NDJSON_TEXT, BLOCK)
    return ListRequest(blocks, reader, _query_options())


def _read_csv(data: bytes) -> ListRequest:
    try:
        reader, blocks = text_blocks(_pieces(data), CSV_TEXT, BLOCK)
    except MalformedInput:
        raise
    except InvalidInput as error:
        raise InvalidInput([*_query_problems(), *error.problems]) from None
    return ListRequest(blocks, reader, _query_options())


def _pieces(data: bytes) -> Iterator[list[bytes]]:
    return lines_of(io.BytesIO(data), LONGEST_LINE)


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
