"""The doors that the statements are held to: the one list, and how each is asked and read.

A later door (a resource, a card, a sheet to print) needs a function that asks it, one that reads
what it answers into a `Reading`, and a line in `DOORS`.
"""

from __future__ import annotations

import atexit
import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from models.bundle import load_bundle
from models.outcomes import ARM_LABELS, OUTCOMES
from service.app import create_app
from service.bundles import Bundles
from service.commands.evidence import evidence
from service.commands.score import score
from tests.service.helpers import multipart
from tests.statements.page import read_page, read_summary, read_summed_page
from tests.statements.reading import (
    POOLED,
    SHOWN,
    Band,
    Block,
    Case,
    Key,
    Reading,
    Told,
    answer_bands,
    squeezed,
    tree_reading,
)
from tests.statements.sheet import read_plain_text, read_sheet
from tests.support.bundles import save_small
from tests.support.forms import csv_cells, form_texts

#: Members of the bundle behind the doors: what is said does not depend on how many there are.
_MEMBERS = 10


@dataclass(frozen=True)
class Door:
    """One way in which a person or a program is told about a patient.

    Attributes
    ----------
    ask : callable
        From a `Case` to the raw answer.
    read : callable
        From the raw answer to a `Reading`.
    narrowed : callable
        From options to those that the door would answer under.
    decimals : int or None
        To how many decimals it shows probabilities; ``None`` where it shows none.
    """

    name: str
    ask: Callable[[Case], str]
    read: Callable[[str], Reading]
    narrowed: Callable[[dict[str, Any]], dict[str, Any]] = dict
    decimals: int | None = 4


@dataclass(frozen=True)
class Heard:
    """What a door says of a case, beside what the API says of the same."""

    case: Case
    door: Door
    reading: Reading
    reference: Reading


def hear(door: Door, case: Case) -> Heard:
    """Ask a door, and the API in the same way."""
    return next(hear_all(case, [door]))


def hear_all(case: Case, doors: Sequence[Door]) -> Iterator[Heard]:
    """Ask several doors, and the API once for each way in which they are asked."""
    references: dict[str, Reading] = {}
    for door in doors:
        asked = replace(case, options=door.narrowed(case.options))
        way = json.dumps(asked.options)
        if way not in references:
            references[way] = _API.read(_API.ask(asked))
        reading = references[way] if door is _API else door.read(door.ask(asked))
        yield Heard(asked, door, reading, references[way])


@cache
def _client():
    # Loaded as the commands load it: what is saved is rounded.
    return create_app(None, Bundles([load_bundle(Path(_folder()))])).test_client()


@cache
def _folder() -> str:
    """Return a folder with the same bundle, for the commands."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    return str(save_small(folder / "bundle", _MEMBERS))


def _post(path: str, case: Case, **body: Any) -> str:
    response = _client().post(path, headers={"Accept-Language": case.language}, **body)
    assert response.status_code == 200, response.text
    return response.text


def _query(options: dict[str, Any]) -> dict[str, str]:
    return {
        name: ",".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in options.items()
    }


def _csv_text(message: dict[str, Any]) -> str:
    cells = csv_cells(message)
    buffer = io.StringIO()
    csv.writer(buffer).writerows([cells.keys(), cells.values()])
    return buffer.getvalue()


def _command(command: Any, arguments: list[str], sent: str, language: str) -> str:
    told = ["--bundle", _folder(), "--language", language]
    result = CliRunner().invoke(command, [*arguments, *told], input=sent)
    assert result.exit_code == 0, result.output
    return result.stdout


def _ask_api(case: Case) -> str:
    return _post("/v1/predict", case, json={"patient": case.message, **case.options})


def _ask_list(case: Case) -> str:
    return _post("/v1/predict/batch", case, json={"patients": [case.message], **case.options})


def _ask_lines(case: Case) -> str:
    kind, query = "application/x-ndjson", _query(case.options)
    data = json.dumps(case.message) + "\n"
    return _post("/v1/predict/batch", case, data=data, content_type=kind, query_string=query)


def _ask_table(case: Case) -> str:
    query = _query(case.options)
    data = _csv_text(case.message)
    return _post("/v1/predict/batch", case, data=data, content_type="text/csv", query_string=query)


def _ask_page(case: Case) -> str:
    return _page(json.dumps([case.message, case.options, case.language]))


@lru_cache(1)
def _page(asked: str) -> str:
    """Return the result page of a case: two doors stand on it and are asked one by one."""
    return _post_form(Case(*json.loads(asked)))


def _ask_text(case: Case) -> str:
    return _post_form(case, text="1")


def _post_form(case: Case, **more: str) -> str:
    model = {"model": case.options["model"]} if "model" in case.options else {}
    return _post("/result", case, data={**form_texts(case.message), **model, **more})


def _ask_lists(path: str) -> Callable[[Case], str]:
    def ask(case: Case) -> str:
        file = ("list", "patients.csv", _csv_text(case.message).encode())
        return _post(path, case, **multipart(file))

    return ask


def _ask_score(case: Case, *more: str) -> str:
    names = {"horizons_months": "--horizons", "interval_level": "--level"}
    options = [
        part
        for name, value in _query(case.options).items()
        for part in (names.get(name, f"--{name}"), value)
    ]
    return _command(score, ["-", *options, *more], _csv_text(case.message), case.language)


def _ask_summary(ending: str) -> Callable[[Case], str]:
    def ask(case: Case) -> str:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder, f"summary{ending}")
            _ask_score(case, "--summary", str(place))
            return place.read_text(encoding="utf-8")

    return ask


def _ask_evidence(kind: str) -> Callable[[Case], str]:
    def ask(case: Case) -> str:
        arguments = ["--patient", "-", "--format", kind]
        return _command(evidence, arguments, json.dumps(case.message), case.language)

    return ask


def _told(rows: list[dict[str, Any]]) -> tuple[Told, ...]:
    return tuple(Told(row["code"], row["severity"], row["text"]) for row in rows)


def read_answer(raw: str) -> Reading:
    """Return what a single answer says, or a line of NDJSON."""
    answer = json.loads(raw)
    bands = answer_bands(answer, answer)
    return tree_reading(
        answer,
        bands=bands,
        caveats=_told(answer.get("caveats", [])),
        unknown=tuple(answer["assumed"]),
        of_bundle=bool(bands),
        training_data=answer["model"]["training_data"],
    )


def read_list(raw: str) -> Reading:
    """Return what a JSON list of one patient says: her caveats by code, their texts beside."""
    answer = json.loads(raw)
    (entry,) = answer["results"]
    texts = {row["code"]: row for row in answer["caveats"]}
    bands = answer_bands(entry, answer)
    return tree_reading(
        {**answer, "status": entry["status"]},
        bands=bands,
        caveats=_told([texts[code] for code in entry["caveats"]]),
        unknown=tuple(entry["assumed"]),
        of_bundle=bool(bands),
        training_data=answer["model"]["training_data"],
    )


_COLUMN = re.compile(
    rf"(?P<outcome>{'|'.join(o.name for o in OUTCOMES)})_(?P<arm>{'|'.join(ARM_LABELS)})"
    r"(?:_(?P<model>cox|forest))?(?:_(?P<effect>overall|pooled|subgroup|learned))?"
    r"(?P<exploratory>_exploratory)?_(?P<month>\d+)(?P<side>_lower|_upper)?"
)


def read_table(raw: str) -> Reading:
    """Return what a scored table of one patient says."""
    (row,) = csv.DictReader(io.StringIO(raw))
    bands = dict(_column_bands(row))
    return Reading(
        in_scope=row["status"] == "ok",
        blocks=tuple(Block(cell) for cell in row.values() if cell and not _number(cell)),
        numbers=tuple(((n,), float(c)) for n, c in row.items() if n not in bands and _number(c)),
        bands=bands,
        caveats=tuple(Told(code) for code in row["caveats"].split(";") if code),
        unknown=tuple(code for code in row["assumed"].split(";") if code),
        of_bundle=bool(bands),
        training_data=row["training_data"],
    )


def read_summed(raw: str) -> Reading:
    """Return what the numbers of a list of one patient say: means over her alone."""
    summary = json.loads(raw)
    bands = dict(_mean_bands(summary))
    told = {name: part for name, part in summary.items() if name not in ("figures", "counts")}
    reading = tree_reading(
        told | {"status": "ok" if summary["counts"]["ok"] else "out_of_scope"},
        bands=bands,
        caveats=_told(summary["caveats"]),
        unknown=tuple(each["code"] for each in summary["assumed"]),
        of_bundle=bool(bands),
        training_data=summary["model"]["training_data"],
    )
    counted = {"rows", "rows_in_these_words", "other_wordings", "bytes"}
    numbers = tuple((path, n) for path, n in reading.numbers if path[-1] not in counted)
    return replace(reading, numbers=numbers)


def _mean_bands(summary: dict[str, Any]) -> Iterator[tuple[Key, Band]]:
    """Yield the bands of a summary; a difference can be shown and the pooled one at once."""
    model, level = summary["model"], summary["interval_level"]
    for each in summary["figures"]:
        band = Band(each["mean"], each["lower"], each["upper"], level)
        place = each["outcome"], each["arm"], each["month"]
        if each["effect"] == model["effect"]:
            yield (SHOWN, *place), band
        elif each["effect"] != POOLED:
            yield (f"{model['kind']} {each['effect']}", *place), band
        of_survival = each["outcome"] == OUTCOMES[0].name and each["arm"] == "difference"
        if each["effect"] == POOLED and of_survival:
            yield (POOLED, *place), band


def _number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(?:\.\d+)?", cell) is not None


def _column_bands(row: dict[str, str]) -> Iterator[tuple[Key, Band]]:
    level = float(row["interval_level"]) if row.get("interval_level") else None
    for name, cell in row.items():
        found = _COLUMN.fullmatch(name)
        if found is None or found["side"] or not cell:
            continue
        lower, upper = (row.get(f"{name}_{side}") for side in ("lower", "upper"))
        yield (
            (_analysis(found), found["outcome"], found["arm"], int(found["month"])),
            Band(
                float(cell),
                float(lower) if lower else None,
                float(upper) if upper else None,
                level,
            ),
        )


def _analysis(found: re.Match[str]) -> str:
    if found["model"]:
        return f"{found['model']} {found['effect']}"
    return POOLED if found["effect"] else SHOWN


def read_explanation(raw: str) -> Reading:
    """Return what ``equipoise evidence --patient`` says as JSON."""
    answer = json.loads(raw)
    model = answer.get("model") or {}
    return tree_reading(
        answer,
        caveats=None,
        of_bundle=any(row.get("shrunken") for row in answer["subgroups"]),
        training_data=model.get("training_data"),
    )


def read_explained_text(raw: str) -> Reading:
    """Return what it says in plain text: a block a section, the ones of ratios indented."""
    sections = [section for section in raw.split("\n\n") if section.strip()]
    in_scope = "\n- " not in sections[0]
    return Reading(
        in_scope=in_scope,
        blocks=tuple(Block(squeezed(section)) for section in sections),
        of_bundle=in_scope and any("\n  " in section for section in sections),
    )


def _of_page(options: dict[str, Any]) -> dict[str, Any]:
    """The form asks for the model alone, and with the forest for every effect."""
    return {"model": "forest", "effect": "all"} if options.get("model") == "forest" else {}


def _of_none(options: dict[str, Any]) -> dict[str, Any]:
    return {}


_API = Door("predict", _ask_api, read_answer)

DOORS: tuple[Door, ...] = (
    _API,
    Door("JSON list", _ask_list, read_list),
    Door("NDJSON list", _ask_lines, read_answer),
    Door("CSV list", _ask_table, read_table),
    Door("page", _ask_page, read_page, _of_page, 2),
    Door("list in a browser", _ask_lists("/lists"), read_summary, _of_none, None),
    Door("downloaded list", _ask_lists("/lists/download"), read_table, _of_none),
    Door("printed sheet", _ask_page, read_sheet, _of_page, 2),
    Door("plain text of the page", _ask_text, read_plain_text, _of_page, 2),
    Door("equipoise score", _ask_score, read_table),
    Door("its summary, numbers", _ask_summary(".json"), read_summed),
    Door("its summary, page", _ask_summary(".html"), read_summed_page, decimals=2),
    Door("equipoise evidence, JSON", _ask_evidence("json"), read_explanation, _of_none, None),
    Door("equipoise evidence", _ask_evidence("table"), read_explained_text, _of_none, None),
)
BY_NAME = {door.name: door for door in DOORS}
