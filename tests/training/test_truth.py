import numpy as np
import pytest

from models.evidence import pairs
from tests.training import paper
from training.baselines import Baseline
from training.truth import FollowUp, HazardTruth, is_member

FOLLOW_UP = FollowUp(0.85, 0.5, 0.15)


def test_each_pair_of_subgroups_divides_the_patients(patients):
    assert np.array_equal(patients.members[::2] + patients.members[1::2], np.ones((8, 407)))


def test_subgroups_have_the_sizes_of_fig_3(patients):
    # ER-, ER+, HER2-, HER2+, TN, not TN, pre, post, PS 0, PS 1-2, 1 organ, more, no liver,
    # liver, bone only, not only bone: both arms together.
    wanted = [113, 294, 286, 121, 37, 370, 134, 273, 360, 47, 246, 161, 314, 93, 117, 290]
    assert patients.members.sum(axis=1).tolist() == wanted


def test_a_subgroup_of_several_values_has_all_of_them():
    (ps_1_or_2,) = (
        group for pair in pairs() for group in pair.subgroups if group.code == "ps_1_or_2"
    )
    table = {"ecog_ps": np.array([0.0, 1.0, 2.0])}
    assert is_member(table, ps_1_or_2).tolist() == [0, 1, 1]


def test_modifiers_are_centred(patients):
    assert patients.modifiers.mean(axis=0) == pytest.approx(np.zeros(8), abs=1e-12)


def test_log_ratio_is_covariates_plus_the_effect_and_half_the_modification_each_way(patients):
    coefficients = np.linspace(-0.3, 0.3, patients.design.shape[1])
    modification = np.linspace(-0.5, 0.5, 8)
    hazard = HazardTruth(Baseline(0.0, (1.0,)), coefficients, -0.2, modification)
    for row in (0, 100, 205, 406):
        alone = float(np.dot(patients.design[row], coefficients))
        half = float(np.dot(patients.modifiers[row], modification)) / 2
        offered = row >= paper.ARM_SIZES[paper.SYSTEMIC]
        wanted = alone + (-0.2 + half if offered else -half)
        assert hazard.log_ratio(patients)[row] == pytest.approx(wanted)


def test_everyone_is_followed_for_four_years_and_nobody_for_more_than_eleven():
    assert FOLLOW_UP.followed(np.array([0.0, 24.0, 48.0])).tolist() == [1, 1, 1]
    assert FOLLOW_UP.followed(np.array([60.0, 80.0, 96.0, 132.0])).tolist() == [0.85, 0.5, 0.15, 0]
    assert FOLLOW_UP.months_at(np.array([1.0, 0.0])).tolist() == [48, 132]


def test_months_at_undoes_followed():
    months = np.linspace(49, 131, 40)
    assert FOLLOW_UP.months_at(FOLLOW_UP.followed(months)) == pytest.approx(months)
