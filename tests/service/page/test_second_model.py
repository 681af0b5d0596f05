"""A second model is spoken of where it is far from the figures, and nowhere else."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from models.analyses import DEFAULT_ANALYSIS, FOREST_ANALYSIS
from models.caveat_case import FAR_APART
from models.intervals import Estimates
from models.options import Options
from models.outcomes import COX, FOREST, OVERALL_EFFECT, POOLED_EFFECT
from models.patient import read_patient
from models.prediction import predict
from models.rounding import percent
from service.page.second_model import second_model
from tests.service.helpers import OUT_OF_SCOPE, README_PATIENT, with_values
from tests.support.bundles import cohort_bundle
from tests.support.forms import form_texts

#: Of whom the two models say very different things.
APART = with_values(
    age=71,
    menopausal_status="post",
    ecog_ps=1,
    clinical_n="N3",
    er_status="negative",
    metastatic_sites=["liver", "bone"],
)
#: So little that its combinations are many.
LITTLE = {"age": 40, "er_status": "positive", "ecog_ps": 0}


def predicted(message, bundle, options=None):
    return predict([read_patient(message)], bundle, options or Options())[0]


def test_it_is_told_with_its_interval_where_the_models_are_far_apart(bundle):
    told = second_model(predicted(APART, bundle))
    both = predicted(APART, bundle, Options(model=FOREST))
    cox, forest = (
        both.analyses[each].estimate[0, :2] for each in (DEFAULT_ANALYSIS, FOREST_ANALYSIS)
    )
    arm, place = np.unravel_index(np.abs(forest - cox).argmax(), cox.shape)
    found = both.analyses[FOREST_ANALYSIS]
    limits = [percent(float(each[0, arm, place])) for each in (found.lower, found.upper)]
    assert "the random survival forest" in told
    assert f"at {percent(float(forest[arm, place]))}% (95% interval {limits[0]} to" in told
    assert f" to {limits[1]})" in told
    assert f"not {percent(float(cox[arm, place]))}%." in told
    assert "not offered surgery" in told if arm == 0 else "when offered surgery" in told
    assert "Neither has been compared with patients." in told
    assert told.endswith("do not rely on the survival figures.")


def test_where_the_forest_is_shown_the_second_one_is_the_cox_model(bundle):
    told = second_model(predicted(APART, bundle, Options(model=FOREST)))
    assert told.startswith("A second model, the Cox model, puts survival")


def test_nothing_is_told_where_the_models_agree_or_there_is_no_figure(bundle):
    assert second_model(predicted(README_PATIENT, bundle)) == ""
    assert second_model(predicted(OUT_OF_SCOPE, bundle)) == ""
    assert second_model(predicted(APART, bundle, Options(effect=POOLED_EFFECT))) == ""
    assert second_model(predicted(README_PATIENT, cohort_bundle())) == "", "it has no forest"


def test_it_is_told_from_the_threshold_on(bundle):
    prediction = predicted(README_PATIENT, bundle, Options(model=FOREST))
    own = prediction.analyses[FOREST_ANALYSIS]

    def with_gap(gap):
        moved = own.estimate.copy()
        moved[0, 0, 3] += gap
        cox = Estimates(moved, own.lower, own.upper)
        return replace(prediction, analyses={**prediction.analyses, DEFAULT_ANALYSIS: cox})

    assert second_model(with_gap(FAR_APART - 0.001)) == ""
    assert "four years after the decision" in second_model(with_gap(FAR_APART + 0.001))
    assert second_model(with_gap(-FAR_APART - 0.001)) != ""


def test_where_much_is_unknown_it_is_said_that_it_was_not_asked(bundle):
    assert "was not asked" in second_model(predicted(LITTLE, bundle))
    asked = second_model(predicted(LITTLE, bundle, Options(model=FOREST)))
    assert "was not asked" not in asked, "both stand beside each other there"


@pytest.mark.parametrize("months", [(6,), (90,)])
def test_other_horizons_are_told_in_months(bundle, months):
    told = second_model(predicted(APART, bundle, Options(horizons_months=months)))
    assert told == "" or f"{months[0]} months after the decision" in told


def test_it_stands_on_the_page_on_the_sheet_and_in_the_text(client, bundle):
    prediction = predicted(APART, bundle)
    assert prediction.options.model == COX
    assert prediction.options.effect == OVERALL_EFFECT
    told = second_model(prediction)
    form = form_texts(APART)
    page = html.unescape(client.post("/", data=form).text)
    lead, sheet = page.split('<section class="sheet">')
    assert told in lead[: lead.index('<ul class="caveats">')]
    assert told in sheet
    text = html.unescape(client.post("/", data={**form, "text": "1"}).text)
    assert told in re.sub(r"\s+", " ", text)


def test_the_apis_default_answer_asks_no_second_model(client):
    answer = client.post("/v1/predict", json={"patient": APART}).get_json()
    assert "analyses" not in answer
    assert "forest_minus_cox" not in answer
