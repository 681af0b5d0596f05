"""Chromium as the browser tests drive it: headless, quiet, and with an empty profile."""

from __future__ import annotations

import shutil
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

_QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SCRIPTS_OFF = {"profile.managed_default_content_settings.javascript": 2}


def start_chromium(profile: Path, *, scripts: bool, waits: bool = True) -> webdriver.Chrome:
    """Return a browser with scripts on or off, 1024 x 768.

    Parameters
    ----------
    waits : bool
        Whether it waits for each page to its end; else it looks at what is there already.
    """
    options = webdriver.ChromeOptions()
    options.page_load_strategy = "normal" if waits else "none"
    options.binary_location = shutil.which("chromium") or "chromium"
    for argument in (*_QUIET, "--window-size=1024,768", f"--user-data-dir={profile}"):
        options.add_argument(argument)
    if not scripts:
        options.add_experimental_option("prefs", _SCRIPTS_OFF)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(shutil.which("chromedriver") or "chromedriver")
    return webdriver.Chrome(options=options, service=service)
