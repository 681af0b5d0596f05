"""The README's examples run as they stand (but for the port), and its promises hold."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import urllib.request

import pytest

from models.outcomes import DEFAULT_HORIZONS, DEFAULT_LEVEL
from models.patient import LEAST_KNOWN
from tests.support.readme import README, README_PATIENT, code_blocks
from tests.support.server import EQUIPOISE

PORT_IN_README = "http://127.0.0.1:8000"


@pytest.fixture
def folder(tmp_path):
    """Return a folder that holds the README's list."""
    (tmp_path / "patients.csv").write_text(code_blocks("csv")[0])
    return tmp_path


def run_shell(block, address, folder):
    command = block.replace(PORT_IN_README, address).replace(".venv/bin/equipoise", EQUIPOISE)
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )


def shell_block(start):
    (block,) = [block for block in code_blocks("sh") if block.startswith(start)]
    return block


def test_the_curl_example_answers(live_server, folder):
    done = run_shell(
        shell_block("curl -s http://127.0.0.1:8000/v1/predict -H"), live_server, folder
    )
    assert json.loads(done.stdout)["status"] == "ok"


def test_the_curl_example_is_about_the_readme_patient(live_server, folder):
    done = run_shell(
        shell_block("curl -s http://127.0.0.1:8000/v1/predict -H"), live_server, folder
    )
    inputs = json.loads(done.stdout)["inputs"]
    assert {name: inputs[name] for name in README_PATIENT} == README_PATIENT


def test_the_python_example_prints_both_arms_and_the_difference(live_server):
    (block,) = code_blocks("python")
    code = block.replace(PORT_IN_README, live_server)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == ["systemic_therapy", "ptr_plus_systemic_therapy", "difference"]


def test_the_list_example_scores_every_row(live_server, folder):
    done = run_shell(shell_block(".venv/bin/equipoise score"), live_server, folder)
    assert done.returncode == 0
    rows = csv.DictReader(io.StringIO((folder / "scored.csv").read_text()))
    assert [row["status"] for row in rows] == ["ok", "ok", "out_of_scope"]


def test_the_list_over_http_gives_the_same_table(live_server, folder):
    run_shell(shell_block(".venv/bin/equipoise score"), live_server, folder)
    block = shell_block("curl -s http://127.0.0.1:8000/v1/predict/batch")
    over_http = run_shell(block, live_server, folder).stdout
    assert over_http == (folder / "scored.csv").read_text()


def posted(address, kind, body, query=""):
    request = urllib.request.Request(
        f"{address}/v1/predict/batch{query}", body.encode(), {"Content-Type": kind}
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_the_json_list_gives_figures(live_server):
    (block,) = code_blocks("json")
    (row,) = posted(live_server, "application/json", block)["results"]
    assert (row["row_id"], row["status"]) == ("a", "ok")
    survival = row["outcomes"]["overall_survival"]["difference"]
    assert len(survival["estimate"]) == len(json.loads(block)["horizons_months"])


def test_the_patient_of_the_json_list_gives_figures_as_a_line_too(live_server):
    sent = json.loads(code_blocks("json")[0])
    query = f"?horizons_months={','.join(map(str, sent['horizons_months']))}"
    row = posted(live_server, "application/x-ndjson", json.dumps(sent["patients"][0]), query)
    assert (row["row_id"], row["status"]) == ("a", "ok")


def test_the_r_example_names_the_fields_of_the_contract():
    (block,) = code_blocks("r")
    names = set(re.findall(r"(\w+) = ", block)) - {"patient", "horizons_months"}
    assert names == set(README_PATIENT)


def test_every_file_that_the_readme_links_to_exists():
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_the_readme_says_intended_use_and_synthetic_data():
    text = " ".join(README.read_text(encoding="utf-8").replace("> ", "").split())
    assert "Not assessed, cleared or CE-marked as a medical device" in text
    assert "synthetic data" in text


def test_the_readme_says_the_least_that_must_be_known_and_the_defaults():
    text = " ".join(README.read_text(encoding="utf-8").split())
    rule = text.split("Age or `menopausal_status` must be known, and at least two of ")[1]
    named = re.findall(r"`(\w+)`", rule.split(";")[0])
    assert ", ".join(named[:-1]) + f" and {named[-1]}" in LEAST_KNOWN
    *months, last = DEFAULT_HORIZONS
    assert f"by default at {', '.join(map(str, months))} and {last} months" in text
    assert f"with an `interval_level` of {DEFAULT_LEVEL}" in text


def test_the_make_targets_of_the_readme_exist():
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
