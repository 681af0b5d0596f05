"""How the arithmetic of a row grows with the members of a bundle: a table, and a plot as SVG.

`models.assess.assess` scores complete rows at five months: four outcomes, both arms and their
difference, mean and limits. Members beyond those of the shipped bundle repeat them.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.load import Watch
from benchmarks.points import Sizes, made_lists
from benchmarks.timing import ROUNDS, scaled_seconds, taken_in_turn, void_because
from models.analyses import DEFAULT_ANALYSIS, FOREST_ANALYSIS
from models.assess import Question, assess
from models.bundle import Bundle, load_bundle
from models.cox import CoxHazard
from models.forest import LEAF, ForestHazard, Trees
from models.outcomes import COX, DEFAULT_HORIZONS, DEFAULT_LEVEL, FOREST
from models.table import FloatArray
from service.bundles import default_folder
from training.svg import COLOURS, Plot

MEMBERS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
#: The most members that a pair has; with few a row takes too short to be told from noise.
_PAIR = 200
#: Where the plot is written.
PLOT = Path("artefacts", "benchmarks", "members.svg")
_ROWS = {COX: 50, FOREST: 10}
_ANALYSES = {COX: DEFAULT_ANALYSIS, FOREST: FOREST_ANALYSIS}


def growth(members: Sequence[int] = MEMBERS, rounds: int = ROUNDS) -> Iterator[str]:
    """Yield the lines of a Markdown table, and write the plot."""
    bundle = load_bundle(default_folder())
    yield "| members | " + " | ".join(f"{model}, ms a row" for model in _ANALYSES) + " |"
    yield "| --- |" + " --- |" * len(_ANALYSES)
    watch = Watch()
    found = {model: _milliseconds(bundle, model, members, rounds) for model in _ANALYSES}
    foreign = watch.foreign()
    void = ", ".join(dict.fromkeys(filter(None, _reasons(found, members, foreign))))
    if void:
        yield f"| void: {void} |" + " |" * len(_ANALYSES)
        return
    medians = {model: list(map(statistics.median, taken[1:])) for model, taken in found.items()}
    for place, number in enumerate(members):
        cells = " | ".join(f"{values[place]:.3g}" for values in medians.values())
        yield f"| {number:,} | {cells} |"
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    PLOT.write_text(drawn(members, medians), encoding="utf-8")


def _reasons(
    found: dict[str, list[list[float]]], members: Sequence[int], foreign: float
) -> Iterator[str]:
    for first, *others in found.values():
        yield void_because(first, others[_place_of_pair(members)], foreign)


def _place_of_pair(members: Sequence[int]) -> int:
    return max(place for place, number in enumerate(members) if number <= _PAIR)


def _milliseconds(
    bundle: Bundle, model: str, members: Sequence[int], rounds: int
) -> list[list[float]]:
    """Return what each round took: a bundle that comes again, and then those of all sizes."""
    rows = _ROWS[model]
    table = made_lists(Sizes(distinct=rows)).table
    question = Question(DEFAULT_HORIZONS, DEFAULT_LEVEL)
    actions = [
        scaled_seconds(
            partial(assess, table, with_members(bundle, number), question, _ANALYSES[model]),
            1e3 / rows,
        )
        for number in (members[_place_of_pair(members)], *members)
    ]
    return taken_in_turn(*actions, rounds=rounds)


def drawn(members: Sequence[int], medians: dict[str, list[float]]) -> str:
    """Return the plot: a line a model."""
    highest = max(map(max, medians.values()))
    plot = Plot(
        "Time of a row by the members of the bundle",
        "members",
        "ms a row",
        (0.0, float(members[-1])),
        (0.0, 1.05 * highest),
    )
    x = np.array(members, dtype=float)
    for colour, (model, values) in zip(COLOURS, medians.items(), strict=False):
        plot.line(x, np.array(values), colour, model)
        plot.points(x, np.array(values), colour)
    return plot.render() + "\n"


def with_members(bundle: Bundle, members: int) -> Bundle:
    """Return a bundle with so many members, the shipped ones again and again."""
    hazards = {
        name: CoxHazard(
            _repeated(hazard.coefficients, members),
            _repeated(hazard.arm, members),
            _repeated(hazard.baseline, members),
        )
        for name, hazard in bundle.hazards.items()
    }
    forests = {name: _forest_of(forest, members) for name, forest in bundle.forests.items()}
    manifest = {**bundle.manifest, "members": members}
    return replace(
        bundle, hazards=hazards, forests=forests, subgroup_effects=None, manifest=manifest
    )


def _repeated(values: FloatArray, members: int) -> FloatArray:
    return np.ascontiguousarray(values[..., np.arange(members) % values.shape[-1]])


def _forest_of(forest: ForestHazard, members: int) -> ForestHazard:
    """Return a forest of whole copies and the trees of the first members of one more."""
    whole, rest = divmod(members, forest.members)
    trees = forest.trees
    taken = len(trees.sizes) // forest.members * rest
    nodes = int(trees.sizes[:taken].sum())
    leaves = int((trees.feature[:nodes] == LEAF).sum())

    def part(name: str, end: int) -> FloatArray:
        values = getattr(trees, name)
        return np.concatenate([values] * whole + [values[:end]])

    of_nodes = {name: part(name, nodes) for name in ("feature", "threshold", "left", "right")}
    return ForestHazard(
        Trees(sizes=part("sizes", taken), values=part("values", leaves), **of_nodes),  # type: ignore[arg-type]
        forest.factor[np.arange(members) % forest.members],
        forest.kept,
    )
