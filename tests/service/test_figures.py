"""Figures that are written together are those that are told one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import orjson
import pytest

from models.intervals import Estimates
from models.language import LANGUAGES, speaking
from models.options import Options
from models.outcomes import ALL_EFFECTS, FOREST
from models.prediction import predict
from service.figures import outcomes_part, pooled_part, written_figures
from tests.support.bundles import small_bundle
from tests.support.patients import patient_of

PATIENTS = [
    patient_of(),
    patient_of(eligibility={"primary_ulcerated": True}),
    patient_of(age=30, clinical_n=None, eligibility={"primary_ulcerated": False}),
]
OPTIONS = [
    Options((48,)),
    Options((12, 48), effect="pooled"),
    Options((12, 96), model=FOREST, effect=ALL_EFFECTS),
]


def read(fragment):
    return orjson.loads(orjson.dumps(fragment))


def told(prediction):
    listed = [outcomes_part(prediction, analysis) for analysis in prediction.listed]
    return outcomes_part(prediction), pooled_part(prediction), listed


def written(figures):
    return read(figures.outcomes), read(figures.pooled), [read(each) for each in figures.listed]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_figures_written_together_are_each_patients_own(options, language):
    predictions = predict(PATIENTS, small_bundle(), options)
    with speaking(language):
        found = [written(each) for each in written_figures(predictions)]
        assert found == [told(each) for each in predictions]


def test_of_nobody_nothing_is_written():
    assert list(written_figures([])) == []


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_figure_that_is_not_finite_is_not_written(wrong):
    (prediction,) = predict(PATIENTS[:1], small_bundle(), OPTIONS[0])
    found = prediction.shown
    sides = [found.estimate.copy(), found.lower.copy(), found.upper.copy()]
    sides[2][1, 0, 0] = wrong
    broken = replace(
        prediction, analyses={**prediction.analyses, OPTIONS[0].shown: Estimates(*sides)}
    )
    with pytest.raises(ValueError, match="not finite"):
        list(written_figures([broken]))
    with pytest.raises(ValueError, match="not finite"):
        outcomes_part(broken)
