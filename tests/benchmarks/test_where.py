"""Seconds by stage: each look counts for one stage, and none is lost or counted twice."""

import sys

import pytest

from benchmarks import where
from benchmarks.lists import write_csv
from models import assess, caveats, eligibility
from models.example import EXAMPLE_PATIENT
from models.options import Options
from models.patient import read_patient
from models.prediction import predict
from tests.support.bundles import small_bundle


def test_waiting_goes_where_the_others_spent_their_time():
    first = where._seconds({where._INPUT: 1.0, where._WAIT: 6.0})
    beside = where._seconds(
        {where._SCORE: 4.0, where._IDLE: 9.0}, {where._SCORE: 4.0, where._TEXTS: 4.0}
    )
    shared = where._shared_out(first, beside)
    assert shared == pytest.approx({where._INPUT: 1.0, where._SCORE: 4.0, where._TEXTS: 2.0})


def test_lines_add_up_to_the_whole_command():
    first = where._seconds({where._INPUT: 1.0, where._WAIT: 6.0, where._FILE: 2.0})
    lines = list(where._told("a list", 10.0, first, where._seconds({where._SCORE: 1.0})))
    by_stage = {line.split(" | ")[1]: line.split(" | ")[2] for line in lines}
    assert by_stage[where._SCORE] == "6.00"
    assert by_stage[where._START] == "1.00"
    assert by_stage["**input and output together**"] == "3.00"
    stages = sum(float(by_stage[stage]) for stage in where._STAGES)
    assert stages == pytest.approx(float(by_stage["the whole command"]))


def test_what_is_under_way_tells_the_stage(monkeypatch):
    seen = {}
    for module, name in (
        (assess, "summarise_once"),
        (eligibility, "_late"),
        (caveats, "profile_of"),
    ):
        original = getattr(module, name)

        def looked_at(*arguments, name=name, original=original):
            seen[name] = where._stage(sys._getframe())
            return original(*arguments)

        monkeypatch.setattr(module, name, looked_at)
    predict([read_patient(EXAMPLE_PATIENT)], small_bundle(3), Options((12,)))
    assert seen == {
        "summarise_once": where._SCORE,
        "_late": where._WORDS,
        "profile_of": where._WORDS,
    }


def test_the_command_is_looked_at_with_the_processes_beside_it(tmp_path):
    write_csv(tmp_path / "list.csv", 3_000, 3_000)
    whole, first, beside = where._ask(tmp_path, "csv")
    assert (tmp_path / "scored.csv").exists()
    assert 0 < sum(first.values()) <= whole
    assert beside[where._SCORE] > 0
    assert beside[where._TEXTS] > 0
    assert set(first) <= {*where._STAGES, where._WAIT}
