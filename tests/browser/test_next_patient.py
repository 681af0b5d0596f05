"""A link with the next patient's values, opened where a result stands: her figures, or none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from service.app import create_app
from service.settings import Settings
from tests.browser.test_form import browser, fill, press, submit
from tests.support.readme import README_PATIENT

__all__ = ["browser"]

pytestmark = pytest.mark.browser

NEXT = "#age=70&menopausal_status=post&clinical_t=T2&clinical_n=N0"


@pytest.fixture
def has_scripts(request):
    return "scripts on" in request.node.name


def until(driver, condition):
    waiting = WebDriverWait(driver, 20, ignored_exceptions=[WebDriverException])
    return waiting.until(condition)


def follow(driver, address):
    """Open an address in the same tab as a typed address or another program's link does."""
    driver.execute_cdp_cmd("Page.navigate", {"url": address})


def age(driver):
    return driver.find_element(By.ID, "age").get_property("value")


def is_form_of(driver, value):
    """Return whether the form stands there with an age, and nothing of a result."""
    return (
        age(driver) == value
        and not driver.find_elements(By.CSS_SELECTOR, ".lead, .outcome, .inputs, .problems")
        and "#" not in driver.execute_script("return location.href")
    )


def is_form_of_nobody(driver):
    return age(driver) == "" and not driver.find_elements(By.CSS_SELECTOR, ".lead, .outcome")


def show_first(driver, address):
    driver.get(f"{address}/?lang=en")
    fill(driver, README_PATIENT)
    submit(driver)
    assert driver.find_elements(By.CSS_SELECTOR, ".lead")


@pytest.mark.parametrize("at", ["/", "/?lang=en", "/result", "/result?lang=en"])
def test_in_the_same_tab_the_form_comes_in_place_of_the_result(
    browser, live_server, at, has_scripts
):
    show_first(browser, live_server)
    follow(browser, f"{live_server}{at}{NEXT}")
    # At the result's own address nothing is loaded, so that only scripts lead to the form.
    if has_scripts:
        until(browser, lambda driver: is_form_of(driver, "70"))
    elif at != "/result?lang=en":
        until(browser, is_form_of_nobody)


def test_the_result_is_not_at_the_forms_address(browser, live_server):
    browser.get(live_server)
    fill(browser, README_PATIENT)
    submit(browser)
    assert browser.current_url == f"{live_server}/result"


def test_what_was_typed_before_goes(browser, live_server, has_scripts):
    browser.get(f"{live_server}/?lang=en")
    fill(browser, README_PATIENT)
    follow(browser, f"{live_server}/?lang=en{NEXT}")
    if has_scripts:
        until(browser, lambda driver: is_form_of(driver, "70"))
        chosen = "input[type=checkbox]:checked, [name=er_status]:checked"
        assert not browser.find_elements(By.CSS_SELECTOR, chosen)


@pytest.mark.parametrize("place", ["mistakes", "text", "out of scope"])
def test_other_pages_of_a_patient_lead_to_the_form_too(browser, live_server, place, has_scripts):
    if not has_scripts:
        return  # nothing of theirs is at the form's address, as tested above
    browser.get(f"{live_server}/?lang=en")
    fill(browser, {**README_PATIENT, **_PLACES[place]})
    submit(browser)
    if place == "text":
        press(browser, "Copy as text")
    # The address of the page itself, with another fragment: nothing would be loaded.
    browser.execute_script(f"location.hash = '{NEXT}'")
    until(browser, lambda driver: is_form_of(driver, "70"))


_PLACES = {"mistakes": {"age": 200}, "text": {}, "out of scope": {"ecog_ps": 3}}


@pytest.mark.parametrize("path", ["/sure", "/lists", "/models", "/docs"])
def test_every_page_leads_to_the_form(browser, live_server, path, has_scripts):
    if not has_scripts:
        return  # they show no patient
    browser.get(f"{live_server}{path}")
    browser.execute_script(f"location.hash = '{NEXT}'")
    until(browser, lambda driver: is_form_of(driver, "70"))


def test_a_place_in_a_result_leads_nowhere_else(browser, live_server, has_scripts):
    show_first(browser, live_server)
    browser.find_element(By.LINK_TEXT, "For the notes").click()
    assert browser.current_url.endswith("/result?lang=en#notes")
    assert browser.find_elements(By.CSS_SELECTOR, ".lead")


@contextmanager
def serving(app) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def record() -> Iterator[tuple[str, str]]:
    """Yield the address of a record system that shows our pages in a frame, and of ours."""
    ours: list[str] = []

    def page(environ, start_response):
        body = f'<iframe id="frame" width="900" height="700" src="{ours[0]}/?lang=en"></iframe>'
        return Response(body, mimetype="text/html")(environ, start_response)

    with (
        serving(page) as theirs,
        serving(create_app(Settings(frame_ancestors=(theirs,)))) as address,
    ):
        ours.append(address)
        yield theirs, address


def test_in_the_same_frame_the_form_comes_in_place_of_the_result(browser, record, has_scripts):
    theirs, ours = record
    browser.get(theirs)
    browser.switch_to.frame("frame")
    fill(browser, README_PATIENT)
    browser.find_element(By.CSS_SELECTOR, "form button[type=submit]").click()
    until(browser, lambda driver: driver.find_element(By.CSS_SELECTOR, ".keep").is_displayed())
    browser.switch_to.default_content()
    # The record system opens the next patient; the driver itself may run scripts in any page.
    for patient in (NEXT, NEXT.replace("70", "71")):
        source = f"{ours}/?lang=en{patient}"
        browser.execute_script("document.getElementById('frame').src = arguments[0]", source)
    browser.switch_to.frame("frame")
    if has_scripts:
        until(browser, lambda driver: is_form_of(driver, "71"))
    else:
        until(browser, is_form_of_nobody)
