"""The search for a cohort that shows every printed figure: what it keeps and what it nears."""

import numpy as np
import pytest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from models.evidence import pairs, table_1
from models.outcomes import ARMS
from training.cohort_csv import cohort_csv, read_cohort
from training.matching import schedule
from training.matching.anneal import (
    EFFECTS,
    TRIPLE_NEGATIVE_ROW,
    anneal,
    distance,
    new_search,
)
from training.matching.cohort import draw_effects, effect_targets, finish, start
from training.matching.distance import measured
from training.matching.effects import fit_effects
from training.matching.figures import published_figures
from training.matching.schedule import Cooling, cool, return_to
from training.matching.state import copied, days_of, new_state
from training.matching.statistics import OVERALL
from training.matching.tables import state_of
from training.simulation import DIED_FIRST, EVENT
from training.statistics import hazard_ratio, median

SEED, STEPS = 5, 30_000
COOLING = Cooling(1.0, 0.5, ((0.0, 100.0), (1.0, 1.0)))


def begun():
    rng = np.random.default_rng(SEED)
    drawn = draw_effects(rng, at_prior_means=False)
    return drawn, start(drawn.patients, drawn.truth, rng), rng


@pytest.fixture(scope="module")
def searched():
    """Return the state before and after a short search, and the finished cohort."""
    drawn, state, rng = begun()
    before = new_state(days_of(state), state.arm, state.event, state.cells)
    search = new_search(state, published_figures(), effect_targets(drawn.effects["death"]))
    search.coldness[:] = 1 / 50.0
    anneal(search, STEPS, rng)
    return before, search.state, finish(search.state, drawn.truth, rng)


def members(cohort):
    return cohort.patients.members.astype(bool)


def test_deaths_of_every_subgroup_and_arm_are_the_printed_ones(searched):
    cohort = searched[2]
    died, arm = cohort.outcomes.os_event == EVENT, cohort.patients.arm
    groups = [group for pair in pairs() for group in pair.subgroups]
    for group, member in zip(groups, members(cohort), strict=True):
        assert [int(member[arm == number].sum()) for number in (0, 1)] == list(group.n)
        deaths = [int((died & member)[arm == number].sum()) for number in (0, 1)]
        assert deaths == list(group.deaths), group.code


def test_the_margins_of_table_1_stand(searched):
    cohort = searched[2]
    sizes = table_1()["arms"]
    for number, arm in enumerate(ARMS):
        rows = cohort.patients.arm == number
        assert rows.sum() == sizes[arm]
        for name in ("clinical_t", "clinical_n", "ecog_ps"):
            before, after = (
                np.sort(state.cells[state.arm == number], axis=0) for state in searched[:2]
            )
            assert np.array_equal(before, after), name


def test_one_organ_sites_are_the_printed_ones(searched):
    counts = table_1()["one_organ_sites"]
    assert {name: searched[2].sites.count(name) for name in counts} == counts


def test_no_two_patients_end_on_the_same_day(searched):
    days = days_of(searched[1])
    assert len(np.unique(days)) == len(days)


def test_the_search_comes_nearer(searched):
    figures = published_figures()
    far, near = (measured(state, figures) for state in searched[:2])
    assert near.cost.sum() + near.time_cost[0] < (far.cost.sum() + far.time_cost[0]) / 3


def test_hazard_ratios_are_scikit_survivals(searched):
    _, _, cohort = searched
    found = measured(state_of(cohort), published_figures())
    arm, months = cohort.patients.arm, cohort.outcomes.os_months
    died = cohort.outcomes.os_event == EVENT
    everyone = [np.ones(len(arm), dtype=bool), *members(cohort)]
    for row, member in enumerate(everyone, start=OVERALL):
        wanted = hazard_ratio(arm[member], months[member], died[member])
        assert np.exp(found.log_ratio[row]) == pytest.approx(wanted, abs=1e-8), row


def test_effects_are_scikit_survivals(searched):
    cohort = searched[2]
    effects, _ = fit_effects(state_of(cohort), np.zeros(14))
    model = CoxPHSurvivalAnalysis(ties="efron")
    outcome = Surv.from_arrays(cohort.outcomes.os_event == EVENT, cohort.outcomes.os_months)
    model.fit(np.column_stack([cohort.patients.design, cohort.patients.arm]), outcome)
    assert effects == pytest.approx(model.coef_, abs=1e-8)


def test_ulceration_and_bleeding_by_four_years_are_the_printed_numbers(searched):
    cohort = searched[2]
    for name, printed in (("ulceration", (51, 21)), ("bleeding", (55, 29))):
        months = getattr(cohort.outcomes, f"{name}_months")
        event = getattr(cohort.outcomes, f"{name}_event") == EVENT
        counted = event & (months <= 48)
        by_arm = [int(counted[cohort.patients.arm == number].sum()) for number in (0, 1)]
        assert tuple(by_arm) == printed, name


def test_local_relapse_free_survival_is_the_printed_one(searched):
    cohort = searched[2]
    arm, outcomes = cohort.patients.arm, cohort.outcomes
    relapsed = outcomes.lrfs_event == EVENT
    medians = [
        median(outcomes.lrfs_months[arm == number], relapsed[arm == number]) for number in (0, 1)
    ]
    assert [round(each) for each in medians] == [20, 63]
    assert round(hazard_ratio(arm, outcomes.lrfs_months, relapsed), 2) == 0.42


def test_nobody_relapses_after_her_end_and_codes_agree(searched):
    outcomes = searched[2].outcomes
    assert (outcomes.lrfs_months <= outcomes.os_months).all()
    for name in ("ulceration", "bleeding"):
        months = getattr(outcomes, f"{name}_months")
        died_first = getattr(outcomes, f"{name}_event") == DIED_FIRST
        assert (months <= outcomes.os_months).all()
        assert (outcomes.os_event[died_first] == EVENT).all()


def test_a_cohort_comes_back_from_its_csv(searched):
    cohort = searched[2]
    text = cohort_csv(cohort)
    again = read_cohort(text)
    assert cohort_csv(again) == text
    assert again.sites == cohort.sites


def test_the_same_seed_gives_the_same_start():
    (_, one, _), (_, other, _) = begun(), begun()
    for first, second in zip(one, other, strict=True):
        assert np.array_equal(first, second)


@pytest.fixture
def search():
    drawn, state, _ = begun()
    return new_search(state, published_figures(), effect_targets(drawn.effects["death"]))


def test_a_cooling_ends_no_farther_than_it_began_and_tells_its_progress(search):
    first, parts = distance(search), []
    cool(search, [], np.random.default_rng(1), COOLING, 2, parts.append)
    assert distance(search) < first
    assert parts == [0.5, 1.0]
    assert search.reached.cost[TRIPLE_NEGATIVE_ROW] == 0
    assert search.coldness[EFFECTS] == pytest.approx(1.0)


def test_a_search_goes_through_all_coolings(search, monkeypatch):
    monkeypatch.setattr(schedule, "STRETCH", 500)
    monkeypatch.setattr(schedule, "_SMALL_STRETCHES", 4)
    monkeypatch.setattr(schedule, "_SMALL_ATTEMPTS", 1)
    first, parts = distance(search), []
    schedule.run(search, np.random.default_rng(2), stretches=4, on_progress=parts.append)
    assert distance(search) < first
    assert parts == sorted(parts)
    assert parts[-1] == pytest.approx(1)


def test_a_search_without_stretches_leaves_the_state(search):
    before = copied(search.state)
    schedule.run(search, np.random.default_rng(2), stretches=0)
    for array, kept in zip(search.state, before, strict=True):
        assert np.array_equal(array, kept)


def test_a_search_can_go_back(search):
    before, first = copied(search.state), distance(search)
    cool(search, [], np.random.default_rng(1), COOLING, 1, lambda _: None)
    return_to(search, before)
    assert distance(search) == pytest.approx(first)
