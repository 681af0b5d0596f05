import numpy as np
import pytest

from tests.training import paper


def test_the_headline_is_the_printed_one(targets):
    assert targets.os_medians.tolist() == list(paper.OS_MEDIANS)
    assert targets.lrfs_medians.tolist() == list(paper.LRFS_MEDIANS)
    assert np.exp(targets.os_log_hr) == pytest.approx(paper.OS_HAZARD_RATIO)
    assert np.exp(targets.lrfs_log_hr) == pytest.approx(paper.LRFS_HAZARD_RATIO)
    assert targets.deaths == sum(paper.DEATHS)
    assert targets.follow_up_quartiles.tolist() == list(paper.FOLLOW_UP_QUARTILES)


def test_local_complications_are_the_proportions_by_four_years(targets):
    assert targets.ulceration.tolist() == list(paper.ULCERATION)
    assert targets.bleeding.tolist() == list(paper.BLEEDING)
    assert targets.local_month == 48


def test_subgroups_are_those_of_fig_3(targets):
    flat = [half for _, *halves in paper.SUBGROUPS for half in halves]
    assert targets.subgroup_deaths.tolist() == [deaths for deaths, _ in flat]
    assert np.exp(targets.subgroup_log_hr) == pytest.approx([ratio for _, ratio in flat])
