"""The vocabulary of an answer against the published contract."""

import pytest

from models import outcomes
from models.evidence import figure
from models.outcomes import ARM_LABELS, ARMS, HAZARDS, OUTCOMES, SHOWN_ARMS


def test_outcomes_are_those_of_the_contract():
    assert [outcome.name for outcome in OUTCOMES] == [
        "overall_survival",
        "local_relapse_free_survival",
        "local_ulceration",
        "local_bleeding",
    ]


def test_arms_are_those_of_the_contract():
    assert SHOWN_ARMS == ("systemic_therapy", "ptr_plus_systemic_therapy", "difference")


def test_arms_without_the_difference_come_first():
    assert SHOWN_ARMS[: len(ARMS)] == ARMS


def test_people_read_offers():
    assert ARM_LABELS["ptr_plus_systemic_therapy"] == "offered surgery"
    assert ARM_LABELS["systemic_therapy"] == "not offered surgery"


def test_hazards_are_distinct():
    assert len(set(HAZARDS)) == len(HAZARDS) == 7


@pytest.mark.parametrize("outcome", OUTCOMES[2:], ids=lambda outcome: outcome.name)
def test_death_competes_with_local_complications(outcome):
    assert outcome.competing_hazard.startswith("death_without_")
    assert "death competing" in outcome.quantity


@pytest.mark.parametrize("outcome", OUTCOMES[:2], ids=lambda outcome: outcome.name)
def test_death_counts_in_survival(outcome):
    assert outcome.competing_hazard is None
    assert any("death" in hazard for hazard in outcome.hazards)


def test_horizons_reach_from_1_to_96():
    assert (outcomes.FIRST_HORIZON, outcomes.LAST_HORIZON) == (1, 96)


def test_defaults_are_those_of_the_contract():
    assert outcomes.DEFAULT_HORIZONS == (12, 24, 36, 48, 60)
    assert outcomes.DEFAULT_LEVEL == 0.95
    assert (outcomes.DEFAULT_MODEL, outcomes.DEFAULT_EFFECT) == ("cox", "overall")


def test_levels_reach_from_80_to_99_percent():
    assert (outcomes.LOWEST_LEVEL, outcomes.HIGHEST_LEVEL) == (0.80, 0.99)


def test_follow_up_is_that_of_the_evidence():
    row = figure("follow_up.median")
    found = (outcomes.MEDIAN_FOLLOW_UP, outcomes.UPPER_QUARTILE_OF_FOLLOW_UP)
    assert found == (row.estimate, row.range[1])


def test_local_complications_are_given_where_the_evidence_has_them():
    given = figure("ulceration.systemic_therapy").horizon_months
    assert given == outcomes.LOCAL_COMPLICATIONS_GIVEN_AT
