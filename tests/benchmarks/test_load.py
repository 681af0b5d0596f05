"""Whose processor time is our own."""

import os
import subprocess
import sys
from contextlib import contextmanager

from benchmarks.load import family, own_seconds

BUSY = "n = 0\nwhile n < 3_000_000: n += 1\nprint(flush=True)\ninput()"


@contextmanager
def child():
    """Start a process that has worked and waits."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", BUSY], **pipes) as process:
        process.stdout.readline()
        yield process
        process.communicate(b"\n")


def test_children_are_family():
    with child() as process:
        assert {os.getpid(), process.pid} <= set(family(os.getpid()))
    assert process.pid not in family(os.getpid())


def test_children_count_as_our_own_while_they_live_and_afterwards():
    before = own_seconds()
    with child() as process:
        living = own_seconds()
        assert living > before
    assert process.returncode == 0
    assert own_seconds() >= living
