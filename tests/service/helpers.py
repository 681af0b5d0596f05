"""Patients, lists in three formats, and what every error must look like."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from models.covariates import COVARIATES, FIELDS
from models.errors import PROBLEM_CODES
from service.bundles import default_folder
from tests.support import readme

PROBLEM_KEYS = ["type", "title", "status", "detail", "code", "errors"]
ITEM_KEYS = ["field", "code", "message", "accepted"]
JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
FORMATS = (JSON, NDJSON, CSV)

#: The patient of the README with the two facts of eligibility of its curl example.
README_PATIENT: dict[str, Any] = {
    **readme.README_PATIENT,
    "eligibility": {"progression_on_systemic_therapy": False, "primary_resectable": True},
}
OUT_OF_SCOPE = {**README_PATIENT, "age": 85, "ecog_ps": 3}
ULCERATED = {**README_PATIENT, "eligibility": {"primary_ulcerated": True}}
REJECTED = {**README_PATIENT, "age": 200}


def with_values(**changes: Any) -> dict[str, Any]:
    """Return the README patient with some values changed."""
    return {**README_PATIENT, **changes}


def _choices(name: str) -> st.SearchStrategy:
    return st.sampled_from([choice.value for choice in FIELDS[name].choices])


_SITES = [choice.value for choice in FIELDS["metastatic_sites"].choices]

#: Patients with all covariates known, in and out of scope.
patients = st.fixed_dictionaries(
    {
        "age": st.integers(18, 90),
        "menopausal_status": _choices("menopausal_status"),
        "ecog_ps": _choices("ecog_ps"),
        "clinical_t": _choices("clinical_t"),
        "clinical_n": _choices("clinical_n"),
        "er_status": _choices("er_status"),
        "her2_status": _choices("her2_status"),
        "metastatic_sites": st.lists(st.sampled_from(_SITES), min_size=1, unique=True),
    },
    optional={
        "eligibility": st.fixed_dictionaries(
            {},
            optional={
                "primary_ulcerated": st.booleans(),
                "primary_resectable": st.booleans(),
                "months_of_systemic_therapy": st.sampled_from([1, 3, 3.5, 9]),
            },
        )
    },
)


def cells_of(patient: Mapping[str, Any]) -> dict[str, str]:
    """Return a patient as the cells of a CSV row, which are a form's values, too."""
    flat = {name: value for name, value in patient.items() if name != "eligibility"}
    facts = patient.get("eligibility") or {}
    flat |= {f"eligibility.{name}": value for name, value in facts.items()}
    return {name: _cell(value) for name, value in flat.items()}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)


def form_of(patient: Mapping[str, Any]) -> dict[str, Any]:
    """Return a patient as a browser sends the form: a site is a repeated field."""
    cells = cells_of(patient)
    sites = patient.get("metastatic_sites") or []
    return (
        {name: "" for name in FIELDS if name != "metastatic_sites"}
        | cells
        | ({"metastatic_sites": sites} if sites else {})
    )


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return patients as a CSV with every column that one of them needs."""
    table = [cells_of(row) for row in rows]
    columns = list(dict.fromkeys(name for row in table for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return buffer.getvalue()


def ndjson_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return patients as newline-delimited JSON."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def body_of(kind: str, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a list of patients as a request body of one format."""
    if kind == CSV:
        return csv_text(rows).encode()
    if kind == NDJSON:
        return ndjson_text(rows).encode()
    return json.dumps({"patients": list(rows)}).encode()


def multipart(*files: tuple[str, str, bytes]) -> dict[str, Any]:
    """Return body and content type of a form with files: field, file name and content of each.

    Werkzeug's client would write large ones to a temporary file itself.
    """
    mark = "a-line-that-no-file-has"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{escaped}"\r\n'
        f"Content-Type: text/csv\r\n\r\n".encode()
        + content
        + b"\r\n"
        for field, name, content in files
        # As browsers write what would end the name.
        for escaped in [name.replace('"', "%22").replace("\n", "%0A")]
    ]
    body = b"".join([*parts, f"--{mark}--\r\n".encode()])
    return {"data": body, "content_type": f"multipart/form-data; boundary={mark}"}


def results_of(response) -> list[dict[str, Any]]:
    """Return the rows of a list's answer, whatever its format; CSV rows are texts."""
    assert response.status_code == 200, response.text
    if response.mimetype == CSV:
        return list(csv.DictReader(io.StringIO(response.text)))
    if response.mimetype == NDJSON:
        return [json.loads(line) for line in response.text.splitlines()]
    return response.get_json()["results"]


def post_list(client, kind: str, body: bytes | str, accept: str | None = None, query: str = ""):
    """Send a list."""
    headers = {} if accept is None else {"Accept": accept}
    return client.post(f"/v1/predict/batch{query}", data=body, content_type=kind, headers=headers)


def check_problem(response, status: int) -> dict[str, Any]:
    """Assert that a response is the one error body and return it."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    body = json.loads(response.data)
    assert list(body) == PROBLEM_KEYS
    assert body["status"] == status
    assert body["title"], "a problem needs a title"
    assert body["detail"], "a problem needs a detail"
    assert body["errors"], "a problem names at least one thing that is wrong"
    for item in body["errors"]:
        assert list(item) == ITEM_KEYS
        assert item["code"] in PROBLEM_CODES, "an undocumented code"
        assert item["message"], "every item says what is wrong"
    return body


def find_item(errors: list[dict[str, str]], field: str, code: str) -> dict[str, str]:
    """Return the item of a field and code, which must tell what would be accepted."""
    found = [item for item in errors if (item["field"], item["code"]) == (field, code)]
    assert found, f"no {code} for {field!r} in {errors}"
    assert found[0]["accepted"], "every item of bad input says what is accepted"
    return found[0]


def validator(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return a validator of a schema of the published OpenAPI, references resolved."""
    return Draft202012Validator({**schema, "components": spec["components"]})


def resolved(spec: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part of the OpenAPI, or what it refers to."""
    while "$ref" in node:
        place = spec
        for step in node["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        node = place
    return node


def answer_schema(spec: Mapping[str, Any], path: str, status: str = "200") -> dict[str, Any]:
    """Return the published schema of a path's JSON answer."""
    (method,) = {"get", "post"} & set(spec["paths"][path])
    answer = resolved(spec, spec["paths"][path][method]["responses"][status])
    return answer["content"][JSON]["schema"]


def undocumented(
    spec: Mapping[str, Any], schema: Mapping[str, Any], value: Any, place: str = "answer"
) -> Iterator[str]:
    """Yield the keys of a value that its schema does not name.

    Where keys are names that the schema cannot know, it says what each of them holds.
    """
    schema = resolved(spec, schema)
    if isinstance(value, dict):
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, part in value.items():
            within = known.get(name, others)
            if isinstance(within, dict):
                yield from undocumented(spec, within, part, f"{place}.{name}")
            else:
                yield f"{place}.{name}"
    elif isinstance(value, list):
        for part in value:
            yield from undocumented(spec, schema.get("items", {}), part, f"{place}[]")


class Page(HTMLParser):
    """What a test wants to know of an HTML page."""

    def __init__(self, response) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.rows_beside: list[list[str]] = []
        self.blocks: list[str] = []
        self._open: list[str] = []
        self._table = ""
        self.feed(response.text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self._table = dict(attrs).get("class") or ""
        if tag == "tr":
            self.rows.append([])
            if self._table == "beside":
                self.rows_beside.append(self.rows[-1])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag in ("p", "li", "caption", "h1", "h2"):
            self.blocks.append("")
        self._open.append(tag)

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data
        elif self.blocks:
            self.blocks[-1] += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all tags of a name."""
        return [attrs for name, attrs in self.tags if name == tag]

    def urls(self) -> list[str]:
        """Return everything that a browser would load or follow."""
        names = ("src", "href", "action", "formaction", "srcset", "data", "poster")
        return [attrs[n] or "" for _, attrs in self.tags for n in names if n in attrs]

    def values(self) -> dict[str, list[str]]:
        """Return what the fields of the page's form would send."""
        sent: dict[str, list[str]] = {}
        select = ""
        for tag, attrs in self.tags:
            if tag == "select":
                select = attrs["name"] or ""
            if tag == "option" and "selected" in attrs:
                sent.setdefault(select, []).append(attrs["value"] or "")
            boxes = ("checkbox", "radio")
            if tag == "input" and (attrs.get("type") not in boxes or "checked" in attrs):
                sent.setdefault(attrs["name"] or "", []).append(attrs["value"] or "")
        return sent


def equipoise(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess:
    """Run the installed command as a person would."""
    return subprocess.run(
        [console_script(), *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env=clean_environment(),
        timeout=60,
        check=False,
    )


def console_script() -> str:
    """Return the path of the installed command."""
    return str(Path(sys.executable).with_name("equipoise"))


def clean_environment() -> dict[str, str]:
    """Return the environment without settings of ours and without import paths."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EQUIPOISE_") and name != "PYTHONPATH"
    }


MODELLED = tuple(
    field.name for field in COVARIATES if field.name not in ("metastatic_sites", "triple_negative")
)


def another_version(folder):
    """Return a folder with the shipped bundle as another version."""
    for path in default_folder().iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["version"] = "9.9.9"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
