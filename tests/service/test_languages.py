"""What is said in English and in Japanese is the same, and each request has its own language."""

from __future__ import annotations

import html
import json
import re

import pytest
from hypothesis import given

from models.evidence import evidence, sources
from models.harms import HARMS
from models.language import ENGLISH, JAPANESE, LANGUAGES, current_language, speaking
from models.patient import read_patient
from service.explanation import assessments_text, explanation
from service.forest_plot import forest_plot
from service.languages import ENGLISH_ONLY, LANG, OWN_NAMES, PARAMETERS
from tests.support.bundles import default_bundle
from tests.support.examples import examples
from tests.support.japanese import english_in, is_japanese
from tests.support.patients import any_messages, incomplete_messages

from .helpers import (
    CSV,
    FORMATS,
    JSON,
    NDJSON,
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    ULCERATED,
    Page,
    body_of,
    equipoise,
    find_item,
    form_of,
    multipart,
    post_list,
    results_of,
    with_values,
)

#: Keys of an answer whose texts are told in the language; all others are codes, names or places.
TEXTS = {
    *("intended_use", "interval_meaning", "time_origin", "arms", "credit", "quantity"),
    *("text", "applies_because", "sentence", "stamp", "consistency", "label", "advice"),
    *("instrument", "strategy", "reason", "answer_text", "note", "caution", "design"),
    *("licence", "seen", "title", "detail", "message", "accepted"),
}
#: Names among them, and codes that are accepted.
SAME = {"CC BY 4.0", ""}
JA = {"Accept-Language": "ja"}
PATIENTS = {
    "typical": README_PATIENT,
    "out of scope": OUT_OF_SCOPE,
    "ulcerated": ULCERATED,
    "little known": {"age": 40, "clinical_t": "T2", "clinical_n": "N0"},
    "rare": with_values(age=78, menopausal_status="post", ecog_ps=1, er_status="negative"),
}
patients = pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS.keys())


def leaves(value, key=""):
    """Yield the key and the value of everything in a document, in order."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part, key)
    else:
        yield key, value


def check_same(english, japanese):
    """Assert that two documents differ in their texts alone, and that those are Japanese."""
    pairs = list(zip(leaves(english), leaves(japanese), strict=True))
    assert pairs
    for (key, said), (other_key, told) in pairs:
        assert key == other_key
        if key not in TEXTS or said in SAME or said is None:
            assert told == said, key
        elif key != "accepted" or told != said:
            assert is_japanese(told), (key, told)
            assert not english_in(without_quotes(told)), (key, told)


def without_quotes(text):
    """Return a text without what stays English: places in papers, citations and quotations."""
    kept = {row.place for row in evidence().values()} | {harm.quote for harm in HARMS}
    kept |= {row["citation"] for row in sources().values()}
    for quoted in sorted(kept - {""}, key=len, reverse=True):
        text = text.replace(quoted, "")
    return re.sub(r"\[[\w]+: [^\]]*\]|（[ -~–]*）|Shien T.*?\(CC BY 4.0\)|`[^`]*`", "", text)


def shown_words(response):
    """Return the visible texts of a page, without quotations and their places."""
    text = re.sub(r'<q lang="en">.*?</q>|<td lang="en">.*?</td>', "", response.text)
    return without_quotes(html.unescape(re.sub(r"<[^>]+>", "\n", text)))


def ask(client, patient, language, **options):
    body = {"patient": patient, **options}
    return client.post("/v1/predict", json=body, headers={"Accept-Language": language})


# Which language


@pytest.mark.parametrize(
    ("query", "accepted", "language"),
    [
        ("", None, "en"),
        ("", "ja", "ja"),
        ("", "ja-JP,ja;q=0.9,en-US;q=0.8", "ja"),
        ("", "en-GB,en;q=0.9,ja;q=0.8", "en"),
        ("", "de,fr;q=0.5", "en"),
        ("", "de,ja;q=0.1", "ja"),
        ("", "*", "en"),
        ("", "ja-JP,en;q=0.8", "ja"),
        ("", "en;q=0.8, ja-JP", "ja"),
        ("", "ja_JP", "ja"),
        ("", "JA-jp;q=0.9,en-GB;q=0.7,en;q=0.3", "ja"),
        ("", "en-US,en;q=0.5,ja-JP;q=0.9", "en"),
        ("", "ja;q=0.1,en;q=0.2,ja-JP;q=0.3", "ja"),
        ("", "ja,en", "ja"),
        ("", "en,ja", "en"),
        ("", "ja;q=0,de", "en"),
        ("", "jam,en;q=0.1", "en"),
        ("", "\u00fc;;q=,", "en"),
        ("?lang=ja", None, "ja"),
        ("?lang=ja", "en", "ja"),
        ("?lang=en", "ja", "en"),
        ("?lang=xx", "ja", "ja"),
        ("?lang=", "ja", "ja"),
    ],
)
def test_the_language_is_the_one_asked_for(client, query, accepted, language):
    headers = {} if accepted is None else {"Accept-Language": accepted}
    response = client.get(f"/{query}", headers=headers)
    assert Page(response).named("html") == [{"lang": language}]
    assert response.headers["Content-Language"] == language


def test_a_form_can_name_its_language(client):
    response = client.post("/", data={**form_of(README_PATIENT), LANG: "ja"})
    assert response.status_code == 200
    assert response.headers["Content-Language"] == JAPANESE
    assert f'name="{LANG}"' not in response.text


def test_every_language_has_its_own_name():
    assert tuple(OWN_NAMES) == LANGUAGES


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sure",
        "/models",
        "/models/jcog1017-synthetic",
        "/v1/evidence",
        "/v1/models",
        "/nowhere",
    ],
)
def test_what_depends_on_the_language_says_so(client, path):
    response = client.get(path, headers=JA)
    assert response.headers["Content-Language"] == JAPANESE
    assert "Accept-Language" in response.headers["Vary"]


@pytest.mark.parametrize(
    "path",
    ["/v1/schema", "/docs", "/openapi.json", "/lists/template.csv", "/healthz", "/readyz"],
)
def test_the_contract_and_the_monitor_stay_english(client, path):
    asked, plain = client.get(path, headers=JA), client.get(path)
    assert asked.data == plain.data
    assert asked.headers["Content-Language"] == ENGLISH
    assert "Accept-Language" not in asked.headers.get("Vary", "")


def test_what_stays_english_are_endpoints(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= ENGLISH_ONLY


def test_other_origins_keep_their_vary(make_app):
    client = make_app(cors_origins=("https://ehr.example", "https://b.example")).test_client()
    headers = {**JA, "Origin": "https://ehr.example"}
    vary = client.get("/v1/evidence", headers=headers).headers["Vary"]
    assert "Origin" in vary
    assert "Accept-Language" in vary


# The language ends with its request


def test_no_language_outlives_its_request(client):
    assert client.get("/", headers=JA).headers["Content-Language"] == JAPANESE
    assert current_language() == ENGLISH
    assert client.get("/").headers["Content-Language"] == ENGLISH


def test_no_language_outlives_an_error(make_app):
    app = make_app()

    @app.get("/broken")
    def broken():
        raise RuntimeError

    client = app.test_client()
    answer = client.get("/broken", headers=JA)
    assert answer.status_code == 500
    assert json.loads(answer.data)["detail"].startswith("サーバー側で")
    assert current_language() == ENGLISH
    assert json.loads(client.get("/broken").data)["detail"].startswith("Something went wrong")


@patients
def test_answers_in_turn_do_not_mix(client, patient):
    first = ask(client, patient, "en", effect="all").data
    japanese = ask(client, patient, "ja", effect="all").data
    assert ask(client, patient, "en", effect="all").data == first
    assert ask(client, patient, "ja", effect="all").data == japanese
    check_same(json.loads(first), json.loads(japanese))


# JSON


@pytest.mark.property
@examples(40)
@given(patient=any_messages() | incomplete_messages())
def test_answers_are_the_same_but_for_their_texts(client, patient):
    english, japanese = (ask(client, patient, name) for name in ("en", "ja"))
    assert english.status_code == japanese.status_code
    check_same(json.loads(english.data), json.loads(japanese.data))


@patients
def test_all_analyses_are_the_same_but_for_their_texts(client, patient):
    asked = {"model": "forest", "effect": "all"}
    english, japanese = (ask(client, patient, name, **asked).get_json() for name in ("en", "ja"))
    check_same(english, japanese)


@pytest.mark.parametrize("path", ["/v1/evidence", "/v1/models", "/v1/models/jcog1017-synthetic"])
def test_what_is_listed_is_the_same_but_for_its_texts(client, path):
    english, japanese = client.get(path).get_json(), client.get(path, headers=JA).get_json()
    for document in (english, japanese):
        # The card, its attributes and the names of trials stay, or are names.
        for name in ("card", "source_attributes"):
            document.pop(name, None)
        for trial in document.get("trials", {}).values():
            trial.pop("name")
        for source in document.get("sources", {}).values():
            source.pop("title")
    check_same(english, japanese)


@pytest.mark.parametrize("kind", FORMATS)
def test_lists_are_the_same_but_for_their_texts(client, kind):
    body = body_of(kind, [README_PATIENT, OUT_OF_SCOPE, REJECTED])
    english = results_of(post_list(client, kind, body))
    japanese = results_of(post_list(client, kind, body, query="?lang=ja"))
    if kind != CSV:
        return check_same(english, japanese)
    told = {"error_messages", "intended_use"}
    for row, other in zip(english, japanese, strict=True):
        assert list(row) == list(other)
        assert [v for k, v in row.items() if k not in told] == [
            v for k, v in other.items() if k not in told
        ]
        assert is_japanese(other["intended_use"])
        assert bool(row["error_messages"]) == is_japanese(other["error_messages"])
    return None


# Errors

BAD = {
    "values": lambda c: c.post("/v1/predict", json={"patient": REJECTED}, headers=JA),
    "too little": lambda c: c.post("/v1/predict", json={"patient": {"age": 4}}, headers=JA),
    "nothing": lambda c: c.post("/v1/predict", json={}, headers=JA),
    "type": lambda c: c.post("/v1/predict", json=[1], headers=JA),
    "options": lambda c: c.post(
        "/v1/predict",
        json={"patient": README_PATIENT, "model": "x", "horizons_months": [0, 99, 1.5]},
        headers=JA,
    ),
    "malformed": lambda c: c.post("/v1/predict", data="{", content_type=JSON, headers=JA),
    "media type": lambda c: c.post("/v1/predict", data="x", content_type="a/b", headers=JA),
    "query": lambda c: c.post("/v1/predict?model=cox&lang=ja", json={"patient": README_PATIENT}),
    "csv": lambda c: post_list(c, CSV, "name;age;x\n1;2;3", query="?lang=ja"),
    "list": lambda c: post_list(c, NDJSON, "", query="?lang=ja"),
    "bundle": lambda c: c.get("/v1/models/none", headers=JA),
    "address": lambda c: c.get("/none", headers=JA),
    "method": lambda c: c.delete("/v1/predict", headers=JA),
    "refused": lambda c: c.post(
        "/v1/predict",
        json={"patient": {**README_PATIENT, "name": "x", "margins": 1, "foo": 2}},
        headers=JA,
    ),
    "contradiction": lambda c: c.post(
        "/v1/predict", json={"patient": with_values(liver_metastasis=True)}, headers=JA
    ),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_every_error_is_told_in_the_language(client, bad):
    response = bad(client)
    assert response.status_code >= 400
    body = json.loads(response.data)
    told = [body["title"], body["detail"], *(item["message"] for item in body["errors"])]
    for text in told:
        assert is_japanese(text), text
        assert not english_in(re.sub(r"：.*?行.*列、[^。]*", "", text)) or "JSON" in text, text
    for item in body["errors"]:
        assert is_japanese(item["accepted"]) or not english_in(item["accepted"])


def test_a_missing_token_is_told_in_the_language(make_app):
    client = make_app(tokens=("sesame",)).test_client()
    body = json.loads(client.get("/v1/models", headers=JA).data)
    assert is_japanese(body["detail"])


def test_too_much_work_is_told_in_the_language(make_app):
    client = make_app(max_combinations=1).test_client()
    body = json.loads(ask(client, PATIENTS["little known"], "ja", model="forest").data)
    assert is_japanese(body["detail"])
    assert not english_in(body["detail"])


def test_codes_of_errors_stay(client):
    body = json.loads(BAD["values"](client).data)
    find_item(body["errors"], "age", "out_of_range")


# Pages


@pytest.mark.parametrize("model", ["cox", "forest"])
@patients
def test_no_english_sentence_is_on_a_japanese_page(client, patient, model):
    response = client.post("/?lang=ja", data={**form_of(patient), "model": model})
    assert response.status_code == 200
    assert english_in(shown_words(response)) == []


def test_no_english_sentence_is_on_the_japanese_form(client):
    assert english_in(shown_words(client.get("/?lang=ja"))) == []
    mistaken = client.post("/?lang=ja", data={**form_of(REJECTED), "foo": "1"})
    assert mistaken.status_code == 422
    assert english_in(shown_words(mistaken)) == []


def send_file(client, path, rows):
    return client.post(path, **multipart(("list", "a.csv", body_of(CSV, rows))))


def test_no_english_sentence_is_on_the_japanese_pages_of_lists(client):
    assert english_in(shown_words(client.get("/lists?lang=ja"))) == []
    assert english_in(shown_words(client.get("/lists/columns?lang=ja"))) == []
    assert english_in(shown_words(client.post("/lists?lang=ja"))) == []
    vague = with_values(clinical_n=None, ecog_ps=None)
    for rows in ([README_PATIENT, OUT_OF_SCOPE, REJECTED, vague], [OUT_OF_SCOPE], [REJECTED]):
        summary = send_file(client, "/lists?lang=ja", rows)
        assert summary.status_code == 200
        assert english_in(shown_words(summary)) == []


def test_the_summary_of_a_list_has_the_same_counts(client):
    rows = [README_PATIENT, OUT_OF_SCOPE, OUT_OF_SCOPE, REJECTED]
    english, japanese = (
        send_file(client, f"/lists?lang={name}", rows).text for name in ("en", "ja")
    )
    cells = [re.findall(r"<td>(\d+)</td>", text) for text in (english, japanese)]
    assert cells[0] == cells[1]
    assert cells[0][:3] == ["1", "2", "1"]


@pytest.mark.parametrize("path", ["/lists", "/lists/columns"])
def test_the_pages_of_lists_link_the_other_language(client, path):
    for now, other in (("en", "ja"), ("ja", "en")):
        page = Page(client.get(f"{path}?lang={now}"))
        (link,) = [each for each in page.named("a") if "lang" in each]
        assert (link["href"], link["lang"]) == (f"{path}?lang={other}", other)
        assert Page(client.get(link["href"])).named("html") == [{"lang": other}]


def test_the_language_of_a_list_stays(client):
    page = Page(client.get("/lists?lang=ja"))
    sent_to = [form["action"] for form in page.named("form")]
    sent_to += [each["formaction"] for each in page.named("button") if "formaction" in each]
    assert sent_to == ["/lists?lang=ja", "/lists/download?lang=ja"]


@pytest.mark.property
@examples(10)
@given(patient=any_messages())
def test_no_patient_brings_english_onto_a_japanese_page(client, patient):
    response = client.post("/?lang=ja", data=form_of(patient))
    assert english_in(shown_words(response)) == []


def numbers(response):
    """Return the numbers of a page's tables, cell by cell."""
    cells = [cell for row in Page(response).rows for cell in row if re.match(r"[+−]?\d", cell)]
    return [re.findall(r"[+−]?\d+(?:\.\d+)?", cell) for cell in cells]


@pytest.mark.parametrize("model", ["cox", "forest"])
def test_pages_show_the_same_figures(client, model):
    english, japanese = (
        client.post(f"/?lang={name}", data={**form_of(README_PATIENT), "model": model})
        for name in ("en", "ja")
    )
    first = [cell for cell in numbers(english) if len(cell) >= 3]
    assert len(first) >= 60
    assert [cell for cell in numbers(japanese) if len(cell) >= 3] == first


# The switch


def switch(page):
    """Return the buttons that change the language."""
    return [each for each in page.named("button") if "lang" in each]


@pytest.mark.parametrize(("now", "other"), [("en", "ja"), ("ja", "en")])
def test_the_form_is_switched_with_what_was_typed(client, now, other):
    form = form_of(with_values(age=47.5, metastatic_sites=["bone", "lung"]))
    typed = client.post(f"/?lang={now}", data={**form, "edit": "1"})
    page = Page(typed)
    (button,) = switch(page)
    assert (button["formaction"], button["lang"]) == (f"/result?lang={other}", other)
    sent = {**page.values(), button["name"]: button["value"]}
    switched = client.post(button["formaction"], data=sent)
    assert switched.status_code == 200
    assert Page(switched).named("html") == [{"lang": other}]
    assert Page(switched).values() == page.values()


def test_mistakes_are_told_again_in_the_other_language(client):
    mistaken = Page(client.post("/", data=form_of(REJECTED)))
    (button,) = switch(mistaken)
    assert "name" not in button
    told = client.post(button["formaction"], data=mistaken.values())
    assert told.status_code == 422
    assert "年齢：200はありえません。" in told.text


def test_the_result_is_switched(client):
    page = Page(client.post("/", data=form_of(README_PATIENT)))
    (button,) = switch(page)
    assert "name" not in button
    result = client.post(button["formaction"], data=page.values())
    assert Page(result).named("html") == [{"lang": "ja"}]
    assert "手術の提案あり" in result.text


def test_the_enter_key_does_not_switch(client):
    typed = client.post("/", data={**form_of(README_PATIENT), "edit": "1"})
    for response in (client.get("/"), typed):
        assert "formaction" not in Page(response).named("button")[0]


def test_a_language_that_was_asked_for_stays(client):
    page = Page(client.get("/?lang=ja"))
    assert [form["action"] for form in page.named("form")] == ["/result?lang=ja"]
    assert [form["action"] for form in Page(client.get("/")).named("form")] == ["/result"]


# Plain text and command line


@pytest.mark.property
@examples(15)
@given(patient=any_messages())
def test_no_english_sentence_is_in_a_japanese_explanation(patient):
    with speaking(JAPANESE):
        text = explanation(read_patient(patient), default_bundle())
    assert is_japanese(text)
    assert english_in(without_quotes(text)) == []


def test_assessments_and_the_forest_plot_speak_japanese():
    with speaking(JAPANESE):
        texts = [assessments_text(), forest_plot()]
    assert "閉経状態" in texts[0]
    assert "手術ありに有利" in texts[1]
    assert english_in(without_quotes(texts[0])) == []
    assert english_in(re.sub(r"<[^>]*>", "\n", texts[1])) == []


def test_the_command_explains_in_japanese(tmp_path):
    (tmp_path / "patient.json").write_text(json.dumps(README_PATIENT))
    asked = ("evidence", "--patient", "patient.json", "--language")
    told = equipoise(*asked, "ja", cwd=tmp_path).stdout.decode()
    assert english_in(without_quotes(told.replace("\n", "").replace("  ", ""))) == []
    said = equipoise(*asked, "en", "--format", "json", cwd=tmp_path)
    other = equipoise(*asked, "ja", "--format", "json", cwd=tmp_path)
    check_same(json.loads(said.stdout), json.loads(other.stdout))


def test_the_command_scores_with_the_same_codes(tmp_path):
    (tmp_path / "list.ndjson").write_bytes(body_of(NDJSON, [README_PATIENT, REJECTED]))
    asked = ("score", "list.ndjson", "--format", "ndjson", "--rejects", "bad.csv", "--language")
    english, japanese = (equipoise(*asked, name, cwd=tmp_path) for name in ("en", "ja"))
    assert (english.returncode, japanese.returncode) == (1, 1)
    assert japanese.stderr.decode().strip() == "1行が受け付けられませんでした。"
    rows, others = (
        [json.loads(line) for line in done.stdout.splitlines()] for done in (english, japanese)
    )
    check_same(rows, others)
    assert "年齢：200はありえません。" in (tmp_path / "bad.csv").read_text()


def test_another_language_is_refused_by_the_command(tmp_path):
    done = equipoise("evidence", "--language", "de", cwd=tmp_path)
    assert done.returncode == 2
    assert b"--language" in done.stderr


# The contract


def test_every_route_that_speaks_documents_its_language(spec):
    for path in ("/v1/predict", "/v1/predict/batch", "/v1/evidence", "/v1/models"):
        item = spec["paths"][path]
        operation = item.get("get") or item["post"]
        listed = [*item.get("parameters", []), *operation.get("parameters", [])]
        named = {(each["in"], each["name"]) for each in listed}
        assert {(each["in"], each["name"]) for each in PARAMETERS} <= named


def test_the_app_speaks_through_flask_babel(app):
    assert app.extensions["babel"].locale_selector is current_language
