"""The effects of surgery beside each other, by API, list and form."""

from __future__ import annotations

import csv
import io

import pytest

from models.outcomes import SHOWN_ARMS
from models.rounding import percent

from .helpers import README_PATIENT

LOCAL = ("local_relapse_free_survival", "local_ulceration", "local_bleeding")


def ask(client, **options):
    response = client.post("/v1/predict", json={"patient": README_PATIENT, **options})
    assert response.status_code == 200, response.text
    return response.get_json()


def test_every_answer_has_the_pooled_difference_with_its_source(client):
    pooled = ask(client)["pooled_survival"]
    assert pooled["evidence"] == "meta_2021.os.hr"
    assert (pooled["hazard_ratio"], pooled["interval"]) == (0.97, [0.72, 1.29])
    assert pooled["interval_level"] == 0.95
    assert set(SHOWN_ARMS) <= set(pooled)


def test_the_default_effect_has_no_analyses(client):
    assert "analyses" not in ask(client)


@pytest.mark.parametrize("effect", ["pooled", "all"])
def test_another_effect_stands_beside_the_default_one_which_is_first(client, effect):
    analyses = ask(client, effect=effect)["analyses"]
    assert [row["effect"] for row in analyses] == ["overall", "pooled"]
    assert analyses[0]["outcomes"] == ask(client)["outcomes"]
    assert not any(row["exploratory"] for row in analyses)


def test_pooled_survival_is_given_when_it_is_asked_for(client):
    answer = ask(client, effect="pooled")
    survival = answer["outcomes"]["overall_survival"]
    assert answer["model"]["effect"] == "pooled"
    pooled = answer["pooled_survival"]
    assert all(survival[arm] == pooled[arm] for arm in SHOWN_ARMS)


def test_all_gives_the_default_first(client):
    assert ask(client, effect="all")["outcomes"] == ask(client)["outcomes"]


@pytest.mark.parametrize("outcome", LOCAL)
def test_local_outcomes_take_the_whole_trials_effect(client, outcome):
    assert ask(client, effect="pooled")["outcomes"][outcome] == ask(client)["outcomes"][outcome]


def test_a_list_has_the_pooled_difference_in_columns(client):
    lines = "age,menopausal_status,ecog_ps,clinical_t,clinical_n,er_status,her2_status,"
    lines += "metastatic_sites\n47,pre,0,T4,N1,positive,negative,bone\n"
    response = client.post(
        "/v1/predict/batch?horizons_months=48", data=lines, content_type="text/csv"
    )
    (row,) = csv.DictReader(io.StringIO(response.text))
    alone = ask(client, horizons_months=[48])["pooled_survival"]
    column = "overall_survival_difference_pooled_48"
    assert float(row[column]) == alone["difference"]["estimate"][0]
    assert float(row[f"{column}_lower"]) == alone["difference"]["lower"][0]
    assert float(row[f"{column}_upper"]) == alone["difference"]["upper"][0]


def test_the_page_shows_the_pooled_difference_with_its_source(client):
    form = {
        name: value if isinstance(value, list) else str(value)
        for name, value in README_PATIENT.items()
        if name != "eligibility"
    }
    page = client.post("/", data=form).text
    band = ask(client)["pooled_survival"]["difference"]
    assert "hazard ratio 0.97, 95% interval 0.72 to 1.29" in page
    assert page.count('<td class="pooled">') == len(band["estimate"])
    assert f"{percent(band['estimate'][3])} point" in page.replace("+", "").replace("\u2212", "-")


def test_out_of_scope_has_no_pooled_figure_either(client):
    patient = {**README_PATIENT, "age": 85}
    answer = client.post("/v1/predict", json={"patient": patient, "effect": "all"}).get_json()
    assert "analyses" not in answer
    assert "outcomes" not in answer
    assert "pooled_survival" not in answer
