"""What the reader of the evidence refuses."""

from dataclasses import replace

import pytest

from models.evidence import evidence, figure, pairs, sources
from models.evidence.checks import check_rows, common_level, row_faults
from models.evidence.interactions import interaction_of

GOOD = figure("os.hr.unstratified")
GROUPS = [group for pair in pairs() for group in pair.subgroups]
ROWS = [*evidence().values(), *GROUPS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_that_is_held_passes(row):
    assert row_faults(row, sources()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": ""}, "source is not listed"),
        ({"source": "hearsay"}, "source is not listed"),
        ({"place": ""}, "no place"),
        ({"level": None}, "interval and level must stand together"),
        ({"interval": None}, "interval and level must stand together"),
        ({"estimate": None}, "no estimate"),
        ({"inverted": True}, "how it was printed is not told"),
        ({"estimate": 1.2}, "does not contain its estimate"),
        ({"interval": (1.137, 0.67)}, "does not contain its estimate"),
        ({"interval": (0.67, 1.173)}, "not symmetric"),
        ({"interval": (0.76, 1.137)}, "not symmetric"),
        ({"estimate": 0.837}, "not symmetric"),
        ({"interval": (0.0, 1.137)}, "not symmetric"),
    ],
)
def test_a_spoilt_row_is_refused(changes, words):
    row = replace(GOOD, **changes)
    assert words in "; ".join(row_faults(row, sources()))
    with pytest.raises(ValueError, match=f"{GOOD.id}: .*{words}"):
        check_rows([row], sources())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"events": 206}, "more events than patients"),
        ({"events": 61}, "not its counts' share"),
        ({"estimate": 0.2}, "not its counts' share"),
        ({"estimate": 0.4}, "does not contain its estimate"),
    ],
)
def test_a_spoilt_proportion_is_refused(changes, words):
    row = replace(figure("ulceration.systemic_therapy"), **changes)
    assert words in "; ".join(row_faults(row, sources()))


def test_every_fault_of_every_row_is_told():
    with pytest.raises(ValueError, match=r"no place.*no estimate.*place"):
        check_rows([replace(GOOD, place="", estimate=None), replace(GOOD, place="")], sources())


@pytest.mark.parametrize(("estimate", "passes"), [(0.872, True), (0.873, True), (0.874, False)])
def test_rounding_explains_no_more_than_it_can(estimate, passes):
    # The limits' geometric mean is 0.8728; rounding moves it by 0.0005, and the estimate too.
    assert (row_faults(replace(GOOD, estimate=estimate), sources()) == []) is passes


def test_levels_are_not_mixed():
    primary, other = figure("os.hr.stratified"), figure("os.hr.unstratified")
    assert common_level([other, other]) == 0.95
    for rows in ([primary, other], [figure("e2108.age_under_40")]):
        with pytest.raises(ValueError, match="one level"):
            common_level(rows)


def test_a_pair_of_two_levels_has_no_interaction():
    pair = pairs()[0]
    first, second = pair.subgroups
    with pytest.raises(ValueError, match="one level"):
        interaction_of(replace(pair, subgroups=(replace(first, level=0.90), second)))
