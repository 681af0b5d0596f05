"""The form in a real Chromium, with scripts on and off."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from models.outcomes import DIFFERENCE, OUTCOMES, SHOWN_ARMS
from tests.doors.test_same_figures import HORIZONS, cells_beside, shown
from tests.support.chromium import start_chromium
from tests.support.forms import form_texts
from tests.support.readme import README_PATIENT

pytestmark = pytest.mark.browser

_OUTCOME_CELLS = ".outcome td:not(.pooled)"


@pytest.fixture(params=[True, False], ids=["scripts on", "scripts off"], scope="module")
def browser(request, tmp_path_factory):
    chromium = start_chromium(tmp_path_factory.mktemp("profile"), scripts=request.param)
    yield chromium
    chromium.quit()


def fill(browser, patient):
    """Type a patient into the form as a person would."""
    for name, text in form_texts(patient).items():
        if name in ("age", "eligibility.months_of_systemic_therapy"):
            browser.find_element(By.ID, name).send_keys(text)
        elif name == "model":
            Select(browser.find_element(By.ID, name)).select_by_value(text)
        else:
            for value in text if isinstance(text, list) else [text]:
                answer(browser, name, value).click()


def answer(browser, name, value):
    """Return the control of one answer; an empty value is "not known"."""
    return browser.find_element(By.CSS_SELECTOR, f"[name='{name}'][value='{value}']")


def submit(browser):
    press(browser, "Show the prediction")


def press(browser, words):
    """Press a button and wait until the next page stands."""
    before = browser.find_element(By.TAG_NAME, "html").id
    browser.find_element(By.XPATH, f"//button[.='{words}']").click()

    def next_page_stands(driver):
        is_new = driver.find_element(By.TAG_NAME, "html").id != before
        return is_new and driver.find_elements(By.TAG_NAME, "footer")

    # While one page replaces the other, the driver may fail to look at either.
    waiting = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    waiting.until(next_page_stands)


def test_the_result_shows_the_figures_of_the_api(browser, live_server):
    browser.get(live_server)
    fill(browser, README_PATIENT)
    submit(browser)
    cells = [
        cell.text.rstrip("*") for cell in browser.find_elements(By.CSS_SELECTOR, _OUTCOME_CELLS)
    ]
    outcomes = ask_api(live_server, README_PATIENT)["outcomes"]
    assert cells == [
        shown(outcomes[outcome.name][arm], place, signed=arm == DIFFERENCE)
        for outcome in OUTCOMES
        for place in range(len(HORIZONS))
        for arm in SHOWN_ARMS
    ]


def test_the_forest_can_be_chosen_and_stands_beside_the_cox_model(browser, live_server):
    browser.get(live_server)
    model = Select(browser.find_element(By.ID, "model"))
    assert model.first_selected_option.get_attribute("value") == "cox"
    fill(browser, {**README_PATIENT, "model": "forest"})
    submit(browser)
    answer = ask_api(live_server, README_PATIENT, model="forest", effect="all")
    own = browser.find_elements(By.CSS_SELECTOR, ".outcome td:not(.pooled):not(.compared)")
    assert [cell.text.rstrip("*") for cell in own] == [
        shown(answer["outcomes"][outcome.name][arm], place, signed=arm == DIFFERENCE)
        for outcome in OUTCOMES
        for place in range(len(HORIZONS))
        for arm in SHOWN_ARMS
    ]
    beside = browser.find_elements(By.CSS_SELECTOR, ".outcome td.compared")
    assert [cell.get_attribute("textContent").rstrip("*") for cell in beside] == [
        cell for outcome in OUTCOMES for cell in cells_beside(answer, outcome.name)
    ]


def test_the_chosen_model_stays_when_the_values_are_changed(browser, live_server):
    browser.get(live_server)
    fill(browser, {**README_PATIENT, "model": "forest"})
    submit(browser)
    press(browser, "Change the values")
    model = Select(browser.find_element(By.ID, "model"))
    assert model.first_selected_option.get_attribute("value") == "forest"


def test_the_result_says_what_it_is(browser, live_server):
    browser.get(live_server)
    fill(browser, README_PATIENT)
    submit(browser)
    text = browser.find_element(By.TAG_NAME, "body").text
    assert "not for clinical decisions" in text
    assert "simulated patients" in text
    assert "primary endpoint was not met" in text


def test_a_mistake_is_told_at_the_field_and_what_was_typed_stays(browser, live_server):
    browser.get(live_server)
    fill(browser, {**README_PATIENT, "age": 200})
    submit(browser)
    age = browser.find_element(By.ID, "age")
    assert age.get_attribute("value") == "200"
    assert age.get_attribute("aria-invalid") == "true"
    assert (
        browser.find_element(By.CSS_SELECTOR, ".problems a").get_attribute("href").endswith("#age")
    )
    assert answer(browser, "clinical_t", "T4").is_selected()
    assert browser.find_element(By.CSS_SELECTOR, "[value=bone]").is_selected()


def test_out_of_scope_shows_reasons_and_no_figures(browser, live_server):
    browser.get(live_server)
    fill(browser, {**README_PATIENT, "ecog_ps": 3})
    submit(browser)
    assert browser.find_elements(By.CSS_SELECTOR, ".reasons li")
    assert not browser.find_elements(By.CSS_SELECTOR, ".outcome")
    assert "%" not in browser.find_element(By.TAG_NAME, "main").text


def test_the_values_can_be_changed(browser, live_server):
    browser.get(live_server)
    fill(browser, README_PATIENT)
    submit(browser)
    press(browser, "Change the values")
    assert browser.find_element(By.ID, "age").get_attribute("value") == "47"
    assert browser.find_element(By.CSS_SELECTOR, "[value=bone]").is_selected()


def test_no_request_leaves_for_another_host(browser, live_server):
    browser.get_log("performance")
    browser.get(live_server)
    fill(browser, README_PATIENT)
    submit(browser)
    for path in ("/sure", "/lists", "/lists/columns", "/models", "/docs", "/nowhere"):
        browser.get(f"{live_server}{path}")
    urls = [url for url in requested_urls(browser) if not url.startswith("chrome:")]
    assert len(urls) > 8
    assert all(url.startswith(live_server) for url in urls)


def test_the_browser_complains_of_nothing(browser, live_server):
    browser.get_log("browser")
    browser.get(live_server)
    browser.get(f"{live_server}/docs")
    assert browser.get_log("browser") == []


def requested_urls(browser):
    messages = [
        json.loads(entry["message"])["message"] for entry in browser.get_log("performance")
    ]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def ask_api(address, patient, **options):
    body = json.dumps({"patient": patient, **options}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{address}/v1/predict", data=body, headers=headers)) as response:
        return json.load(response)
