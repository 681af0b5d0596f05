"""Changing the language in a real Chromium, with scripts on and off: what was typed stays."""

from __future__ import annotations

import re

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.test_form import answer, browser, fill, press
from tests.support.readme import README_PATIENT

__all__ = ["browser"]

pytestmark = pytest.mark.browser


def language(driver):
    return driver.find_element(By.TAG_NAME, "html").get_attribute("lang")


def figures(driver):
    cells = driver.find_elements(By.CSS_SELECTOR, ".outcome td")
    return [re.findall(r"[+−]?\d+", cell.text) for cell in cells]


def test_the_form_changes_and_keeps_what_was_typed(browser, live_server):
    browser.get(live_server)
    assert language(browser) == "en"
    fill(browser, README_PATIENT)
    press(browser, "日本語")
    assert language(browser) == "ja"
    assert browser.find_element(By.ID, "age").get_attribute("value") == "47"
    assert answer(browser, "clinical_t", "T4").is_selected()
    assert browser.find_element(By.CSS_SELECTOR, "[value=bone]").is_selected()
    assert "Stage IV乳癌" in browser.find_element(By.TAG_NAME, "h1").text


def test_the_result_changes_and_keeps_its_figures(browser, live_server):
    browser.get(f"{live_server}/?lang=ja")
    fill(browser, README_PATIENT)
    press(browser, "予測を表示")
    assert language(browser) == "ja"
    japanese = figures(browser)
    press(browser, "English")
    assert language(browser) == "en"
    assert figures(browser) == japanese
    assert len(japanese) > 60
    press(browser, "Change the values")
    assert language(browser) == "en"
    assert browser.find_element(By.ID, "age").get_attribute("value") == "47"


def test_the_enter_key_asks_for_the_prediction(browser, live_server):
    browser.get(f"{live_server}/?lang=ja")
    fill(browser, README_PATIENT)
    browser.find_element(By.ID, "age").send_keys(Keys.ENTER)
    waiting = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    waiting.until(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".outcome"))
    assert language(browser) == "ja"


def test_the_button_covers_no_text(browser, live_server):
    browser.get(f"{live_server}/?lang=ja")
    button = browser.find_element(By.CSS_SELECTOR, ".languages button")
    use = browser.find_element(By.CSS_SELECTOR, ".use")
    right = use.rect["x"] + use.rect["width"] - 6 * 16
    assert button.rect["x"] >= right
