"""Figures are kept for a while, within bounds, and nothing of a patient with them."""

import pickle
import threading

import numpy as np
import pytest

from models import prediction
from models.analyses import DEFAULT_ANALYSIS
from models.intervals import Estimates
from models.memory import Memory
from models.options import Options
from models.prediction import predict
from tests.support.bundles import small_bundle
from tests.support.patients import patient_of

PLENTY = 10_000_000
OPTIONS = Options((12, 48))


def figures(number=0.5, numbers=10):
    values = np.full(numbers, number)
    return {DEFAULT_ANALYSIS: Estimates(values, values, values)}


@pytest.fixture
def scored(monkeypatch):
    """Return the numbers of rows that were scored, call by call."""
    rows = []
    original = prediction._score

    def counted(table, asked):
        rows.append(len(table["age"]))
        return original(table, asked)

    monkeypatch.setattr(prediction, "_score", counted)
    return rows


def test_what_is_kept_is_found():
    memory = Memory(PLENTY)
    memory.keep(b"a", kept := figures())
    assert memory.find(b"a") is kept
    assert memory.find(b"b") is None


def test_a_memory_of_nothing_keeps_nothing():
    memory = Memory(0)
    memory.keep(b"a", figures())
    assert memory.find(b"a") is None
    assert (len(memory), memory.held) == (0, 0)


def test_those_longest_not_asked_for_are_forgotten_first():
    one = Memory(PLENTY)
    one.keep(b"a", figures())
    memory = Memory(3 * one.held)
    for key in (b"a", b"b", b"c"):
        memory.keep(key, figures())
    memory.find(b"a")
    memory.keep(b"d", figures())
    assert [memory.find(key) is None for key in (b"a", b"b", b"c", b"d")] == [
        False,
        True,
        False,
        False,
    ]


def test_larger_figures_leave_room_for_fewer():
    small, large = Memory(100_000), Memory(100_000)
    for number in range(200):
        key = str(number).encode()
        small.keep(key, figures(numbers=10))
        large.keep(key, figures(numbers=1000))
    assert len(large) < len(small)
    assert max(small.held, large.held) <= 100_000


def test_the_size_that_is_told_is_about_what_is_held():
    table = [patient_of(age=age, clinical_t=t) for age in range(20, 70) for t in ("T1", "T3")]
    memory = Memory(PLENTY)
    predict(table, small_bundle(3), OPTIONS, memory)
    alone = len(pickle.dumps(memory.find(next(iter(memory._figures)))))
    assert len(memory) == 100
    assert alone * 100 < memory.held < alone * 400


def test_keeping_the_same_twice_counts_once():
    memory = Memory(PLENTY)
    memory.keep(b"a", figures())
    held = memory.held
    memory.keep(b"a", figures())
    assert memory.held == held


def test_keys_differ_by_profile_question_and_process():
    memory = Memory(PLENTY)
    keys = {memory.key(b"a", b"x"), memory.key(b"b", b"x"), memory.key(b"a", b"y")}
    assert len(keys) == 3
    assert Memory(PLENTY).key(b"a", b"x") not in keys


def test_a_profile_that_comes_again_is_not_scored_again(scored):
    memory = Memory(PLENTY)
    patients = [patient_of(), patient_of(age=50), patient_of()]
    first = predict(patients, small_bundle(3), OPTIONS, memory)
    again = predict(patients, small_bundle(3), OPTIONS, memory)
    assert scored == [2, 0]
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.shown.estimate, other.shown.estimate)


def test_a_profile_twice_in_a_list_is_scored_once_without_a_memory(scored):
    predict([patient_of()] * 5, small_bundle(3), OPTIONS)
    assert scored == [1]


@pytest.mark.parametrize(
    "options",
    [
        Options((12, 60)),
        Options((48, 12)),
        Options((12, 48), interval_level=0.9),
        Options((12, 48), model="forest"),
        Options((12, 48), effect="pooled"),
    ],
    ids=["horizons", "their order", "level", "model", "effect"],
)
def test_another_question_is_scored_anew(scored, options):
    memory = Memory(PLENTY)
    predict([patient_of()], small_bundle(3), OPTIONS, memory)
    (fresh,) = predict([patient_of()], small_bundle(3), options, memory)
    (alone,) = predict([patient_of()], small_bundle(3), options)
    assert scored == [1, 1, 1]
    assert np.array_equal(fresh.shown.estimate, alone.shown.estimate)


def test_stages_that_the_models_do_not_tell_apart_share_figures(scored):
    stages = [patient_of(clinical_t=stage) for stage in ("T1", "T2", "T3")]
    one, other, third = predict(stages, small_bundle(3), OPTIONS)
    assert scored == [2]
    alone = predict(stages[1:2], small_bundle(3), OPTIONS)[0]
    assert np.array_equal(one.shown.estimate, other.shown.estimate)
    assert np.array_equal(alone.shown.estimate, other.shown.estimate)
    assert not np.array_equal(other.shown.estimate, third.shown.estimate)
    assert [each.patient.values["clinical_t"] for each in (one, other)] == ["T1", "T2"]


def test_stages_that_bear_on_what_is_unknown_are_scored_each(scored):
    stages = [patient_of(clinical_t=stage, er_status=None) for stage in ("T1", "T2")]
    predict(stages, small_bundle(3), OPTIONS)
    assert scored == [2]


def test_patients_who_differ_in_what_is_no_covariate_share_figures(scored):
    memory = Memory(PLENTY)
    for facts in ({}, {"eligibility": {"primary_resectable": True}}):
        predict([patient_of(**facts)], small_bundle(3), OPTIONS, memory)
    assert scored == [1, 0]


def test_what_bears_on_unknown_values_alone_makes_another_profile():
    # Whether she is triple negative is no term of the models, but tells unknown receptors.
    memory = Memory(PLENTY)
    unknown = {"er_status": None, "her2_status": None}
    patients = [patient_of(**unknown), patient_of(**unknown, triple_negative=False)]
    together = predict(patients, small_bundle(3), OPTIONS, memory)
    for patient, found in zip(patients, together, strict=True):
        (alone,) = predict([patient], small_bundle(3), OPTIONS)
        assert np.array_equal(found.shown.estimate, alone.shown.estimate)
    assert not np.array_equal(together[0].shown.estimate, together[1].shown.estimate)


def test_threads_may_share_one():
    memory = Memory(200_000)

    def work(start):
        for number in range(start, start + 300):
            key = str(number % 120).encode()
            if memory.find(key) is None:
                memory.keep(key, figures(number))

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 400, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < memory.held <= 200_000
    assert len(memory) <= 120
