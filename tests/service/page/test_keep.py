"""What the result page offers for the notes, as a browser with scripts off gets it."""

from __future__ import annotations

import datetime
import html
import re

import pytest

from models.language import LANGUAGES
from models.outcomes import MODELS
from service.page import keep
from tests.service.helpers import (
    OUT_OF_SCOPE,
    README_PATIENT,
    ULCERATED,
    Page,
    form_of,
    with_values,
)
from tests.statements.sheet import sheet_of_page, text_of_page

from .test_qr_code import drawn, modules_of

DAY = datetime.date(2026, 3, 9)
PATIENTS = {
    "typical": README_PATIENT,
    "ulcerated": ULCERATED,
    "unknown": {"age": 40, "clinical_t": "T2", "clinical_n": "N0"},
    "out of scope": OUT_OF_SCOPE,
}
each_patient = pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS)
each_language = pytest.mark.parametrize("language", LANGUAGES)
#: Bytes that the notes may add to the page of the README's patient, and their code's share.
MOST_FOR_NOTES, MOST_FOR_A_CODE = 11_000, 3_000


@pytest.fixture(autouse=True)
def day(monkeypatch):
    monkeypatch.setattr(keep, "today", lambda: DAY)


def ask(client, patient=README_PATIENT, language="en", **more):
    response = client.post(f"/?lang={language}", data={**form_of(patient), **more})
    assert response.status_code == 200
    return response.text


def part(page, start, end):
    return page.partition(start)[2].partition(end)[0]


def ask_text(client, patient=README_PATIENT, language="en", **more):
    return ask(client, patient, language, text="1", **more)


def code_of(page):
    return re.findall(
        r"<svg viewBox.*?</svg>", part(page, '<section class="sheet">', "</section>")
    )[0]


def link_of(text_page):
    return text_of_page(text_page).strip().splitlines()[-1]


@each_patient
@each_language
def test_sheet_and_text_are_dated(client, patient, language):
    date = {"en": "2026-03-09", "ja": "2026年3月9日"}[language]
    assert date in sheet_of_page(ask(client, patient, language)).text
    assert date in text_of_page(ask_text(client, patient, language))


@each_patient
@pytest.mark.parametrize("asked", [ask, ask_text], ids=["page", "text"])
def test_the_same_request_on_the_same_day_gives_the_same_bytes(client, patient, asked):
    assert asked(client, patient) == asked(client, patient)


@pytest.mark.parametrize("asked", [ask, ask_text], ids=["page", "text"])
def test_another_day_changes_the_date_alone(client, monkeypatch, asked):
    first = asked(client)
    monkeypatch.setattr(keep, "today", lambda: datetime.date(2027, 12, 31))
    assert asked(client).replace("2027-12-31", "2026-03-09") == first


def test_the_day_is_that_of_this_machines_clock(monkeypatch):
    monkeypatch.undo()
    before = datetime.date.today()
    assert before <= keep.today() <= datetime.date.today()


# The link and its code


@each_patient
@pytest.mark.parametrize("model", MODELS)
def test_page_text_and_code_have_the_same_link(client, patient, model):
    page = ask(client, patient, model=model)
    link = link_of(ask_text(client, patient, model=model))
    (place,) = [a["href"] for a in anchors(page) if "#ag=" in a["href"]]
    assert link == f"http://localhost{place}"
    assert place.startswith("/?lang=en&#ag=")
    assert place.endswith(f"&mo={model[:2]}")
    assert (drawn(code_of(page)) == modules_of(link)).all()


def anchors(page):
    return Page(Answer(page)).named("a")


class Answer:
    """What `Page` needs of a response."""

    def __init__(self, text):
        self.text = text


def post_to(client, address, **more):
    return client.post("/", data={**form_of(README_PATIENT), "text": "1"}, base_url=address)


def test_the_link_leads_to_the_host_that_was_asked(client):
    address = "https://equipoise.hospital.example:8443"
    assert link_of(post_to(client, address).text).startswith(f"{address}/?#ag=47&")


@pytest.mark.parametrize("host", ['x"><script>alert(1)</script>', "a" * 2000, "é", "[", "a b"])
@pytest.mark.parametrize("more", [{}, {"text": "1"}], ids=["page", "text"])
def test_a_hostile_host_breaks_nothing(client, host, more):
    data = {**form_of(README_PATIENT), **more}
    response = client.post("/", data=data, headers={"Host": host})
    assert response.status_code in (200, 400)
    assert "<script>" not in response.text
    assert "Something went wrong" not in response.text


def test_too_long_a_link_has_no_code_and_stays_on_the_page(client):
    host = f"http://{'.'.join(['a' * 60] * 8)}"
    page = client.post("/", data=form_of(README_PATIENT), base_url=host).text
    assert link_of(post_to(client, host).text).startswith(f"{host}/?#ag=47")
    assert [a for a in anchors(page) if "#ag=47" in a["href"]]
    assert list(sheet_of_page(page).every("figure")) == []


def test_the_link_has_its_words_beside_the_code(client):
    figure = next(sheet_of_page(ask(client)).every("figure"))
    assert (
        next(figure.every("p")).words
        == "Opens the form with these values; they stay in the browser."
    )


@pytest.mark.parametrize("query", ["", "?lang=ja"])
def test_the_link_of_a_result_leaves_its_page(client, query):
    """A browser stays where only the fragment is another."""
    page = client.post(f"/{query}", data={**form_of(README_PATIENT), "text": "1"}).text
    address = link_of(page).partition("#")[0]
    assert address != f"http://localhost/{query}"
    assert address.rstrip("?&") == f"http://localhost/{query}"
    assert client.get(address).status_code == 200


def test_values_stand_behind_the_sign_alone(client):
    address, _, values = link_of(ask_text(client)).partition("#")
    assert address == "http://localhost/?lang=en&"
    assert "ag=47" in values


def test_values_are_kept_as_they_were_read(client):
    page = ask_text(client, with_values(age="  47.50 "))
    assert "ag=47.5&" in link_of(page)
    assert "Age: 47.5;" in text_of_page(page)


# The pages


def test_the_text_is_one_button_away_and_back(client):
    result = Page(Answer(ask(client)))
    (button,) = [each for each in result.named("button") if each.get("name") == "text"]
    ids = [form.get("id") for form in result.named("form")]
    assert button["form"] in ids
    page = Page(client.post("/", data={**form_of(README_PATIENT), "text": button["value"]}))
    back, switch = page.named("form")
    assert back["action"] == switch["action"] == "/result"
    assert page.values() == {
        **{name: values * 2 for name, values in result.values().items()},
        "text": ["1"],
    }


def test_the_text_page_can_be_had_in_the_other_language(client):
    (button,) = [
        each for each in Page(Answer(ask_text(client))).named("button") if "formaction" in each
    ]
    page = client.post(button["formaction"], data={**form_of(README_PATIENT), "text": "1"})
    assert "入力内容" in text_of_page(page.text)


def test_the_text_area_is_labelled_and_cannot_be_changed(client):
    page = Page(Answer(ask_text(client)))
    (area,) = page.named("textarea")
    assert "readonly" in area
    assert area["aria-labelledby"] in {attrs.get("id") for attrs in page.named("h1")}
    assert "name" not in area, "it is sent nowhere"
    lines = text_of_page(ask_text(client)).splitlines()
    assert int(area["rows"]) > len(lines)


def test_mistakes_are_told_in_place_of_the_text(client):
    response = client.post("/", data={**form_of(with_values(age=200)), "text": "1"})
    assert response.status_code == 422
    assert "<textarea" not in response.text


def test_too_much_work_is_refused_in_place_of_the_text(make_app):
    client = make_app(max_combinations=1).test_client()
    data = {**form_of(PATIENTS["unknown"]), "text": "1"}
    response = client.post("/", data=data)
    assert response.status_code == 413
    assert "<textarea" not in response.text


@pytest.mark.parametrize(("asked", "name"), [(ask, "print"), (ask_text, "copy")])
def test_buttons_that_need_a_script_are_hidden_without_one(client, asked, name):
    page = Page(Answer(asked(client)))
    scripted = [attrs for attrs in page.named("button") if attrs.get("type") == "button"]
    assert [attrs["id"] for attrs in scripted] == [name]
    assert all("hidden" in attrs for attrs in scripted)


@each_language
def test_the_form_says_that_links_need_scripts_where_there_are_none(client, language):
    page = client.get(f"/?lang={language}").text
    words = html.unescape(part(page, "<noscript>", "</noscript>"))
    assert re.search("scripts are allowed|スクリプト", words)
    assert Page(Answer(page)).named("script")


# What it costs


def test_the_notes_are_small(client):
    page = ask(client)
    added = page[page.index('<section class="keep">') : page.index("<script")]
    assert len(added.encode()) < MOST_FOR_NOTES
    assert len(code_of(page)) < MOST_FOR_A_CODE


# Where it is


@pytest.mark.parametrize(
    ("asked", "form"), [("/result", "/"), ("/result?lang=ja", "/?lang=ja")], ids=["plain", "ja"]
)
def test_the_address_of_a_result_leads_to_the_form(client, asked, form):
    response = client.get(asked)
    assert (response.status_code, response.headers["Location"]) == (302, form)


def test_the_old_address_gives_the_same_page(client):
    form = form_of(README_PATIENT)
    assert client.post("/", data=form).data == client.post("/result", data=form).data


def test_what_must_be_cleared_up_stands_before_the_figures_of_the_sheet(client):
    page = client.post("/result", data=form_of(with_values(eligibility={}))).text
    sheet = page[page.index('<section class="sheet">') :]
    stop = "Clear this up before reading the figures."
    assert sheet.count(stop) == 1
    assert sheet.index(stop) < sheet.index("<table>")
