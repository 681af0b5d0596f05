"""Settings, read once from the environment and passed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, default and what it does."""

    name: str
    default: str
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "EQUIPOISE_TOKENS",
        "",
        "Bearer tokens that may use the API, separated by commas. Empty: no token is needed.",
    ),
    Setting(
        "EQUIPOISE_OPEN_FORM",
        "false",
        "true: the pages answer without a token even when tokens are configured.",
    ),
    Setting(
        "EQUIPOISE_CORS_ORIGINS",
        "",
        "Origins whose pages may call the API from a browser, separated by commas.",
    ),
    Setting(
        "EQUIPOISE_FRAME_ANCESTORS",
        "",
        "Origins whose pages may show ours in a frame and send its form, such as a record system. "
        "Separated by commas; empty: none.",
    ),
    Setting(
        "EQUIPOISE_TRUSTED_PROXIES",
        "0",
        "How many proxies in front of the server set X-Forwarded-Proto and X-Forwarded-Host, from "
        "which links on printed sheets have their address. 0: these headers are not read.",
    ),
    Setting(
        "EQUIPOISE_BUNDLES",
        "",
        "Folders of further bundles to serve, separated by the system's path separator.",
    ),
    Setting("EQUIPOISE_MAX_BYTES", "8388608", "Largest request body in bytes."),
    Setting("EQUIPOISE_MAX_ROWS", "10000", "Most patients in one list over HTTP."),
    Setting(
        "EQUIPOISE_MAX_COMBINATIONS",
        "50000",
        "Most combinations of unknown values in one request, times its horizons. Each counts once "
        "for the Cox model, 5 times with the forest and 13 times with the forest's own effect; "
        "with the effect by subgroups 2 times (10 with the forest), with all effects 18 times; "
        "patients with the same values count once. The default is about 15 seconds' work.",
    ),
    Setting(
        "EQUIPOISE_MAX_SECONDS",
        "60",
        "Most seconds that the server works on one list of /v1/predict/batch. It looks between "
        "blocks of at most 128 patients; while the reader takes the answer, no time counts.",
    ),
)


@dataclass(frozen=True)
class Settings:
    """The settings of one process.

    Attributes
    ----------
    tokens : tuple of str
        Empty: no token is needed.
    open_form : bool
        Whether the pages answer without a token when tokens are configured.
    cors_origins, frame_ancestors : tuple of str
    trusted_proxies : int
        Whose forwarded headers are believed.
    bundle_folders : tuple of str
        Beside the bundle that is shipped.
    max_bytes : int
    max_rows, max_combinations, max_seconds : int
    """

    tokens: tuple[str, ...] = ()
    open_form: bool = False
    cors_origins: tuple[str, ...] = ()
    frame_ancestors: tuple[str, ...] = ()
    trusted_proxies: int = 0
    bundle_folders: tuple[str, ...] = ()
    max_bytes: int = 8388608
    max_rows: int = 10000
    max_combinations: int = 50000
    max_seconds: int = 60


def read_settings(environ: Mapping[str, str], path_separator: str = ":") -> Settings:
    """Return the settings of an environment.

    Raises
    ------
    ValueError
        If a value cannot be read; the message names the variable, never its value.
    """
    value = {s.name: environ.get(s.name, s.default).strip() for s in SETTINGS}
    return Settings(
        tokens=_listed(value["EQUIPOISE_TOKENS"]),
        open_form=_flag("EQUIPOISE_OPEN_FORM", value["EQUIPOISE_OPEN_FORM"]),
        cors_origins=_origins("EQUIPOISE_CORS_ORIGINS", value["EQUIPOISE_CORS_ORIGINS"]),
        frame_ancestors=_origins("EQUIPOISE_FRAME_ANCESTORS", value["EQUIPOISE_FRAME_ANCESTORS"]),
        trusted_proxies=_count("EQUIPOISE_TRUSTED_PROXIES", value["EQUIPOISE_TRUSTED_PROXIES"], 0),
        bundle_folders=_listed(value["EQUIPOISE_BUNDLES"], path_separator),
        max_bytes=_count("EQUIPOISE_MAX_BYTES", value["EQUIPOISE_MAX_BYTES"]),
        max_rows=_count("EQUIPOISE_MAX_ROWS", value["EQUIPOISE_MAX_ROWS"]),
        max_combinations=_count("EQUIPOISE_MAX_COMBINATIONS", value["EQUIPOISE_MAX_COMBINATIONS"]),
        max_seconds=_count("EQUIPOISE_MAX_SECONDS", value["EQUIPOISE_MAX_SECONDS"]),
    )


def _listed(text: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def _origins(name: str, text: str) -> tuple[str, ...]:
    origins = _listed(text)
    # flask-cors reads some characters as patterns; an allow-list holds whole origins.
    if any(not origin.startswith(("http://", "https://")) or "*" in origin for origin in origins):
        raise ValueError(f"{name} must hold origins such as https://ehr.example.org, and no *")
    return origins


def _flag(name: str, text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{name} must be true or false")
    return text.lower() == "true"


def _count(name: str, text: str, least: int = 1) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ValueError(f"{name} must be a whole number, {least} or more")
    return int(text)
