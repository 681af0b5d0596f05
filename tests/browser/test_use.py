"""What people do to a page: press twice, go back, leave it open, type what they should not."""

from __future__ import annotations

import json

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.test_form import answer, browser, fill, press, submit
from tests.support.readme import README_PATIENT

__all__ = ["browser"]

pytestmark = pytest.mark.browser

HOSTILE = "\"'><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def chosen_month(driver):
    return driver.find_element(By.CSS_SELECTOR, ".chosen th").text


def test_the_month_is_picked_and_what_was_entered_stays(browser, live_server):
    browser.get(live_server)
    fill(browser, README_PATIENT)
    submit(browser)
    assert chosen_month(browser) == "48"
    press(browser, "one year")
    assert chosen_month(browser) == "12"
    press(browser, "Set the other model and exploratory analyses beside these figures")
    assert chosen_month(browser) == "12"
    assert browser.find_elements(By.CSS_SELECTOR, ".exploratory")
    press(browser, "Change the values")
    assert browser.find_element(By.ID, "age").get_attribute("value") == "47"
    assert answer(browser, "clinical_t", "T4").is_selected()


def test_the_other_model_is_set_beside_with_a_word_and_taken_away_again(browser, live_server):
    browser.get(f"{live_server}/?lang=en")
    fill(browser, README_PATIENT)
    submit(browser)
    assert not browser.find_elements(By.CSS_SELECTOR, ".beside")
    press(browser, "one year")
    press(browser, "Set the other model and exploratory analyses beside these figures")
    line = browser.find_element(By.CSS_SELECTOR, "#figures + .notice")
    assert "The random survival forest now stands below each table" in line.text
    assert len(browser.find_elements(By.CSS_SELECTOR, ".beside")) > 4
    press(browser, "two years")
    assert browser.find_elements(By.CSS_SELECTOR, ".beside")
    press(browser, "Show one model only")
    assert not browser.find_elements(By.CSS_SELECTOR, ".beside, #figures + .notice")
    assert chosen_month(browser) == "24"
    press(browser, "one year")
    assert not browser.find_elements(By.CSS_SELECTOR, ".beside")
    press(browser, "Set the other model and exploratory analyses beside these figures")
    assert browser.find_elements(By.CSS_SELECTOR, ".beside")


def test_the_forest_alone_offers_no_way_to_one_model(browser, live_server):
    browser.get(f"{live_server}/?lang=en")
    fill(browser, {**README_PATIENT, "model": "forest"})
    submit(browser)
    assert not browser.find_elements(By.XPATH, "//button[.='Show one model only']")


def test_the_values_are_changed_from_the_top(browser, live_server):
    browser.get(f"{live_server}/?lang=en")
    fill(browser, README_PATIENT)
    submit(browser)
    entered = browser.find_element(By.CSS_SELECTOR, ".lead p.help")
    assert entered.text.startswith("Entered: Age: 47")
    entered.find_element(By.CSS_SELECTOR, "[name=edit]").click()
    waiting = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    waiting.until(lambda driver: driver.find_elements(By.ID, "age"))
    assert browser.find_element(By.ID, "age").get_attribute("value") == "47"


def test_the_notes_are_one_click_from_the_top(browser, live_server):
    browser.get(f"{live_server}/?lang=en")
    fill(browser, README_PATIENT)
    submit(browser)
    browser.find_element(By.LINK_TEXT, "For the notes").click()
    top = browser.execute_script(
        "return document.getElementById('notes').getBoundingClientRect().top"
    )
    assert 0 <= top < 700
    assert browser.find_element(By.ID, "notes").text == "For the notes"


def test_pressing_twice_gives_one_result(browser, live_server):
    browser.get(live_server)
    fill(browser, README_PATIENT)
    button = browser.find_element(By.XPATH, "//button[.='Show the prediction']")
    ActionChains(browser).double_click(button).perform()
    waiting = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    waiting.until(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".lead"))
    waiting.until(lambda driver: driver.find_elements(By.TAG_NAME, "footer"))
    assert len(browser.find_elements(By.CSS_SELECTOR, ".lead")) == 1


def test_the_back_button_leads_to_the_form(browser, live_server):
    browser.get(live_server)
    fill(browser, README_PATIENT)
    submit(browser)
    browser.back()
    assert browser.find_element(By.ID, "age").is_displayed()
    submit_again = browser.find_elements(By.XPATH, "//button[.='Show the prediction']")
    assert len(submit_again) == 1


def test_a_page_that_stood_open_still_works(browser, live_server):
    """There is no token that could expire: nothing but the form is sent."""
    browser.get(live_server)
    assert browser.get_cookies() == []
    fill(browser, README_PATIENT)
    submit(browser)
    assert browser.find_elements(By.CSS_SELECTOR, ".lead")
    assert browser.get_cookies() == []


@pytest.mark.parametrize("name", ["age", "eligibility.months_of_systemic_therapy"])
def test_hostile_text_is_shown_as_it_was_typed(browser, live_server, name):
    browser.get(live_server)
    fill(browser, {k: v for k, v in README_PATIENT.items() if k != name})
    browser.find_element(By.ID, name).send_keys(HOSTILE)
    submit(browser)
    assert browser.find_element(By.ID, name).get_attribute("value") == HOSTILE
    assert "owned" not in browser.title
    assert browser.find_elements(By.CSS_SELECTOR, "main img, main script:not([src^='/'])") == []


def test_nothing_of_the_patient_is_in_an_address(browser, live_server):
    browser.get_log("performance")
    browser.get(live_server)
    fill(browser, README_PATIENT)
    submit(browser)
    press(browser, "two years")
    assert chosen_month(browser) == "24"
    log = performance(browser)
    sent = [each["request"]["url"] for name, each in log if name == "Network.requestWillBeSent"]
    ours = [url for url in sent if not url.startswith("chrome:")]
    assert len(ours) >= 3
    assert not [url for url in ours if "?" in url]


def test_a_result_is_small_and_takes_few_requests(browser, live_server):
    browser.get(live_server)
    fill(browser, README_PATIENT)
    browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
    browser.get_log("performance")
    submit(browser)
    browser.find_element(By.TAG_NAME, "footer")
    log = performance(browser)
    sent = [each for method, each in log if method == "Network.requestWillBeSent"]
    finished = [each for method, each in log if method == "Network.loadingFinished"]
    assert 1 <= len(sent) <= 5
    assert 10_000 < sum(each["encodedDataLength"] for each in finished) < 75_000


def performance(driver):
    """Return name and parameters of what the browser's network did since it was last asked."""
    entries = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    return [(each["method"], each["params"]) for each in entries]
