"""Ctrl-C and SIGTERM: what is said, what is kept, and how a command ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.patients import csv_list
from service.cli import main
from service.commands import score as score_module
from service.lists.interruption import Interruption
from service.lists.outputs import Outputs
from service.lists.profiles import Pending

ROOT = Path(__file__).parents[3]
FEW = ["--horizons", "12", "--processes", "1"]
ROWS = 200
STOPPING = "Stopping when the rows under way are done; Ctrl-C again stops at once."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(score_module, "Way", partial(score_module.Way, block_rows=64))
    (tmp_path / "list.csv").write_bytes(csv_list(ROWS, 50))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(main, ["score", *map(str, arguments)])


def press(number, times=1):
    for _ in range(times):
        os.kill(os.getpid(), number)


def while_waiting(monkeypatch, block, number=signal.SIGINT, times=1):
    """Let signals come while the results of a block are waited for, counted from 0."""
    original, waited = Pending.wait, iter(range(ROWS))

    def wait(self):
        if next(waited) == block:
            press(number, times)
        return original(self)

    monkeypatch.setattr(Pending, "wait", wait)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["int", "term"]
)
@pytest.mark.parametrize(("times", "rows"), [(1, 128), (2, 64), (3, 64)])
@pytest.mark.parametrize("kind", ["csv", "csv.gz", "ndjson", "parquet", "arrow"])
def test_the_first_signal_waits_for_a_block_and_a_second_does_not(
    folder, monkeypatch, kind, number, code, times, rows
):
    assert run("list.csv", "--out", f"whole.{kind}", *FEW).exit_code == 0
    with monkeypatch.context() as patch:
        while_waiting(patch, 1, number, times)
        stopped = run("list.csv", "--out", f"scored.{kind}", *FEW)
    assert stopped.exit_code == code, stopped.output
    assert stopped.stderr.startswith(STOPPING)
    assert f"Stopped after {rows} rows" in stopped.stderr
    assert "Aborted" not in stopped.output
    note = json.loads((folder / f"scored.{kind}.part.json").read_text("utf-8"))
    assert note["progress"]["rows"] == rows
    again = run("list.csv", "--out", f"scored.{kind}", "--resume", *FEW)
    assert again.exit_code == 0, again.output
    assert (folder / f"scored.{kind}").read_bytes() == (folder / f"whole.{kind}").read_bytes()


def test_signals_while_a_block_is_written_break_nothing_off(folder, monkeypatch):
    run("list.csv", "--out", "whole.csv", *FEW)
    original = Outputs.write

    def write(self, block, results):
        press(signal.SIGINT, 2)
        original(self, block, results)

    with monkeypatch.context() as patch:
        patch.setattr(Outputs, "write", write)
        stopped = run("list.csv", "--out", "scored.csv", *FEW)
    assert stopped.exit_code == 130
    assert "Stopped after 64 rows" in stopped.stderr
    assert run("list.csv", "--out", "scored.csv", "--resume", *FEW).exit_code == 0
    assert (folder / "scored.csv").read_bytes() == (folder / "whole.csv").read_bytes()


@pytest.mark.parametrize("times", [1, 2])
def test_a_run_that_goes_on_is_stopped_while_it_passes_by_what_was_done(
    folder, monkeypatch, times
):
    with monkeypatch.context() as patch:
        while_waiting(patch, 1)
        run("list.csv", "--out", "scored.parquet", *FEW)
    begin = Outputs.begin

    def interrupted(self, *, resume=False):
        found = begin(self, resume=resume)
        press(signal.SIGINT, times)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Outputs, "begin", interrupted)
        again = run("list.csv", "--out", "scored.parquet", "--resume", *FEW)
    assert again.exit_code == 130
    assert ("Stopped after 128 rows" in again.stderr) == (times == 1)
    assert run("list.csv", "--out", "scored.parquet", "--resume", *FEW).exit_code == 0
    run("list.csv", "--out", "whole.parquet", *FEW)
    whole = (folder / "whole.parquet").read_bytes()
    assert (folder / "scored.parquet").read_bytes() == whole


def test_before_a_row_is_done_a_second_signal_ends_the_command_with_130(folder, monkeypatch):
    def interrupted(folder):
        press(signal.SIGINT, 2)

    monkeypatch.setattr(score_module, "load_bundle", interrupted)
    stopped = run("list.csv", "--out", "scored.csv", *FEW)
    assert stopped.exit_code == 130
    assert stopped.stderr == f"{STOPPING}\nStopped.\n"
    assert [path.name for path in folder.iterdir()] == ["list.csv"]


def test_what_is_whole_is_finished_whoever_presses(folder, monkeypatch):
    finish = Outputs.finish

    def pressed(self, about=None, summary=""):
        press(signal.SIGINT, 2)
        finish(self, about, summary)

    monkeypatch.setattr(Outputs, "finish", pressed)
    result = run("list.csv", "--out", "scored.csv", *FEW)
    assert result.exit_code == 0
    assert result.stderr == ""
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["list.csv", "scored.csv", "scored.csv.about.json"]


def test_a_run_to_standard_output_promises_no_way_on(folder, monkeypatch):
    while_waiting(monkeypatch, 1)
    stopped = run("list.csv", *FEW)
    assert stopped.exit_code == 130
    assert stopped.stdout.count("\n") == 129
    assert stopped.stderr == f"{STOPPING}\nStopped after 128 rows.\n"


def test_signals_are_as_before_when_a_run_is_over(folder):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    run("list.csv", "--out", "scored.csv", *FEW)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_other_threads_take_no_signals():
    taken = []

    def take():
        with Interruption().heeded():
            taken.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert taken == [before]


def test_an_impatient_run_ends_at_the_first_signal():
    with Interruption(patient=False).heeded(), pytest.raises(KeyboardInterrupt):
        press(signal.SIGTERM)


def test_processes_that_still_score_are_not_waited_for(folder):
    """Ctrl-C reaches a whole group of processes; none says anything, and none stays."""
    # Little is known of them, so a block takes long.
    lines = [f"{30 + number % 40}.{number},T{1 + number % 4},N1" for number in range(40_000)]
    told = "\n".join(["age,clinical_t,clinical_n", *lines])
    (folder / "list.csv").write_text(told, encoding="utf-8")
    words = [sys.executable, "-m", "service.cli", "score", "list.csv", "--out", "scored.csv"]
    process = subprocess.Popen(
        [*words, "--processes", "2"],
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    end = time.monotonic() + 60
    while not (folder / "scored.csv.part").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(1)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
    # All of them hold the stream, so its end is theirs.
    _out, told = process.communicate(timeout=20)
    assert process.returncode == 130, told
    assert b"Traceback" not in told
    assert b"KeyboardInterrupt" not in told
