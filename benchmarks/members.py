"""How the arithmetic of a row grows with the members of a bundle: a table, and a plot as SVG.

`models.assess.assess` scores complete rows at five months: four outcomes, both arms and their
difference, mean and limits. Members beyond those of the shipped bundle repeat them. Every size
runs twice in each round, and is void by itself.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.load import Watch
from benchmarks.own import ANALYSES, assessing
from benchmarks.points import Sizes, made_lists
from benchmarks.timing import ROUNDS, scaled_seconds, taken_in_turn, void_because
from models.bundle import Bundle, load_bundle
from models.outcomes import COX, FOREST
from service.bundles import default_folder
from training.svg import COLOURS, Plot

MEMBERS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
#: Where the plot is written.
PLOT = Path("artefacts", "benchmarks", "members.svg")
_ROWS = {COX: 50, FOREST: 10}

#: By members, the milliseconds of a row in each round, and why they do not hold, if so.
Found = dict[int, tuple[list[float], str]]


def growth(members: Sequence[int] = MEMBERS, rounds: int = ROUNDS) -> Iterator[str]:
    """Yield the lines of a Markdown table, and write the plot of what holds."""
    bundle = load_bundle(default_folder())
    yield "| members | " + " | ".join(f"{model}, ms a row" for model in ANALYSES) + " |"
    yield "| --- |" + " --- |" * len(ANALYSES)
    found = {model: _milliseconds(bundle, model, members, rounds) for model in ANALYSES}
    for number in members:
        cells = " | ".join(_cell(*by_members[number]) for by_members in found.values())
        yield f"| {number:,} | {cells} |"
    medians = {model: _medians(by_members) for model, by_members in found.items()}
    if all(medians.values()):
        PLOT.parent.mkdir(parents=True, exist_ok=True)
        PLOT.write_text(drawn(medians), encoding="utf-8")


def _cell(taken: list[float], void: str) -> str:
    return f"void: {void}" if void else f"{statistics.median(taken):.3g}"


def _medians(found: Found) -> dict[int, float]:
    return {
        number: statistics.median(taken) for number, (taken, void) in found.items() if not void
    }


def _milliseconds(bundle: Bundle, model: str, members: Sequence[int], rounds: int) -> Found:
    rows = _ROWS[model]
    table = made_lists(Sizes(distinct=rows)).table
    actions = [
        scaled_seconds(partial(assessing(bundle, number, ANALYSES[model]), table), 1e3 / rows)
        for number in members
    ]
    watch = Watch()
    # All sizes and then all again: one right behind itself would find its data in the caches.
    taken = taken_in_turn(*actions, *actions, rounds=rounds)
    foreign = watch.foreign()
    pairs = zip(members, taken[: len(members)], taken[len(members) :], strict=True)
    return {number: (one, void_because(one, again, foreign)) for number, one, again in pairs}


def drawn(medians: dict[str, dict[int, float]]) -> str:
    """Return the plot: a line a model.

    Parameters
    ----------
    medians : dict of dict
        By model and members, the milliseconds of a row.
    """
    plot = Plot(
        "Time of a row by the members of the bundle",
        "members",
        "ms a row",
        (0.0, float(max(map(max, medians.values())))),
        (0.0, 1.05 * max(max(values.values()) for values in medians.values())),
    )
    for colour, (model, values) in zip(COLOURS, medians.items(), strict=False):
        x, y = np.array(list(values), dtype=float), np.array(list(values.values()))
        plot.line(x, y, colour, model)
        plot.points(x, y, colour)
    return plot.render() + "\n"
