from dataclasses import replace

import numpy as np
import pytest

from models.design_matrix import TERM_NAMES
from models.outcomes import HAZARDS
from tests.support.cohorts import simulate
from training.real.reading import read_local_cohort
from training.real.terms import hazard_terms, refuse_arms, refuse_few_events, refuse_follow_up


@pytest.fixture(scope="module")
def cohort():
    return read_local_cohort(simulate(1500, 2).text.encode())


@pytest.fixture(scope="module")
def small():
    return read_local_cohort(simulate(120, 3).text.encode())


def test_a_large_cohort_keeps_all_terms(cohort):
    for found in hazard_terms(cohort, randomised=True).values():
        assert found.kept.all()
        assert found.parameters == len(TERM_NAMES) + 1
        assert found.ratio == found.events / found.parameters


def test_without_randomisation_surgery_is_no_parameter(cohort):
    found = hazard_terms(cohort, randomised=False)["death"]
    assert found.parameters == len(TERM_NAMES)


def test_a_rare_level_is_dropped_with_the_reason(cohort):
    table = {**cohort.table, "ecog_ps": np.zeros(cohort.size)}
    table["ecog_ps"][:9] = 1.0
    rare = type(cohort)(table, cohort.arm, cohort.outcomes, cohort.digest)
    found = hazard_terms(rare, randomised=False)
    place = TERM_NAMES.index("ps_1_or_more")
    for terms in found.values():
        assert not terms.kept[place]
        assert terms.dropped["performance status 1 or 2"] == "9 patients on one side"
        assert terms.parameters == len(TERM_NAMES) - 1


def test_a_level_with_few_events_is_dropped_with_the_reason(cohort):
    table = {**cohort.table, "ecog_ps": np.zeros(cohort.size)}
    alive = np.flatnonzero(cohort.outcomes.os_event == 0)[:50]
    table["ecog_ps"][alive] = 1.0
    rare = type(cohort)(table, cohort.arm, cohort.outcomes, cohort.digest)
    found = hazard_terms(rare, randomised=False)["death"]
    assert found.dropped == {"performance status 1 or 2": "0 events on one side"}


def test_patients_without_the_value_are_on_no_side(cohort):
    table = {**cohort.table, "clinical_n": np.full(cohort.size, np.nan)}
    table["clinical_n"][:5] = 2.0
    unknown = type(cohort)(table, cohort.arm, cohort.outcomes, cohort.digest)
    found = hazard_terms(unknown, randomised=False)["death"]
    assert set(found.dropped) == {"N1 to N3", "N2 or N3, beyond N1"}


def test_few_events_are_refused_with_numbers(small):
    terms = hazard_terms(small, randomised=True)
    problems = refuse_few_events(terms, force=False, randomised=True)
    assert {p.code for p in problems} == {"too_few_events"}
    (death,) = [p for p in problems if p.message.startswith("Hazard death:")]
    found = terms["death"]
    assert f"{found.events} events for {found.parameters} parameters" in death.message
    assert f"{found.ratio:.1f} events per parameter" in death.message
    assert death.accepted == "at least 10 events per parameter, or --force"
    assert death.field == "os_event"


def test_force_accepts_few_events(small):
    terms = hazard_terms(small, randomised=False)
    assert refuse_few_events(terms, force=True, randomised=False) == []


def test_force_does_not_accept_a_hazard_without_events(small):
    terms = hazard_terms(small, randomised=False)
    none = {name: type(t)(0, t.kept, t.dropped, t.parameters) for name, t in terms.items()}
    problems = refuse_few_events(none, force=True, randomised=False)
    assert len(problems) == len(HAZARDS)


def test_one_arm_is_refused(cohort):
    alone = type(cohort)(cohort.table, np.ones(cohort.size), cohort.outcomes, cohort.digest)
    (problem,) = refuse_arms(alone)
    assert (problem.field, problem.message) == ("arm", "Column arm: one arm has 0 patients.")
    assert refuse_arms(cohort) == []


def test_a_cohort_that_was_hardly_observed_is_refused(cohort):
    assert refuse_follow_up(cohort) == []
    times = dict.fromkeys(("os", "lrfs", "ulceration", "bleeding"), 0.5)
    outcomes = replace(
        cohort.outcomes,
        **{f"{name}_months": np.full(cohort.size, months) for name, months in times.items()},
    )
    (problem,) = refuse_follow_up(replace(cohort, outcomes=outcomes))
    assert problem.code == "too_few_patients"
