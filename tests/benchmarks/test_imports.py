"""The clock of a process that is started stops at its first line."""

import pytest

from benchmarks.imports import _OURS, _PEAK, until_line


def test_the_clock_stops_at_the_line_and_not_at_the_end():
    taken, line = until_line(
        "import sys, time; print(sys.argv[1], flush=True); time.sleep(2)", "ready"
    )
    assert line == "ready\n"
    assert 0 < taken < 2


def test_a_process_without_a_line_is_no_measurement():
    with pytest.raises(RuntimeError, match="no line"):
        until_line("raise SystemExit")


def test_the_line_tells_the_peak_in_mebibytes():
    assert 10 < float(until_line(_OURS + _PEAK)[1]) < 1_000
