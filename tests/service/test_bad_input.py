"""Bad input: the same clear answer from every door, and a bad row never stops a list."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

import pytest

from models.covariates import FIELDS

from .helpers import (
    CSV,
    FORMATS,
    JSON,
    NDJSON,
    README_PATIENT,
    body_of,
    check_problem,
    csv_text,
    find_item,
    form_of,
    ndjson_text,
    post_list,
    results_of,
    with_values,
)

MEGABYTE = 2**20
SECRET = "Jane-Secret-4711"
DEEP = 10_000


@dataclass(frozen=True)
class Bad:
    """A patient that cannot be, and what must be said of her."""

    name: str
    patient: dict[str, Any]
    field: str
    code: str
    shown: str
    text_code: str = ""
    text_shown: str = ""

    def __str__(self) -> str:
        return self.name

    def code_in(self, kind: str) -> str:
        return self.text_code if kind == CSV and self.text_code else self.code

    def shown_in(self, kind: str) -> str:
        return self.text_shown if kind == CSV and self.text_shown else self.shown


_ORGANS = {"metastatic_sites": None}
BAD = [
    Bad("text for a number", with_values(age="forty"), "age", "wrong_type", "'forty'"),
    Bad("impossible age", with_values(age=200), "age", "out_of_range", "200"),
    Bad("negative age", with_values(age=-1), "age", "out_of_range", "-1"),
    Bad("unknown stage", with_values(clinical_t="T9"), "clinical_t", "not_accepted", "'T9'"),
    Bad("TX", with_values(clinical_t="TX"), "clinical_t", "not_accepted", "'TX'"),
    Bad("perimenopause", with_values(menopausal_status="peri"), "menopausal_status",
        "not_accepted", "'peri'"),
    Bad("PS 5", with_values(ecog_ps=5), "ecog_ps", "not_accepted", "5"),
    Bad("PS 0.5", with_values(ecog_ps=0.5), "ecog_ps", "wrong_type", "0.5", "not_accepted"),
    Bad("yes for true", with_values(**_ORGANS, liver_metastasis="yes"), "liver_metastasis",
        "wrong_type", "'yes'", "not_accepted"),
    Bad("unknown site", with_values(metastatic_sites=["bone", "toe"]), "metastatic_sites",
        "not_accepted", "'toe'"),
    Bad("a site twice", with_values(metastatic_sites=["bone", "bone"]), "metastatic_sites",
        "not_accepted", "bone"),
    Bad("unknown fact", with_values(eligibility={"female": "F"}), "eligibility.female",
        "wrong_type", "'F'", "not_accepted"),
    Bad("impossible months", with_values(eligibility={"months_of_systemic_therapy": 601}),
        "eligibility.months_of_systemic_therapy", "out_of_range", "601"),
    Bad("triple negative with ER positive", with_values(triple_negative=True), "er_status",
        "contradiction", "positive"),
    Bad("triple negative with HER2 positive",
        with_values(triple_negative=True, er_status="negative", her2_status="positive"),
        "her2_status", "contradiction", "positive"),
    Bad("bone only with liver",
        with_values(**_ORGANS, bone_only_metastasis=True, liver_metastasis=True),
        "liver_metastasis", "contradiction", "true"),
    Bad("bone only with two organs",
        with_values(**_ORGANS, bone_only_metastasis=True, metastatic_organs="2+"),
        "metastatic_organs", "contradiction", "2+"),
    Bad("sites against organs", with_values(metastatic_organs="2+"), "metastatic_organs",
        "contradiction", "2+"),
    Bad("sites against liver", with_values(metastatic_sites=["liver"], liver_metastasis=False),
        "liver_metastasis", "contradiction", "false"),
    Bad("sites against brain",
        with_values(metastatic_sites=["brain"], eligibility={"brain_metastasis": False}),
        "eligibility.brain_metastasis", "contradiction", "false"),
    Bad("too few known", {"age": 47, "ecog_ps": 0}, "patient", "too_few_known", "1"),
    Bad("neither age nor menopause", {"ecog_ps": 0, "clinical_t": "T1", "clinical_n": "N0"},
        "patient", "too_few_known", "age"),
]  # fmt: skip

#: Values that have another type in JSON and no counterpart in a text.
BAD_TYPES = [
    Bad("text of a number", with_values(age="47"), "age", "wrong_type", "'47'"),
    Bad("true as a number", with_values(ecog_ps=True), "ecog_ps", "wrong_type", "true"),
    Bad("true as an age", with_values(age=True), "age", "wrong_type", "true"),
    Bad("number as a text", with_values(metastatic_organs=1), "metastatic_organs", "wrong_type",
        "1"),
    Bad("sites as a text", with_values(metastatic_sites="bone"), "metastatic_sites",
        "wrong_type", "'bone'"),
    Bad("no sites", with_values(metastatic_sites=[]), "metastatic_sites", "not_accepted", "[]"),
    Bad("nested sites", with_values(metastatic_sites=[["bone"]]), "metastatic_sites",
        "not_accepted", "a nested list"),
    Bad("1 for true", with_values(eligibility={"female": 1}), "eligibility.female",
        "wrong_type", "1"),
    Bad("an object for a number", with_values(age={"years": 47}), "age", "wrong_type",
        "an object"),
    Bad("eligibility as a list", with_values(eligibility=["female"]), "eligibility",
        "wrong_type", "female"),
    Bad("an age of 400 digits", with_values(age=10**400), "age", "out_of_range", "1000"),
    Bad("unknown field", with_values(grade=3), "grade", "unknown_field", "'grade'"),
    Bad("unknown fact", with_values(eligibility={"fit": True}), "eligibility.fit",
        "unknown_field", "'eligibility.fit'"),
    Bad("dotted fact", with_values(**{"eligibility.female": True}), "eligibility.female",
        "unknown_field", "'eligibility.female'"),
    Bad("margins", with_values(surgical_margins="R0"), "surgical_margins", "post_randomisation",
        "'surgical_margins'"),
    Bad("response", with_values(**{"Pathological Response": "pCR"}), "Pathological Response",
        "post_randomisation", "'Pathological Response'"),
]  # fmt: skip


def predict(client, body):
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post("/v1/predict", data=data, content_type=JSON)


def row_errors(client, kind, patient):
    """Send a bad patient between two good ones and return what is said of her."""
    body = body_of(kind, [README_PATIENT, patient, README_PATIENT])
    rows = results_of(post_list(client, kind, body, JSON))
    assert [row["status"] for row in rows] == ["ok", "rejected", "ok"]
    return rows[1]["errors"]


# One patient


@pytest.mark.parametrize("bad", BAD + BAD_TYPES, ids=str)
def test_one_bad_patient_is_told_clearly(client, bad):
    errors = check_problem(predict(client, {"patient": bad.patient}), 422)["errors"]
    assert bad.shown in find_item(errors, bad.field, bad.code)["message"]


@pytest.mark.parametrize("kind", [JSON, NDJSON])
@pytest.mark.parametrize("bad", BAD + BAD_TYPES, ids=str)
def test_a_bad_json_row_is_told_as_alone_and_stops_nothing(client, kind, bad):
    alone = check_problem(predict(client, {"patient": bad.patient}), 422)["errors"]
    assert row_errors(client, kind, bad.patient) == alone


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_a_bad_csv_row_is_told_clearly_and_stops_nothing(client, bad):
    errors = row_errors(client, CSV, bad.patient)
    item = find_item(errors, bad.field, bad.code_in(CSV))
    assert bad.shown_in(CSV) in item["message"]


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_a_bad_form_is_told_as_a_bad_csv_row(client, bad):
    response = client.post("/", data=form_of(bad.patient))
    assert response.status_code == 422
    for item in row_errors(client, CSV, bad.patient):
        assert item["message"].replace("'", "&#39;") in response.text


def test_all_that_is_wrong_is_told_at_once(client):
    body = {
        "patient": with_values(age=200, clinical_t="T9", grade=3),
        "model": "magic",
        "horizons_months": [0],
        "colour": "red",
    }
    errors = check_problem(predict(client, body), 422)["errors"]
    assert {item["field"] for item in errors} == {
        *("age", "clinical_t", "grade", "model", "horizons_months", "colour")
    }


def test_only_what_is_known_is_said_to_be_known(client):
    patient = {"menopausal_status": "pre", "ecog_ps": 0}
    (item,) = check_problem(predict(client, {"patient": patient}), 422)["errors"]
    assert "Age is known" not in item["message"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_rejected_row_says_what_every_problem_is(client, kind):
    errors = row_errors(client, kind, with_values(age=200, clinical_t="T9"))
    assert {item["field"] for item in errors} == {"age", "clinical_t"}


def test_a_missing_patient_is_told(client):
    errors = check_problem(predict(client, {"horizons_months": [12]}), 422)["errors"]
    find_item(errors, "patient", "missing_field")


# Options


BAD_OPTIONS = [
    ("model", "magic", "not_accepted", "'magic'"),
    ("effect", "miracle", "not_accepted", "'miracle'"),
    ("horizons_months", [0], "out_of_range", "0"),
    ("horizons_months", [200], "out_of_range", "200"),
    ("horizons_months", [12, 97], "out_of_range", "97"),
    ("horizons_months", [-12], "out_of_range", "-12"),
    ("horizons_months", [12.5], "wrong_type", "12.5"),
    ("horizons_months", [12, 12], "not_accepted", "[12, 12]"),
    ("interval_level", 0.5, "out_of_range", "0.5"),
    ("interval_level", 1, "out_of_range", "1"),
]
BAD_JSON_OPTIONS = [
    ("horizons_months", [True], "wrong_type", "true"),
    ("horizons_months", [], "not_accepted", "[]"),
    ("horizons_months", 12, "wrong_type", "12"),
    ("horizons_months", ["12"], "wrong_type", "'12'"),
    ("horizons_months", [10**400], "out_of_range", "1000"),
    ("horizons_months", None, "wrong_type", "null"),
    ("interval_level", "0.9", "wrong_type", "'0.9'"),
    ("interval_level", True, "wrong_type", "true"),
    ("model", 7, "not_accepted", "7"),
    ("bundle", 7, "wrong_type", "7"),
]


@pytest.mark.parametrize(("name", "value", "code", "shown"), BAD_OPTIONS + BAD_JSON_OPTIONS)
def test_a_bad_option_is_told_for_one_patient(client, name, value, code, shown):
    response = predict(client, {"patient": README_PATIENT, name: value})
    errors = check_problem(response, 422)["errors"]
    assert shown in find_item(errors, name, code)["message"]


@pytest.mark.parametrize(("name", "value", "code", "shown"), BAD_OPTIONS + BAD_JSON_OPTIONS)
def test_a_bad_option_is_told_for_a_json_list(client, name, value, code, shown):
    body = json.dumps({"patients": [README_PATIENT], name: value})
    errors = check_problem(post_list(client, JSON, body), 422)["errors"]
    assert shown in find_item(errors, name, code)["message"]


@pytest.mark.parametrize("kind", [NDJSON, CSV])
@pytest.mark.parametrize(
    ("name", "value", "code", "shown"),
    [
        *BAD_OPTIONS,
        ("horizons_months", ["true"], "wrong_type", "'true'"),
        ("horizons_months", [""], "wrong_type", "''"),
        ("horizons_months", ["nan"], "wrong_type", "nan"),
        ("horizons_months", ["1e999"], "wrong_type", "inf"),
        ("interval_level", "high", "wrong_type", "'high'"),
        ("interval_level", "nan", "out_of_range", "nan"),
    ],
)
def test_a_bad_option_is_told_in_a_query(client, kind, name, value, code, shown):
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    response = post_list(client, kind, body_of(kind, [README_PATIENT]), query=f"?{name}={text}")
    errors = check_problem(response, 422)["errors"]
    assert shown in find_item(errors, name, code)["message"]


@pytest.mark.parametrize("kind", [NDJSON, CSV])
def test_an_unknown_name_in_a_query_is_told(client, kind):
    response = post_list(client, kind, body_of(kind, [README_PATIENT]), query="?horizon=12")
    find_item(check_problem(response, 422)["errors"], "horizon", "unknown_field")


@pytest.mark.parametrize("kind", [NDJSON, CSV])
def test_wrong_names_and_wrong_values_of_a_query_are_told_at_once(client, kind):
    query = "?model=rsf&horizon=3&horizons_months=0,200,1.5"
    response = post_list(client, kind, body_of(kind, [README_PATIENT]), query=query)
    errors = check_problem(response, 422)["errors"]
    assert [item["field"] for item in errors] == ["horizon", *["horizons_months"] * 3, "model"]


def test_a_wrong_query_and_a_wrong_header_are_told_at_once(client):
    response = post_list(client, CSV, "age,grade\n47,3\n", query="?model=rsf&horizon=3")
    errors = check_problem(response, 422)["errors"]
    assert [item["field"] for item in errors] == ["horizon", "model", "grade"]


def test_a_table_that_cannot_be_read_is_400_whatever_the_query(client):
    check_problem(post_list(client, CSV, "", query="?model=rsf"), 400)


@pytest.mark.parametrize("kind", [NDJSON, CSV])
def test_an_option_given_twice_is_refused(client, kind):
    query = "?interval_level=0.8&interval_level=0.95"
    response = post_list(client, kind, body_of(kind, [README_PATIENT]), query=query)
    find_item(check_problem(response, 422)["errors"], "interval_level", "duplicate_field")


def test_a_query_on_a_json_list_is_not_silently_ignored(client):
    body = body_of(JSON, [README_PATIENT])
    check_problem(post_list(client, JSON, body, query="?horizons_months=12"), 422)


# Bodies that cannot be read


TWICE = '{"age": 47, "age": 48, "ecog_ps": 0, "clinical_t": "T1"}'
MALFORMED = [
    ("cut short", '{"age": 47', "malformed_json", "", "line 1"),
    ("single quotes", "{'age': 47}", "malformed_json", "", "line 1"),
    ("a comma too many", '{"age": 47,}', "malformed_json", "", "line 1"),
    ("two values", "{} {}", "malformed_json", "", "line 1"),
    ("NaN", '{"age": NaN}', "not_a_number", "", "NaN"),
    ("Infinity", '{"age": Infinity}', "not_a_number", "", "Infinity"),
    ("-Infinity", '{"age": -Infinity}', "not_a_number", "", "-Infinity"),
    ("1e999", '{"age": 1e999}', "not_a_number", "", "1e999"),
    ("-1e999", '{"age": -1e999}', "not_a_number", "", "-1e999"),
    ("5,000 digits", f'{{"age": {"1" * 5000}}}', "malformed_json", "", "digits"),
    ("a name twice", TWICE, "duplicate_field", "age", "age"),
    ("open brackets", "[" * DEEP, "malformed_json", "", "deeply"),
    ("nested lists", "[" * DEEP + "]" * DEEP, "malformed_json", "", "deeply"),
    ("nested objects", '{"a":' * DEEP + "1" + "}" * DEEP, "malformed_json", "", "deeply"),
]
_IDS = [case[0] for case in MALFORMED]


@pytest.mark.parametrize(("_name", "text", "code", "field", "shown"), MALFORMED, ids=_IDS)
def test_a_body_that_is_not_json_is_400(client, _name, text, code, field, shown):
    for body in (text, f'{{"patient": {text}}}'):
        errors = check_problem(predict(client, body), 400)["errors"]
        assert shown in find_item(errors, field, code)["message"]


@pytest.mark.parametrize(("_name", "text", "code", "field", "shown"), MALFORMED, ids=_IDS)
def test_a_json_list_that_is_not_json_is_400(client, _name, text, code, field, shown):
    body = f'{{"patients": [{text}]}}'
    errors = check_problem(post_list(client, JSON, body), 400)["errors"]
    assert shown in find_item(errors, field, code)["message"]


@pytest.mark.parametrize(("_name", "text", "code", "field", "shown"), MALFORMED, ids=_IDS)
def test_a_line_that_is_not_json_is_a_rejected_row(client, _name, text, code, field, shown):
    good = ndjson_text([README_PATIENT])
    rows = results_of(post_list(client, NDJSON, f"{good}{text}\n{good}"))
    assert [row["status"] for row in rows] == ["ok", "rejected", "ok"]
    assert shown in find_item(rows[1]["errors"], field, code)["message"]


@pytest.mark.parametrize("text", ["NaN", "nan", "Infinity", "-inf", "1e999"])
def test_a_cell_that_is_no_number_is_a_rejected_row(client, text):
    item = find_item(row_errors(client, CSV, with_values(age=text)), "age", "not_a_number")
    assert repr(text) in item["message"]


@pytest.mark.parametrize("text", ["4_7", "0x2F", "47 years", "٤٧"])
def test_a_cell_is_a_number_only_as_json_would_write_it(client, text):
    item = find_item(row_errors(client, CSV, with_values(age=text)), "age", "wrong_type")
    assert repr(text) in item["message"]


def test_a_line_break_in_a_cell_makes_no_patient(client):
    header, row = csv_text([README_PATIENT]).splitlines()
    body = f'row_id,{header}\n"a\nb",{row}\nc,{row}\n'
    rows = results_of(post_list(client, CSV, body, JSON))
    assert [row["status"] for row in rows] == ["rejected", "rejected", "ok"]
    for each in rows[:2]:
        item = find_item(each["errors"], "", "malformed_csv")
        assert "line breaks inside a cell are not read" in item["message"]


@pytest.mark.parametrize("body", ["[]", '"patient"', "47", "null", "true", '[{"patient": 1}]'])
def test_a_body_that_is_no_object_is_422(client, body):
    find_item(check_problem(predict(client, body), 422)["errors"], "", "wrong_type")
    find_item(check_problem(post_list(client, JSON, body), 422)["errors"], "", "wrong_type")


@pytest.mark.parametrize("patient", [[], "Jane", 47, None, True])
def test_a_patient_that_is_no_object_is_422(client, patient):
    errors = check_problem(predict(client, {"patient": patient}), 422)["errors"]
    find_item(errors, "patient", "wrong_type")


@pytest.mark.parametrize("kind", [JSON, NDJSON])
@pytest.mark.parametrize("row", [[], "text", 47, None])
def test_a_row_that_is_no_object_is_rejected(client, kind, row):
    good = json.dumps(README_PATIENT)
    lines = [good, json.dumps(row), good]
    body = "\n".join(lines) if kind == NDJSON else f'{{"patients": [{", ".join(lines)}]}}'
    rows = results_of(post_list(client, kind, body, JSON))
    assert [row["status"] for row in rows] == ["ok", "rejected", "ok"]
    assert rows[1]["errors"][0]["code"] == "wrong_type"


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/predict/batch"])
def test_an_empty_body_is_400(client, path):
    response = client.post(path, data=b"", content_type=JSON)
    find_item(check_problem(response, 400)["errors"], "", "malformed_json")


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/predict/batch"])
def test_a_body_that_is_not_utf8_is_400(client, path):
    response = client.post(path, data=b'{"patient": "\xff"}', content_type=JSON)
    assert find_item(check_problem(response, 400)["errors"], "", "malformed_json")


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (JSON, '{"patients": []}', 422),
        (NDJSON, "", 422),
        (NDJSON, "\n \n", 422),
        (CSV, "", 400),
        (CSV, "\n\n", 400),
        (CSV, "age,ecog_ps\n", 422),
        (CSV, "age,ecog_ps", 422),
    ],
)
def test_an_empty_list_is_told(client, kind, body, status):
    errors = check_problem(post_list(client, kind, body), status)["errors"]
    assert {item["code"] for item in errors} == {"empty_list"}
    assert all(item["accepted"] for item in errors)


@pytest.mark.parametrize("patients", [None, "Jane", {"age": 47}, 3])
def test_patients_must_be_an_array(client, patients):
    response = post_list(client, JSON, json.dumps({"patients": patients}))
    (item,) = check_problem(response, 422)["errors"]
    assert item["field"] == "patients"
    assert "array" in item["accepted"]


def test_a_json_list_without_patients_is_told(client):
    response = post_list(client, JSON, json.dumps({"patient": README_PATIENT}))
    errors = check_problem(response, 422)["errors"]
    find_item(errors, "patients", "missing_field")
    find_item(errors, "patient", "unknown_field")


# Content types and sizes


@pytest.mark.parametrize("kind", ["text/plain", "text/csv", "application/xml", None])
def test_a_wrong_content_type_is_415(client, kind):
    body = json.dumps({"patient": README_PATIENT})
    response = client.post("/v1/predict", data=body, content_type=kind)
    item = find_item(
        check_problem(response, 415)["errors"], "Content-Type", "unsupported_content_type"
    )
    assert repr(kind or "none") in item["message"]
    assert item["accepted"] == JSON


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", None])
def test_a_wrong_content_type_of_a_list_is_415(client, kind):
    response = client.post(
        "/v1/predict/batch", data=body_of(CSV, [README_PATIENT]), content_type=kind
    )
    item = find_item(
        check_problem(response, 415)["errors"], "Content-Type", "unsupported_content_type"
    )
    assert repr(kind or "none") in item["message"]
    assert all(name in item["accepted"] for name in FORMATS)


@pytest.mark.parametrize("kind", [f"{JSON}; charset=utf-8", "APPLICATION/JSON"])
def test_a_content_type_may_have_parameters_and_any_case(client, kind):
    body = json.dumps({"patient": README_PATIENT, "horizons_months": [12]})
    assert client.post("/v1/predict", data=body, content_type=kind).status_code == 200


@pytest.mark.parametrize("charset", ["UTF-8", "utf8", '"utf-8"', "us-ascii"])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_list_may_name_its_encoding(client, kind, charset):
    response = post_list(client, f"{kind}; charset={charset}", body_of(kind, [README_PATIENT]))
    assert response.status_code == 200


@pytest.mark.parametrize("charset", ["shift_jis", "utf-16", "iso-8859-1", "base64", "nonsense"])
@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/predict", JSON), *(("/v1/predict/batch", kind) for kind in FORMATS)]
)
def test_another_encoding_is_415(client, path, kind, charset):
    body = body_of(kind, [README_PATIENT])
    if path == "/v1/predict":
        body = json.dumps({"patient": README_PATIENT}).encode()
    response = client.post(path, data=body, content_type=f"{kind}; charset={charset}")
    item = find_item(
        check_problem(response, 415)["errors"], "Content-Type", "unsupported_content_type"
    )
    assert repr(charset) in item["message"]
    assert item["accepted"] == "charset=utf-8"


def body_for(path, kind):
    if path == "/v1/predict":
        return json.dumps({"patient": README_PATIENT, "horizons_months": [12]}).encode()
    return body_of(kind, [README_PATIENT])


DOORS = [("/v1/predict", JSON), *(("/v1/predict/batch", kind) for kind in FORMATS)]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "zstd", "identity, gzip", "x" * 200])
@pytest.mark.parametrize(("path", "kind"), DOORS)
def test_a_packed_body_is_415_and_told_what_is_read(client, path, kind, coding):
    sent = gzip.compress(body_for(path, kind))
    headers = {"Content-Encoding": coding}
    response = client.post(path, data=sent, content_type=kind, headers=headers)
    item = find_item(
        check_problem(response, 415)["errors"], "Content-Encoding", "unsupported_content_encoding"
    )
    assert repr(coding[:60]) in item["message"]
    assert item["accepted"] == response.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
@pytest.mark.parametrize(("path", "kind"), DOORS)
def test_a_plain_body_may_say_so(client, path, kind, coding):
    headers = {"Content-Encoding": coding}
    response = client.post(path, data=body_for(path, kind), content_type=kind, headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/predict", JSON),
        *(("/v1/predict/batch", kind) for kind in FORMATS),
        ("/", "application/x-www-form-urlencoded"),
    ],
)
def test_ten_megabytes_are_413(client, path, kind):
    response = client.post(path, data=b" " * (10 * MEGABYTE), content_type=kind)
    (item,) = check_problem(response, 413)["errors"]
    assert (item["code"], item["accepted"]) == ("too_large", f"at most {8 * MEGABYTE} bytes")


# Names that are refused


IDENTIFIERS = ["name", "date_of_birth", "MRN", "Patient ID", "e-mail"]


def is_silent(caplog, *texts: str) -> bool:
    return not any(SECRET in text for text in (*texts, caplog.text))


@pytest.mark.parametrize("name", IDENTIFIERS)
@pytest.mark.parametrize("place", ["patient", "eligibility", "request"])
def test_an_identifier_is_refused_and_its_value_told_to_nobody(client, caplog, name, place):
    caplog.set_level("DEBUG")
    patient = with_values(eligibility={"female": True})
    body = {"patient": patient}
    {"patient": patient, "eligibility": patient["eligibility"], "request": body}[place][name] = (
        SECRET
    )
    response = predict(client, body)
    (item,) = check_problem(response, 422)["errors"]
    field = f"eligibility.{name}" if place == "eligibility" else name
    find_item([item], field, "identifier")
    assert name in item["message"]
    assert is_silent(caplog, response.text)


@pytest.mark.parametrize("kind", [JSON, NDJSON])
@pytest.mark.parametrize("name", IDENTIFIERS)
def test_an_identifier_in_a_row_rejects_it_and_is_told_to_nobody(client, caplog, kind, name):
    caplog.set_level("DEBUG")
    rows = [README_PATIENT, with_values(**{name: SECRET})]
    response = post_list(client, kind, body_of(kind, rows))
    results = results_of(response)
    assert [row["status"] for row in results] == ["ok", "rejected"]
    find_item(results[1]["errors"], name, "identifier")
    assert is_silent(caplog, response.text)


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_an_identifier_column_refuses_a_csv_and_is_told_to_nobody(client, caplog, name):
    caplog.set_level("DEBUG")
    response = post_list(client, CSV, csv_text([with_values(**{name: SECRET})]))
    find_item(check_problem(response, 422)["errors"], name, "identifier")
    assert is_silent(caplog, response.text)


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_an_identifier_in_the_form_is_refused_and_told_to_nobody(client, caplog, name):
    caplog.set_level("DEBUG")
    response = client.post("/", data={**form_of(README_PATIENT), name: SECRET})
    assert response.status_code == 422
    assert "identifies a person" in response.text
    assert is_silent(caplog, response.text)


def test_an_identifier_as_an_object_is_not_shown(client, caplog):
    patient = with_values(age={"name": SECRET}, metastatic_sites=[{"name": SECRET}])
    response = predict(client, {"patient": patient})
    check_problem(response, 422)
    assert is_silent(caplog, response.text)


@pytest.mark.parametrize("name", ["surgical_margins", "pathological_response", "pCR"])
def test_a_fact_after_the_decision_is_refused_with_the_reason(client, name):
    errors = check_problem(predict(client, {"patient": with_values(**{name: True})}), 422)
    item = find_item(errors["errors"], name, "post_randomisation")
    assert "after the decision" in item["message"]


def test_a_column_after_the_decision_refuses_a_csv(client):
    response = post_list(client, CSV, csv_text([with_values(surgical_margins="R0")]))
    find_item(check_problem(response, 422)["errors"], "surgical_margins", "post_randomisation")


def test_a_name_that_is_no_text_of_unicode_is_the_senders_fault(client, caplog):
    patient = '{"\\ud800": 1, "age": "Jane-Secret-4711"}'
    response = predict(client, f'{{"patient": {patient}}}')
    assert response.status_code in (400, 422)
    assert response.get_json(force=True)["errors"][0]["code"] != "bad_request"
    assert is_silent(caplog)


def test_every_field_is_refused_somewhere_above():
    """Guard: a new kind of field needs its own bad value here."""
    kinds = {type(FIELDS[bad.field]) for bad in BAD if bad.field in FIELDS}
    assert kinds == {type(field) for field in FIELDS.values()}
