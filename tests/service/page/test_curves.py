"""Curves: they are the figures, and they can be told apart without colour."""

from __future__ import annotations

import re

import numpy as np
import pytest

from models.assess import Question, assess
from models.intervals import Estimates
from models.outcomes import OUTCOMES
from models.patient import read_patient
from models.table import table_of
from service.page.curves import Course, curve_definitions, curves_figure
from service.page.figures import MOST_COMBINATIONS, curve_months, curves_of
from tests.service.helpers import README_PATIENT

MONTHS = (0, 30, 60)
ARMS = ("not offered", "offered")


def figures(first, second):
    estimate = np.array([first, second], dtype=float)
    return Estimates(estimate, np.maximum(estimate - 0.1, 0), np.minimum(estimate + 0.1, 1))


def drawn(first=(1, 0.8, 0.6), second=(1, 0.9, 0.3), month=30):
    return curves_figure(Course(MONTHS, figures(first, second), month), ARMS, "what & where")


def points(picture, name, kind="curve"):
    """Return the corners of a curve or of a band as (month, probability)."""
    (text,) = re.findall(rf'<path class="{kind} {name}" d="([^"]*)"', picture)
    numbers = np.array(re.findall(r"-?\d+", text), dtype=int).reshape(-1, 2).cumsum(axis=0)
    return [((x - 42) / 320 * 60, (210 - y) / 200) for x, y in numbers.tolist()]


def close(found, expected):
    np.testing.assert_allclose(np.array(found), np.array(expected), atol=0.0026)


def at_months(picture, name, months):
    """Return a curve's probabilities at some months, straight between its corners."""
    x, y = zip(*points(picture, name), strict=True)
    return np.interp(months, x, y)


def test_a_curve_goes_through_its_figures():
    assert len(points(drawn(), "none")) == 2, "a straight line has two ends"
    close(at_months(drawn(), "none", MONTHS), [1, 0.8, 0.6])
    close(points(drawn(), "ptr"), [(0, 1), (30, 0.9), (60, 0.3)])


def test_a_band_reaches_from_limit_to_limit_at_every_month():
    corners = points(drawn(), "ptr", "band")
    close(corners[:3], [(0, 1), (30, 1), (60, 0.4)])
    close(corners[3:], [(60, 0.2), (30, 0.8), (0, 0.9)])


def test_each_curve_has_its_name_at_its_end():
    places = {
        name: float(y)
        for y, name in re.findall(r'<text class="\w+" x="368" y="([\d.]+)">([^<]*)<', drawn())
    }
    ends = {"not offered": 210 - 0.6 * 200, "offered": 210 - 0.3 * 200}
    assert places == {name: end + 4 for name, end in ends.items()}


@pytest.mark.parametrize("ends", [(0.5, 0.5), (0.5, 0.52), (0.52, 0.5)])
def test_names_of_curves_that_end_together_do_not_overlap(ends):
    picture = drawn((1, 0.8, ends[0]), (1, 0.8, ends[1]))
    first, second = (float(y) for y in re.findall(r'x="368" y="([\d.]+)"', picture))
    assert abs(first - second) == pytest.approx(15, abs=0.2)
    if ends[0] != ends[1]:
        assert (first < second) == (ends[0] > ends[1])


def test_the_chosen_month_is_marked():
    assert f'class="month" d="M{42 + 320 / 2:g} ' in drawn(month=30)


def test_the_words_of_a_picture_are_escaped():
    assert "<title>what &amp; where</title>" in drawn()


def test_what_curves_refer_to_is_defined():
    assert 'href="#axes"' in drawn()
    assert 'id="axes"' in curve_definitions("Months")
    assert 'id="hatching"' in curve_definitions("Months")


def test_the_pages_curves_are_the_models_figures(bundle):
    from models.options import Options

    patient = read_patient(README_PATIENT)
    months = curve_months(patient, bundle)
    assert months == tuple(range(3, 61, 3))
    found = assess(table_of([patient]), bundle, Question(months, 0.95))
    pictures = curves_of(patient, bundle, Options(), 48)
    for place, (outcome, picture) in enumerate(zip(OUTCOMES, pictures, strict=True)):
        start = 1.0 if "survival" in outcome.name else 0.0
        for arm, name in enumerate(("none", "ptr")):
            expected = [start, *found.estimate[0, place, arm]]
            close(at_months(picture, name, (0, *months)), expected)


def test_where_little_is_known_the_tables_months_suffice(bundle):
    patient = read_patient({"age": 50, "clinical_t": "T4", "er_status": "positive"})
    from service.cost import combination_count

    assert combination_count(patient, bundle) > MOST_COMBINATIONS
    assert curve_months(patient, bundle) == (12, 24, 36, 48, 60)
