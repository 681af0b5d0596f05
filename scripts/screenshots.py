"""Take a picture of every page and state, in both languages and at three widths, to be looked at.

``python scripts/screenshots.py FOLDER`` starts the service and Chromium by itself. The pictures
are no test: whether a tired reader reads them right is for people to say.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

from selenium.webdriver import Chrome

from models.language import LANGUAGES
from tests.browser.test_accessibility import STATES
from tests.support.chromium import start_chromium
from tests.support.server import running_server

#: A phone, an old screen, and a new one.
WIDTHS = (390, 1024, 1440)


def main(folder: Path) -> None:
    """Write one PNG a state, language and width."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_server() as address:
        browser = start_chromium(Path(tempfile.mkdtemp()), scripts=True)
        try:
            for name, reach in STATES.items():
                for language in LANGUAGES:
                    reach(browser, address, language)
                    for width in WIDTHS:
                        place = folder / f"{name.replace(' ', '-')}-{language}-{width}.png"
                        place.write_bytes(_picture(browser, width))
        finally:
            browser.quit()


def _picture(browser: Chrome, width: int) -> bytes:
    """Return the whole page at a width."""
    metrics = {"width": width, "height": 768, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    height = browser.execute_script("return document.documentElement.scrollHeight")
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**metrics, "height": height})
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
    return base64.b64decode(taken["data"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
