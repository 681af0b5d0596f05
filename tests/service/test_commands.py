"""The command line as a whole, ``equipoise evidence`` and ``equipoise serve``."""

from __future__ import annotations

import csv
import io
import json
import shlex
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner
from gunicorn.util import parse_address

import models
from service.cli import main
from service.evidence_rows import EVIDENCE_COLUMNS, evidence_rows, source_rows
from service.server import Server, is_loopback

from .helpers import another_version, equipoise

COMMANDS = ["evaluate", "evidence", "recalibrate", "score", "serve", "simulate", "train"]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    for name in ("TOKENS", "OPEN_FORM", "CORS_ORIGINS", "BUNDLES", "MAX_BYTES", "MAX_ROWS"):
        monkeypatch.delenv(f"EQUIPOISE_{name}", raising=False)


def run(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_help_lists_the_commands(tmp_path):
    result = equipoise("--help", cwd=tmp_path)
    assert result.returncode == 0
    listed = result.stdout.decode().split("Commands:")[1].splitlines()
    assert [line.split()[0] for line in listed if line.strip()] == COMMANDS


def test_the_command_line_can_be_run_as_a_module():
    found = subprocess.run(
        [sys.executable, "-m", "service.cli", "serve", "--help"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert "Usage: equipoise serve" in found.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_has_an_example(name):
    result = run(name, "--help")
    assert result.exit_code == 0, result.output
    example = result.output.split("Example:")[1].splitlines()[1].strip()
    assert example.startswith(f"equipoise {name} ")


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_uses_options_that_there_are(name):
    text = run(name, "--help").output
    example = text.split("Example:")[1].splitlines()[1]
    options = [word for word in shlex.split(example) if word.startswith("--")]
    assert all(option in text.split("Options:")[1] for option in options)


def test_the_version_is_told():
    assert models.__version__ in run("--version").output


@pytest.mark.parametrize("arguments", [["nonsense"], ["evidence", "--nonsense"], ["score"]])
def test_wrong_usage_is_exit_2(arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_evidence_as_json_is_that_of_the_api(client):
    result = run("evidence", "--format", "json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document == client.get("/v1/evidence").get_json()
    assert document["sources"] == source_rows()


def test_evidence_as_csv_has_every_row_and_column():
    rows = list(csv.DictReader(io.StringIO(run("evidence", "--format", "csv").stdout)))
    assert list(rows[0]) == list(EVIDENCE_COLUMNS)
    assert [row["id"] for row in rows] == [row["id"] for row in evidence_rows()]
    for shown, row in zip(rows, evidence_rows(), strict=True):
        assert shown["place"] == row["place"]
        for name in ("estimate", "lower", "upper", "level"):
            if row[name] is None:
                assert shown[name] == "", row["id"]
            else:
                assert float(shown[name]) == pytest.approx(row[name], rel=1e-3), row["id"]


def test_evidence_as_a_table_has_every_figure():
    lines = run("evidence").stdout.splitlines()
    assert lines[0].split()[:2] == ["id", "estimate"]
    assert [line.split()[0] for line in lines[1:]] == [row["id"] for row in evidence_rows()]


@pytest.mark.parametrize("arguments", [[], ["--format", "table"]])
def test_the_table_is_the_default(arguments):
    assert run("evidence", *arguments).stdout == run("evidence").stdout


def test_evidence_is_quiet_in_a_pipe(tmp_path):
    result = equipoise("evidence", "--format", "csv", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, b"")


# serve


@pytest.fixture
def served(monkeypatch):
    """Record what would be served, and serve nothing."""
    ran = []

    def record(server):
        ran.append(server)

    monkeypatch.setattr(Server, "run", record)
    return ran


def addresses(server):
    bind = server.cfg.bind
    return [parse_address(each) for each in ([bind] if isinstance(bind, str) else bind)]


def test_serve_listens_on_this_machine_by_default(served):
    result = run("serve")
    assert result.exit_code == 0, result.output
    (server,) = served
    assert addresses(server) == [("127.0.0.1", 8000)]
    assert server.cfg.workers == 2
    assert server.cfg.preload_app is True


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
def test_serve_listens_on_a_loopback_host_without_tokens(served, host):
    result = run("serve", "--host", host, "--port", "8123")
    assert result.exit_code == 0, result.output
    ((name, port),) = addresses(served[0])
    assert (name, port) == (host.strip("[]"), 8123)


def test_serve_prints_an_example_that_works(served, client):
    result = run("serve", "--port", "8123")
    line = next(line for line in result.output.splitlines() if line.startswith("curl"))
    words = shlex.split(line)
    assert "http://127.0.0.1:8123/v1/predict" in words
    header, body = words[words.index("-H") + 1], words[words.index("-d") + 1]
    assert header == "Content-Type: application/json"
    response = client.post("/v1/predict", data=body, content_type="application/json")
    assert response.get_json()["status"] == "ok"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_serve_refuses_another_host_without_tokens(served, host):
    result = run("serve", "--host", host)
    assert result.exit_code == 2
    assert "EQUIPOISE_TOKENS" in result.output
    assert "--insecure" in result.output
    assert served == []


def test_serve_refuses_another_host_as_a_process(tmp_path):
    result = equipoise("serve", "--host", "0.0.0.0", cwd=tmp_path)
    assert result.returncode == 2
    assert b"no token is configured" in result.stderr
    assert b"Traceback" not in result.stderr


def test_serve_takes_another_host_when_told_to(served):
    result = run("serve", "--host", "0.0.0.0", "--insecure")
    assert result.exit_code == 0, result.output
    assert addresses(served[0]) == [("0.0.0.0", 8000)]


def test_serve_takes_another_host_with_tokens_and_does_not_show_them(served, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_TOKENS", "sesame")
    result = run("serve", "--host", "0.0.0.0")
    assert result.exit_code == 0, result.output
    assert "sesame" not in result.output
    app = served[0].load()
    assert app.test_client().get("/v1/models").status_code == 401


def test_serve_passes_its_settings_on(served, monkeypatch, tmp_path):
    monkeypatch.setenv("EQUIPOISE_MAX_ROWS", "1")
    monkeypatch.setenv("EQUIPOISE_BUNDLES", str(another_version(tmp_path)))
    run("serve")
    client = served[0].load().test_client()
    assert client.get("/readyz").get_json()["bundles"] == 2
    response = client.post("/v1/predict/batch", json={"patients": [{}, {}]})
    assert response.status_code == 413


def test_serve_refuses_a_damaged_bundle(served, monkeypatch, tmp_path):
    monkeypatch.setenv("EQUIPOISE_BUNDLES", str(tmp_path))
    result = run("serve")
    assert result.exit_code == 2
    assert "The bundle is refused" in result.output
    assert served == []


@pytest.mark.parametrize(
    "arguments", [["--port", "0"], ["--port", "65536"], ["--workers", "0"], ["--port", "http"]]
)
def test_serve_refuses_options_that_cannot_be(served, arguments):
    assert run("serve", *arguments).exit_code == 2
    assert served == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("[::]", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_what_counts_as_this_machine(host, expected):
    assert is_loopback(host) is expected


def test_the_server_reads_no_settings_from_elsewhere(app, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gunicorn.conf.py").write_text("bind = '0.0.0.0:1'\n", encoding="utf-8")
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--bind 0.0.0.0:1")
    assert addresses(Server(app, "127.0.0.1:8123", 1)) == [("127.0.0.1", 8123)]


def test_a_port_that_is_taken_is_refused_before_anything_is_announced():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run("serve", "--port", str(port))
    assert result.exit_code == 2
    assert f"127.0.0.1, port {port}: Address already in use. Take another" in result.output
    assert "form and API" not in result.output
