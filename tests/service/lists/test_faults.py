"""What goes wrong around a list: broken files, full disks, closed pipes, killed processes."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.patients import csv_list
from models.bundle import load_bundle
from service.bundles import default_folder
from service.cli import main
from service.commands import score as score_module
from service.lists import column_writer
from service.lists import run as run_module
from service.lists.outputs import Part
from tests.service.helpers import OUT_OF_SCOPE, README_PATIENT, REJECTED, csv_text

ROOT = Path(__file__).parents[3]
FEW = ["--horizons", "12"]
ROWS = csv_text(
    [
        {**README_PATIENT, "row_id": "a"},
        {**OUT_OF_SCOPE, "row_id": "b"},
        {**REJECTED, "row_id": "c"},
        {**README_PATIENT, "age": 60, "menopausal_status": "post", "row_id": "d"},
    ]
).encode()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def loaded(monkeypatch):
    """Load the bundle once for many runs."""
    bundle = load_bundle(default_folder())
    for module in ("service.commands.score", "service.lists.results"):
        monkeypatch.setattr(f"{module}.load_bundle", lambda folder: bundle)


def run(*arguments):
    return CliRunner().invoke(main, ["score", *map(str, arguments)])


def command(*arguments, **more):
    """Start the command as a process of its own."""
    words = [sys.executable, "-m", "service.cli", "score", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, **more
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# A thousand malformed files


def mutated(rng, text):
    """Return a text with a few bytes changed, cut, doubled or put elsewhere."""
    data = bytearray(text)
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(data))
        kind = rng.randrange(6)
        if kind == 0:
            data[place] = rng.randrange(256)
        elif kind == 1:
            del data[place : place + rng.randint(1, 9)]
        elif kind == 2:
            data[place:place] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 9)))
        elif kind == 3:
            data[place:place] = rng.choice([b'"', b"\n", b"\r\n", b",", b";", b"\x00", b"\xff"])
        elif kind == 4:
            end = place + rng.randint(1, 40)
            data[place:place] = data[place:end]
        else:
            data[place : place + 1] = b""
        if not data:
            data = bytearray(b"\n")
    return bytes(data)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_no_malformed_file_crashes_or_loses_a_row(folder, loaded, seed, kind):
    """A hundred files a seed and kind's half: each is refused as a whole, or every row is told."""
    rng = random.Random(20261129 + seed)
    text = ROWS
    if kind == "ndjson":
        rows = [{**README_PATIENT, "row_id": "a"}, OUT_OF_SCOPE, REJECTED, README_PATIENT]
        text = "\n".join(json.dumps(row) for row in rows).encode()
    refused = 0
    for number in range(50):
        data = mutated(rng, text)
        (folder / f"list.{kind}").write_bytes(data)
        (folder / "scored.csv").unlink(missing_ok=True)
        result = run(f"list.{kind}", "--out", "scored.csv", "--processes", 1, *FEW)
        assert result.exit_code in (0, 1, 2), (number, data, result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit), data
        if result.exit_code == 2:
            refused += 1
            assert not (folder / "scored.csv").exists()
            continue
        told = list(csv.reader(io.StringIO((folder / "scored.csv").read_text("utf-8"))))
        lines = [line for line in data.split(b"\n") if line.strip()]
        assert len(told) - 1 == len(lines) - (kind == "csv"), data
    assert refused < 50


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_no_damaged_table_crashes(folder, loaded, kind):
    rng = random.Random(7)
    (folder / "list.csv").write_bytes(ROWS)
    import pyarrow
    import pyarrow.csv
    import pyarrow.ipc
    import pyarrow.parquet

    table = pyarrow.csv.read_csv(io.BytesIO(ROWS))
    if kind == "parquet":
        pyarrow.parquet.write_table(table, "whole")
    else:
        with pyarrow.ipc.new_file("whole", table.schema) as writer:
            writer.write_table(table)
    whole = (folder / "whole").read_bytes()
    for _ in range(60):
        data = bytearray(whole)
        if rng.random() < 0.5:
            del data[rng.randrange(len(data)) :]
        else:
            for _ in range(rng.randint(1, 4)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        (folder / f"list.{kind}").write_bytes(data)
        result = run(f"list.{kind}", "--out", "scored.csv", "--processes", 1, *FEW)
        assert result.exception is None or isinstance(result.exception, SystemExit), repr(
            result.exception
        )


# Places


def test_input_and_output_must_differ_even_by_a_link(folder):
    (folder / "list.csv").write_bytes(ROWS)
    (folder / "link.csv").symlink_to("list.csv")
    result = run("list.csv", "--out", "link.csv")
    assert result.exit_code == 2
    assert (folder / "list.csv").read_bytes() == ROWS


@pytest.mark.parametrize("option", ["--out", "--rejects"])
def test_a_place_in_a_folder_that_is_not_there_is_told_and_nothing_is_left(folder, option):
    (folder / "list.csv").write_bytes(ROWS)
    more = [] if option == "--out" else ["--out", "scored.csv"]
    result = run("list.csv", option, "none/there.csv", *more)
    assert result.exit_code == 2
    assert "none/there.csv" in result.output
    assert names(folder) == ["list.csv"]


def test_a_read_only_folder_is_told(folder):
    (folder / "list.csv").write_bytes(ROWS)
    closed = folder / "closed"
    closed.mkdir(mode=0o555)
    # Root may write to any folder but those of the kernel.
    place = Path("/sys/scored.csv") if os.geteuid() == 0 else closed / "scored.csv"
    result = run("list.csv", "--out", place, *FEW)
    assert result.exit_code == 2
    assert str(place) in result.output
    assert "Traceback" not in result.output
    assert not place.exists()


def test_two_runs_do_not_write_the_same_place(folder):
    (folder / "list.csv").write_bytes(ROWS)
    part = Part("scored.csv")
    result = run("list.csv", "--out", "scored.csv", *FEW)
    part.close()
    assert result.exit_code == 2
    assert "another run is writing it" in result.output


@pytest.mark.parametrize(
    ("name", "room"),
    [("scored.csv", 200_000), ("scored.parquet", 20_000), ("scored.arrow", 20_000)],
)
def test_a_full_disk_is_told_and_the_old_results_stay(folder, name, room):
    (folder / "list.csv").write_bytes(csv_list(3_000, 40))
    (folder / name).write_text("old", encoding="utf-8")

    def little_room():
        # A limit on the size of files stands for a full disk: the same error comes from write.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    process = command("list.csv", "--out", name, *FEW, preexec_fn=little_room)
    _out, told = process.communicate(timeout=120)
    assert process.returncode == 2, told
    assert b"File too large" in told
    assert b"Traceback" not in told
    assert (folder / name).read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_device_that_is_full_is_told(folder, unbuffered):
    (folder / "list.csv").write_bytes(ROWS)
    with open("/dev/full", "wb") as full:
        words = [sys.executable, "-m", "service.cli", "score", "list.csv", *FEW]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered}
        done = subprocess.run(
            words, stdout=full, stderr=subprocess.PIPE, env=environment, timeout=120, check=False
        )
    assert done.returncode == 2
    assert done.stderr.count(b"No space left on device") == 1
    assert b"Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error_to_tell(folder):
    (folder / "list.csv").write_bytes(csv_list(40_000, 40))
    with command("list.csv", *FEW) as process:
        assert process.stdout.readline().startswith(b"row_id,")
        process.stdout.close()
        told = process.stderr.read()
    assert process.returncode == 141
    assert told == b""


def test_a_file_that_grows_while_it_is_read_is_read_to_its_end_of_then(folder):
    (folder / "list.csv").write_bytes(csv_list(30_000, 40))
    process = command("list.csv", "--out", "scored.csv", *FEW)
    with open(folder / "list.csv", "ab") as file:
        for _ in range(5):
            file.write(csv_list(10, 10).partition(b"\n")[2] + b"\n")
            file.flush()
            time.sleep(0.05)
    _out, told = process.communicate(timeout=120)
    assert process.returncode in (0, 1), told
    about = json.loads((folder / "scored.csv.about.json").read_text("utf-8"))
    rows = (folder / "scored.csv").read_bytes().count(b"\n") - 1
    assert about["counts"]["rows"] == rows >= 30_000


# Stopped and gone on


def short_blocks(monkeypatch, rows):
    monkeypatch.setattr(score_module, "Way", partial(score_module.Way, block_rows=rows))


LONG_LIST = csv_list(60_000, 50)


def wait_for(path, process):
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.01)


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "csv.zst", "ndjson", "parquet", "arrow"])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes(folder, monkeypatch, kind):
    (folder / "list.csv").write_bytes(csv_list(200, 50) + b"\n1,2,3")
    short_blocks(monkeypatch, 64)
    asked = ["list.csv", "--rejects", "no.csv", "--processes", 1, *FEW]
    # A row group is two blocks, one of which is not there when the run is stopped.
    monkeypatch.setattr(column_writer, "GROUP_LINES", 100)
    whole = run(*asked, "--out", f"whole.{kind}")
    assert whole.exit_code == 1
    rejects = (folder / "no.csv").read_bytes()
    stops = iter([False, False, True])
    original = run_module.Progress.add

    def add(self, block, results):
        original(self, block, results)
        if next(stops, False):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(run_module.Progress, "add", add)
    stopped = run(*asked, "--out", f"scored.{kind}")
    assert stopped.exit_code == 130
    assert "Stopped after" in stopped.output
    assert "--resume" in stopped.output
    assert not (folder / f"scored.{kind}").exists()
    assert (folder / f"scored.{kind}.part").exists()
    again = run(*asked, "--out", f"scored.{kind}", "--resume")
    assert again.exit_code == 1, again.output
    assert (folder / f"scored.{kind}").read_bytes() == (folder / f"whole.{kind}").read_bytes()
    assert (folder / "no.csv").read_bytes() == rejects
    counts = [
        json.loads((folder / f"{name}.{kind}.about.json").read_text("utf-8"))["counts"]
        for name in ("whole", "scored")
    ]
    assert counts[0] == counts[1]
    assert not [name for name in names(folder) if ".part" in name]


@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_goes_on_to_the_same_bytes(folder, signal_sent):
    (folder / "list.csv").write_bytes(LONG_LIST)
    run("list.csv", "--out", "whole.csv", "--processes", 1, *FEW)
    process = command("list.csv", "--out", "scored.csv", "--processes", 1, *FEW)
    part = folder / "scored.csv.part"
    wait_for(part, process)
    while part.stat().st_size < 100_000 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal_sent)
    _out, told = process.communicate(timeout=60)
    if process.returncode != 0:
        assert not (folder / "scored.csv").exists()
        assert b"Traceback" not in told
        result = run("list.csv", "--out", "scored.csv", "--processes", 1, "--resume", *FEW)
        assert result.exit_code == 0, result.output
    assert (folder / "scored.csv").read_bytes() == (folder / "whole.csv").read_bytes()


def stopped_run(folder, monkeypatch):
    """Leave a run that was stopped in the middle."""
    short_blocks(monkeypatch, 16)
    (folder / "list.csv").write_bytes(csv_list(100, 10))
    original, presses = run_module.Progress.add, iter([signal.SIGINT])

    def add(self, block, results):
        original(self, block, results)
        for press in presses:
            os.kill(os.getpid(), press)

    with monkeypatch.context() as patch:
        patch.setattr(run_module.Progress, "add", add)
        assert run("list.csv", "--out", "scored.csv", *FEW).exit_code == 130


@pytest.mark.parametrize(
    ("more", "said"),
    [(["--level", "0.9"], "options"), (["--shape", "long"], "shape"), ([], "")],
)
def test_a_run_goes_on_only_with_the_same_list_and_options(folder, monkeypatch, more, said):
    stopped_run(folder, monkeypatch)
    if not more:
        (folder / "list.csv").write_bytes(csv_list(100, 9))
        said = "not the one"
    result = run("list.csv", "--out", "scored.csv", "--resume", *FEW, *more)
    assert result.exit_code == 2
    assert said in result.output
    assert not (folder / "scored.csv").exists()
    assert (folder / "scored.csv.part").exists()


@pytest.mark.parametrize("place", [["--out", "scored.csv"], []])
def test_without_anything_to_go_on_from_a_run_begins_and_says_so(folder, place):
    (folder / "list.csv").write_bytes(ROWS)
    result = run("list.csv", *place, "--resume", *FEW)
    assert result.exit_code == 1
    assert "nothing to go on from" in result.stderr
    assert (folder / "scored.csv").exists() == bool(place)


def test_a_run_that_goes_on_does_not_say_that_it_begins(folder, monkeypatch):
    stopped_run(folder, monkeypatch)
    result = run("list.csv", "--out", "scored.csv", "--resume", *FEW)
    assert result.exit_code == 0
    assert "nothing to go on from" not in result.stderr


# Memory


def test_memory_does_not_grow_with_the_rows(folder):
    """Five million rows of few patients: the peak stays within a bound."""
    header, *lines = csv_list(1000, 200).splitlines()
    block = b"\n".join(lines) + b"\n"
    with open("list.csv", "wb") as file:
        file.write(header + b"\n")
        for _ in range(5000):
            file.write(block)
    asked = ["--outcomes", "overall_survival", "--arms", "difference", *FEW]
    code = (
        "import sys; from service.cli import main\n"
        "try: main(sys.argv[1:], standalone_mode=False)\n"
        "finally:\n"
        "    lines = open('/proc/self/status').read().splitlines()\n"
        "    print(next(each for each in lines if 'VmHWM' in each), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "score", "list.csv", "--processes", "1", *asked],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=300,
        check=False,
    )
    peak = int(done.stderr.split()[-2])
    assert peak < 400_000  # kilobytes
