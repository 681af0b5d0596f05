"""Start an installed service as the image does, ask it, and stop it.

Usage: ``ask_service.py VENV USER_ID``; called by ``container-steps.sh``. The standard library is
enough.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

TOKEN = "asked-by-a-script"  # noqa: S105 (of a server that lives for seconds)
PATIENT = {
    "age": 47,
    "menopausal_status": "pre",
    "ecog_ps": 0,
    "clinical_t": "T4",
    "clinical_n": "N1",
    "er_status": "positive",
    "her2_status": "negative",
    "metastatic_sites": ["bone"],
}
SECONDS_TO_START = 30
SECONDS_TO_STOP = 10
_SIOCSIFFLAGS, _IFF_UP, _IFF_RUNNING = 0x8914, 0x1, 0x40


def main(venv: Path, user: int) -> None:
    """Go through the steps; whatever is not as it must be raises."""
    is_offline = raise_loopback()
    print("network:", "none but loopback" if is_offline else "as it is")
    equipoise = venv / "bin" / "equipoise"
    check_score(equipoise, user)
    check_train(equipoise, user)
    port = free_port()
    host = "0.0.0.0"  # noqa: S104 (as in the image)
    server = start([equipoise, "serve", "--host", host, "--port", str(port)], user)
    try:
        check_answers(f"http://127.0.0.1:{port}", server)
        check_stop(server)
    finally:
        server.kill()


def raise_loopback() -> bool:
    """Set the loopback device of a fresh network up; return whether it is the only device."""
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        return False
    request = struct.pack("16sh", b"lo", _IFF_UP | _IFF_RUNNING)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, _SIOCSIFFLAGS, request)
    return True


def check_score(equipoise: Path, user: int) -> None:
    """Score one patient from a list."""
    sent = json.dumps(PATIENT).encode()
    done = run([equipoise, "score", "-", "--from", "ndjson"], user, sent)
    require(done.returncode == 0 and b",ok,jcog1017-synthetic@" in done.stdout, "score", done)


def check_train(equipoise: Path, user: int) -> None:
    """See that training tells what it needs."""
    done = run([equipoise, "train", "--out", "/tmp/no-bundle"], user, b"")  # noqa: S108 (never made)
    told = done.stderr.decode().strip().splitlines()[-1]
    print("train:", told)
    require(done.returncode == 2 and "full install" in told, "train", done)


def check_answers(address: str, server: subprocess.Popen[bytes]) -> None:
    """Ask for readiness, for predictions without a token and with it, and for another language."""
    require(wait_until_ready(f"{address}/readyz", server)["status"] == "ready", "readyz")
    require(status_of(f"{address}/v1/predict") == 401, "401 without a token")
    answer = ask(f"{address}/v1/predict", TOKEN)
    require(answer["status"] == "ok", "a prediction", answer["status"])
    japanese = ask(f"{address}/v1/predict", TOKEN, "ja")["intended_use"]
    require(japanese != answer["intended_use"], "an answer in Japanese", japanese)
    print("answered: readyz, 401 without a token, a prediction with it, the same in Japanese")


def check_stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server as an engine does, and see that it ends well and in time."""
    start_time = time.monotonic()
    server.send_signal(signal.SIGTERM)
    code = server.wait(timeout=SECONDS_TO_STOP)
    require(code == 0, "exit code after SIGTERM", code)
    print(f"stopped in {time.monotonic() - start_time:.1f} seconds with {code}")


def wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return the answer of a server that starts."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and server.poll() is None:
        try:
            return ask(url)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("the server did not become ready")


def ask(url: str, token: str = "", language: str = "en") -> dict[str, Any]:
    """Return an answer; a prediction is asked for with the patient."""
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token}",
        "Accept-Language": language,
    }
    data = json.dumps({"patient": PATIENT}).encode() if url.endswith("/predict") else None
    request = urllib.request.Request(url, data, headers)  # noqa: S310 (our own address)
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 (our own address)
        answer: dict[str, Any] = json.load(response)
    return answer


def status_of(url: str) -> int:
    """Return the status of an answer that refuses."""
    try:
        ask(url)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def run(command: list[Any], user: int, sent: bytes) -> subprocess.CompletedProcess[bytes]:
    """Return what a command of the ordinary user gives."""
    return subprocess.run(  # noqa: S603 (installed here)
        command, input=sent, capture_output=True, check=False, **ordinary(user)
    )


def start(command: list[Any], user: int) -> subprocess.Popen[bytes]:
    """Start a command of the ordinary user."""
    return subprocess.Popen(command, **ordinary(user))  # noqa: S603 (installed here)


def ordinary(user: int) -> dict[str, Any]:
    """Return how a process starts that is nobody's, with the environment of the image."""
    environment = {
        "EQUIPOISE_TOKENS": TOKEN,
        "HOME": "/nonexistent",
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    as_user = {"user": user, "group": user, "extra_groups": []} if os.getuid() == 0 else {}
    return {"env": environment, "cwd": "/tmp", **as_user}  # noqa: S108 (as in the image)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require(is_so: bool, what: str, found: object = "") -> None:
    """Stop with a sentence unless something is so."""
    if not is_so:
        raise SystemExit(f"{what}: not as it must be. {found}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
