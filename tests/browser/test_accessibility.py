"""Every page and state by axe, levels A to AAA; and a whole journey by the keyboard alone."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import axe_playwright_python
import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.test_form import answer, fill, submit
from tests.service.helpers import OUT_OF_SCOPE, REJECTED, csv_text
from tests.support.chromium import start_chromium
from tests.support.readme import README_PATIENT

pytestmark = pytest.mark.browser

_AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa",
                             "best-practice"],
                   rules: {"color-contrast-enhanced": {enabled: true}}})
  .then(found => done(found.violations.map(each =>
    each.id + ": " + each.nodes.map(node => node.target.join(" ")).slice(0, 3).join(", "))));
"""
_PHONE, _DESK = (390, 800), (1024, 768)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium = start_chromium(tmp_path_factory.mktemp("profile"), scripts=True)
    # The longest pages take axe a while on a busy machine.
    chromium.set_script_timeout(120)
    yield chromium
    chromium.quit()


def wait_for(browser, selector):
    """Wait until the next page has an element, and all of it is there."""
    waiting = WebDriverWait(browser, 60, ignored_exceptions=[WebDriverException])
    waiting.until(lambda driver: driver.find_elements(By.CSS_SELECTOR, selector))
    waiting.until(lambda driver: driver.find_elements(By.TAG_NAME, "footer"))


def asked(patient, **more):
    """Return a way to the result of a patient."""

    def reach(browser, address, language):
        browser.get(f"{address}/?lang={language}")
        fill(browser, {**patient, **more})
        browser.find_element(By.CSS_SELECTOR, "form button[type=submit]").click()
        wait_for(browser, ".lead, .reasons, .problems")

    return reach


def compared(browser, address, language):
    asked(README_PATIENT)(browser, address, language)
    browser.find_element(By.NAME, "compare").click()
    wait_for(browser, ".exploratory")


def as_text(browser, address, language):
    asked(README_PATIENT)(browser, address, language)
    browser.find_element(By.CSS_SELECTOR, "button[name=text]").click()
    wait_for(browser, "textarea")


def uploaded(*patients):
    """Return a way to what is said of a list."""

    def reach(browser, address, language):
        file = Path(tempfile.mkdtemp()) / "patients.csv"
        file.write_text(csv_text(list(patients)), encoding="utf-8")
        browser.get(f"{address}/lists?lang={language}")
        browser.find_element(By.ID, "list").send_keys(str(file))
        browser.find_element(By.CSS_SELECTOR, "form button").click()
        wait_for(browser, ".counts, .problems")

    return reach


def shown(path):
    def reach(browser, address, language):
        browser.get(f"{address}{path}?lang={language}")

    return reach


_LITTLE = {"age": 50, "menopausal_status": "post", "clinical_t": "T2", "er_status": "positive"}
STATES = {
    "form": shown("/"),
    "mistakes": asked({**README_PATIENT, "age": 200}),
    "result": asked(README_PATIENT),
    "forest": asked(README_PATIENT, model="forest"),
    "compared": compared,
    "little known": asked(_LITTLE),
    "ulcerated": asked({**README_PATIENT, "eligibility": {"primary_ulcerated": True}}),
    "out of scope": asked({**README_PATIENT, "ecog_ps": 3}),
    "how sure": shown("/sure"),
    "lists": shown("/lists"),
    "scored list": uploaded(README_PATIENT, REJECTED, OUT_OF_SCOPE),
    "refused list": uploaded({**README_PATIENT, "name": "A"}),
    "text": as_text,
    "columns": shown("/lists/columns"),
    "cards": shown("/models"),
    "card": shown("/models/jcog1017-synthetic"),
    "API": shown("/docs"),
    "nothing there": shown("/nowhere"),
}


def set_width(browser, size):
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def open_everything(browser):
    browser.execute_script(
        "for (const each of document.querySelectorAll('details')) each.open = true"
    )


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("reach", STATES.values(), ids=STATES.keys())
def test_axe_finds_no_violation(browser, live_server, reach, language):
    reach(browser, live_server, language)
    browser.execute_script(_AXE.read_text(encoding="utf-8"))
    for size in (_DESK, _PHONE):
        set_width(browser, size)
        open_everything(browser)
        assert browser.execute_async_script(_RUN) == []


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("reach", STATES.values(), ids=STATES.keys())
def test_nothing_is_wider_than_the_window(browser, live_server, reach, language):
    """A phone, and a window of 1024 at 200%, where 512 pixels are left."""
    reach(browser, live_server, language)
    for width in (1024, 512, 390, 320):
        set_width(browser, (width, 768))
        open_everything(browser)
        found = browser.execute_script("return document.documentElement.scrollWidth")
        assert found <= width


def tab_to(browser, wanted, most=150):
    """Press Tab until an element has the focus, and return it."""
    for _ in range(most):
        element = browser.switch_to.active_element
        if wanted(element):
            return element
        ActionChains(browser).send_keys(Keys.TAB).perform()
    raise AssertionError("the keyboard does not reach it")


def is_named(name, value=None):
    def wanted(element):
        return element.get_attribute("name") == name and (
            value is None or element.get_attribute("value") == value
        )

    return wanted


def choose(browser, name, value):
    """Choose one of a group of radio buttons by Tab, Space and the arrows."""
    element = tab_to(browser, is_named(name))
    element.send_keys(Keys.SPACE)
    for _ in range(10):
        element = browser.switch_to.active_element
        if element.get_attribute("value") == value:
            return
        element.send_keys(Keys.ARROW_RIGHT)
    raise AssertionError(f"{name} has no {value}")


def test_the_whole_journey_by_the_keyboard(browser, live_server):
    set_width(browser, _DESK)
    browser.get(live_server)
    tab_to(browser, is_named("age")).send_keys("47")
    for name in (
        "menopausal_status",
        "ecog_ps",
        "clinical_t",
        "clinical_n",
        "er_status",
        "her2_status",
    ):
        choose(browser, name, str(README_PATIENT[name]))
    tab_to(browser, is_named("metastatic_sites", "bone")).send_keys(Keys.SPACE)
    tab_to(browser, lambda e: e.get_attribute("type") == "submit").send_keys(Keys.ENTER)
    wait_for(browser, ".lead")
    tab_to(browser, lambda e: e.tag_name == "summary").send_keys(Keys.ENTER)
    assert browser.find_element(By.CSS_SELECTOR, "details[open]")
    tab_to(browser, is_named("at", "12")).send_keys(Keys.ENTER)
    WebDriverWait(browser, 60, ignored_exceptions=[WebDriverException]).until(
        lambda driver: driver.find_element(By.CSS_SELECTOR, ".chosen th").text == "12"
    )
    assert browser.current_url.endswith("#figures")
    tab_to(browser, is_named("edit")).send_keys(Keys.ENTER)
    wait_for(browser, "#age")
    assert browser.find_element(By.ID, "age").get_attribute("value") == "47"


def test_a_list_by_the_keyboard(browser, live_server, tmp_path):
    """The file's own window is the system's; what it chose is put into the field."""
    file = tmp_path / "patients.csv"
    file.write_text(csv_text([README_PATIENT, REJECTED, OUT_OF_SCOPE]), encoding="utf-8")
    browser.get(live_server)
    tab_to(browser, lambda e: (e.get_attribute("href") or "").endswith("/lists")).send_keys(
        Keys.ENTER
    )
    wait_for(browser, "#list")
    tab_to(browser, is_named("list")).send_keys(str(file))
    tab_to(browser, lambda e: e.get_attribute("type") == "submit" and e.text != "日本語")
    assert browser.switch_to.active_element.text == "Show a summary"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    wait_for(browser, ".counts")
    tab_to(browser, lambda e: e.tag_name == "a" and e.text == "Mistakes").send_keys(Keys.ENTER)
    assert browser.current_url.endswith("#rejected")


def test_the_focus_is_seen(browser, live_server):
    browser.get(live_server)
    element = tab_to(browser, is_named("age"))
    assert element.value_of_css_property("outline-style") == "solid"


def test_help_is_one_press_away(browser, live_server):
    browser.get(live_server)
    about = browser.find_element(By.CSS_SELECTOR, ".about summary")
    assert about.get_attribute("aria-label") == "About: Age"
    about.send_keys(Keys.ENTER)
    assert browser.find_element(By.ID, "age-help").is_displayed()


def test_mistakes_come_first_and_lead_to_their_fields(browser, live_server):
    browser.get(live_server)
    fill(browser, {**README_PATIENT, "age": 200})
    answer(browser, "clinical_t", "").click()
    submit(browser)
    assert browser.switch_to.active_element.get_attribute("class") == "problems"
    assert browser.title.startswith("Mistakes")
    tab_to(browser, lambda e: e.tag_name == "a" and "#age" in e.get_attribute("href")).send_keys(
        Keys.ENTER
    )
    assert browser.switch_to.active_element.get_attribute("id") == "age"
    assert answer(browser, "clinical_t", "").is_selected()


def test_in_forced_colours_icons_and_curves_are_drawn_in_the_systems(browser, live_server):
    features = [{"name": "forced-colors", "value": "active"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        asked(README_PATIENT)(browser, live_server, "en")
        assert browser.execute_script("return matchMedia('(forced-colors: active)').matches")
        ink = "return getComputedStyle(document.querySelector(arguments[0])).stroke"
        system = browser.execute_script(
            "const probe = document.createElement('p'); probe.style.color = 'CanvasText';"
            "document.body.append(probe); return getComputedStyle(probe).color"
        )
        for drawn in (".curve.none", ".frame", ".axis"):
            assert browser.execute_script(ink, drawn) == system
        assert browser.execute_script(ink, ".curve.ptr") != "none"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


_INK = """
const found = new Set();
for (const each of document.querySelectorAll(arguments[0]))
  found.add(getComputedStyle(each)[arguments[1]]);
return [...found];
"""


def test_on_dark_forced_colours_words_lines_and_the_chosen_month_are_seen(browser, live_server):
    features = [
        {"name": "forced-colors", "value": "active"},
        {"name": "prefers-color-scheme", "value": "dark"},
    ]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        asked(README_PATIENT)(browser, live_server, "en")
        ground = browser.execute_script(_INK, "body", "backgroundColor")
        assert ground == ["rgb(0, 0, 0)"]
        for drawn, part in (
            ("svg text", "fill"),
            (".curve", "stroke"),
            (".band", "stroke"),
            (".frame", "stroke"),
            (".icon.some", "fill"),
            (".icon.others", "stroke"),
            ("[aria-current=true]", "backgroundColor"),
        ):
            found = browser.execute_script(_INK, drawn, part)
            assert found, drawn
            assert not {"rgb(0, 0, 0)", "none"} & set(found), (drawn, found)
            assert all(lightness(colour) > 90 for colour in found), (drawn, found)
        assert browser.execute_script(_INK, ".band", "fill") == ["none"]
        assert "none" not in browser.execute_script(_INK, ".curve.none", "strokeDasharray")
        chosen, other = "[aria-current=true]", ".horizons button:not([aria-current])"
        assert browser.execute_script(_INK, chosen, "backgroundColor") != (
            browser.execute_script(_INK, other, "backgroundColor")
        )
        # The axes' words are drawn by a use of them: what is seen is looked at.
        assert brightest_left_of_the_axis(browser) > 150
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def lightness(colour):
    return max(int(part) for part in re.findall(r"\d+", colour)[:3])


_BRIGHTEST = """
const [picture, share, done] = arguments, image = new Image();
image.onload = () => {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, Math.floor(image.width * share), image.height);
  done(data.reduce((most, value, place) => place % 4 < 3 ? Math.max(most, value) : most, 0));
};
image.src = "data:image/png;base64," + picture;
"""


def brightest_left_of_the_axis(browser):
    """Return the brightest value of the words left of a drawing's axis, by its pixels."""
    drawing = browser.find_element(By.CSS_SELECTOR, ".curves")
    browser.execute_script("arguments[0].scrollIntoView()", drawing)
    picture = drawing.screenshot_as_base64
    browser.get("about:blank")  # a page of ours may not load it
    return browser.execute_async_script(_BRIGHTEST, picture, 38 / 500)


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("width", [320, 360, 390])
def test_the_first_table_shows_the_difference_on_a_phone(browser, live_server, width, language):
    set_width(browser, (width, 768))
    asked(README_PATIENT)(browser, live_server, language)
    edge = browser.execute_script(
        "return document.querySelector('.lead').getBoundingClientRect().right"
    )
    cells = browser.find_elements(By.CSS_SELECTOR, ".lead th, .lead td")
    assert len(cells) == 16
    for cell in cells:
        assert cell.rect["x"] + cell.rect["width"] <= edge


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("path", ["/", "/lists", "/sure"])
def test_the_button_for_the_language_covers_no_link(browser, live_server, path, language):
    browser.get(f"{live_server}{path}?lang={language}")
    for width in (320, 360, 390, 430, 600, 800, 1024):
        set_width(browser, (width, 768))
        covered = browser.execute_script(
            "const b = document.querySelector('.languages *').getBoundingClientRect();"
            "return [...document.querySelectorAll('header a')].filter(each => {"
            "  if (each.closest('.languages')) return false;"
            "  const a = each.getBoundingClientRect();"
            "  const beside = a.right <= b.left || a.left >= b.right;"
            "  return !beside && a.bottom > b.top && a.top < b.bottom;"
            "}).map(each => each.textContent)"
        )
        assert covered == [], width
