"""What the image is made of, as far as it can be seen without a container engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
STEPS = ROOT / "scripts" / "container-steps.sh"


def lines_of(text):
    """Return the lines of a file, continued ones joined."""
    return re.sub(r"\\\n\s*", "", text).splitlines()


def dockerfile_installs():
    """Return the shell commands of the build stage."""
    (line,) = [line for line in lines_of(DOCKERFILE) if line.startswith("RUN python -m venv")]
    return line.removeprefix("RUN ").split(" && ")


def script_installs():
    """Return the shell commands of the script, with the image's paths."""
    text = STEPS.read_text(encoding="utf-8")
    (block,) = re.findall(r"<<'STEPS'\n(.*?)^STEPS$", text, re.MULTILINE | re.DOTALL)
    lines = [line for line in block.splitlines() if line != "set -eu"]
    paths = {'"$venv/bin/python"': "/opt/equipoise/bin/python"}
    paths |= {'"$python"': "python", '"$venv"': "/opt/equipoise"}
    for name, place in paths.items():
        lines = [line.replace(name, place) for line in lines]
    return lines


def entry_of(name):
    """Return the exec form of an instruction of the final stage."""
    (line,) = [part for part in lines_of(DOCKERFILE) if part.startswith(f"{name} ")]
    return json.loads(line[line.index("[") :])


def test_the_script_installs_as_the_dockerfile_does():
    assert script_installs() == dockerfile_installs()


def test_the_script_copies_what_the_dockerfile_copies():
    copied = [
        word
        for line in lines_of(DOCKERFILE)
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    (line,) = [x for x in STEPS.read_text(encoding="utf-8").splitlines() if x.startswith("cp -R")]
    assert line.split()[2:-1] == copied
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert sorted(ignored) == sorted(["*", "**/__pycache__", *(f"!{name}" for name in copied)])


def test_process_1_is_the_server():
    assert entry_of("ENTRYPOINT") == [
        "/opt/equipoise/bin/equipoise",
        "serve",
        "--host",
        "0.0.0.0",
        "--port",
        "8000",
    ]


def test_the_image_runs_as_a_fixed_user_that_is_not_root():
    user = re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE)
    assert user == ["10001:10001"]
    assert "user=10001" in STEPS.read_text(encoding="utf-8")


def test_compose_asks_for_health_as_the_image_does():
    code = entry_of("HEALTHCHECK")[-1]
    assert f"- {code}\n" in COMPOSE


def test_compose_takes_away_what_the_service_does_not_need():
    wanted = ("read_only: true", "- ALL", "- no-new-privileges:true", "- /tmp", "127.0.0.1:8000")
    assert [text for text in wanted if text not in COMPOSE] == []


def test_hadolint_finds_nothing():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_steps_give_a_service_that_works_offline_and_stops():
    done = subprocess.run(["sh", STEPS], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "a prediction with it" in done.stdout
    assert "Training needs the full install" in done.stdout
    assert re.search(r"stopped in \d\.\d seconds with 0", done.stdout)
