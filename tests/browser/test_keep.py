"""What is kept of a result, in a real Chromium: the printed page, the text and the link."""

from __future__ import annotations

import base64
import datetime
import html
import io
import json
import threading
import unicodedata
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from pypdf import PdfReader
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from models import __version__
from models.language import LANGUAGES, speaking
from models.options import Options
from models.patient import read_patient
from service.app import create_app
from service.page.fragment import fragment_of
from service.page.sheet import told_day
from tests.browser.test_form import browser, fill, press, submit
from tests.statements.sheet import sheet_of_page, text_of_page
from tests.support.bundles import default_bundle
from tests.support.chromium import start_chromium
from tests.support.forms import form_texts
from tests.support.patients import CONFIRMED
from tests.support.readme import README_PATIENT

__all__ = ["browser"]

pytestmark = pytest.mark.browser

#: A4 in inches, as the driver asks for it.
A4 = {"paperWidth": 210 / 25.4, "paperHeight": 297 / 25.4, "preferCSSPageSize": True}
_ALL_SITES = ["bone", "liver", "lung", "soft_tissue", "distant_nodes", "pleura", "other"]
PATIENTS = {
    "typical": (README_PATIENT, "cox"),
    "nearly all unknown": ({"age": 40, "clinical_t": "T2", "clinical_n": "N0"}, "cox"),
    "forest": (README_PATIENT, "forest"),
    "out of scope": ({**README_PATIENT, "ecog_ps": 3, "metastatic_sites": ["brain"]}, "cox"),
    "everything entered": (
        {
            **README_PATIENT,
            "ecog_ps": 2,
            "metastatic_sites": _ALL_SITES,
            "eligibility": {
                **CONFIRMED,
                "ps2_due_to_bone_metastases": True,
                "months_of_systemic_therapy": 9.25,
                "measurable_metastasis": False,
            },
        },
        "forest",
    ),
    "long": (
        {
            **README_PATIENT,
            "age": 79,
            "menopausal_status": "post",
            "ecog_ps": 1,
            "her2_status": "positive",
            "clinical_n": None,
            "metastatic_sites": ["liver", "soft_tissue", "distant_nodes"],
            "eligibility": {"measurable_metastasis": False, "months_of_systemic_therapy": 7},
        },
        "forest",
    ),
}
each_patient = pytest.mark.parametrize(("patient", "model"), PATIENTS.values(), ids=PATIENTS)
each_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(scope="module")
def scripted(tmp_path_factory):
    """Return a browser with scripts."""
    chromium = start_chromium(tmp_path_factory.mktemp("scripted"), scripts=True)
    yield chromium
    chromium.quit()


def link(address, patient, model="cox", language="en"):
    """Return the link of a patient, made without the page."""
    return f"{address}/?lang={language}#{fragment_of(read_patient(patient), Options(model=model))}"


def until(driver, condition):
    waiting = WebDriverWait(driver, 20, ignored_exceptions=[WebDriverException])
    return waiting.until(condition)


def open_link(driver, address):
    """Open a link in a page of its own and wait until the form is filled in."""
    driver.get("about:blank")
    driver.get(address)
    until(driver, lambda d: d.find_element(By.ID, "opened").is_displayed())


def sent(driver):
    """Return what the form on the page would send, what is left open aside."""
    pairs = driver.execute_script(
        "return Array.from(new FormData(document.querySelector('main form')))"
    )
    return sorted((name, value) for name, value in pairs if value)


def expected(patient, model="cox"):
    texts = {**form_texts(patient), "model": model}
    return sorted(
        (name, value)
        for name, values in texts.items()
        for value in (values if isinstance(values, list) else [values])
    )


def show_result(driver, address, patient, model="cox", language="en"):
    open_link(driver, link(address, patient, model, language))
    press(driver, {"en": "Show the prediction", "ja": "予測を表示"}[language])


def printed(driver):
    """Return the pages of the PDF that the browser prints."""
    found = driver.execute_cdp_cmd("Page.printToPDF", A4)
    return PdfReader(io.BytesIO(base64.b64decode(found["data"]))).pages


def squeezed(text):
    """Return a text without blanks, and without ligatures and the like, which a font brings."""
    return "".join(unicodedata.normalize("NFKC", text).split())


# Print


@each_language
@each_patient
def test_print_is_one_a4_page_with_everything_of_the_sheet(
    scripted, live_server, patient, model, language
):
    days = {datetime.date.today()}
    show_result(scripted, live_server, patient, model, language)
    days.add(datetime.date.today())
    pages = printed(scripted)
    assert len(pages) == 1
    size = [float(side) for side in pages[0].mediabox[2:]]
    assert size == pytest.approx([595, 842], abs=1)
    text = squeezed(pages[0].extract_text())
    sheet = sheet_of_page(scripted.page_source)
    pieces = [
        each.words
        for tag in ("h2", "h3", "p", "li", "caption", "th", "td")
        for each in sheet.every(tag)
    ]
    assert len(pieces) > 15
    assert [piece for piece in pieces if squeezed(piece) not in text] == []
    with speaking(language):
        assert any(squeezed(told_day(day)) in text for day in days)
    assert f"Equipoise{__version__}" in text
    assert default_bundle().digest[:19] in text
    in_scope = bool(list(sheet.every("table")))
    assert ("%" in text) == in_scope
    assert in_scope == ("brain" not in patient.get("metastatic_sites", []))


def test_nothing_but_the_sheet_is_printed(browser, live_server):
    fill_without_a_link(browser, live_server)
    (page,) = printed(browser)
    text = page.extract_text()
    assert "Equipoise. Surgery of the primary tumour" in text
    for other in (
        "API documentation",
        "Change the values",
        "日本語",
        "For the notes",
        "Print this",
    ):
        assert other not in text


def fill_without_a_link(driver, address):
    """Send the README's patient as a form does that was typed in."""
    driver.get(f"{address}/?lang=en")
    fill(driver, README_PATIENT)
    submit(driver)


def test_the_form_is_printed_as_it_is_seen(browser, live_server):
    browser.get(f"{live_server}/?lang=en")
    text = squeezed("".join(page.extract_text() for page in printed(browser)))
    assert squeezed("Surgery of the primary tumour in stage IV breast cancer?") in text


def test_the_code_is_printed(scripted, live_server):
    show_result(scripted, live_server, README_PATIENT)
    scripted.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        code = scripted.find_element(By.CSS_SELECTOR, ".sheet svg")
        assert code.is_displayed()
        assert min(code.rect["width"], code.rect["height"]) > 30 / 25.4 * 96
    finally:
        scripted.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_sheet_is_not_seen_on_the_screen(browser, live_server):
    fill_without_a_link(browser, live_server)
    assert not browser.find_element(By.CSS_SELECTOR, ".sheet").is_displayed()
    assert "one A4 page" in browser.find_element(By.CSS_SELECTOR, ".keep").text


# The text


def show_text(driver):
    """Press the button of a result that leads to its text."""
    press(driver, "Copy as text")


def test_the_text_is_one_button_away_without_scripts(browser, live_server):
    fill_without_a_link(browser, live_server)
    figures = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, ".outcome td")]
    show_text(browser)
    area = browser.find_element(By.ID, "kept-text")
    assert area.is_displayed()
    assert area.get_property("value") == text_of_page(browser.page_source)
    assert area.get_property("readOnly")
    # All of it is seen at once, on the screen and on paper.
    assert area.get_property("scrollHeight") <= area.get_property("clientHeight") + 1
    press(browser, "Back to the result")
    again = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, ".outcome td")]
    assert again == figures


def test_the_buttons_are_there_with_scripts_alone(browser, live_server, request):
    has_scripts = "scripts on" in request.node.name
    fill_without_a_link(browser, live_server)
    assert browser.find_element(By.ID, "print").is_displayed() == has_scripts
    show_text(browser)
    assert browser.find_element(By.ID, "copy").is_displayed() == has_scripts


def test_the_copy_button_copies_the_text(scripted, live_server):
    scripted.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": live_server},
    )
    show_result(scripted, live_server, README_PATIENT)
    show_text(scripted)
    scripted.find_element(By.ID, "copy").click()
    until(scripted, lambda d: d.find_element(By.ID, "copied").text == "Copied.")
    read = "navigator.clipboard.readText().then(arguments[0], e => arguments[0](String(e)))"
    copied = scripted.execute_async_script(read)
    assert copied.replace("\r\n", "\n") == text_of_page(scripted.page_source)


def test_the_text_is_copied_where_there_is_no_clipboard_of_the_page(scripted, live_server):
    show_result(scripted, live_server, README_PATIENT)
    show_text(scripted)
    scripted.execute_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
        "document.execCommand = what => { window.asked = what; return window.answer; };"
        "window.answer = false"
    )
    status = scripted.find_element(By.ID, "copied")
    scripted.find_element(By.ID, "copy").click()
    assert status.text == "The text is selected: copy it by hand."
    assert scripted.execute_script("return window.asked") == "copy"
    scripted.execute_script("window.answer = true")
    scripted.find_element(By.ID, "copy").click()
    assert status.text == "Copied."


def test_the_print_button_prints(scripted, live_server):
    show_result(scripted, live_server, README_PATIENT)
    scripted.execute_script("window.print = () => { window.printed = true; }")
    scripted.find_element(By.ID, "print").click()
    assert scripted.execute_script("return window.printed") is True


# The link


@each_language
@each_patient
def test_the_link_fills_the_form_and_leaves_the_address_bar(
    scripted, live_server, patient, model, language
):
    open_link(scripted, link(live_server, patient, model, language))
    assert sent(scripted) == expected(patient, model)
    assert scripted.current_url == f"{live_server}/?lang={language}"
    notice = scripted.find_element(By.ID, "opened")
    assert notice.text == notice.get_attribute("data-filled")


def test_the_link_of_the_page_leads_back_to_the_same_result(scripted, live_server):
    show_result(scripted, live_server, *PATIENTS["forest"])
    before = [cell.text for cell in scripted.find_elements(By.CSS_SELECTOR, ".outcome td")]
    scripted.find_element(By.CSS_SELECTOR, ".keep a").click()
    until(scripted, lambda d: d.find_element(By.ID, "opened").is_displayed())
    assert sent(scripted) == expected(*PATIENTS["forest"])
    press(scripted, "Show the prediction")
    after = [cell.text for cell in scripted.find_elements(By.CSS_SELECTOR, ".outcome td")]
    assert after == before
    assert len(after) > 60


def test_full_names_and_values_are_understood_too(scripted, live_server):
    pairs = "&".join(
        f"{name}={quote(','.join(values) if isinstance(values, list) else values)}"
        for name, values in form_texts(README_PATIENT).items()
    )
    open_link(scripted, f"{live_server}/?lang=en#{pairs}")
    assert sent(scripted) == expected(README_PATIENT)


def test_no_value_of_an_earlier_patient_stays(scripted, live_server):
    open_link(scripted, link(live_server, *PATIENTS["everything entered"]))
    # The same page, another fragment: nothing is loaded.
    scripted.execute_script("location.hash = 'ag=63&clt=T2'")
    until(scripted, lambda d: d.find_element(By.ID, "age").get_property("value") == "63")
    assert sent(scripted) == [("age", "63"), ("clinical_t", "T2"), ("model", "cox")]
    assert "#" not in scripted.current_url


def test_what_is_not_understood_is_named_and_left_open(scripted, live_server):
    hostile = quote("<img src=x onerror=document.title='taken'>")
    open_link(
        scripted, f"{live_server}/?lang=en#ag=47&clt=T9&name=Sato&{hostile}=1&mo=oracle&%E0%A4%A=2"
    )
    assert sent(scripted) == [("age", "47"), ("model", "cox")]
    told = scripted.find_element(By.ID, "opened").text
    assert told.startswith(
        "Filled in from a link. Check every value. Not understood, and left open: "
    )
    assert "left open: Clinical T, name, <img src=x onerror=" in told
    assert told.endswith(", Model, %E0%A4%A")
    assert scripted.find_elements(By.CSS_SELECTOR, "#opened *") == []
    assert "taken" not in scripted.title


HOSTILE = quote("'\"><script>document.title='taken'</script>" + "9" * 500)


@pytest.mark.parametrize(
    "pairs",
    [
        *("age=abc", f"ag={HOSTILE}", "ag=47,5", "age=47&age=48", "ag=47&age=48", "ag=47&ag=47"),
        *("ag=4%C2%B2", "ag=NaN", "ag=0x2F", "ag=4_7"),
    ],
)
def test_what_is_no_number_is_named_and_left_open(scripted, live_server, pairs):
    open_link(scripted, f"{live_server}/?lang=en#{pairs}&clt=T2")
    assert sent(scripted) == [("clinical_t", "T2"), ("model", "cox")]
    told = scripted.find_element(By.ID, "opened").text
    assert set(told.partition("left open: ")[2].split(", ")) == {"Age"}
    assert "taken" not in scripted.title


@pytest.mark.parametrize("text", ["47", "47.5", "４７", "%2B47", "4.75e1", "200"])
def test_a_number_stands_in_its_field_as_it_came(scripted, live_server, text):
    open_link(scripted, f"{live_server}/?lang=en#age={text}&clt=T2")
    assert scripted.find_element(By.ID, "age").get_property("value") == text.replace("%2B", "+")
    notice = scripted.find_element(By.ID, "opened")
    assert notice.text == notice.get_attribute("data-filled")


def test_a_value_that_is_empty_is_left_open_without_a_word(scripted, live_server):
    open_link(scripted, f"{live_server}/?lang=en#age=&er_status=&clinical_t=T2")
    assert sent(scripted) == [("clinical_t", "T2"), ("model", "cox")]
    notice = scripted.find_element(By.ID, "opened")
    assert notice.text == notice.get_attribute("data-filled")


def test_two_values_where_one_is_meant_are_left_open(scripted, live_server):
    open_link(scripted, f"{live_server}/?lang=en#erst=po&er_status=negative&clt=T2,T4&mesi=bo,li")
    assert sent(scripted) == [
        *(("metastatic_sites", site) for site in ("bone", "liver")),
        ("model", "cox"),
    ]
    told = scripted.find_element(By.ID, "opened").text
    assert "Clinical T" in told
    assert "ER status" in told


def test_full_width_in_a_link_is_scored(scripted, live_server):
    open_link(scripted, f"{live_server}/?lang=ja#age=４７&clt=T2&cln=N0&erst=po")
    press(scripted, "予測を表示")
    assert "年齢：47" in scripted.find_element(By.CSS_SELECTOR, ".lead").text


def test_the_link_to_a_mistake_is_no_link_with_values(scripted, live_server):
    open_link(scripted, f"{live_server}/?lang=en#ag=200&clt=T2&cln=N0")
    press(scripted, "Show the prediction")
    scripted.find_element(By.CSS_SELECTOR, ".problems a").click()
    assert scripted.current_url.endswith("#age")
    assert not scripted.find_element(By.ID, "opened").is_displayed()
    assert scripted.find_element(By.ID, "age").get_property("value") == "200"


def test_without_scripts_the_form_stays_empty_and_says_why(browser, live_server, request):
    browser.get("about:blank")
    browser.get(link(live_server, README_PATIENT))
    filled = browser.find_element(By.ID, "age").get_property("value")
    told = "only where scripts are allowed" in browser.find_element(By.TAG_NAME, "main").text
    has_scripts = "scripts on" in request.node.name
    assert (filled, told) == (("47", False) if has_scripts else ("", True))


@contextmanager
def listening_server():
    """Run the app in this process and yield its address, and all that browsers send to it."""
    app, heard = create_app(), []

    def listen(environ, start_response):
        told = {name: value for name, value in environ.items() if isinstance(value, str)}
        heard.append(json.dumps(told))
        return app(environ, start_response)

    server = make_server("127.0.0.1", 0, listen, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_no_server_sees_the_values_of_a_link(scripted):
    patient = {**README_PATIENT, "age": 71.25}
    with listening_server() as (address, heard):
        scripted.get_log("performance")
        open_link(scripted, link(address, patient))
        assert sent(scripted) == expected(patient)
        scripted.get("about:blank")
    assert len(heard) >= 3, "the page, its style sheet and its script"
    for request in heard:
        for value in ("71.25", "ag=", "mesi", "%23", "#"):
            assert value not in request
    urls = [
        message["params"]["request"]["url"]
        for message in (
            json.loads(e["message"])["message"] for e in scripted.get_log("performance")
        )
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert f"{address}/?lang=en" in urls
    assert not [url for url in urls if "71.25" in html.unescape(url)]


def test_the_policy_is_kept_and_the_browser_complains_of_nothing(scripted, live_server):
    scripted.get_log("browser")
    show_result(scripted, live_server, README_PATIENT)
    show_text(scripted)
    scripted.find_element(By.ID, "copy").click()
    assert scripted.get_log("browser") == []
