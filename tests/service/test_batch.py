"""``POST /v1/predict/batch``: rows in = rows out, in order, each as it would be alone."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.outcomes import OUTCOMES, SHOWN_ARMS
from models.texts import INTENDED_USE
from tests.support.examples import examples

from .helpers import (
    CSV,
    FORMATS,
    JSON,
    NDJSON,
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    ULCERATED,
    answer_schema,
    body_of,
    check_problem,
    find_item,
    patients,
    post_list,
    resolved,
    results_of,
    validator,
    with_values,
)

ROWS = [
    {**README_PATIENT, "row_id": "first"},
    {**REJECTED, "row_id": "second"},
    {**OUT_OF_SCOPE, "row_id": "third"},
    {**ULCERATED, "row_id": "fourth"},
    with_values(clinical_n=None, row_id="fifth"),
]
STATUSES = ["ok", "rejected", "out_of_scope", "ok", "ok"]


def post(client, kind, rows, accept=None, query=""):
    return post_list(client, kind, body_of(kind, rows), accept, query)


def single(client, patient):
    sent = {name: value for name, value in patient.items() if name != "row_id"}
    return client.post("/v1/predict", json={"patient": sent})


def csv_figures(row):
    """Return the figures of one CSV row, nested as in JSON, and without those left empty."""
    found = {}
    for outcome in OUTCOMES:
        for arm in SHOWN_ARMS:
            start = f"{outcome.name}_{arm}_"
            for name in row:
                if name.startswith(start) and row[name] and "pooled" not in name:
                    month, _, kind = name.removeprefix(start).partition("_")
                    key = (outcome.name, arm, kind or "estimate", int(month))
                    found[key] = float(row[name])
    return found


def json_figures(answer):
    """Return the figures of a JSON answer by outcome, arm, kind and month."""
    months = [12, 24, 36, 48, 60]
    return {
        (outcome, arm, kind, month): part[arm][kind][place]
        for outcome, part in answer.get("outcomes", {}).items()
        for arm in SHOWN_ARMS
        if arm in part
        for kind in ("estimate", "lower", "upper")
        for place, month in enumerate(months)
    }


def codes_of(rows):
    return [row if isinstance(row, str) else row["code"] for row in rows]


@pytest.mark.parametrize("sent", FORMATS)
@pytest.mark.parametrize("accept", [None, "*/*", *FORMATS])
def test_every_format_is_answered_in_every_format(client, sent, accept):
    response = post(client, sent, ROWS, accept)
    wanted = sent if accept in (None, "*/*") else accept
    assert response.mimetype == wanted
    rows = results_of(response)
    assert [row["status"] for row in rows] == STATUSES
    assert [row["row_id"] for row in rows] == ["first", "second", "third", "fourth", "fifth"]


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("text/csv;q=0.5, application/x-ndjson;q=0.9", NDJSON),
        ("text/html, text/csv", CSV),
        ("application/json, text/csv", JSON),
        ("text/*", CSV),
    ],
)
def test_the_best_accepted_format_is_taken(client, accept, wanted):
    assert post(client, JSON, [README_PATIENT], accept).mimetype == wanted


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/*"])
def test_a_format_that_cannot_be_given_is_406(client, accept):
    response = post(client, JSON, [README_PATIENT], accept)
    item = find_item(check_problem(response, 406)["errors"], "Accept", "not_acceptable")
    assert accept in item["message"]
    assert all(name in item["accepted"] for name in FORMATS)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_row_says_where_it_stands(client, kind):
    rows = results_of(post(client, kind, ROWS, JSON))
    first = 2 if kind == CSV else 1
    assert [row["line"] for row in rows] == list(range(first, first + len(ROWS)))


def test_a_row_without_a_row_id_has_none(client):
    (row,) = results_of(post(client, JSON, [README_PATIENT]))
    assert "row_id" not in row


def test_an_ndjson_row_is_the_whole_single_answer(client):
    rows = results_of(post(client, NDJSON, ROWS))
    for sent, row in zip(ROWS, rows, strict=True):
        alone = single(client, sent).get_json(force=True)
        if row["status"] == "rejected":
            alone = {"status": "rejected", "errors": alone["errors"]}
        assert row == {"line": row["line"], "row_id": sent["row_id"], **alone}


def test_a_json_row_is_the_single_answer_with_codes_for_texts(client):
    for sent, row in zip(ROWS, results_of(post(client, JSON, ROWS)), strict=True):
        alone = single(client, sent).get_json(force=True)
        for name in ("status", "inputs", "assumed", "applicability", "reasons", "outcomes"):
            if row["status"] != "rejected":
                assert row.get(name) == alone.get(name), name
        for name in ("caveats", "subgroups"):
            assert row.get(name, []) == codes_of(alone.get(name, [])), name


def test_the_texts_of_all_codes_stand_beside_the_results(client):
    answer = post(client, JSON, ROWS).get_json()
    for name in ("caveats", "subgroups"):
        used = {code for row in answer["results"] for code in row.get(name, [])}
        assert used == {row["code"] for row in answer[name]}


def test_the_list_answer_states_what_a_single_one_states(client):
    answer = post(client, JSON, ROWS).get_json()
    alone = single(client, README_PATIENT).get_json()
    for name in (
        *("intended_use", "interval_meaning", "time_origin", "arms", "model", "credit"),
        *("horizons_months", "interval_level", "harms"),
    ):
        assert answer[name] == alone[name], name


def test_a_csv_row_has_the_single_answers_figures_and_codes(client, bundle):
    for sent, row in zip(ROWS, results_of(post(client, CSV, ROWS)), strict=True):
        alone = single(client, sent).get_json(force=True)
        assert row["model"] == f"{bundle.id}@{bundle.version}"
        assert csv_figures(row) == json_figures(alone)
        if row["status"] != "rejected":
            for name in ("caveats", "subgroups", "reasons"):
                assert row[name] == ";".join(codes_of(alone.get(name, []))), name
            assert row["assumed"] == ";".join(alone["assumed"])
        else:
            assert row["errors"] == "out_of_range"


def test_a_csv_says_that_figures_are_withheld(client):
    (row,) = results_of(post(client, CSV, [ULCERATED]))
    assert row["local_ulceration_systemic_therapy_48"] == ""
    assert "already_ulcerated" in row["applicability"].split(";")


def test_csv_figures_have_four_decimals(client):
    (row,) = results_of(post(client, CSV, [README_PATIENT]))
    assert all(
        len(value.rpartition(".")[2]) == 4
        for name, value in row.items()
        if name.startswith("overall_survival")
    )


def test_csv_columns_are_those_of_the_contract(client):
    response = post(client, CSV, [README_PATIENT], query="?horizons_months=48,12")
    header = next(csv.reader(io.StringIO(response.text)))
    figures = [
        f"{outcome.name}_{arm}_{month}{kind}"
        for outcome in OUTCOMES
        for arm in SHOWN_ARMS
        for month in (48, 12)
        for kind in ("", "_lower", "_upper")
    ]
    assert header == [
        *("row_id", "status", "model"),
        *figures,
        *("caveats", "subgroups", "assumed", "reasons", "errors", "applicability"),
        *("error_messages", "model_kind", "effect", "interval_level"),
        *("training_data", "intended_use"),
        *(
            f"overall_survival_difference_pooled_{month}{kind}"
            for month in (48, 12)
            for kind in ("", "_lower", "_upper")
        ),
    ]


def test_every_csv_row_says_level_training_data_and_intended_use(client):
    query = "?interval_level=0.8"
    response = post(client, CSV, [README_PATIENT, {"age": 200}], query=query)
    for row in csv.DictReader(io.StringIO(response.text)):
        assert row["interval_level"] == "0.8"
        assert row["training_data"] == "synthetic"
        assert row["intended_use"] == INTENDED_USE


def test_a_rejected_csv_row_says_why_in_words(client):
    response = post(client, CSV, [with_values(age=200)])
    (row,) = csv.DictReader(io.StringIO(response.text))
    assert "Age: 200 cannot be." in row["error_messages"]
    assert "a number from 0 to 120" in row["error_messages"]


@examples(6)
@given(rows=st.lists(patients, min_size=1, max_size=4))
def test_all_formats_give_the_figures_of_single_answers(client, rows):
    alone = [json_figures(single(client, row).get_json()) for row in rows]
    for kind in (JSON, NDJSON):
        answered = results_of(post(client, kind, rows))
        assert [json_figures(row) for row in answered] == alone
    assert [csv_figures(row) for row in results_of(post(client, CSV, rows))] == alone


@examples(5)
@given(order=st.permutations(range(len(ROWS))))
@pytest.mark.parametrize("kind", FORMATS)
def test_permuting_rows_permutes_results(client, kind, order):
    def without_line(rows):
        return [{k: v for k, v in row.items() if k != "line"} for row in rows]

    query = "" if kind == JSON else "?horizons_months=12"
    straight = without_line(results_of(post(client, kind, ROWS, query=query)))
    permuted = results_of(post(client, kind, [ROWS[place] for place in order], query=query))
    assert without_line(permuted) == [straight[place] for place in order]


@pytest.mark.parametrize("kind", FORMATS)
def test_equal_rows_get_equal_results_at_any_place(client, kind):
    query = "" if kind == JSON else "?horizons_months=12"
    rows = results_of(post(client, kind, [README_PATIENT] * 40, query=query))
    for row in rows:
        row.pop("line", None)
    assert all(row == rows[0] for row in rows)


@pytest.mark.parametrize("kind", FORMATS)
def test_only_bad_rows_are_a_list_of_rejected_rows(client, kind):
    rows = results_of(post(client, kind, [REJECTED] * 3))
    assert [row["status"] for row in rows] == ["rejected"] * 3


@pytest.mark.parametrize("kind", FORMATS)
def test_too_many_rows_are_413_and_the_limit_is_told(make_app, kind):
    client = make_app(max_rows=3).test_client()
    assert post(client, kind, [README_PATIENT] * 3).status_code == 200
    (item,) = check_problem(post(client, kind, [README_PATIENT] * 4), 413)["errors"]
    assert (item["code"], item["accepted"]) == ("too_large", "at most 3 rows")


@pytest.mark.parametrize("kind", FORMATS)
def test_rejected_rows_count_towards_the_limit(make_app, kind):
    client = make_app(max_rows=3).test_client()
    check_problem(post(client, kind, [REJECTED] * 4), 413)


@pytest.mark.parametrize("kind", [NDJSON, CSV])
def test_options_come_in_the_query(client, bundle, kind):
    query = (
        "?horizons_months=60,12&interval_level=0.8&model=cox&effect=overall"
        f"&bundle={bundle.id}@{bundle.version}"
    )
    answer = post(client, kind, [README_PATIENT], JSON, query).get_json()
    assert answer["horizons_months"] == [60, 12]
    assert answer["interval_level"] == 0.8


def test_options_of_a_json_list_are_those_of_a_single_request(client):
    options = {"horizons_months": [60, 12], "interval_level": 0.8}
    body = json.dumps({"patients": [README_PATIENT], **options})
    (row,) = results_of(post_list(client, JSON, body))
    alone = client.post("/v1/predict", json={"patient": README_PATIENT, **options}).get_json()
    assert row["outcomes"] == alone["outcomes"]


@pytest.mark.parametrize("kind", [NDJSON, CSV])
def test_an_unknown_bundle_in_a_query_is_404(client, kind):
    check_problem(post(client, kind, [README_PATIENT], query="?bundle=other"), 404)


def test_an_unknown_bundle_of_a_json_list_is_404(client):
    body = json.dumps({"patients": [README_PATIENT], "bundle": "other"})
    check_problem(post_list(client, JSON, body), 404)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_list_gives_the_same_bytes(client, kind):
    assert post(client, kind, ROWS).data == post(client, kind, ROWS).data


def test_a_list_answer_fits_the_published_schema(client, spec):
    schema = answer_schema(spec, "/v1/predict/batch")
    validator(spec, schema).validate(post(client, JSON, ROWS).get_json())


def test_the_results_of_a_list_are_described(spec):
    schema = resolved(spec, answer_schema(spec, "/v1/predict/batch"))
    row = resolved(spec, schema["properties"]["results"]["items"])
    assert {"line", "row_id", "status", "errors"} <= set(row.get("properties", {}))


def test_the_published_request_schema_takes_a_row_id(spec):
    content = spec["paths"]["/v1/predict/batch"]["post"]["requestBody"]["content"]
    validator(spec, content[JSON]["schema"]).validate({"patients": [ROWS[0]]})


def test_every_format_of_request_and_answer_is_published(spec):
    operation = spec["paths"]["/v1/predict/batch"]["post"]
    assert set(operation["requestBody"]["content"]) == set(FORMATS)
    assert set(operation["responses"]["200"]["content"]) == set(FORMATS)


def test_a_list_with_too_many_unknown_values_is_refused(make_app):
    client = make_app(max_combinations=100).test_client()
    vague = {"menopausal_status": "pre", "ecog_ps": 0, "clinical_t": "T2"}
    response = client.post("/v1/predict/batch", json={"patients": [vague]})
    item = check_problem(response, 413)["errors"][0]
    assert item["code"] == "too_large"
    assert item["accepted"].startswith("at most 100 combinations times horizons")
