"""Settings from the environment."""

from __future__ import annotations

import dataclasses

import pytest
from click.testing import CliRunner

from service.cli import main
from service.settings import SETTINGS, Settings, read_settings

NAMES = [setting.name for setting in SETTINGS]


def test_an_empty_environment_gives_the_defaults():
    assert read_settings({}) == Settings()
    assert Settings() == Settings((), False, (), (), 0, (), 8388608, 10000, 50000, 60)


def test_values_are_read():
    environ = {
        "EQUIPOISE_TOKENS": "one, two,,",
        "EQUIPOISE_OPEN_FORM": "TRUE",
        "EQUIPOISE_CORS_ORIGINS": "https://a.example,https://b.example",
        "EQUIPOISE_FRAME_ANCESTORS": "https://c.example",
        "EQUIPOISE_TRUSTED_PROXIES": "1",
        "EQUIPOISE_BUNDLES": "first:second",
        "EQUIPOISE_MAX_BYTES": " 1000 ",
        "EQUIPOISE_MAX_ROWS": "5",
        "EQUIPOISE_MAX_SECONDS": "7",
        "HOME": "somewhere",
    }
    assert read_settings(environ) == Settings(
        tokens=("one", "two"),
        open_form=True,
        cors_origins=("https://a.example", "https://b.example"),
        frame_ancestors=("https://c.example",),
        trusted_proxies=1,
        bundle_folders=("first", "second"),
        max_bytes=1000,
        max_rows=5,
        max_seconds=7,
    )


def test_the_path_separator_is_the_systems():
    assert read_settings({"EQUIPOISE_BUNDLES": "a;b"}, ";").bundle_folders == ("a", "b")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("EQUIPOISE_OPEN_FORM", text) for text in ("maybe", "1", "yes", "")),
        *(
            (name, text)
            for name in ("EQUIPOISE_MAX_BYTES", "EQUIPOISE_MAX_ROWS", "EQUIPOISE_MAX_SECONDS")
            for text in ("lots", "0", "-7", "1.5", "1e6", "")
        ),
    ],
)
def test_a_bad_value_is_refused_by_name_and_not_shown(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be") as caught:
        read_settings({name: value})
    assert value == "" or value not in str(caught.value).replace(name, "")


def test_every_setting_has_a_field():
    assert len(SETTINGS) == len(dataclasses.fields(Settings))
    assert {name.removeprefix("EQUIPOISE_").lower() for name in NAMES} <= {
        field.name for field in dataclasses.fields(Settings)
    } | {"bundles"}


def test_every_setting_is_documented_in_the_help():
    text = CliRunner().invoke(main, ["serve", "--help"]).output
    for setting in SETTINGS:
        assert setting.name in text
        assert setting.help in text


def test_the_help_tells_the_defaults_of_limits():
    text = CliRunner().invoke(main, ["serve", "--help"]).output
    for setting in SETTINGS:
        if setting.default.isdecimal():
            assert setting.default in text, setting.name


@pytest.mark.parametrize("name", ["EQUIPOISE_MAX_ROWS", "EQUIPOISE_OPEN_FORM"])
def test_serve_refuses_a_bad_setting(monkeypatch, name):
    monkeypatch.setenv(name, "Jane-Secret-4711")
    result = CliRunner().invoke(main, ["serve"])
    assert result.exit_code == 2
    assert name in result.output
    assert "Jane-Secret-4711" not in result.output
