import numpy as np
import pytest

from tests.training.conftest import OTHER_SEED
from training.simulation import (
    CENSORED,
    DAYS_PER_MONTH,
    DIED_FIRST,
    EVENT,
    Outcomes,
    independent_uniforms,
    simulate_outcomes,
    spread_uniforms,
)

COMPLICATIONS = ("ulceration", "bleeding")
TIMES = ("os_months", "lrfs_months", "ulceration_months", "bleeding_months")


@pytest.fixture(scope="module", params=[independent_uniforms, spread_uniforms])
def outcomes(request, patients, truth):
    return simulate_outcomes(patients, truth, request.param(patients, np.random.default_rng(4)))


def complication(outcomes, name):
    return getattr(outcomes, f"{name}_months"), getattr(outcomes, f"{name}_event")


@pytest.mark.parametrize("name", TIMES)
def test_times_are_whole_days_and_at_least_one(outcomes, name):
    days = getattr(outcomes, name) * DAYS_PER_MONTH
    assert days == pytest.approx(np.round(days), abs=1e-9)
    assert days.min() >= 1


def test_event_codes_are_those_of_the_contract(outcomes):
    assert set(outcomes.os_event) == {CENSORED, EVENT}
    assert set(outcomes.lrfs_event) == {CENSORED, EVENT}
    for name in COMPLICATIONS:
        assert set(complication(outcomes, name)[1]) == {CENSORED, EVENT, DIED_FIRST}


def test_relapse_free_time_ends_by_the_end_of_observation(outcomes):
    assert (outcomes.lrfs_months <= outcomes.os_months).all()


def test_death_ends_relapse_free_survival(outcomes):
    assert (outcomes.lrfs_event[outcomes.os_event == EVENT] == EVENT).all()


def test_without_an_event_relapse_free_survival_is_observed_to_the_end(outcomes):
    free = outcomes.lrfs_event == CENSORED
    assert np.array_equal(outcomes.lrfs_months[free], outcomes.os_months[free])


@pytest.mark.parametrize("name", COMPLICATIONS)
def test_a_complication_comes_by_the_end_of_observation(outcomes, name):
    months, event = complication(outcomes, name)
    assert (months <= outcomes.os_months).all()
    assert np.array_equal(months[event != EVENT], outcomes.os_months[event != EVENT])


@pytest.mark.parametrize("name", COMPLICATIONS)
def test_died_first_is_with_death_and_censored_is_alive(outcomes, name):
    _, event = complication(outcomes, name)
    assert (outcomes.os_event[event == DIED_FIRST] == EVENT).all()
    assert (outcomes.os_event[event == CENSORED] == CENSORED).all()


def test_everyone_alive_is_followed_for_four_years(outcomes):
    assert outcomes.os_months[outcomes.os_event == CENSORED].min() >= 48


@pytest.mark.parametrize("source", [independent_uniforms, spread_uniforms])
def test_the_same_seed_gives_the_same_outcomes(patients, truth, source):
    first, second, other = (
        simulate_outcomes(patients, truth, source(patients, np.random.default_rng(seed)))
        for seed in (OTHER_SEED, OTHER_SEED, OTHER_SEED + 1)
    )
    assert all(np.array_equal(getattr(first, name), getattr(second, name)) for name in TIMES)
    assert not np.array_equal(first.os_months, other.os_months)


def test_spread_uniforms_have_one_number_in_each_equal_share_of_an_arm(patients):
    uniforms = spread_uniforms(patients, np.random.default_rng(4))()
    for arm in (0, 1):
        ordered = np.sort(uniforms[patients.arm == arm])
        assert np.floor(ordered * len(ordered)).tolist() == list(range(len(ordered)))


def test_spread_uniforms_are_in_random_order_and_fresh_each_time(patients):
    source = spread_uniforms(patients, np.random.default_rng(4))
    first, second = source(), source()
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.2
    assert abs(np.corrcoef(first, np.arange(len(first)))[0, 1]) < 0.2


def test_independent_uniforms_are_not_spread(patients):
    uniforms = independent_uniforms(patients, np.random.default_rng(4))()[patients.arm == 0]
    assert len(set(np.floor(uniforms * len(uniforms)))) < 0.8 * len(uniforms)


def outcomes_of(lrfs_months, lrfs_event, os_months, os_event):
    survival = [np.array(os_months, dtype=float), np.array(os_event, dtype=float)]
    relapse = [np.array(lrfs_months, dtype=float), np.array(lrfs_event, dtype=float)]
    # The complications do not matter here.
    return Outcomes(*survival, *relapse, *survival, *survival)


def test_first_local_event_tells_relapse_from_death():
    # Relapse before death; death alone; relapse and alive; neither.
    rows = outcomes_of([10, 30, 20, 50], [1, 1, 1, 0], [30, 30, 60, 50], [1, 1, 0, 0])
    assert rows.first_local_event().tolist() == [EVENT, DIED_FIRST, EVENT, CENSORED]


def test_a_relapse_on_the_last_day_of_the_living_is_a_relapse():
    rows = outcomes_of([50], [1], [50], [0])
    assert rows.first_local_event().tolist() == [EVENT]


def test_first_local_event_agrees_with_the_outcomes(outcomes):
    first = outcomes.first_local_event()
    assert np.array_equal(first == CENSORED, outcomes.lrfs_event == CENSORED)
    relapsed_before = outcomes.lrfs_months < outcomes.os_months
    assert (first[relapsed_before] == EVENT).all()
    assert (outcomes.os_event[first == DIED_FIRST] == EVENT).all()
