"""Lists in a real Chromium, with scripts on and off: choose a file, see what came of it."""

from __future__ import annotations

import csv
import io
import time
from urllib.request import Request, urlopen

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.patients import csv_list
from tests.browser.test_form import browser, press
from tests.service.helpers import CSV, OUT_OF_SCOPE, README_PATIENT, REJECTED, csv_text
from tests.support.chromium import start_chromium

__all__ = ["browser"]

pytestmark = pytest.mark.browser

MIXED = [
    *[{**README_PATIENT, "row_id": "good"}] * 3,
    {**REJECTED, "row_id": "<b>bad</b>"},
    {**OUT_OF_SCOPE, "row_id": "old"},
]
_PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}


def choose(driver, address, folder, content):
    """Choose a file on the page of lists."""
    file = folder / "patients.csv"
    file.write_bytes(content)
    driver.get(f"{address}/lists")
    WebDriverWait(driver, 20).until(lambda d: d.find_elements(By.ID, "list"))
    driver.find_element(By.ID, "list").send_keys(str(file))


def counts(driver):
    return [cell.text for cell in driver.find_elements(By.CSS_SELECTOR, ".counts td:nth-child(2)")]


def test_a_file_is_chosen_and_its_summary_shown(browser, live_server, tmp_path):
    choose(browser, live_server, tmp_path, csv_text(MIXED).encode())
    press(browser, "Show a summary")
    assert counts(browser) == ["3", "1", "1"]
    shown = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, ".wide td")]
    assert shown[:4] == ["5", "<b>bad</b>", "age", "Age: 200 cannot be."]
    assert "patients.csv" in browser.find_element(By.TAG_NAME, "main").text
    assert not [p for p in browser.find_elements(By.CSS_SELECTOR, ".steps p") if p.is_displayed()]
    assert browser.current_url == f"{live_server}/lists"


def test_below_a_summary_downloading_is_the_first_button(browser, live_server, tmp_path):
    choose(browser, live_server, tmp_path, csv_text(MIXED).encode())
    help_of_lists = browser.find_element(By.CSS_SELECTOR, "form.list").text
    assert "downloading alone is enough" in help_of_lists
    assert [
        (button.text, button.get_attribute("class"))
        for button in browser.find_elements(By.CSS_SELECTOR, ".list button")
    ] == [("Show a summary", ""), ("Download the scored list", "second")]
    press(browser, "Show a summary")
    assert [
        (button.text, button.get_attribute("class"))
        for button in browser.find_elements(By.CSS_SELECTOR, ".list button")
    ] == [("Download the scored list", ""), ("Show a summary", "second")]
    assert "downloading alone" not in browser.find_element(By.CSS_SELECTOR, "form.list").text


def test_a_link_of_the_summary_leads_to_its_mistakes(browser, live_server, tmp_path):
    choose(browser, live_server, tmp_path, csv_text(MIXED).encode())
    press(browser, "Show a summary")
    browser.find_element(By.LINK_TEXT, "Mistakes").click()
    assert browser.current_url == f"{live_server}/lists#rejected"
    assert browser.find_element(By.ID, "rejected").is_displayed()


def test_without_a_file_nothing_is_sent(browser, live_server):
    browser.get(f"{live_server}/lists")
    browser.find_element(By.XPATH, "//button[.='Show a summary']").click()
    assert browser.find_element(By.TAG_NAME, "h1").text == "A list of patients"
    assert not browser.find_elements(By.CSS_SELECTOR, ".problems")


def test_a_file_that_is_no_list_is_told_and_another_can_be_chosen(browser, live_server, tmp_path):
    choose(browser, live_server, tmp_path, b"\x89PNG\xff")
    press(browser, "Show a summary")
    assert "The line is not UTF-8." in browser.find_element(By.CSS_SELECTOR, ".problems").text
    choose(browser, live_server, tmp_path, csv_text(MIXED).encode())
    press(browser, "Show a summary")
    assert counts(browser) == ["3", "1", "1"]


def test_a_file_that_is_too_large_is_told(browser, live_server, tmp_path):
    choose(browser, live_server, tmp_path, b"age\n" + b"1\n" * 10_000_000)
    press(browser, "Show a summary")
    problems = browser.find_element(By.CSS_SELECTOR, ".problems").text
    assert "The file is larger than what is accepted." in problems
    assert "at most 8 MB" in problems


def test_the_scored_list_is_downloaded_as_the_api_gives_it(browser, live_server, tmp_path):
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    content = csv_text(MIXED).encode()
    choose(browser, live_server, tmp_path, content)
    browser.find_element(By.XPATH, "//button[.='Download the scored list']").click()
    scored = wait_for(tmp_path / "scored.csv")
    request = Request(
        f"{live_server}/v1/predict/batch", data=content, headers={"Content-Type": CSV}
    )
    with urlopen(request) as response:
        assert scored == response.read()
    assert [row["status"] for row in csv.DictReader(io.StringIO(scored.decode()))] == [
        *("ok", "ok", "ok", "rejected", "out_of_scope")
    ]
    # The page stays with its file, so the summary is one click away.
    press(browser, "Show a summary")
    assert counts(browser) == ["3", "1", "1"]


def wait_for(file):
    """Return the content of a file when it is whole."""
    deadline = time.monotonic() + 20
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    return file.read_bytes()


@pytest.mark.parametrize("path", ["/lists", "/lists/columns"])
def test_a_page_is_no_wider_than_a_phone(browser, live_server, path):
    check_width(browser, lambda: browser.get(live_server + path))


def test_the_summary_is_no_wider_than_a_phone(browser, live_server, tmp_path):
    def show():
        long_name = {**REJECTED, "row_id": "x" * 200}
        choose(browser, live_server, tmp_path, csv_text([*MIXED, long_name]).encode())
        press(browser, "Show a summary")

    check_width(browser, show)


def check_width(driver, show):
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _PHONE)
    try:
        show()
        size = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        assert size["width"] <= _PHONE["width"]
    finally:
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture(params=[True, False], ids=["scripts on", "scripts off"])
def impatient(request, tmp_path):
    chromium = start_chromium(tmp_path / "profile", scripts=request.param, waits=False)
    yield chromium
    chromium.quit()


def test_how_far_it_is_is_seen_while_rows_are_scored(impatient, live_server, tmp_path):
    choose(impatient, live_server, tmp_path, csv_list(3000, 3000))
    impatient.find_element(By.XPATH, "//button[.='Show a summary']").click()
    seen = []
    deadline = time.monotonic() + 60
    while not counts_of(impatient) and time.monotonic() < deadline:
        seen.append(steps_of(impatient))
    assert counts_of(impatient) == ["3,000", "0", "0"]
    assert all(len(lines) <= 1 for lines in seen), "the last line alone"
    told = dict.fromkeys(line for lines in seen for line in lines)
    assert len(told) > 3
    assert all(line.endswith("of 3,000 rows are scored") for line in told)


def counts_of(driver):
    """Return the counts, none while they are not there."""
    try:
        return counts(driver)
    except WebDriverException:
        return []


def steps_of(driver):
    """Return the lines that are seen of those that say how far it is."""
    try:
        steps = driver.find_elements(By.CSS_SELECTOR, ".steps p")
        # Backwards, because a line that is followed by another is hidden meanwhile.
        return [text for step in reversed(steps[-2:]) if (text := step.text)]
    except WebDriverException:  # the page is replaced just now
        return []
