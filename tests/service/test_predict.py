"""``POST /v1/predict``: what an answer says."""

from __future__ import annotations

import pytest
from hypothesis import given

from models.caveats import SEVERITIES
from models.outcomes import OUTCOMES, SHOWN_ARMS
from models.texts import INTENDED_USE, INTERVAL_MEANING
from tests.support.examples import examples
from tests.support.patients import CONFIRMED

from .helpers import (
    MODELLED,
    OUT_OF_SCOPE,
    README_PATIENT,
    ULCERATED,
    answer_schema,
    check_problem,
    patients,
    undocumented,
    validator,
    with_values,
)

_SOME_UNKNOWN = with_values(clinical_n=None, er_status=None)
ANSWERED = [README_PATIENT, OUT_OF_SCOPE, ULCERATED, _SOME_UNKNOWN]
IDS = ["in scope", "out of scope", "ulcerated", "some unknown"]


def ask(client, patient=README_PATIENT, **options):
    response = client.post("/v1/predict", json={"patient": patient, **options})
    assert response.status_code == 200, response.text
    return response.get_json()


def bands(answer):
    return [
        answer["outcomes"][outcome.name][arm][kind]
        for outcome in OUTCOMES
        for arm in SHOWN_ARMS
        for kind in ("estimate", "lower", "upper")
    ]


@pytest.mark.parametrize("patient", ANSWERED, ids=IDS)
def test_an_answer_fits_the_published_schema(client, spec, patient):
    validator(spec, answer_schema(spec, "/v1/predict")).validate(ask(client, patient))


@pytest.mark.parametrize("patient", ANSWERED, ids=IDS)
def test_every_key_of_an_answer_is_documented(client, spec, patient):
    schema = answer_schema(spec, "/v1/predict")
    assert set(undocumented(spec, schema, ask(client, patient))) == set()


def test_the_published_request_schema_takes_what_the_service_takes(spec):
    content = spec["paths"]["/v1/predict"]["post"]["requestBody"]["content"]
    request = {"patient": README_PATIENT, "horizons_months": [12, 48], "interval_level": 0.9}
    validator(spec, content["application/json"]["schema"]).validate(request)


@examples(10)
@given(patient=patients)
def test_any_patient_that_can_be_is_answered_as_published(client, spec, patient):
    answer = ask(client, patient, horizons_months=[12, 96])
    validator(spec, answer_schema(spec, "/v1/predict")).validate(answer)
    assert ("outcomes" in answer) == (answer["status"] == "ok")


def test_the_same_request_gives_the_same_bytes(client):
    first, second = (
        client.post("/v1/predict", json={"patient": README_PATIENT}).data for _ in range(2)
    )
    assert first == second


def test_another_app_gives_the_same_bytes(client, make_app):
    other = make_app().test_client()
    answers = [
        c.post("/v1/predict", json={"patient": README_PATIENT}).data for c in (client, other)
    ]
    assert answers[0] == answers[1]


def test_figures_have_four_decimals(client):
    figures = [figure for band in bands(ask(client)) for figure in band]
    assert figures == [round(figure, 4) for figure in figures]


def test_the_difference_is_signed_surgery_minus_none(client):
    survival = ask(client, horizons_months=[48])["outcomes"]["overall_survival"]
    (none,), (surgery,), (difference,) = (survival[arm]["estimate"] for arm in SHOWN_ARMS)
    assert difference == pytest.approx(surgery - none, abs=0.00011)


def test_an_answer_states_use_meaning_model_and_level(client, bundle):
    answer = ask(client)
    assert answer["intended_use"] == INTENDED_USE
    assert answer["interval_meaning"] == INTERVAL_MEANING
    assert answer["interval_level"] == 0.95
    assert answer["model"] == {
        "id": bundle.id,
        "version": bundle.version,
        "kind": "cox",
        "effect": "overall",
        "training_data": "synthetic",
        "digest": bundle.digest,
    }


def test_an_answer_says_that_the_data_are_synthetic_and_the_endpoint_not_met(client):
    codes = {caveat["code"] for caveat in ask(client)["caveats"]}
    assert {"synthetic_training_data", "primary_endpoint_not_met"} <= codes


def test_caveats_come_most_pressing_first_each_with_its_place(client):
    found = ask(client)["caveats"]
    ranks = [SEVERITIES.index(caveat["severity"]) for caveat in found]
    assert ranks == sorted(ranks)
    places = {caveat["code"]: caveat["place"] for caveat in found}
    assert places["primary_endpoint_not_met"] == "Abstract; Results, Efficacy"
    assert places["local_outcomes_overlap"] is None


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({}, "not_confirmed"),
        (CONFIRMED, "in_scope"),
        ({**CONFIRMED, "primary_bleeding": True}, "out_of_scope"),
    ],
    ids=["open", "confirmed", "bleeding"],
)
def test_the_two_registrations_are_kept_apart(client, facts, verdict):
    found = ask(client, with_values(eligibility=facts))["eligibility"]
    assert list(found) == ["verdict", "first_registration", "second_registration"]
    assert found["verdict"] == verdict
    first, second = ({row["code"] for row in found[name]} for name in list(found)[1:])
    assert {"age", "histologically_proven", "brain_metastasis"} <= first
    assert second == {
        "progression_on_systemic_therapy",
        "primary_resectable",
        "primary_bleeding",
        "months_of_systemic_therapy",
    }


def test_inputs_are_as_read_with_what_was_derived(client):
    inputs = ask(client)["inputs"]
    assert inputs["age"] == 47
    assert inputs["bone_only_metastasis"] is True
    assert "bone_only_metastasis" in inputs["derived"]


def test_out_of_scope_is_an_answer_with_all_reasons_and_no_figures(client):
    answer = ask(client, OUT_OF_SCOPE)
    assert answer["status"] == "out_of_scope"
    assert [note["code"] for note in answer["reasons"]] == [
        "age_outside_trial",
        "performance_status_outside_trial",
    ]
    assert not {"outcomes", "caveats", "subgroups", "harms"} & set(answer)


@pytest.mark.parametrize(
    ("patient", "code"),
    [
        (with_values(clinical_t="T0"), "no_primary_tumour"),
        (with_values(metastatic_sites=["brain"]), "brain_metastasis_true"),
        (with_values(eligibility={"primary_bleeding": True}), "primary_bleeding_true"),
        (with_values(eligibility={"female": False}), "female_false"),
        (with_values(eligibility={"months_of_systemic_therapy": 1}), "too_early"),
    ],
)
def test_a_definite_exclusion_has_its_reason(client, patient, code):
    answer = ask(client, patient)
    assert [note["code"] for note in answer["reasons"]] == [code]
    assert "outcomes" not in answer


def test_an_ulcerated_tumour_gets_a_reason_in_place_of_ulceration_figures(client):
    outcomes = ask(client, ULCERATED)["outcomes"]
    assert set(outcomes["local_ulceration"]) == {"quantity", "withheld"}
    assert outcomes["local_ulceration"]["withheld"]["code"] == "already_ulcerated"
    assert outcomes["local_ulceration"]["withheld"]["text"]
    assert set(outcomes["local_bleeding"]) == {"quantity", *SHOWN_ARMS}


@pytest.mark.parametrize("name", [n for n in MODELLED if n not in ("age", "menopausal_status")])
def test_an_unknown_covariate_is_named(client, name):
    patient = with_values(
        metastatic_sites=None,
        metastatic_organs="2+",
        liver_metastasis=False,
        bone_only_metastasis=False,
    )
    expected = [name] if name != "bone_only_metastasis" else []  # follows from two organs
    answer = ask(client, {**patient, name: None}, horizons_months=[12])
    assert answer["assumed"] == expected


@pytest.mark.parametrize("name", ["age", "menopausal_status"])
def test_an_unknown_age_or_menopause_is_named(client, name):
    assert ask(client, with_values(**{name: None}), horizons_months=[12])["assumed"] == [name]


def test_null_and_absent_mean_the_same(client):
    absent = {name: value for name, value in README_PATIENT.items() if name != "clinical_n"}
    assert ask(client, absent) == ask(client, with_values(clinical_n=None))


def test_what_was_not_confirmed_is_said(client):
    decisive, other, ulceration = ask(client)["applicability"]
    assert decisive["code"] == "eligibility_not_confirmed"
    assert "Primary tumour bleeds now" in decisive["text"]
    assert "can be completely resected" not in decisive["text"], "that was confirmed"
    assert other["code"] == "eligibility_partly_unknown"
    assert "Invasive cancer proven by histology" in other["text"]
    assert ulceration["code"] == "ulceration_not_known"


@pytest.mark.parametrize("form", ["{id}", "{id}@{version}"])
def test_a_bundle_can_be_pinned(client, bundle, form):
    name = form.format(id=bundle.id, version=bundle.version)
    assert ask(client, bundle=name) == ask(client)


@pytest.mark.parametrize("name", ["other", "jcog1017-synthetic@9.9.9", ""])
def test_an_unknown_bundle_is_404_and_the_known_ones_are_told(client, bundle, name):
    response = client.post("/v1/predict", json={"patient": README_PATIENT, "bundle": name})
    (item,) = check_problem(response, 404)["errors"]
    assert (item["field"], item["code"]) == ("bundle", "unknown_bundle")
    assert repr(name) in item["message"]
    assert f"{bundle.id}@{bundle.version}" in item["accepted"]


def test_horizons_come_in_the_order_sent(client):
    there = ask(client, horizons_months=[12, 48, 60])
    back = ask(client, horizons_months=[60, 12, 48])
    assert back["horizons_months"] == [60, 12, 48]
    assert bands(back) == [[b[2], b[0], b[1]] for b in bands(there)]


def test_a_horizon_has_the_same_figures_alone_and_among_others(client):
    alone = bands(ask(client, horizons_months=[48]))
    assert alone == [[band[3]] for band in bands(ask(client))]


def test_the_interval_level_is_honoured(client):
    def width(level):
        answer = ask(client, interval_level=level, horizons_months=[48])
        assert answer["interval_level"] == level
        band = answer["outcomes"]["overall_survival"]["systemic_therapy"]
        return band["upper"][0] - band["lower"][0]

    assert width(0.8) < width(0.95) < width(0.99)


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        (60, set()),
        (61, {"horizon_past_median_follow_up"}),
        (81, {"horizon_past_median_follow_up", "horizon_past_upper_quartile"}),
    ],
)
def test_horizons_past_the_follow_up_are_flagged(client, month, expected):
    codes = {caveat["code"] for caveat in ask(client, horizons_months=[month])["caveats"]}
    assert {code for code in codes if code.startswith("horizon_")} == expected


def test_a_whole_number_may_be_written_with_a_point(client):
    assert ask(client, horizons_months=[12.0]) == ask(client, horizons_months=[12])


def test_eligibility_may_be_null(client):
    assert ask(client, with_values(eligibility=None))["status"] == "ok"
