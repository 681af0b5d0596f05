"""The form and its result page, as a browser with scripts off gets them."""

from __future__ import annotations

import dataclasses
import html
import re
from urllib.parse import urlsplit

import numpy as np
import pytest

from models.caveats import FIRST_SIGHT
from models.covariates import FIELDS
from models.intervals import Estimates
from models.outcomes import (
    ARM_LABELS,
    DEFAULT_MODEL,
    DIFFERENCE,
    MODELS,
    OUTCOMES,
    PTR,
    SYSTEMIC_THERAPY,
)
from models.rounding import percent
from models.subgroups import DRIVES_NOTHING
from models.texts import ARMS_ARE_POLICIES, INTENDED_USE, INTERVAL_MEANING, TIME_ORIGIN
from service.app import create_app
from service.bundles import Bundles
from service.page import routes
from service.page.form import MODEL
from service.page.result import NO_EVIDENCE, input_rows
from service.settings import Settings
from tests.service.helpers import (
    OUT_OF_SCOPE,
    README_PATIENT,
    REJECTED,
    ULCERATED,
    Page,
    csv_text,
    form_of,
    multipart,
    with_values,
)
from tests.support.bundles import cox_bundle

HOSTILE = "\"'><script>alert(1)</script>&lt;"
FIGURE = re.compile(r"\d\s?%")
FOOTNOTE = "Rounded from the unrounded difference"


def submit(client, patient=README_PATIENT, **more):
    return client.post("/", data={**form_of(patient), **more})


def words(response):
    return html.unescape(response.text)


def figure_rows(response):
    """Return the rows of the four outcomes' tables, headers left out."""
    page = Page(response)
    own = [row for row in page.rows if not any(row is other for other in page.rows_beside)]
    return _of_both_arms(own)


def rows_beside(response):
    """Return the rows of another model's tables, headers left out."""
    return _of_both_arms(Page(response).rows_beside)


def _of_both_arms(rows):
    return [row for row in rows if len(row) == 4 and row[0].isdecimal()]


def number(cell):
    return int(cell.split()[0].rstrip("%").replace("−", "-"))


def signed(value):
    return f"{value:+d}".replace("-", "−") if value else "0"


def expected_cell(band, place, arm):
    figures = [percent(band[kind][place]) for kind in ("estimate", "lower", "upper")]
    if arm != DIFFERENCE:
        return "{}% ({} to {})".format(*figures)
    unit = "point" if abs(figures[0]) == 1 else "points"
    estimate, lower, upper = map(signed, figures)
    return f"{estimate} {unit} ({lower} to {upper})"


def expected_cells(part, place):
    return [expected_cell(part[arm], place, arm) for arm in ARM_LABELS]


def controls(page):
    return [
        attrs["name"]
        for tag, attrs in page.tags
        if tag in ("input", "select", "textarea") and "name" in attrs
    ]


def send_list(client, *patients):
    return client.post("/lists", **multipart(("list", "a.csv", csv_text(patients).encode())))


ALL_PAGES = {
    "form": lambda client: client.get("/"),
    "result": submit,
    "out of scope": lambda client: submit(client, OUT_OF_SCOPE),
    "ulcerated": lambda client: submit(client, ULCERATED),
    "forest": lambda client: submit(client, model="forest"),
    "errors": lambda client: submit(client, with_values(age=200)),
    "sure": lambda client: client.get("/sure"),
    "cards": lambda client: client.get("/models"),
    "card": lambda client: client.get("/models/jcog1017-synthetic"),
    "no card": lambda client: client.get("/models/none"),
    "text": lambda client: submit(client, text="1"),
    "docs": lambda client: client.get("/docs"),
    "lists": lambda client: client.get("/lists"),
    "list columns": lambda client: client.get("/lists/columns"),
    "list summary": lambda client: send_list(client, README_PATIENT, OUT_OF_SCOPE, REJECTED),
    "list refused": lambda client: client.post("/lists"),
}


@pytest.fixture(params=ALL_PAGES.values(), ids=ALL_PAGES.keys())
def any_page(request, client):
    return request.param(client)


# Every page


def test_a_page_states_its_intended_use(any_page):
    assert INTENDED_USE in words(any_page)


def test_a_page_has_no_style_of_its_own_and_no_script_but_a_file_of_ours(any_page, client):
    page = Page(any_page)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"style", "iframe", "object", "embed", "base"}
    for attrs in page.named("script"):
        assert set(attrs) == {"src", "defer"}
        assert attrs["src"].startswith("/static/")
        assert client.get(attrs["src"], buffered=True).mimetype == "text/javascript"
    assert len(re.findall(r"<script[^>]*></script>", any_page.text)) == len(page.named("script"))
    attributes = {name for _, attrs in page.tags for name in attrs}
    assert not {name for name in attributes if name.startswith("on") or name == "style"}


def test_a_page_loads_and_links_nothing_elsewhere(any_page):
    for url in Page(any_page).urls():
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("", ""), url
        assert url.startswith(("/", "#")), url


def test_a_page_links_the_api_documentation(any_page):
    assert "/docs" in Page(any_page).urls()


def test_a_page_links_only_places_that_it_has(any_page):
    page = Page(any_page)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids)), "an id stands once"
    assert {url[1:] for url in page.urls() if url.startswith("#")} <= set(ids)
    for name in ("for", "aria-describedby", "aria-labelledby"):
        used = {each for _, attrs in page.tags for each in (attrs.get(name) or "").split()}
        assert used <= set(ids), name


def test_a_page_loads_only_files_that_exist(any_page, client):
    for attrs in Page(any_page).named("link"):
        assert client.get(attrs["href"], buffered=True).status_code == 200


def test_a_page_is_html_in_a_stated_language(any_page):
    assert any_page.content_type == "text/html; charset=utf-8"
    assert Page(any_page).named("html") == [{"lang": "en"}]


# The form


def test_the_form_has_every_field_under_its_json_name(client):
    assert set(controls(Page(client.get("/")))) == {*FIELDS, MODEL}


def test_every_field_has_its_label_and_help(client):
    text = words(client.get("/"))
    for field in FIELDS.values():
        assert field.label in text
        assert field.help in text


def test_every_control_has_a_label(client):
    page = Page(client.get("/"))
    labelled = {attrs["for"] for attrs in page.named("label") if "for" in attrs}
    for tag, attrs in page.tags:
        if tag == "select" or (tag == "input" and "type" not in attrs):
            assert attrs["id"] in labelled, attrs["name"]
    # What is ticked stands inside its label, and its group has a name.
    assert len(page.named("label")) == len(offered(page)) + len(labelled)
    groups = [a for _, a in page.tags if a.get("role") in ("group", "radiogroup")]
    assert all("aria-labelledby" in attrs for attrs in groups)


def test_the_form_starts_with_nothing_known(client):
    values = Page(client.get("/")).values()
    del values[MODEL]
    assert {text for texts in values.values() for text in texts} <= {""}


def test_the_form_starts_with_the_default_model(client):
    assert Page(client.get("/")).values()[MODEL] == [DEFAULT_MODEL]


def test_a_form_of_a_bundle_without_forests_offers_no_model():
    client = create_app(Settings(), Bundles([cox_bundle()])).test_client()
    page = client.get("/")
    assert set(controls(Page(page))) == set(FIELDS)
    assert "Which model" not in page.text


def test_the_form_says_where_month_0_is(client):
    assert TIME_ORIGIN in words(client.get("/"))


def test_the_form_is_not_filled_in_by_the_browser(client):
    (form,) = Page(client.get("/")).named("form")
    assert (form["method"], form["action"], form["autocomplete"]) == ("post", "/result", "off")


# The result


def test_the_page_shows_the_figures_of_the_api(client):
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).get_json()
    expected = [
        [str(month), *expected_cells(answer["outcomes"][outcome.name], place)]
        for outcome in OUTCOMES
        for place, month in enumerate(answer["horizons_months"])
    ]
    shown = [[cell.rstrip("*") for cell in row] for row in figure_rows(submit(client))]
    assert shown == expected


def test_the_sentences_say_the_figures_of_the_tables(client):
    answer = client.post(
        "/v1/predict", json={"patient": README_PATIENT, "horizons_months": [48]}
    ).get_json()
    sentences = [
        block for block in Page(submit(client)).blocks if block.startswith("Of 100 women")
    ]
    assert len(sentences) == len(OUTCOMES)
    for outcome, sentence in zip(OUTCOMES, sentences, strict=True):
        part = answer["outcomes"][outcome.name]
        for arm in (SYSTEMIC_THERAPY, PTR):
            estimate, lower, upper = (
                percent(part[arm][k][0]) for k in ("estimate", "lower", "upper")
            )
            assert f"about {estimate} ({lower} to {upper})" in sentence
        assert "95% interval" in sentence


def test_columns_are_arms_as_policies(client):
    page = submit(client)
    headers = [row for row in Page(page).rows if row[0] == "Months" and "12" not in row]
    arms = ["Months", "Not offered surgery", "Offered surgery", "Difference"]
    assert headers == [arms, ["Months", "Difference"], *[arms] * 3]
    assert ARMS_ARE_POLICIES in words(page)


def test_the_page_says_what_an_interval_means_and_its_level(client):
    page = submit(client)
    assert INTERVAL_MEANING in words(page)
    captions = [block for block in Page(page).blocks if "estimate and 95% interval" in block]
    assert len(captions) == len(OUTCOMES) + 1, "the first lines' table, and one an outcome"


@pytest.mark.parametrize("model", MODELS)
def test_every_interval_in_a_sentence_has_its_level(client, model):
    for block in Page(submit(client, model=model)).blocks:
        # An age range and the range of the operation time are no intervals.
        intervals = block.replace("from 20 to 80", "").replace("range 26 to 246", "")
        if re.search(r"\d%? to −?\d", intervals):
            assert re.search(r"\d\d% |level", block), block


def test_the_page_says_that_the_data_are_synthetic_and_the_endpoint_not_met(client, bundle):
    text = words(submit(client))
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).get_json()
    notices = {c["code"]: c["text"] for c in answer["caveats"]}
    first_table = text.index('<section class="outcome">')
    for code in ("primary_endpoint_not_met", "synthetic_training_data"):
        assert notices[code] in text[:first_table], "it is read before any figure"
    assert "training data: synthetic" in text
    assert f"{bundle.id} {bundle.version}" in text


def test_every_caveat_and_subgroup_of_the_api_is_on_the_page(client):
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).get_json()
    text = words(submit(client))
    for row in (*answer["caveats"], *answer["applicability"]):
        assert row["text"] in text, row["code"]
    for row in answer["subgroups"]:
        worth = row["text"].removesuffix(f" {DRIVES_NOTHING}")
        assert worth != row["text"], "it is said once for all of them"
        assert worth in text, row["code"]
    assert DRIVES_NOTHING in text


def told_at(response):
    """Return the texts of the page's caveats: at first sight, and behind the click."""
    first, _, rest = response.text.partition('<details class="further">')
    pattern = re.compile(r'<li class="(?:stop|warning|info)"><strong>(.*?)</strong>', re.DOTALL)
    folded = rest.partition("</details>")[0]
    return [[html.unescape(text) for text in pattern.findall(part)] for part in (first, folded)]


@pytest.mark.parametrize(
    "patient",
    [
        README_PATIENT,
        ULCERATED,
        with_values(age=78, menopausal_status="post", ecog_ps=1, er_status="negative"),
        {"age": 40, "clinical_t": "T2", "clinical_n": "N0"},
    ],
    ids=["typical", "ulcerated", "rare", "mostly unknown"],
)
@pytest.mark.parametrize("model", MODELS)
def test_seven_caveats_at_first_sight_and_all_others_behind_one_click(client, patient, model):
    asked = {"effect": "all"} if model == "forest" else {}
    body = {"patient": patient, "model": model, **asked}
    expected = [c["text"] for c in client.post("/v1/predict", json=body).get_json()["caveats"]]
    first, folded = told_at(submit(client, patient, model=model))
    assert first == expected[:FIRST_SIGHT]
    assert folded == expected[FIRST_SIGHT:]
    assert len(first) == FIRST_SIGHT == 7
    for text in first:
        sentences = re.split(r"(?<=[.!?])\s+", text)
        assert max(len(sentence.split()) for sentence in sentences) <= 25


def test_caveats_stand_before_any_figure(client):
    page = submit(client).text
    assert page.index('<details class="further">') < page.index('<section class="outcome">')


def test_what_must_be_cleared_up_first_stands_before_the_first_figure(client):
    """Nobody said whether the disease progressed: the one thing that the trial turned on."""
    text = submit(client, with_values(eligibility={})).text
    stop, lead = text.index('<li class="stop">'), text.index('<section class="lead">')
    assert stop < lead
    assert "Clear this up before reading the figures" in text[stop:lead]
    assert text.count('<li class="stop">') == 1
    assert '<li class="stop">' not in submit(client).text


@pytest.mark.parametrize("patient", [README_PATIENT, OUT_OF_SCOPE], ids=["in", "out"])
def test_the_page_shows_each_criterion_with_its_state_and_the_trials_words(client, patient):
    page = submit(client, patient)
    answer = client.post("/v1/predict", json={"patient": patient}).get_json()["eligibility"]
    rows = [row for row in Page(page).rows if len(row) == 3]
    for registration in ("first_registration", "second_registration"):
        for criterion in answer[registration]:
            (row,) = [row for row in rows if row[0] == criterion["text"]]
            assert row[1] == criterion["state"].replace("_", " ")
            assert row[2].endswith(criterion["place"])
            assert (criterion["trial_words"] or "") in row[2]
    assert page.text.count('<details class="eligibility">') == 1


def test_every_harm_of_the_api_is_on_the_page_beside_the_outcomes(client):
    text = words(submit(client))
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).get_json()
    for harm in answer["harms"]:
        assert harm["sentence"] in text, harm["code"]
    assert 'The authors write: <q lang="en">Local surgery should be recommended' in text


def test_the_harms_have_counts_and_intervals(client):
    harms = [block for block in Page(submit(client)).blocks if "95% interval" in block]
    assert any("Three months after the decision" in block for block in harms)
    assert any("of grade 3 or more" in block for block in harms)


def test_withheld_ulceration_has_its_reason_in_place_of_figures(client):
    page = submit(client, ULCERATED)
    assert "The primary tumour is ulcerated already" in words(page)
    assert len(figure_rows(page)) == 3 * 5


def test_what_was_entered_is_shown_with_what_follows(client):
    rows = dict(row for row in Page(submit(client)).rows if len(row) == 2)
    assert rows["Age"] == "47"
    assert rows["Menopausal status"] == "premenopausal"
    assert rows["Bone-only metastasis"] == "yes (follows from the others)"


def test_unknown_values_are_named(client):
    text = words(submit(client, with_values(clinical_n=None)))
    assert "Clinical N" in text
    answer = client.post("/v1/predict", json={"patient": with_values(clinical_n=None)}).get_json()
    (caveat,) = [c for c in answer["caveats"] if c["code"] == "unknown_values"]
    assert caveat["text"] in text


# Out of scope


def test_out_of_scope_shows_reasons_and_no_figures(client):
    response = submit(client, OUT_OF_SCOPE)
    assert response.status_code == 200
    answer = client.post("/v1/predict", json={"patient": OUT_OF_SCOPE}).get_json()
    for reason in answer["reasons"]:
        assert reason["text"] in words(response)
    assert not FIGURE.search(words(response))
    assert figure_rows(response) == []


# The forest


def captions_beside(response):
    return [
        block.strip().splitlines()[0]
        for block in Page(response).blocks
        if block.startswith(("The same by the Cox model", "Difference that", "Difference by"))
    ]


def test_no_other_model_stands_beside_the_default_one(client):
    response = submit(client)
    assert captions_beside(response) == []
    assert 'class="beside"' not in response.text
    assert "Cox model, effect of surgery from the whole trial" in words(response)


def test_with_the_forest_two_tables_stand_under_each_outcome_and_subgroups_under_survival(client):
    response = submit(client, model="forest")
    captions = captions_beside(response)
    cox, by_cox, by_forest, learned = captions[:4]
    assert captions == [cox, by_cox, by_forest, learned] + [cox, learned] * (len(OUTCOMES) - 1)
    assert all("95% interval" in caption for caption in captions)
    assert "by subgroups, by the Cox model" in by_cox
    assert "by subgroups, by the random survival forest" in by_forest
    assert "Alive by the random survival forest" in words(response)
    assert "random survival forest, effect of surgery from the whole trial" in words(response)


def test_therapy_that_was_longer_than_in_the_trial_is_not_just_met(client):
    def state(months):
        patient = with_values(eligibility={"months_of_systemic_therapy": months})
        (row,) = [
            row
            for row in Page(submit(client, patient)).rows
            if row[0] == "Three months of systemic therapy."
        ]
        return row[1]

    assert state(3) == "met"
    assert state(8) == "longer than in the trial (8 months)"
    assert state(1) == "not met"


@pytest.mark.parametrize("model", ["cox", "forest"])
def test_each_difference_that_does_not_add_up_is_marked(client, model):
    """In the first table, in each outcome's own, and in that of the other model."""
    text = submit(client, model=model).text
    for section in re.split(r'<section class="(?:lead|outcome)">', text):
        shown = section.partition('<details class="exploratory">')[0]
        marked = 0
        for row in re.findall(r"<tr.*?</tr>", shown):
            cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
            told = [re.match(r"[+−]?\d+", cell) for cell in cells]
            if len(cells) != 3 or None in told:
                continue
            none, surgery, difference = (int(each[0].replace("−", "-")) for each in told)
            assert cells[2].endswith("<sup>*</sup>") == (surgery - none != difference), row
            marked += cells[2].endswith("<sup>*</sup>")
        assert ("* Rounded from the unrounded difference" in shown) == bool(marked)


def test_what_exploratory_figures_do_not_show_depends_on_the_outcome(client):
    survival, *local = submit(client, model="forest").text.split('<section class="outcome">')[1:]
    assert NO_EVIDENCE[True] in survival
    assert NO_EVIDENCE[False] not in survival
    for section in local:
        assert NO_EVIDENCE[False] in section
        assert NO_EVIDENCE[True] not in section


def test_other_trials_figures_stand_beside_their_own_trials(client):
    text = words(submit(client))
    worth = text[text.index("What the subgroup evidence is worth") :]
    assert "0.57 (95% interval 0.38 to 0.86), beside 0.66 in that whole trial" in worth
    assert "beside 1.11 in that whole trial; points the other way" in worth
    assert worth.count("It drives none of the figures shown") == 1


def test_what_pictures_do_not_show_is_said(client):
    text = words(submit(client))
    assert "An interval is for the average; single groups of 100 scatter more." in text
    assert "Do not compare frames or bands of the arms: the tables have the difference." in text


def test_the_exploratory_difference_is_folded_behind_the_figures_of_its_outcome(client):
    for section in submit(client, model="forest").text.split('<section class="outcome">')[1:]:
        own, _, folded = section.partition('<details class="exploratory">')
        assert "The same by the Cox model" in own
        assert "that the forest itself finds" not in own
        assert "ifference by subgroups" not in own
        assert "that the forest itself finds" in folded.partition("</details>")[0]


def test_the_page_of_the_forest_says_what_its_effect_is_worth(client):
    answer = client.post(
        "/v1/predict",
        json={"patient": README_PATIENT, "model": "forest", "effect": "all"},
    ).get_json()
    texts = {c["code"]: c["text"] for c in answer["caveats"]}
    for code in ("two_models", "subgroup_effect_exploratory", "learned_effect_exploratory"):
        assert texts[code] in words(submit(client, model="forest"))
        assert texts[code] not in words(submit(client))


def test_withheld_ulceration_is_withheld_by_the_forest_too(client):
    response = submit(client, ULCERATED, model="forest")
    assert len(figure_rows(response)) == 3 * 5
    assert response.text.count('<table class="beside">') == 2 * 3 + 2
    (section,) = [
        part
        for part in response.text.split('<section class="outcome">')
        if part.lstrip().startswith("<h2>Ulceration")
    ]
    assert "<table" not in section.split("</section>")[0]


def test_out_of_scope_the_forest_shows_no_figures_either(client):
    response = submit(client, OUT_OF_SCOPE, model="forest")
    assert not FIGURE.search(words(response))
    assert 'class="beside"' not in response.text


# Differences that do not add up


def with_estimates(prediction, none, surgery, difference):
    """Return a prediction with the same figures at every outcome and horizon."""
    shape = prediction.shown.estimate.shape
    figures = np.broadcast_to(np.array([none, surgery, difference])[None, :, None], shape)
    estimates = Estimates(figures, figures, figures)
    analyses = dict.fromkeys(prediction.analyses, estimates)
    return dataclasses.replace(prediction, analyses=analyses)


@pytest.mark.parametrize(
    ("none", "surgery", "difference", "cell", "adds_up"),
    [
        (0.5, 0.6, 0.1, "+10 points", True),
        (0.504, 0.606, 0.102, "+10 points", False),
        (0.494, 0.516, 0.022, "+2 points", False),
        (0.6, 0.5, -0.1, "−10 points", True),
        (0.606, 0.504, -0.102, "−10 points", False),
        (0.5, 0.5, 0.0, "0 points", True),
        (0.502, 0.5, -0.002, "0 points", True),
    ],
)
def test_a_footnote_stands_where_a_difference_does_not_add_up(
    client, monkeypatch, none, surgery, difference, cell, adds_up
):
    def predict(*arguments):
        return [with_estimates(p, none, surgery, difference) for p in original(*arguments)]

    original = routes.predict
    monkeypatch.setattr(routes, "predict", predict)
    response = submit(client)
    rows = figure_rows(response)
    assert len(rows) == 20
    assert all(row[3].startswith(cell) for row in rows)
    assert all(row[3].endswith("*") != adds_up for row in rows)
    tables, _, kept = words(response).partition('<section class="keep">')
    lead = 1
    assert tables.count(FOOTNOTE) == (0 if adds_up else lead + len(OUTCOMES))
    assert kept.count(FOOTNOTE) == (0 if adds_up else 1)


@pytest.mark.parametrize("age", [30, 41, 52, 63])
def test_a_star_stands_exactly_where_it_must(client, age):
    response = submit(client, with_values(age=age))
    for row in figure_rows(response):
        none, surgery, difference = (number(cell) for cell in row[1:])
        assert (surgery - none != difference) == row[3].endswith("*"), row
    starred = any(row[3].endswith("*") for row in figure_rows(response))
    assert (FOOTNOTE in words(response)) == starred


# Errors


def test_an_error_is_422_in_a_summary_that_links_its_field(client):
    response = submit(client, with_values(age=200, clinical_t="T9"))
    assert response.status_code == 422
    page = Page(response)
    links = {attrs["href"] for attrs in page.named("a")}
    assert {"#age", "#clinical_t"} <= links
    assert "Age: 200 cannot be." in words(response)
    assert "Accepted: a number from 0 to 120" in words(response)
    (alert,) = [attrs for _, attrs in page.tags if attrs.get("role") == "alert"]
    assert alert["aria-labelledby"] == "problems-title"


def test_a_wrong_field_is_marked(client):
    page = Page(submit(client, with_values(age=200)))
    marked = [attrs["name"] for _, attrs in page.tags if attrs.get("aria-invalid") == "true"]
    assert marked == ["age"]


def test_a_fact_of_eligibility_is_linked(client):
    patient = with_values(eligibility={"months_of_systemic_therapy": 601})
    links = {attrs["href"] for attrs in Page(submit(client, patient)).named("a")}
    assert "#eligibility.months_of_systemic_therapy" in links


def test_a_contradiction_is_linked(client):
    response = submit(client, with_values(triple_negative=True))
    assert response.status_code == 422
    assert "#er_status" in {attrs["href"] for attrs in Page(response).named("a")}


def test_too_few_values_are_told(client):
    response = client.post("/", data={"age": "47"})
    assert response.status_code == 422
    assert "Only age or menopausal status is known; at least two of" in words(response)


def test_no_figure_stands_beside_an_error(client):
    text = words(submit(client, with_values(age=200)))
    assert not re.search(r"\d% \(", text)


def kept(response):
    values = Page(response).values()
    return {name: texts for name, texts in values.items() if texts != [""] and name != "edit"}


def sent(patient, model=DEFAULT_MODEL):
    facts = {
        name: value if isinstance(value, list) else [value]
        for name, value in form_of(patient).items()
        if value
    }
    return {**facts, MODEL: [model]}


def test_an_error_keeps_what_was_typed(client):
    patient = with_values(age="forty", metastatic_sites=["bone", "lung"])
    assert kept(submit(client, patient)) == sent(patient)


def test_the_edit_button_brings_the_values_back(client):
    patient = with_values(metastatic_sites=["bone", "lung"])
    result = submit(client, patient)
    own = [each for each in Page(result).named("button") if each.get("type") == "submit"]
    (button,) = [each for each in own if "formaction" not in each]
    assert button["name"] == "edit"
    form = client.post("/", data={**Page(result).values(), "edit": button["value"]})
    assert form.status_code == 200
    assert kept(form) == sent(patient)


def test_the_edit_button_is_there_out_of_scope(client):
    result = submit(client, OUT_OF_SCOPE)
    form = client.post("/", data={**Page(result).values(), "edit": "1"})
    assert kept(form) == sent(OUT_OF_SCOPE)


@pytest.mark.parametrize("patient", [README_PATIENT, OUT_OF_SCOPE], ids=["in", "out"])
def test_the_edit_button_keeps_the_model(client, patient):
    result = submit(client, patient, model="forest")
    form = client.post("/", data={**Page(result).values(), "edit": "1"})
    assert kept(form) == sent(patient, "forest")


def test_an_error_keeps_the_model(client):
    page = submit(client, with_values(age=200), model="forest")
    assert kept(page)[MODEL] == ["forest"]


@pytest.mark.parametrize("model", ["", "oracle", "COX", HOSTILE])
def test_another_model_is_refused(client, model):
    response = submit(client, model=model)
    assert response.status_code == 422
    assert "There is no model" in words(response)
    assert "one of cox, forest" in words(response)
    assert "<script>" not in response.text


def test_a_model_given_twice_is_refused(client):
    response = submit(client, model=["cox", "forest"])
    assert response.status_code == 422
    assert "model is given twice" in words(response)


@pytest.mark.parametrize("name", ["effect", "horizons_months", "interval_level", "bundle"])
def test_other_options_are_no_fields_of_the_form(client, name):
    response = submit(client, **{name: "all"})
    assert response.status_code == 422
    assert "There is no field" in words(response)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("patient_name", "identifies a person"),
        ("date_of_birth", "identifies a person"),
        ("surgical_margins", "after the decision"),
        ("grade", "There is no field"),
        ("eligibility.name", "identifies a person"),
    ],
)
def test_a_field_that_the_form_does_not_have_is_refused(client, name, said):
    response = submit(client, **{name: "Jane-Secret-4711"})
    assert response.status_code == 422
    assert said in words(response)
    assert "Jane-Secret-4711" not in response.text


def test_a_field_given_twice_is_refused(client):
    response = client.post("/", data={**form_of(README_PATIENT), "age": ["47", "48"]})
    assert response.status_code == 422
    assert "Age is given twice." in words(response)


def test_hostile_text_is_escaped_in_every_field(client):
    response = client.post("/", data=dict.fromkeys(FIELDS, HOSTILE))
    assert response.status_code == 422
    assert "<script>" not in response.text
    assert not {name for _, attrs in Page(response).tags for name in attrs if "<" in name}
    assert Page(response).values()["age"] == [HOSTILE]


def test_a_hostile_field_name_is_escaped(client):
    response = submit(client, **{HOSTILE: "1"})
    assert response.status_code == 422
    assert "<script>" not in response.text


def test_hostile_text_is_escaped_on_the_way_back_from_the_result(client):
    response = client.post("/", data={**dict.fromkeys(FIELDS, HOSTILE), "edit": "1"})
    assert response.status_code == 200
    assert "<script>" not in response.text


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_body_that_is_no_form_gives_no_figures(client, content_type):
    response = client.post("/", data='{"age": 47}', content_type=content_type)
    assert response.status_code in (415, 422)


def offered(page):
    """Return name and value of everything that can be ticked."""
    boxes = ("checkbox", "radio")
    return [(a["name"], a["value"]) for a in page.named("input") if a.get("type") in boxes]


def test_the_page_takes_every_value_that_it_offers(client):
    page = Page(client.get("/"))
    for name, value in offered(page):
        FIELDS[name].read_text(value)
    assert {name for name, _ in offered(page)} == set(FIELDS)
    models = [attrs["value"] for attrs in page.named("option")]
    assert models == list(MODELS)
    for model in models:
        assert submit(client, **{MODEL: model}).status_code == 200


def test_every_field_offers_not_known_and_nothing_is_ticked(client):
    page = Page(client.get("/"))
    assert sorted(name for name, value in offered(page) if value == "") == sorted(FIELDS)
    assert not [attrs for attrs in page.named("input") if "checked" in attrs]


@pytest.mark.parametrize("name", FIELDS)
def test_what_was_ticked_as_not_known_stays_so(client, name):
    number = name in ("age", "eligibility.months_of_systemic_therapy")
    page = Page(client.post("/", data={name: ["", ""] if number else "", "edit": "1"}))
    ticked = [attrs for attrs in page.named("input") if "checked" in attrs]
    assert [(attrs["name"], attrs["value"]) for attrs in ticked] == [(name, "")]


@pytest.mark.parametrize(
    ("name", "value"), [("age", "47"), ("metastatic_sites", "bone"), ("clinical_t", "T4")]
)
def test_a_value_that_is_also_not_known_is_a_contradiction(client, name, value):
    response = client.post("/", data={**form_of(README_PATIENT), name: [value, ""]})
    assert response.status_code == 422
    assert f"{FIELDS[name].label}: a value is given, and “not known” is ticked, too." in words(
        response
    )


def test_a_grade_of_0_and_a_no_are_entered_values(client):
    rows = dict(
        row
        for row in Page(submit(client, with_values(eligibility={"female": True}))).rows
        if len(row) == 2
    )
    assert rows["ECOG performance status"] == "PS 0"
    assert rows["Liver metastasis"] == "no (follows from the others)"


def test_input_rows_name_unknown_covariates_as_such(client, bundle):
    from models.patient import read_patient

    patient = read_patient(with_values(clinical_n=None))
    rows = dict(input_rows(patient))
    assert rows[FIELDS["clinical_n"].label] == "not known: averaged over"
    assert rows[FIELDS["age"].label] == "47"
    assert FIELDS["eligibility.female"].label not in rows


# The chosen month, and what stands beside


def months_of(response):
    """Return the months of the marked row of each outcome's table."""
    rows = re.findall(r'<tr class="chosen"><th scope="row">(\d+)</th>', response.text)
    return [int(month) for month in rows]


@pytest.mark.parametrize(("month", "words_of_it"), [(12, "one year"), (60, "five years")])
def test_the_reader_picks_the_month_without_scripts(client, month, words_of_it):
    response = submit(client, at=str(month))
    assert months_of(response) == [month] * len(OUTCOMES)
    sentences = [b for b in Page(response).blocks if b.startswith("Of 100 women")]
    assert all(words_of_it in sentence for sentence in sentences)
    captions = re.findall(r"<figcaption[^>]*>([^<]*)</figcaption>", response.text)
    assert len(captions) == 2 * len(OUTCOMES)
    assert all(words_of_it in caption for caption in captions)


def test_every_month_has_a_button_and_the_shown_one_is_marked(client):
    page = Page(submit(client))
    buttons = [attrs for attrs in page.named("button") if attrs.get("name") == "at"]
    assert [attrs["value"] for attrs in buttons] == ["12", "24", "36", "48", "60"]
    assert [attrs["value"] for attrs in buttons if "aria-current" in attrs] == ["48"]
    assert {attrs["form"] for attrs in buttons} == {"again"}
    assert months_of(submit(client)) == [48] * len(OUTCOMES)


def test_a_month_that_is_picked_comes_before_the_earlier_one_and_stays(client):
    response = submit(client, at=["12", "36"])
    assert months_of(response) == [12] * len(OUTCOMES)
    assert Page(response).values()["at"] == ["12"]


@pytest.mark.parametrize("month", ["13", "0", "", "x", "48.0"])
def test_a_month_that_the_page_has_not_is_refused(client, month):
    response = submit(client, at=month)
    assert response.status_code == 422
    assert "The page has no month" in words(response)


@pytest.mark.parametrize("arm", [SYSTEMIC_THERAPY, PTR])
def test_icons_count_what_the_table_says(client, arm):
    answer = client.post(
        "/v1/predict", json={"patient": README_PATIENT, "horizons_months": [48]}
    ).get_json()
    text = submit(client).text
    for outcome in OUTCOMES:
        band = answer["outcomes"][outcome.name][arm]
        estimate, lower, upper = (percent(band[k][0]) for k in ("estimate", "lower", "upper"))
        label = ARM_LABELS[arm][0].upper() + ARM_LABELS[arm][1:]
        told = f"{label}, four years: about {estimate} of 100 ({lower} to {upper})"
        assert f"<figcaption>{told}</figcaption>" in text


def test_other_analyses_are_set_beside_at_the_press_of_a_button(client):
    plain = Page(submit(client))
    assert [a["value"] for a in plain.named("button") if a.get("name") == "compare"] == ["1"]
    response = submit(client, compare="1")
    answer = client.post(
        "/v1/predict", json={"patient": README_PATIENT, "effect": "all"}
    ).get_json()
    by_name = {(each["model"], each["effect"]): each for each in answer["analyses"]}
    forest = by_name["forest", "overall"]["outcomes"]
    shown = [[cell.removesuffix("*") for cell in row] for row in rows_beside(response)]
    assert shown == [
        [month, *(expected_cell(forest[outcome.name][arm], place, arm) for arm in ARM_LABELS)]
        for outcome in OUTCOMES
        for place, month in enumerate(["12", "24", "36", "48", "60"])
    ]
    assert response.text.count('<details class="exploratory">') == len(OUTCOMES)
    assert "The same by the random survival forest" in response.text
    # What takes them away again is the one that is left.
    assert [a["value"] for a in Page(response).named("button") if a.get("name") == "compare"] == (
        ["0"]
    )
    assert rows_beside(submit(client, compare="0")) == []
    assert Page(response).values()["compare"] == ["1"]


def test_the_first_lines_stand_before_everything_else(client):
    text = submit(client).text
    lead = text.index('<section class="lead">')
    assert lead < text.index('<ul class="caveats">') < text.index('<section class="outcome">')
    own = text[lead : text.index("</section>", lead)]
    assert own.index("surgery did not clearly prolong survival") < own.index("<table")


#: Bytes of a page, and of one on which other analyses stand beside.
SMALL, COMPARED = 60_000, 75_000


@pytest.mark.parametrize("language", ["en", "ja"])
def test_pages_are_small(client, language):
    assert len(client.get(f"/?lang={language}").data) < SMALL
    # A browser sends nothing of a choice that is left open.
    form = {name: value for name, value in form_of(README_PATIENT).items() if value}
    assert len(client.post(f"/?lang={language}", data=form).data) < SMALL
    for more in ({"model": "forest"}, {"compare": "1"}):
        assert len(client.post(f"/?lang={language}", data={**form, **more}).data) < COMPARED


def test_the_head_of_a_result_is_sent_before_its_figures_are_computed(client, monkeypatch):
    def fail(*_):
        raise RuntimeError("no figures")

    monkeypatch.setattr(routes, "predict", fail)
    response = submit(client)
    assert response.status_code == 200
    head, _, own = response.text.partition("<main>")
    assert INTENDED_USE in html.unescape(head)
    assert "Something went wrong on our side." in own
    assert own.rstrip().endswith("</html>")
    assert "no figures" not in own


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_page_that_is_sent_in_parts_keeps_its_language(client, language):
    other = {"en": "ja", "ja": "en"}[language]
    response = client.post(f"/?lang={language}", data=form_of(README_PATIENT), buffered=False)
    client.get(f"/?lang={other}")
    assert client.get(f"/?lang={language}").text.split("<main>")[0].count("<li>") == (
        response.text.split("<main>")[0].count("<li>")
    )
    assert f'<html lang="{language}">' in response.text
    assert {"en": "Survival:", "ja": "生存："}[language].rstrip(":：") in response.text
