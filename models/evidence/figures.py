"""Reading the TOML files of the evidence into frozen values."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

SURGERY_TO_NO_SURGERY = "surgery / no surgery"
#: What a figure can be.
KINDS = ("hazard_ratio", "median_months", "proportion", "months")
#: How a figure was come by.
STATUSES = ("seen", "derived", "secondary", "assumption")
_PAPER = "jcog1017"
_FIGURE_FILES = ("jcog1017.toml", "other_trials.toml")


@dataclass(frozen=True)
class Figure:
    """One published figure with its source.

    Attributes
    ----------
    id : str
        Stable name.
    kind : str
        One of `KINDS`.
    estimate : float or None
        Ratio, months or probability, as `kind` says.
    interval : tuple of float or None
        Confidence limits at `level`.
    events, n : int or None
        Counts behind a proportion.
    direction : str
        Numerator and denominator of a ratio, ``surgery / no surgery`` unless it says so.
    status : str
        One of `STATUSES`.
    """

    id: str
    kind: str
    source: str
    place: str
    status: str
    label: str = ""
    outcome: str | None = None
    estimate: float | None = None
    interval: tuple[float, float] | None = None
    level: float | None = None
    range: tuple[float, float] | None = None
    events: int | None = None
    n: int | None = None
    p: float | None = None
    p_sides: int | None = None
    horizon_months: int | None = None
    direction: str | None = None
    prespecified: bool | None = None
    speaks_to: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Subgroup:
    """One row of Fig. 3: a hazard ratio (surgery / no surgery, 95%) and its counts.

    Attributes
    ----------
    where : dict
        The covariate and the value, or values, that make a patient a member.
    deaths, n : tuple of int
        By arm: systemic therapy, PTR plus systemic therapy.
    """

    code: str
    label: str
    where: dict[str, Any]
    estimate: float
    interval: tuple[float, float]
    deaths: tuple[int, int]
    n: tuple[int, int]
    status: str = "seen"
    note: str = ""
    level: float = 0.95


@dataclass(frozen=True)
class Pair:
    """The two subgroups of one covariate in Fig. 3."""

    id: str
    label: str
    subgroups: tuple[Subgroup, Subgroup]
    credibility_note: str
    credibility_if_rated: str | None = None


def _read(name: str) -> dict[str, Any]:
    text = resources.files("models.evidence").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _figure(row: dict[str, Any]) -> Figure:
    complete = {"source": _PAPER, **_tuples(row)}
    if complete["kind"] == "hazard_ratio":
        complete.setdefault("direction", SURGERY_TO_NO_SURGERY)
    if complete["kind"] == "proportion":
        complete.setdefault("estimate", complete["events"] / complete["n"])
    return Figure(**complete)


@cache
def evidence() -> dict[str, Figure]:
    """Return every figure by its id, in the order of the files."""
    rows = [_figure(row) for name in _FIGURE_FILES for row in _read(name)["figure"]]
    return {row.id: row for row in rows}


def figure(name: str) -> Figure:
    """Return one figure.

    Raises
    ------
    KeyError
        If there is none of this name.
    """
    return evidence()[name]


@cache
def pairs() -> tuple[Pair, ...]:
    """Return the eight pairs of Fig. 3 in the paper's order."""
    return tuple(_pair(row) for row in _read("jcog1017.toml")["pair"])


def _pair(row: dict[str, Any]) -> Pair:
    first, second = (Subgroup(**_tuples(subgroup)) for subgroup in row["subgroup"])
    return Pair(
        row["id"],
        row["label"],
        (first, second),
        row["credibility_note"],
        row.get("credibility_if_rated"),
    )


@cache
def sources() -> dict[str, dict[str, str]]:
    """Return the sources by name."""
    return _read("sources.toml")


@cache
def table_1() -> dict[str, Any]:
    """Return Table 1: counts by arm and covariate, ages, and the sites of one-organ disease."""
    return _read("table1.toml")


def targets_digest() -> str:
    """Return the sha-256 of the files that hold the trial's figures."""
    digest = hashlib.sha256()
    for name in ("jcog1017.toml", "table1.toml"):
        digest.update(resources.files("models.evidence").joinpath(name).read_bytes())
    return "sha256:" + digest.hexdigest()
