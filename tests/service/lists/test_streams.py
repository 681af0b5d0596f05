"""Lists over HTTP are sent while they are scored, as the command writes them, in time."""

from __future__ import annotations

import csv
import io
import json
import socket
import struct
import time
import traceback
import urllib.request
from http.client import HTTPConnection, IncompleteRead
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from benchmarks.patients import csv_list
from service.api import batch
from service.cli import main
from service.lists.profiles import BATCH
from service.lists.results import Task
from service.lists.streams import Allowance
from service.streaming import ListBroken
from tests.service.helpers import (
    CSV,
    FORMATS,
    JSON,
    NDJSON,
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    ULCERATED,
    body_of,
    check_problem,
    post_list,
    with_values,
)
from tests.support.server import running_server

ROWS = [
    {**README_PATIENT, "row_id": "a"},
    {**OUT_OF_SCOPE, "row_id": 'b,"quoted"'},
    {**REJECTED, "row_id": "c"},
    {**ULCERATED, "row_id": "患者"},
    {**README_PATIENT, "row_id": "a"},
    {**README_PATIENT, "row_id": "x" * 201},
    *({**with_values(age=20 + place / 7), "row_id": str(place)} for place in range(3 * BATCH)),
]
KINDS = {CSV: "csv", NDJSON: "ndjson"}
EVERY_MONTH = "?horizons_months=" + ",".join(map(str, range(1, 97)))


def send(client, body, query="", sent=CSV, accept=None):
    headers = {} if accept is None else {"Accept": accept}
    return client.post(
        f"/v1/predict/batch{query}", data=body, content_type=sent, headers=headers, buffered=False
    )


@pytest.fixture
def clock(monkeypatch):
    """Let each block of contents take ten seconds of a time that passes in no other way."""
    seen = {"now": 0.0, "contents": 0}
    results = Task.results

    def slow(task, contents):
        seen["now"] += 10
        seen["contents"] += len(contents)
        return results(task, contents)

    monkeypatch.setattr(Task, "results", slow)
    monkeypatch.setattr(batch, "Allowance", lambda most: Allowance(most, lambda: seen["now"]))
    return seen


# As the command writes it


@pytest.mark.parametrize("wanted", [CSV, NDJSON])
@pytest.mark.parametrize("sent", FORMATS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_bytes_are_those_of_the_command(client, tmp_path, monkeypatch, sent, wanted, language):
    monkeypatch.chdir(tmp_path)
    # The patients of a JSON array are counted as lines of newline-delimited JSON are.
    source = "list.csv" if sent == CSV else "list.ndjson"
    (tmp_path / source).write_bytes(body_of(CSV if sent == CSV else NDJSON, ROWS))
    arguments = ["--format", KINDS[wanted], "--out", "scored", "--language", language]
    result = CliRunner().invoke(main, ["score", source, *arguments])
    assert result.exit_code == 1, result.output
    response = post_list(client, sent, body_of(sent, ROWS), wanted, f"?lang={language}")
    assert response.status_code == 200
    assert response.data == (tmp_path / "scored").read_bytes()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_and_other_delimiters_are_read_as_by_the_command(
    client, tmp_path, monkeypatch, end
):
    monkeypatch.chdir(tmp_path)
    text = f"{end}{end}row_id;age;menopausal_status;ecog_ps{end}{end}a;47;pre;0{end}b;47{end}"
    (tmp_path / "list.csv").write_bytes(text.encode())
    CliRunner().invoke(main, ["score", "list.csv", "--format", "ndjson", "--out", "scored"])
    response = post_list(client, CSV, text, NDJSON)
    assert response.data == (tmp_path / "scored").read_bytes()
    assert [json.loads(line)["line"] for line in response.data.splitlines()] == [5, 6]


@pytest.mark.parametrize("text", ["age,ecog_ps,47,0,63,1", "\nage,ecog_ps,47,0,63,1\n\n"])
def test_a_list_in_one_line_is_refused_by_both(client, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["score", "list.csv", "--out", "scored"])
    (item,) = check_problem(post_list(client, CSV, text), 400)["errors"]
    assert result.exit_code == 2
    assert item["message"] in result.output


# While it is scored


@pytest.mark.parametrize("wanted", [CSV, NDJSON])
def test_the_first_bytes_leave_before_the_last_row_is_scored(client, clock, wanted):
    chunks = send(client, body_of(CSV, ROWS), accept=wanted).iter_encoded()
    first = next(chunks)
    assert clock["contents"] <= BATCH
    assert first.count(b"\n") == BATCH + (wanted == CSV)
    made = [clock["contents"] for _ in chunks]
    assert made == sorted(set(made)), "a part was made before it was wanted"
    assert clock["contents"] == len(ROWS) - 1, "equal rows are scored once"


@pytest.mark.parametrize("wanted", [CSV, NDJSON])
def test_a_reader_who_leaves_ends_the_scoring(client, clock, caplog, wanted):
    response = send(client, body_of(CSV, ROWS), accept=wanted)
    next(response.iter_encoded())
    response.close()
    assert clock["contents"] < len(ROWS) // 2
    assert f"the reader of a list left after {BATCH} of {len(ROWS)} rows" in caplog.text


def test_two_lists_at_once_keep_their_languages(client):
    bodies = [body_of(CSV, [REJECTED] * (2 * BATCH + 1))] * 2
    english, japanese = (
        send(client, body, f"?lang={language}").iter_encoded()
        for body, language in zip(bodies, ("en", "ja"), strict=True)
    )
    pairs = list(zip(english, japanese, strict=True))
    assert len(pairs) == 3
    for one, other in pairs:
        assert "cannot be" in one.decode()
        assert "cannot be" not in other.decode()


def test_a_failure_behind_the_first_bytes_breaks_the_answer_off(client, monkeypatch, caplog):
    secret, results, calls = "Jane-Secret-4711", Task.results, []

    def failing(task, contents):
        calls.append(contents)
        if len(calls) == 2:
            raise ValueError(secret)
        return results(task, contents)

    monkeypatch.setattr(Task, "results", failing)
    chunks = send(client, body_of(CSV, ROWS)).iter_encoded()
    next(chunks)
    with pytest.raises(ListBroken) as caught:
        next(chunks)
    # The server logs the error that reaches it.
    assert secret not in "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "unexpected ValueError in failing" in caplog.text


def test_a_failure_before_the_first_bytes_is_told(client, monkeypatch):
    def failing(_task, _contents):
        raise ValueError

    monkeypatch.setattr(Task, "results", failing)
    check_problem(send(client, body_of(CSV, ROWS)), 500)


# Within a time


def told_until_broken(response):
    told = []
    with pytest.raises(ListBroken):
        told.extend(response.iter_encoded())
    return b"".join(told)


@pytest.mark.parametrize("wanted", [CSV, NDJSON])
def test_a_list_that_takes_longer_ends_with_a_row_that_says_so(
    make_app, clock, caplog, bundle, wanted
):
    client = make_app(max_seconds=15).test_client()
    response = send(client, body_of(CSV, ROWS), accept=wanted)
    assert response.status_code == 200
    text = told_until_broken(response).decode()
    if wanted == CSV:
        *rows, last = csv.DictReader(io.StringIO(text))
        assert last["errors"] == "too_long"
        assert last["model"] == f"{bundle.id}@{bundle.version}"
        words = last["error_messages"]
    else:
        *rows, last = map(json.loads, text.splitlines())
        assert list(last) == ["status", "errors"]
        (problem,) = last["errors"]
        assert problem["code"] == "too_long"
        words = problem["message"] + problem["accepted"]
    assert "15 seconds" in words
    assert last["status"] == "stopped"
    assert len(rows) == 2 * BATCH
    assert {row["status"] for row in rows} <= {"ok", "out_of_scope", "rejected"}
    assert clock["contents"] < len(ROWS) - 1
    assert f"stopped a list after {2 * BATCH} of {len(ROWS)} rows" in caplog.text


def test_the_row_that_says_so_speaks_the_language(make_app, clock):
    client = make_app(max_seconds=15).test_client()
    response = send(client, body_of(CSV, ROWS), "?lang=ja", accept=NDJSON)
    last = json.loads(told_until_broken(response).splitlines()[-1])
    assert "15秒" in last["errors"][0]["message"]


@pytest.mark.parametrize("wanted", FORMATS)
def test_before_the_first_byte_it_is_refused(make_app, monkeypatch, clock, wanted):
    client = make_app(max_seconds=5).test_client()
    if wanted == JSON:
        score = batch.score_rows

        def slow(*arguments):
            for row in score(*arguments):
                clock["now"] += 10 / BATCH
                yield row

        monkeypatch.setattr(batch, "score_rows", slow)
    response = send(client, body_of(CSV, ROWS), accept=wanted)
    (item,) = check_problem(response, 413)["errors"]
    assert item["code"] == "too_long"
    assert "5 seconds" in item["message"]
    assert "5 seconds" in item["accepted"]


@pytest.mark.parametrize("wanted", [CSV, NDJSON])
def test_a_list_that_is_done_is_given_however_long_it_took(make_app, clock, wanted):
    client = make_app(max_seconds=5).test_client()
    response = send(client, body_of(CSV, ROWS[:BATCH]), accept=wanted)
    assert response.status_code == 200
    assert b"stopped" not in b"".join(response.iter_encoded())


def test_the_time_of_a_slow_reader_does_not_count(make_app, clock):
    client = make_app(max_seconds=45).test_client()
    told = []
    for chunk in send(client, body_of(CSV, ROWS)).iter_encoded():
        clock["now"] += 1000
        told.append(chunk)
    assert b"stopped" not in b"".join(told)
    assert b"".join(told).count(b"\n") == len(ROWS) + 1


def test_the_published_line_says_what_ends_a_list(spec):
    schema = spec["components"]["schemas"]["ListLine"]
    assert "stopped" in schema["properties"]["status"]["enum"]
    assert schema["required"] == ["status"]


# A real server


def connected(address, body, query="", wanted=CSV):
    """Return a connection on which a list was sent as one request."""
    place = urlsplit(address)
    connection = HTTPConnection(place.hostname, place.port, timeout=60)
    headers = {"Content-Type": CSV, "Accept": wanted}
    connection.request("POST", f"/v1/predict/batch{query}", body, headers)
    return connection


def test_a_real_server_breaks_off_what_takes_too_long():
    body = csv_list(4_000, 4_000)
    with running_server(settings={"EQUIPOISE_MAX_SECONDS": "4"}) as address:
        connection = connected(address, body, EVERY_MONTH)
        response = connection.getresponse()
        assert response.status == 200
        assert response.getheader("Transfer-Encoding") == "chunked"
        with pytest.raises(IncompleteRead) as caught:
            response.read()
        connection.close()
    *rows, last = csv.DictReader(io.StringIO(caught.value.partial.decode()))
    assert last["status"] == "stopped"
    assert 0 < len(rows) < 4_000


def test_clients_that_go_away_free_their_worker(tmp_path):
    rows, log = 4_000, tmp_path / "log"
    body = csv_list(rows, rows)
    leaving = 6  # more than a worker has threads
    with running_server(log=log) as address:
        for _ in range(leaving):
            connection = connected(address, body, EVERY_MONTH, NDJSON)
            assert connection.getresponse().read(10_000)
            # Closed at once, whatever was not read.
            connection.sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            connection.close()
        started = time.monotonic()
        with urllib.request.urlopen(f"{address}/healthz", timeout=30) as answer:
            assert answer.status == 200
        took = time.monotonic() - started
        deadline = time.monotonic() + 30
        while (told := log.read_text()).count("left after") < leaving:
            assert time.monotonic() < deadline, told
            time.sleep(0.1)
    assert took < 10, "the worker was busy with lists that nobody reads"
    done = [int(line.split()[7]) for line in told.splitlines() if "left after" in line]
    assert max(done) <= rows // 4, "rows were scored for nobody"
    assert "Traceback" not in told
