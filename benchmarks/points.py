"""The arithmetic alone, against scikit-survival, lifelines and R: points, and with intervals."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.own import (
    BLOCK,
    Cox,
    Score,
    cox_curves,
    cox_points,
    forest_points,
    score_table,
    with_intervals,
)
from benchmarks.patients import different_profiles
from benchmarks.peers import fitted
from benchmarks.peers.scikit_survival import forest_hazard, forest_survival, survival_functions
from benchmarks.peers.talking import Talker, talking
from benchmarks.timing import Asked, Row, Told, compare, scaled_seconds
from models.bundle import load_bundle
from models.design_matrix import TERM_NAMES, design_matrix
from models.outcomes import ARMS, DEFAULT_HORIZONS, HAZARDS
from models.patient import read_patient
from models.table import FloatArray, Table, row_count, select_rows, table_of
from service.bundles import default_folder

#: Where the estimates of two sides must not be apart.
CLOSE = 1e-12
#: The setting that names the Python that has lifelines.
LIFELINES = "LIFELINES_PYTHON"
_HERE = Path(__file__).parent / "peers"
_MONTHS = np.array(DEFAULT_HORIZONS)
#: Rows whose figures are held against each other before anything is timed.
_CHECKED = 100


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes
    ----------
    rows : int
        Rows of the list whose profiles come again.
    distinct : int
        Its profiles; also the rows of the list in which none comes again.
    intervals : int
        Rows of the list with intervals in which none comes again.
    slow, quick, r_intervals : int
        Rows that peers are run on: scikit-survival, those that work on whole arrays, and R with
        intervals.
    """

    rows: int = 1_000_000
    distinct: int = 20_000
    intervals: int = 2_000
    slow: int = 1_000
    quick: int = 10_000
    r_intervals: int = 200


@dataclass(frozen=True)
class Lists:
    """The patients that are scored."""

    table: Table
    sizes: Sizes

    def distinct(self, rows: int) -> Table:
        """Return so many rows, none like another."""
        return select_rows(self.table, slice(0, rows))

    def repeated(self) -> Table:
        """Return the long list, whose profiles come again."""
        return select_rows(self.table, np.arange(self.sizes.rows) % row_count(self.table))

    def arms(self, rows: int) -> list[FloatArray]:
        """Return the design matrix of the first rows under each arm."""
        design = design_matrix(self.distinct(rows))
        return [np.column_stack([design, np.full(rows, float(arm))]) for arm in range(len(ARMS))]


def point_rows(sizes: Sizes | None = None) -> Iterator[Row]:
    """Yield the microseconds that a row of eight survival curves at five months takes."""
    lists = made_lists(sizes or Sizes())
    with ExitStack() as stack:
        stack.enter_context(threadpool_limits(1))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_folder(folder, lists)
        yield from _scikit_survival_rows(lists)
        yield from _lifelines_rows(lists, folder)
        yield from _r_rows(lists, folder)


def made_lists(sizes: Sizes) -> Lists:
    """Return the patients of all lists."""
    patients = map(read_patient, islice(different_profiles(), sizes.distinct))
    return Lists(table_of(list(patients)), sizes)


def _scikit_survival_rows(lists: Lists) -> Iterator[Row]:
    check_scikit_survival(lists)
    rows = lists.sizes.slow
    asked = {"arms": lists.arms(rows), "months": _MONTHS.astype(float)}
    cox, forest = fitted.cox_peers(), fitted.forest_peers()
    own_cox = cox_points(fitted.own_cox(), _MONTHS)
    own_forest = forest_points(fitted.own_forests(), _MONTHS)
    trees = f"the same {forest[0].n_estimators} trees"
    sides = (
        ("Cox", "step functions", 100, own_cox, partial(survival_functions, cox)),
        ("forest", f"{trees}, functions", 300, own_forest, partial(survival_functions, forest)),
        ("forest", f"{trees}, an array", 300, own_forest, partial(forest_survival, forest)),
    )
    for kind, manner, limit, ours, theirs in sides:
        name = f"scikit-survival {version('scikit-survival')}, {manner}, {rows:,} rows, scaled"
        told = Told(f"{kind}, points", "µs a row", name, Asked(limit))
        other = scaled_seconds(partial(theirs, **asked), 1e6 / rows)
        yield from _both_lists(Pair(told, ours, other), lists)


def _lifelines_rows(lists: Lists, folder: Path) -> Iterator[Row]:
    python = os.environ.get(LIFELINES, "")
    if not python:
        yield missing("lifelines", f"{LIFELINES} is not set, as make bench does")
        return
    script = str(_HERE / "lifelines_points.py")
    with talking([python, "-W", "ignore", script, str(folder)]) as peer:
        check_talker(peer, folder, lists)
        told = Told("Cox, points", "µs a row", "asked at the steps of its baseline", Asked(10))
        yield from _talker_rows(told, peer, lists)


def _r_rows(lists: Lists, folder: Path) -> Iterator[Row]:
    if shutil.which("Rscript") is None:
        yield missing("R", "Rscript is missing, make bench installs it")
        return
    with talking(["Rscript", "--vanilla", str(_HERE / "survival.R"), str(folder)]) as peer:
        check_talker(peer, folder, lists)
        told = Told("Cox, points", "µs a row", 'predict(type = "survival")', Asked(100))
        yield from _talker_rows(told, peer, lists)
        yield from _interval_rows(lists, peer)


def _talker_rows(told: Told, peer: Talker, lists: Lists) -> Iterator[Row]:
    """Yield the rows of points beside a program in another environment."""
    rows = lists.sizes.quick
    name = f"{peer.ask('version')}: {told.other_name}, {rows:,} rows, scaled"
    pair = Pair(
        replace(told, other_name=name),
        cox_points(fitted.own_cox(), _MONTHS),
        lambda: 1e6 / rows * peer.seconds(f"points {rows}"),
    )
    yield from _both_lists(pair, lists)


def _interval_rows(lists: Lists, peer: Talker) -> Iterator[Row]:
    """Yield the rows of mean and quantiles over members, beside R's limits."""
    rows, members = lists.sizes.r_intervals, bundle_members()
    told = Told(
        f"Cox, {members.baselines.shape[-1]} members, mean and quantiles",
        "µs a row",
        f"{peer.ask('version')}: survfit with conf.int, {rows:,} rows, scaled",
        Asked(300),
    )
    pair = Pair(
        told,
        with_intervals(cox_curves(members, _MONTHS)),
        lambda: 1e6 / rows * peer.seconds(f"intervals {rows}"),
        block=1,
    )
    yield from _both_lists(pair, lists, lists.sizes.intervals)


@dataclass(frozen=True)
class Pair:
    """Two sides of the same arithmetic.

    Attributes
    ----------
    told : Told
        What is measured, beside what.
    ours : callable
        Our side, which scores a design matrix.
    other : callable
        Returns what a row takes the other side.
    block : int
        Rows that ours scores together.
    """

    told: Told
    ours: Score
    other: Callable[[], float]
    block: int = BLOCK


def _both_lists(pair: Pair, lists: Lists, distinct: int | None = None) -> Iterator[Row]:
    """Yield a row of the list whose profiles come again, and one of that in which none does."""
    profiles = row_count(lists.table)
    measured = {
        f"{lists.sizes.rows:,} rows of {profiles:,} profiles": lists.repeated(),
        f"{distinct or profiles:,} rows, all distinct": lists.distinct(distinct or profiles),
    }
    for which, table in measured.items():
        score = partial(score_table, table, pair.ours, pair.block)
        told = replace(pair.told, name=f"arithmetic, {pair.told.name}, {which}")
        yield compare(told, scaled_seconds(score, 1e6 / row_count(table)), pair.other)


def missing(other: str, why: str) -> Row:
    """Return the row of a peer that is not there."""
    return Row("arithmetic, Cox, points", "", 0.0, 0.0, other, void=why)


def bundle_members() -> Cox:
    """Return the four hazards of the shipped bundle, all members."""
    whole = load_bundle(default_folder()).cox
    places = [HAZARDS.index(name) for name in fitted.HAZARDS]
    return Cox.of(whole, places)


def check_scikit_survival(lists: Lists) -> None:
    """Refuse to time other figures: Cox survival, and cumulative hazards of the same trees.

    Raises
    ------
    RuntimeError
        If any two are apart.
    """
    months, arms = _MONTHS.astype(float), lists.arms(_CHECKED)
    table = lists.distinct(_CHECKED)
    cox = score_table(table, cox_points(fitted.own_cox(), _MONTHS))
    refuse_apart("scikit-survival", cox, survival_functions(fitted.cox_peers(), arms, months))
    forest = score_table(table, forest_points(fitted.own_forests(), _MONTHS))
    hazards = forest_hazard(fitted.forest_peers(), arms, months)
    refuse_apart("scikit-survival's trees", forest, np.exp(-hazards))


def check_talker(peer: Talker, folder: Path, lists: Lists) -> None:
    """Refuse to time other figures than scikit-survival's."""
    peer.ask(f"figures {_CHECKED}")
    shape = (len(fitted.HAZARDS), len(ARMS), len(_MONTHS), _CHECKED)
    theirs = np.fromfile(folder / "figures.bin").reshape(shape).swapaxes(2, 3)
    ours = survival_functions(fitted.cox_peers(), lists.arms(_CHECKED), _MONTHS.astype(float))
    refuse_apart(peer.ask("version"), np.moveaxis(ours, 2, 0), theirs)


def refuse_apart(name: str, ours: FloatArray, theirs: FloatArray) -> None:
    """Refuse figures that are apart: ours with the rows first, a peer's with them third.

    Raises
    ------
    RuntimeError
        With the largest distance.
    """
    distance = float(np.abs(ours - np.moveaxis(theirs, 2, 0)).max())
    if not distance < CLOSE:
        raise RuntimeError(f"{name} gives other figures, {distance:.2g} apart")


def write_folder(folder: Path, lists: Lists) -> None:
    """Write what the peers in other environments read."""
    sample = fitted.sample()
    columns = dict(zip((*TERM_NAMES, "arm"), sample.columns.T, strict=True))
    by_hazard = dict(zip(fitted.HAZARDS, fitted.cox_peers(), strict=True))
    for name, (months, happened) in sample.events.items():
        _write(folder / f"{name}.csv", {"months": months, "event": happened, **columns})
        steps = by_hazard[name].cum_baseline_hazard_
        _write(folder / f"{name}-baseline.csv", {"months": steps.x, "hazard": steps.y})
    months = _MONTHS.astype(float)
    _write(folder / "coefficients.csv", {name: m.coef_ for name, m in by_hazard.items()})
    _write(
        folder / "steps.csv",
        {name: fitted.last_steps(model, months) for name, model in by_hazard.items()},
    )
    most = max(lists.sizes.quick, lists.sizes.r_intervals, _CHECKED)
    design = lists.arms(min(most, row_count(lists.table)))[0][:, :-1]
    _write(folder / "patients.csv", dict(zip(TERM_NAMES, design.T, strict=True)))
    _write(folder / "months.csv", {"months": months})


def _write(path: Path, columns: dict[str, FloatArray]) -> None:
    """Write columns with every digit."""
    with path.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(
            [repr(float(cell)) for cell in row] for row in zip(*columns.values(), strict=True)
        )
