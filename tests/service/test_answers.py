"""Entries of a list: each patient's own, in order, whether in scope or not."""

from __future__ import annotations

import orjson

from models.options import Options
from models.prediction import predict
from service import answers
from service.answers import list_entries, single_answer
from service.encoding import json_bytes
from tests.support.bundles import small_bundle
from tests.support.patients import patient_of

PATIENTS = [
    patient_of(age=age, eligibility={"primary_ulcerated": ulcerated})
    for age, ulcerated in ((47, False), (85, False), (60, True), (19, None), (33, None))
]

#: What an entry has by code.
CODED = ("caveats", "subgroups")


def predictions():
    return predict(PATIENTS, small_bundle(), Options((12, 48)))


def read(body):
    return orjson.loads(json_bytes(body))


def entries():
    return [read(each) for each in list_entries(predictions())]


def test_entries_have_what_single_answers_have():
    for entry, prediction in zip(entries(), predictions(), strict=True):
        single = read(single_answer(prediction))
        codes = {name: [row["code"] for row in single.get(name, [])] for name in CODED}
        assert entry == {name: {**single, **codes}[name] for name in entry}
        assert entry.keys() >= {"inputs", "applicability", *CODED}


def test_blocks_leave_no_trace(monkeypatch):
    whole = entries()
    monkeypatch.setattr(answers, "_BLOCK", 2)
    assert entries() == whole
    assert [each["status"] for each in whole] == ["ok", "out_of_scope", "ok", "out_of_scope", "ok"]
