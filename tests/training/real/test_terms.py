from dataclasses import replace

import numpy as np
import pytest

from models.design_matrix import TERM_NAMES
from models.outcomes import HAZARDS
from models.table import code_of
from tests.support.cohorts import simulate
from training.real.reading import read_local_cohort
from training.real.terms import (
    hazard_terms,
    refuse_arm_events,
    refuse_arms,
    refuse_few_events,
    refuse_follow_up,
    refuse_unknown,
)


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


def test_without_randomisation_the_arms_difference_is_a_parameter_too(cohort):
    found = hazard_terms(cohort, randomised=False)["death"]
    assert found.parameters == len(TERM_NAMES) + 1


def few_after_surgery(cohort, kept):
    """Return the cohort with so many ulcerations after surgery, the others taken away."""
    outcomes = cohort.outcomes
    rows = np.flatnonzero((outcomes.ulceration_event == 1) & (cohort.arm == 1))[kept:]
    event, months = outcomes.ulceration_event.copy(), outcomes.ulceration_months.copy()
    event[rows] = np.where(outcomes.os_event[rows] == 1, 2.0, 0.0)
    months[rows] = outcomes.os_months[rows]
    changed = replace(outcomes, ulceration_event=event, ulceration_months=months)
    return replace(cohort, outcomes=changed)


def test_a_hazard_with_few_events_after_surgery_is_fitted_without_those_patients(cohort):
    few = few_after_surgery(cohort, 4)
    terms = hazard_terms(few, randomised=False)
    found, event = terms["ulceration"], few.outcomes.ulceration_event == 1
    assert not found.arm
    assert found.events == event[few.arm == 0].sum()
    assert found.parameters == found.kept.sum()
    assert terms["death"].arm
    assert refuse_arm_events(terms, few) == []
    (problem,) = refuse_arm_events(hazard_terms(few, randomised=True), few)
    assert problem.code == "too_few_events"
    assert "Hazard ulceration: 4 events in the arm ptr_plus_systemic_therapy." in problem.message


def with_values(cohort, **columns):
    return replace(cohort, table={**cohort.table, **columns})


def test_the_same_age_of_all_is_no_term(cohort):
    found = hazard_terms(with_values(cohort, age=np.full(cohort.size, 60.0)), randomised=False)
    for terms in found.values():
        assert terms.dropped == {"age, per 10 years": "the same for all patients"}


@pytest.mark.parametrize("left", [0, 3])
def test_without_the_level_between_the_step_beyond_it_is_dropped(cohort, left):
    stage = cohort.table["clinical_t"].copy()
    third = np.flatnonzero(stage == code_of("clinical_t", "T3"))
    stage[third[left:]] = code_of("clinical_t", "T4")
    found = hazard_terms(with_values(cohort, clinical_t=stage), randomised=False)
    for terms in found.values():
        assert terms.dropped == {"T4, beyond T3": f"{left} patients with T3"}


@pytest.mark.parametrize("left", [2, 4])
def test_a_thin_cell_of_receptors_drops_what_it_alone_tells(cohort, left):
    er, her2 = cohort.table["er_status"].copy(), cohort.table["her2_status"]
    positive = code_of("er_status", "positive")
    cell = np.flatnonzero((er != positive) & (her2 == code_of("her2_status", "positive")))
    er[cell[left:]] = positive
    found = hazard_terms(with_values(cohort, er_status=er), randomised=False)
    said = f"{left} patients with ER negative and HER2 positive"
    for terms in found.values():
        assert terms.dropped == {"ER and HER2 positive, beyond both": said}


def test_a_cell_with_patients_and_hardly_an_event_counts_as_thin(cohort):
    event = cohort.outcomes.os_event.copy()
    third = np.flatnonzero(cohort.table["clinical_t"] == code_of("clinical_t", "T3"))
    event[third] = 0.0
    changed = replace(cohort, outcomes=replace(cohort.outcomes, os_event=event))
    found = hazard_terms(changed, randomised=False)["death"]
    assert found.dropped == {"T4, beyond T3": "0 events with T3"}


def test_terms_that_follow_from_others_are_named(cohort):
    liver = cohort.table["metastatic_organs"] == code_of("metastatic_organs", "2+")
    found = hazard_terms(
        with_values(cohort, liver_metastasis=liver.astype(float)), randomised=False
    )
    for terms in found.values():
        assert terms.dropped == {"liver metastasis": "the same patients as: two or more organs"}
    chosen = with_values(cohort, ecog_ps=1.0 - cohort.arm)
    for terms in hazard_terms(chosen, randomised=False).values():
        assert terms.dropped == {"performance status 1 or 2": "the same patients as: surgery"}


def test_a_covariate_that_nobody_has_is_refused(cohort):
    assert refuse_unknown(cohort) == []
    unknown = with_values(cohort, clinical_n=np.full(cohort.size, np.nan))
    (problem,) = refuse_unknown(unknown)
    assert (problem.field, problem.code) == ("clinical_n", "missing_field")


def test_a_rare_level_is_dropped_with_the_reason(cohort):
    table = {**cohort.table, "ecog_ps": np.zeros(cohort.size)}
    table["ecog_ps"][:9] = 1.0
    rare = type(cohort)(table, cohort.arm, cohort.outcomes, cohort.digest)
    found = hazard_terms(rare, randomised=False)
    place = TERM_NAMES.index("ps_1_or_more")
    for terms in found.values():
        assert not terms.kept[place]
        assert terms.dropped["performance status 1 or 2"] == "9 patients on one side"
        assert terms.parameters == len(TERM_NAMES)


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
    problems = refuse_few_events(terms, force=False)
    assert {p.code for p in problems} == {"too_few_events"}
    (death,) = [p for p in problems if p.message.startswith("Hazard death:")]
    found = terms["death"]
    assert f"{found.events} events for {found.parameters} parameters" in death.message
    assert f"{found.ratio:.1f} events per parameter" in death.message
    enough = 10 * found.parameters
    assert death.accepted == f"at least 10 events per parameter ({enough} events), or --force"
    assert death.field == "os_event"


def test_force_accepts_few_events(small):
    terms = hazard_terms(small, randomised=False)
    assert refuse_few_events(terms, force=True) == []


def test_force_does_not_accept_a_hazard_without_events(small):
    terms = hazard_terms(small, randomised=False)
    none = {name: type(t)(0, t.kept, t.dropped, t.parameters) for name, t in terms.items()}
    problems = refuse_few_events(none, force=True)
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
