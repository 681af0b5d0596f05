"""What an answer says, whatever door it came through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from models.outcomes import SHOWN_ARMS
from models.subgroups import all_subgroups

#: The analysis of figures that an answer shows as its own, and of those under the pooled effect.
SHOWN, POOLED = "shown", "pooled"

SUBGROUP_CODES = frozenset(row.subgroup.code for row in all_subgroups())


@dataclass(frozen=True)
class Case:
    """A patient, what is asked about her, and the language it is asked in."""

    message: dict[str, Any]
    options: dict[str, Any]
    language: str


@dataclass(frozen=True)
class Band:
    """A predicted figure; what is ``None`` is not shown."""

    estimate: float
    lower: float | None
    upper: float | None
    level: float | None


#: Analysis, outcome, arm and month.
Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Ratio:
    """A hazard ratio of one of the trial's subgroups, with what stands beside it."""

    code: str
    interval: tuple[float, ...] | None
    level: float | None
    interaction_p: float | None
    rating: str | None


@dataclass(frozen=True)
class Told:
    """A caveat as the door gives it: by code, in words, or both."""

    code: str | None = None
    severity: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Block:
    """Words that are read in one go, and those that stand over them (a table's caption)."""

    text: str
    over: str = ""
    #: Whether the words are a figure of a table, read into `Reading.bands`.
    is_figure: bool = False


@dataclass(frozen=True)
class Reading:
    """What one answer says.

    Attributes
    ----------
    intervals : tuple of (place, level or None)
        The intervals of a structured answer beside those of `bands`.
    numbers : tuple of (names that lead to it, number)
        Every number of a structured answer.
    caveats : tuple of Told or None
        In the order shown; ``None`` where the door has no list of them.
    elsewhere : int
        How many more caveats the door says there are, where it has no room for all.
    first_sight : int or None
        How many caveats are seen without a click, where the door folds the rest.
    unknown : tuple of str or None
        The covariates that the door names by code as not known.
    of_bundle : bool
        Whether figures stand there that the bundle gave.
    """

    in_scope: bool
    blocks: tuple[Block, ...]
    bands: dict[Key, Band] = field(default_factory=dict)
    ratios: tuple[Ratio, ...] = ()
    intervals: tuple[tuple[str, float | None], ...] = ()
    numbers: tuple[tuple[tuple[str, ...], float], ...] = ()
    caveats: tuple[Told, ...] | None = None
    elsewhere: int = 0
    first_sight: int | None = None
    unknown: tuple[str, ...] | None = None
    of_bundle: bool = False
    training_data: str | None = None

    @property
    def text(self) -> str:
        """All words."""
        return "\n".join(block.text for block in self.blocks)


def squeezed(text: str) -> str:
    """Return words with single blanks."""
    # Japanese has no spaces between words: there a line's end adds one.
    return re.sub(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])", "", " ".join(text.split()))


def leaves(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every value of a JSON tree with the names that lead to it."""
    if isinstance(tree, dict):
        for name, part in tree.items():
            yield from leaves(part, (*path, name))
    elif isinstance(tree, list):
        for part in tree:
            yield from leaves(part, path)
    else:
        yield path, tree


def objects(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Yield every object of a JSON tree with its names, behind the objects that hold it."""
    yield from _objects(tree, path, [])


def _objects(tree: Any, path: tuple[str, ...], held_by: list[Any]) -> Iterator[Any]:
    if isinstance(tree, dict):
        yield path, [*held_by, tree]
        for name, part in tree.items():
            yield from _objects(part, (*path, name), [*held_by, tree])
    elif isinstance(tree, list):
        for part in tree:
            # An element of a list speaks for itself: no level of an outer object is its own.
            yield from _objects(part, path, [])


def tree_reading(tree: dict[str, Any], **found: Any) -> Reading:
    """Return what any JSON answer says by itself; `found` is what its door knows better."""
    every = list(leaves(tree))
    return Reading(
        **{
            "in_scope": tree["status"] == "ok",
            "blocks": tuple(Block(squeezed(v)) for _, v in every if isinstance(v, str)),
            "ratios": tuple(_ratios(tree)),
            "intervals": tuple(_intervals(tree)),
            "numbers": tuple((path, v) for path, v in every if _is_number(v)),
            **found,
        }
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ratios(tree: Any) -> Iterator[Ratio]:
    for _path, (*_outer, row) in objects(tree):
        if row.get("code") in SUBGROUP_CODES and "hazard_ratio" in row:
            limits = row.get("interval")
            yield Ratio(
                row["code"],
                tuple(limits) if limits else None,
                row.get("interval_level"),
                row.get("interaction_p"),
                row.get("credibility"),
            )


def _intervals(tree: Any) -> Iterator[tuple[str, float | None]]:
    """Yield each ``interval`` with the level beside it.

    That of the object around it counts where it has no interval of its own.
    """
    for path, held_by in objects(tree):
        if held_by[-1].get("interval"):
            around = [each for each in held_by[-2:-1] if not each.get("interval")]
            levels = [each.get("interval_level") for each in (held_by[-1], *around)]
            yield ".".join(path), next((level for level in levels if level), None)


def bands_of(part: Any, analysis: str, outcome: str, root: dict[str, Any]) -> dict[Key, Band]:
    """Return the bands of one outcome of a JSON answer."""
    months, level = root["horizons_months"], root.get("interval_level")
    found = {}
    for arm in SHOWN_ARMS:
        for place, month in enumerate(months if arm in part else ()):
            lower, upper = (_at(part[arm], side, place) for side in ("lower", "upper"))
            estimate = part[arm]["estimate"][place]
            found[analysis, outcome, arm, month] = Band(estimate, lower, upper, level)
    return found


def _at(band: dict[str, Any], side: str, place: int) -> float | None:
    values = band.get(side) or []
    return values[place] if place < len(values) else None


def answer_bands(entry: dict[str, Any], root: dict[str, Any]) -> dict[Key, Band]:
    """Return all bands of an answer on one patient; `root` has horizons and level."""
    found: dict[Key, Band] = {}
    for outcome, part in entry.get("outcomes", {}).items():
        found |= bands_of(part, SHOWN, outcome, root)
    if "pooled_survival" in entry:
        found |= bands_of(entry["pooled_survival"], POOLED, "overall_survival", root)
    for each in entry.get("analyses", []):
        name = f"{each['model']} {each['effect']}"
        for outcome, part in each["outcomes"].items():
            found |= bands_of(part, name, outcome, root)
    return found


#: A number with its sign, as people are shown figures; limits are joined by a word or a dash.
SIGNED = re.compile(r"[+−]?\d+(?:\.\d+)?")
