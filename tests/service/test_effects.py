"""The effects of surgery beside each other, by API, list and form."""

from __future__ import annotations

import csv
import io
import json
from urllib.parse import urlencode

import pytest

from models.outcomes import SHOWN_ARMS
from models.rounding import percent
from models.texts import FOREST_INTERVALS, INTERVAL_MEANING, SUBGROUP_INTERVALS
from service.app import create_app
from service.bundles import Bundles
from service.settings import Settings
from tests.support.bundles import cox_bundle, small_bundle, without_subgroup_effects

from .helpers import (
    CSV,
    FORMATS,
    JSON,
    OUT_OF_SCOPE,
    README_PATIENT,
    ULCERATED,
    answer_schema,
    body_of,
    check_problem,
    find_item,
    form_of,
    post_list,
    undocumented,
    validator,
    with_values,
)

EVERY_ANALYSIS = [
    *("cox overall", "cox pooled"),
    *("forest overall", "forest pooled"),
    *("cox subgroup", "forest subgroup", "forest learned"),
]
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


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ({"effect": "pooled"}, ["cox overall", "cox pooled"]),
        ({"effect": "subgroup"}, ["cox overall", "cox subgroup"]),
        (
            {"model": "forest", "effect": "subgroup"},
            ["cox overall", "forest overall", "cox subgroup", "forest subgroup"],
        ),
        ({"model": "forest"}, ["cox overall", "forest overall"]),
        (
            {"model": "forest", "effect": "pooled"},
            ["cox overall", "cox pooled", "forest overall", "forest pooled"],
        ),
        (
            {"model": "forest", "effect": "learned"},
            ["cox overall", "forest overall", "forest learned"],
        ),
        ({"effect": "all"}, EVERY_ANALYSIS),
        ({"model": "forest", "effect": "all"}, EVERY_ANALYSIS),
    ],
)
def test_another_analysis_stands_beside_the_default_one_which_is_first(client, options, listed):
    analyses = ask(client, **options)["analyses"]
    assert [f"{row['model']} {row['effect']}" for row in analyses] == listed
    assert analyses[0]["outcomes"] == ask(client)["outcomes"]


@pytest.mark.parametrize("model", ["cox", "forest"])
@pytest.mark.parametrize("effect", ["overall", "pooled", "all"])
def test_the_model_of_the_answer_is_the_one_of_its_outcomes(client, model, effect):
    answer = ask(client, model=model, effect=effect)
    shown = {"model": answer["model"]["kind"], "effect": answer["model"]["effect"]}
    assert shown == {"model": model, "effect": "overall" if effect == "all" else effect}
    for row in answer.get("analyses", []):
        is_shown = shown == {"model": row["model"], "effect": row["effect"]}
        assert is_shown == (row["outcomes"] == answer["outcomes"])


def test_survival_under_the_pooled_effect_is_the_asked_models(client):
    answer = ask(client, effect="all")
    for model in ("cox", "forest"):
        (analysis,) = [
            row for row in answer["analyses"] if (row["model"], row["effect"]) == (model, "pooled")
        ]
        survival = analysis["outcomes"]["overall_survival"]
        pooled = ask(client, model=model)["pooled_survival"]
        assert all(survival[arm] == pooled[arm] for arm in SHOWN_ARMS)


def test_pooled_survival_is_given_when_it_is_asked_for(client):
    answer = ask(client, effect="pooled")
    survival = answer["outcomes"]["overall_survival"]
    assert answer["model"]["effect"] == "pooled"
    pooled = answer["pooled_survival"]
    assert all(survival[arm] == pooled[arm] for arm in SHOWN_ARMS)


def test_all_gives_the_default_first(client):
    assert ask(client, effect="all")["outcomes"] == ask(client)["outcomes"]


@pytest.mark.parametrize("outcome", ["local_ulceration", "local_bleeding"])
def test_local_complications_take_the_whole_trials_effect(client, outcome):
    assert ask(client, effect="pooled")["outcomes"][outcome] == ask(client)["outcomes"][outcome]


@pytest.mark.parametrize("effect", ["overall", "pooled", "all"])
@pytest.mark.parametrize("model", ["cox", "forest"])
def test_no_answer_has_more_women_without_local_progression_than_alive(client, model, effect):
    patient = {**README_PATIENT, "age": 44, "ecog_ps": 1, "clinical_t": "T3"}
    body = {"patient": patient, "model": model, "effect": effect, "horizons_months": [36, 60, 96]}
    answer = client.post("/v1/predict", json=body).get_json()
    for outcomes in [answer["outcomes"], *(a["outcomes"] for a in answer.get("analyses", []))]:
        for arm in ("systemic_therapy", "ptr_plus_systemic_therapy"):
            for side in ("estimate", "lower", "upper"):
                alive = outcomes["overall_survival"][arm][side]
                local = outcomes["local_relapse_free_survival"][arm][side]
                assert all(less <= more for less, more in zip(local, alive, strict=True))


def test_options_in_the_query_of_a_single_request_are_refused(client):
    response = client.post("/v1/predict?model=forest", json={"patient": README_PATIENT})
    (error,) = response.get_json()["errors"]
    assert (response.status_code, error["field"]) == (422, "model")
    assert "stand in its body" in error["message"]


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


PATIENTS = {
    "in scope": README_PATIENT,
    "ulcerated": ULCERATED,
    "out of scope": OUT_OF_SCOPE,
    "some unknown": with_values(ecog_ps=None),
}
OPTIONS = (
    {"effect": "pooled"},
    {"effect": "subgroup"},
    {"effect": "all"},
    {"model": "forest"},
    {"model": "forest", "effect": "subgroup"},
    {"model": "forest", "effect": "learned"},
    {"model": "forest", "effect": "all"},
)
each_choice = pytest.mark.parametrize("options", OPTIONS, ids=lambda o: " ".join(o.values()))


@each_choice
@pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS)
def test_an_answer_of_every_analysis_is_as_published(client, spec, patient, options):
    schema = answer_schema(spec, "/v1/predict")
    answer = client.post("/v1/predict", json={"patient": patient, **options}).get_json()
    validator(spec, schema).validate(answer)
    assert list(undocumented(spec, schema, answer)) == []
    assert ("analyses" in answer) == (answer["status"] == "ok")


@each_choice
def test_a_list_of_every_analysis_is_as_published(client, spec, options):
    schema = answer_schema(spec, "/v1/predict/batch")
    body = {"patients": list(PATIENTS.values()), **options}
    answer = client.post("/v1/predict/batch", json=body).get_json()
    validator(spec, schema).validate(answer)
    assert list(undocumented(spec, schema, answer)) == []


def is_valid(spec, answer):
    return validator(spec, answer_schema(spec, "/v1/predict")).is_valid(answer)


@pytest.mark.parametrize("name", ["model", "effect", "exploratory", "outcomes"])
def test_an_analysis_without_one_of_its_parts_is_not_as_published(client, spec, name):
    answer = ask(client, effect="all")
    assert is_valid(spec, answer)
    del answer["analyses"][-1][name]
    assert not is_valid(spec, answer)


def test_a_disagreement_in_words_is_not_as_published(client, spec):
    answer = ask(client, model="forest")
    answer["forest_minus_cox"]["local_bleeding"]["difference"][0] = "none"
    assert not is_valid(spec, answer)


@pytest.mark.parametrize("options", OPTIONS[2:], ids=lambda o: " ".join(o.values()))
def test_forest_minus_cox_is_the_difference_of_both_models_estimates(client, options):
    found = ask(client, **options)["forest_minus_cox"]
    forest, cox = (ask(client, model=model)["outcomes"] for model in ("forest", "cox"))
    assert list(found) == list(cox)
    for outcome, by_arm in found.items():
        assert list(by_arm) == list(SHOWN_ARMS)
        for arm, values in by_arm.items():
            rounded = [
                each - other
                for each, other in zip(
                    forest[outcome][arm]["estimate"], cox[outcome][arm]["estimate"], strict=True
                )
            ]
            assert values == pytest.approx(rounded, abs=1.01e-4)


@pytest.mark.parametrize("options", [{}, {"effect": "pooled"}], ids=str)
def test_the_cox_model_alone_disagrees_with_nothing(client, options):
    assert "forest_minus_cox" not in ask(client, **options)


@pytest.mark.parametrize("effect", ["learned", "all"])
def test_what_the_forest_learned_is_stamped_and_last_and_no_outcome_of_the_answer(client, effect):
    answer = ask(client, model="forest", effect=effect)
    *others, learned = answer["analyses"]
    assert (learned["model"], learned["effect"]) == ("forest", "learned")
    assert learned["exploratory"] is True
    stamped = [each["exploratory"] for each in others]
    assert stamped == [each["effect"] == "subgroup" for each in others]
    assert answer["outcomes"] == ask(client, model="forest")["outcomes"]
    for outcome, part in learned["outcomes"].items():
        assert part["difference"] != answer["outcomes"][outcome]["difference"]


def test_without_surgery_the_forest_learned_what_it_shows(client):
    answer = ask(client, model="forest", effect="learned")
    learned = answer["analyses"][-1]["outcomes"]
    for outcome, part in learned.items():
        assert part["systemic_therapy"] == answer["outcomes"][outcome]["systemic_therapy"]


@pytest.mark.parametrize("model", ["cox", "forest"])
def test_subgroups_move_survival_alone_and_stand_behind_the_whole_trials(client, model):
    answer = ask(client, model=model, effect="subgroup")
    assert (answer["model"]["kind"], answer["model"]["effect"]) == (model, "overall")
    assert answer["outcomes"] == ask(client, model=model)["outcomes"]
    by_subgroups = answer["analyses"][-1]
    assert (by_subgroups["model"], by_subgroups["effect"]) == (model, "subgroup")
    assert by_subgroups["exploratory"] is True
    assert SUBGROUP_INTERVALS in answer["interval_meaning"]
    own, moved = answer["outcomes"], by_subgroups["outcomes"]
    alive = "overall_survival"
    assert moved[alive]["systemic_therapy"] == own[alive]["systemic_therapy"]
    assert moved[alive]["difference"] != own[alive]["difference"]
    for outcome in ("local_ulceration", "local_bleeding"):
        assert moved[outcome] == own[outcome]


@pytest.mark.parametrize("model", ["cox", "forest"])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_bundle_without_effects_by_subgroups_refuses_them(kind, model):
    bundle = without_subgroup_effects(small_bundle())
    client = create_app(Settings(), Bundles([bundle])).test_client()
    options = {"model": model, "effect": "subgroup"}
    single = client.post("/v1/predict", json={"patient": README_PATIENT, **options})
    body = body_of(kind, [README_PATIENT])
    if kind == JSON:
        body = json.dumps({"patients": [README_PATIENT], **options})
    listed = post_list(client, kind, body, query="" if kind == JSON else "?" + urlencode(options))
    for response in (single, listed):
        item = find_item(check_problem(response, 422)["errors"], "effect", "not_accepted")
        assert "holds no effect subgroup" in item["message"]
        assert "subgroup" not in item["accepted"]
        assert item["accepted"].startswith("one of overall, pooled,")


def test_all_effects_of_a_bundle_are_those_that_it_holds():
    bundle = without_subgroup_effects(small_bundle())
    client = create_app(Settings(), Bundles([bundle])).test_client()
    answer = ask(client, effect="all")
    found = [f"{row['model']} {row['effect']}" for row in answer["analyses"]]
    assert found == [name for name in EVERY_ANALYSIS if "subgroup" not in name]
    assert SUBGROUP_INTERVALS not in answer["interval_meaning"]
    text = post_list(client, CSV, body_of(CSV, [README_PATIENT]), query="?effect=all").text
    assert "_subgroup_" not in text.splitlines()[0]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("options", [{"effect": "learned"}, {"effect": "learned", "model": "cox"}])
def test_the_forests_own_effect_is_refused_of_the_cox_model(client, kind, options):
    single = client.post("/v1/predict", json={"patient": README_PATIENT, **options})
    if kind == JSON:
        body = json.dumps({"patients": [README_PATIENT], **options})
        listed = post_list(client, kind, body)
    else:
        query = "?" + urlencode(options)
        listed = post_list(client, kind, body_of(kind, [README_PATIENT]), query=query)
    for response in (single, listed):
        find_item(check_problem(response, 422)["errors"], "effect", "not_accepted")


@pytest.fixture(scope="module")
def cox_client():
    """Return a client of a service whose only bundle has no forests."""
    return create_app(Settings(), Bundles([cox_bundle()])).test_client()


def test_a_bundle_without_forests_refuses_the_forest(cox_client):
    request = {"patient": README_PATIENT, "model": "forest"}
    single = cox_client.post("/v1/predict", json=request)
    listed = cox_client.post(
        "/v1/predict/batch", json={"patients": [README_PATIENT], "model": "forest"}
    )
    page = cox_client.post("/", data={**form_of(README_PATIENT), "model": "forest"})
    for response in (single, listed):
        item = find_item(check_problem(response, 422)["errors"], "model", "not_accepted")
        assert "holds no forest" in item["message"]
        assert item["accepted"].startswith("one of cox,")
    assert page.status_code == 422
    assert "holds no forest" in page.text


def test_a_bundle_without_forests_lists_the_effects_of_the_cox_model(cox_client):
    answer = ask(cox_client, effect="all")
    assert [row["effect"] for row in answer["analyses"]] == ["overall", "pooled"]
    assert "forest_minus_cox" not in answer
    text = post_list(cox_client, CSV, body_of(CSV, [README_PATIENT]), query="?effect=all").text
    assert "forest" not in text.splitlines()[0]


def test_out_of_scope_has_no_pooled_figure_either(client):
    patient = {**README_PATIENT, "age": 85}
    answer = client.post("/v1/predict", json={"patient": patient, "effect": "all"}).get_json()
    assert "analyses" not in answer
    assert "outcomes" not in answer
    assert "pooled_survival" not in answer


@pytest.mark.parametrize(
    ("options", "there"),
    [
        ({}, False),
        ({"effect": "pooled"}, False),
        ({"model": "forest"}, True),
        ({"effect": "all"}, True),
    ],
)
def test_where_the_forest_stands_its_intervals_are_said_to_be_too_narrow(client, options, there):
    meaning = ask(client, **options)["interval_meaning"]
    assert meaning.startswith(INTERVAL_MEANING)
    assert (FOREST_INTERVALS in meaning) == there
