"""A study goes on from what is there, on the cores of a machine or on a Dask cluster."""

import os
import signal
import time

import numpy as np
import pytest
from click.testing import CliRunner
from distributed import LocalCluster

from studies import __main__ as command
from studies import runner
from studies.coverage import Replicate, Setting
from studies.runner import Study, load_replicates, run_pending, save_replicate

TINY = Setting(members=2)


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path / "work", TINY, replicates=3)


def contents(study):
    return [
        (each.failure, each.truth.tobytes(), each.lower.tobytes())
        for each in load_replicates(study)
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    study = Study(tmp_path_factory.mktemp("whole"), TINY, replicates=3)
    run_pending(study)
    return contents(study)


def test_a_replicate_comes_back_as_it_was_written(tmp_path):
    numbers = np.arange(4.0)
    save_replicate(tmp_path / "0000.npz", Replicate("why", numbers, numbers - 1, numbers + 1, 2))
    (read,) = load_replicates(Study(tmp_path, TINY, 1))
    assert (read.failure, read.redrawn) == ("why", 2)
    assert read.upper.tolist() == (numbers + 1).tolist()


def test_what_is_there_is_not_run_again_and_the_rest_is_the_same(study, whole):
    run_pending(Study(study.folder, TINY, replicates=3))
    study.place(1).unlink()
    before = study.place(0).stat().st_mtime_ns
    run_pending(study)
    assert study.place(0).stat().st_mtime_ns == before
    assert contents(study) == whole


def test_no_replicate_is_begun_when_the_time_is_over(study):
    run_pending(study, minutes=0)
    assert study.pending == [0, 1, 2]


def test_an_unfinished_replicate_leaves_no_file(study, monkeypatch):
    def stopped(place, **_):
        place.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(runner.np, "savez", stopped)
    study.folder.mkdir()
    with pytest.raises(KeyboardInterrupt):
        save_replicate(study.place(0), Replicate("", *[np.zeros(1)] * 3))
    assert load_replicates(study) == []


def test_a_cluster_gives_the_same_though_a_worker_is_killed(study, whole):
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as cluster:
        killed = []

        def kill_one():
            if not killed:
                worker = next(iter(cluster.workers.values()))
                killed.append(worker.process.pid)
                os.kill(worker.process.pid, signal.SIGKILL)
                time.sleep(0.5)

        run_pending(study, scheduler=cluster.scheduler_address, on_replicate=kill_one)
    assert killed
    assert contents(study) == whole


def test_the_command_writes_what_there_is_and_tells_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "SETTINGS", {"same": TINY})
    arguments = [
        "--replicates",
        "1",
        "--work",
        str(tmp_path / "w"),
        "--out",
        str(tmp_path / "t.md"),
    ]
    early = CliRunner().invoke(command.coverage, [*arguments, "--step", "0"])
    assert early.exit_code == 1
    assert "1 replicates are missing" in early.output
    done = CliRunner().invoke(command.coverage, arguments)
    assert done.exit_code == 0
    text = (tmp_path / "t.md").read_text()
    assert "(judged)" in text
    assert "1 replicates, of which 0 gave no figures" in text
