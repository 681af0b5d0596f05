"""Reading the TOML files of the evidence into frozen values."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from models.evidence.checks import check_rows
from models.language import N_

SURGERY_TO_NO_SURGERY = "surgery / no surgery"
#: What a figure can be.
KINDS = ("hazard_ratio", "median_months", "proportion", "months", "minutes")
#: How a figure was come by.
STATUSES = ("seen", "derived", "secondary", "assumption")
#: When surgery came: before systemic therapy, or after a response to it (or no progression).
SETTINGS: dict[str, str] = {
    "surgery_first": N_("surgery before systemic therapy"),
    "after_response": N_("surgery after response to systemic therapy, or no progression on it"),
    "both": N_("trials of either kind"),
    "not_stated": N_("not stated"),
}
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
        Ratio, months, minutes or probability, as `kind` says.
    interval : tuple of float or None
        Confidence limits at `level`.
    events, n : int or None
        Counts behind a proportion; ``n`` alone, the patients behind a ratio.
    direction : str
        Numerator and denominator of a ratio, ``surgery / no surgery`` unless it says so.
    status : str
        One of `STATUSES`.
    trial : str
        Whose patients they are, a name in `trials`; the source's where it does not say so.
    inverted : bool
        Whether the source prints its inverse, as `printed` has it.
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
    trial: str = _PAPER
    inverted: bool = False
    printed: str = ""

    @property
    def name(self) -> str:
        """The id, as the checks name it."""
        return self.id

    @property
    def size(self) -> int | None:
        """Patients behind it, as the checks name them."""
        return self.n


@dataclass(frozen=True)
class Trial:
    """What holds for all figures of one trial, or of one pool of studies.

    Attributes
    ----------
    n, n_surgery, n_no_surgery : int or None
        Patients randomised (analysed, where `note` says so).
    setting : str
        One of `SETTINGS`.
    median_follow_up_months : float or None
        ``None`` where it was not seen.
    overall : str
        The figure that its subgroups are compared with.
    caution : str
        What must be said wherever one of its subgroups is named.
    """

    name: str
    design: str
    setting: str
    overall: str
    source: str
    place: str
    status: str
    n: int | None = None
    n_surgery: int | None = None
    n_no_surgery: int | None = None
    median_follow_up_months: float | None = None
    note: str = ""
    caution: str = ""


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
    source: str = _PAPER
    place: str = "Fig. 3"
    kind: str = "hazard_ratio"
    inverted: bool = False
    printed: str = ""

    @property
    def name(self) -> str:
        """The code, as the checks name it."""
        return self.code

    @property
    def events(self) -> int:
        """Deaths of both arms."""
        return sum(self.deaths)

    @property
    def size(self) -> int:
        """Patients of both arms."""
        return sum(self.n)


@dataclass(frozen=True)
class Pair:
    """The two subgroups of one covariate in Fig. 3."""

    id: str
    label: str
    subgroups: tuple[Subgroup, Subgroup]


def _read(name: str) -> dict[str, Any]:
    text = resources.files("models.evidence").joinpath(name).read_text(encoding="utf-8")
    return tomllib.loads(text)


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _figure(row: dict[str, Any]) -> Figure:
    complete = {"source": _PAPER, **_tuples(row)}
    complete.setdefault("trial", complete["source"])
    if complete["kind"] == "hazard_ratio":
        complete.setdefault("direction", SURGERY_TO_NO_SURGERY)
    if complete["kind"] == "proportion":
        complete.setdefault("estimate", complete["events"] / complete["n"])
    return Figure(**complete)


@cache
def evidence() -> dict[str, Figure]:
    """Return every figure by its id, in the order of the files.

    Raises
    ------
    ValueError
        If a row breaks a rule of `models.evidence.checks`.
    """
    rows = [_figure(row) for name in _FIGURE_FILES for row in _read(name)["figure"]]
    check_rows(rows, sources())
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
    """Return the eight pairs of Fig. 3 in the paper's order.

    Raises
    ------
    ValueError
        If a row breaks a rule of `models.evidence.checks`.
    """
    found = tuple(_pair(row) for row in _read("jcog1017.toml")["pair"])
    check_rows([group for pair in found for group in pair.subgroups], sources())
    return found


def _pair(row: dict[str, Any]) -> Pair:
    first, second = (Subgroup(**_tuples(subgroup)) for subgroup in row["subgroup"])
    return Pair(row["id"], row["label"], (first, second))


@cache
def sources() -> dict[str, dict[str, str]]:
    """Return the sources by name."""
    return _read("sources.toml")


@cache
def trials() -> dict[str, Trial]:
    """Return the trials, and pools of studies, by name."""
    return {name: Trial(**row) for name, row in _read("trials.toml").items()}


@cache
def table_1() -> dict[str, Any]:
    """Return Table 1: counts by arm and covariate, ages, and the sites of one-organ disease."""
    return _read("table1.toml")


#: What of a figure can be a target of training; words, places and licences cannot.
_NUMBERS = ("id", "kind", "estimate", "interval", "level", "range", "events", "p")


def targets_digest() -> str:
    """Return the sha-256 of the trial's own numbers, on which training rests.

    Figures, the rows of Fig. 3 and Table 1 as canonical JSON: a word, a source or another
    trial's figure can change without it.
    """
    own = [row for row in evidence().values() if row.source == row.trial == _PAPER]
    groups = [group for pair in pairs() for group in pair.subgroups]
    numbers = {
        "figures": [[getattr(row, name) for name in _NUMBERS] for row in own],
        "fig_3": [[g.code, g.estimate, g.interval, g.level, g.deaths, g.n] for g in groups],
        "table_1": table_1(),
    }
    text = json.dumps(numbers, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
