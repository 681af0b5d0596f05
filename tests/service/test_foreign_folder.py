"""The commands work in a folder that holds other packages of our names."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager

import pytest

from .helpers import README_PATIENT, clean_environment, console_script, csv_text, equipoise

SECONDS_TO_START = 20
SECONDS_TO_STOP = 10


@pytest.fixture
def folder(tmp_path):
    for name in ("models", "service", "training"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(
            f"raise RuntimeError('the foreign {name} was imported')\n", encoding="utf-8"
        )
    (tmp_path / "patients.csv").write_text(csv_text([README_PATIENT]), encoding="utf-8")
    return tmp_path


def test_score_works(folder):
    result = equipoise("score", "patients.csv", "--horizons", "12", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert b",ok,jcog1017-synthetic@" in result.stdout


def test_evidence_works(folder):
    result = equipoise("evidence", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert b"os.hr.stratified" in result.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(folder, port):
    log = folder / "server.log"
    command = [console_script(), "serve", "--port", str(port), "--workers", "1"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=folder, env=clean_environment(), stdout=output, stderr=output
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def get(url, body=None):
    headers = {} if body is None else {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def wait_until_ready(process, address):
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        try:
            return get(f"{address}/readyz")
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not become ready")


def test_serve_works_and_stops_when_told(folder, client):
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    body = json.dumps({"patient": README_PATIENT, "horizons_months": [12]}).encode()
    with serving(folder, port) as process:
        assert wait_until_ready(process, address)["status"] == "ready"
        answer = get(f"{address}/v1/predict", body)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=SECONDS_TO_STOP) == 0
    expected = client.post("/v1/predict", data=body, content_type="application/json")
    assert answer == expected.get_json()
    log = (folder / "server.log").read_text(encoding="utf-8")
    assert f"{address}/ (stop with Ctrl-C)" in log
    assert "foreign" not in log
    assert "Traceback" not in log
