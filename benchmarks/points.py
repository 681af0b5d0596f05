"""The arithmetic alone, against scikit-survival, lifelines and R: points, and with intervals.

Judged is our kernel (`benchmarks.own`) beside the peer's own function, on a list whose profiles
come again, each of them scored once, and on one in which none does. Peers score every row: given
the unique rows alone, they would gain as much on the first list. Reported are what an answer goes
through (`models.assess`) beside the same function, so that nobody takes the kernel for it, and the
kernel beside the quickest arithmetic that a user of the peer can ask it for.
"""

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
    ANALYSES,
    Cox,
    assessing,
    cox_curves,
    cox_points,
    forest_points,
    score_table,
    with_intervals,
)
from benchmarks.patients import different_profiles
from benchmarks.peers import fitted
from benchmarks.peers.scikit_survival import (
    cox_survival,
    forest_hazard,
    forest_survival,
    survival_functions,
)
from benchmarks.peers.talking import Talker, talking
from benchmarks.timing import REPORTED_SPEED, Asked, Row, Told, compare, scaled_seconds
from models.bundle import load_bundle
from models.design_matrix import TERM_NAMES, design_matrix
from models.outcomes import ARMS, COX, DEFAULT_HORIZONS, FOREST, HAZARDS
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
    assessed : int
        Rows that `models.assess` scores, none like another.
    slow, quick, r_intervals : int
        Rows that peers are run on: scikit-survival, those that work on whole arrays, and R with
        intervals.
    """

    rows: int = 1_000_000
    distinct: int = 20_000
    intervals: int = 2_000
    assessed: int = 1_000
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
    cox, forest = fitted.cox_peers(), fitted.forest_peers()
    trees = f"the same {forest[0].n_estimators} trees"
    slow, quick = lists.sizes.slow, lists.sizes.quick
    sides = (
        (COX, "step functions", slow, Asked(100), partial(survival_functions, cox)),
        (
            COX,
            "exp(-exp(predict) H0), an array",
            quick,
            REPORTED_SPEED,
            partial(cox_survival, cox),
        ),
        (FOREST, f"{trees}, functions", slow, Asked(300), partial(survival_functions, forest)),
        (FOREST, f"{trees}, an array", slow, Asked(300), partial(forest_survival, forest)),
    )
    for model, manner, rows, asked, theirs in sides:
        name = f"scikit-survival {version('scikit-survival')}, {manner}, {rows:,} rows, scaled"
        design = {"arms": lists.arms(rows), "months": _MONTHS.astype(float)}
        other = scaled_seconds(partial(theirs, **design), 1e6 / rows)
        yield from _point_rows(Beside(name, asked, other), model, lists)


def _lifelines_rows(lists: Lists, folder: Path) -> Iterator[Row]:
    python = os.environ.get(LIFELINES, "")
    if not python:
        yield missing("lifelines", f"{LIFELINES} is not set, as make bench does")
        return
    script = str(_HERE / "lifelines_points.py")
    ways = {
        "points": ("asked at the steps of its baseline", Asked(10)),
        "arrays": ("exp(-predict_partial_hazard H0), an array", REPORTED_SPEED),
    }
    with talking([python, "-W", "ignore", script, str(folder)]) as peer:
        yield from _talker_rows(ways, peer, folder, lists)


def _r_rows(lists: Lists, folder: Path) -> Iterator[Row]:
    if shutil.which("Rscript") is None:
        yield missing("R", "Rscript is missing, make bench installs it")
        return
    ways = {
        "points": ('predict(type = "survival")', Asked(100)),
        "arrays": ('exp(-exp(predict(type = "lp")) H0), an array', REPORTED_SPEED),
    }
    with talking(["Rscript", "--vanilla", str(_HERE / "survival.R"), str(folder)]) as peer:
        yield from _talker_rows(ways, peer, folder, lists)
        yield from _interval_rows(lists, peer)


def _talker_rows(
    ways: dict[str, tuple[str, Asked]], peer: Talker, folder: Path, lists: Lists
) -> Iterator[Row]:
    """Yield the rows of points beside a program in another environment, for each way to ask it."""
    rows = lists.sizes.quick
    for way, (manner, asked) in ways.items():
        check_talker(peer, folder, lists, way)
        name = f"{peer.ask('version')}: {manner}, {rows:,} rows, scaled"
        other = _talker_seconds(peer, way, rows)
        yield from _point_rows(Beside(name, asked, other), COX, lists)


def _talker_seconds(peer: Talker, way: str, rows: int) -> Callable[[], float]:
    """Return what measures the microseconds of a row in another program."""
    return lambda: 1e6 / rows * peer.seconds(f"{way} {rows}")


@dataclass(frozen=True)
class Beside:
    """A peer, asked in one way.

    Attributes
    ----------
    name : str
        What it is, and how it is asked.
    asked : Asked
        What is asked of us beside it.
    microseconds : callable
        Returns what a row takes it.
    """

    name: str
    asked: Asked
    microseconds: Callable[[], float]

    def row(self, what: str, score: Callable[[Table], object], table: Table) -> Row:
        """Return the row of our time for a table."""
        return compare(
            Told(what, "µs a row", self.name, self.asked),
            scaled_seconds(partial(score, table), 1e6 / row_count(table)),
            self.microseconds,
        )

    def reported(self) -> Beside:
        """Return the same peer, beside which nothing is asked."""
        return replace(self, asked=REPORTED_SPEED)


def _point_rows(peer: Beside, model: str, lists: Lists) -> Iterator[Row]:
    """Yield the rows of one member's points, with `models.assess` beside the peer's function."""
    if model == FOREST:
        kind, ours = "forest", forest_points(fitted.own_forests(), _MONTHS)
    else:
        kind, ours = "Cox", cox_points(fitted.own_cox(), _MONTHS)
    yield from _both_lists(peer, f"{kind}, points", partial(score_table, score=ours), lists)
    if peer.asked.number is not None:
        yield _assessed_row(peer, model, 1, lists)


def _interval_rows(lists: Lists, peer: Talker) -> Iterator[Row]:
    """Yield the rows of mean and quantiles over members, beside R's limits."""
    rows, curves = lists.sizes.r_intervals, bundle_members()
    members = curves.baselines.shape[-1]
    name = f"{peer.ask('version')}: survfit with conf.int, {rows:,} rows, scaled"
    beside = Beside(name, Asked(300), _talker_seconds(peer, "intervals", rows))
    ours = partial(score_table, score=with_intervals(cox_curves(curves, _MONTHS)), block=1)
    what = f"Cox, {members} members, mean and quantiles"
    yield from _both_lists(beside, what, ours, lists, lists.sizes.intervals)
    yield _assessed_row(beside, COX, members, lists)


def _both_lists(
    peer: Beside,
    what: str,
    ours: Callable[[Table], object],
    lists: Lists,
    distinct: int | None = None,
) -> Iterator[Row]:
    """Yield a row of the list whose profiles come again, and one of that in which none does."""
    profiles = row_count(lists.table)
    measured = {
        f"{lists.sizes.rows:,} rows of {profiles:,} profiles": lists.repeated(),
        f"{distinct or profiles:,} rows, all distinct": lists.distinct(distinct or profiles),
    }
    for which, table in measured.items():
        yield peer.row(f"arithmetic, {what}, {which}", ours, table)


def _assessed_row(peer: Beside, model: str, members: int, lists: Lists) -> Row:
    """Return what `models.assess` takes for a row; nothing is asked of it."""
    table = lists.distinct(lists.sizes.assessed)
    what = (
        f"models.assess, {model}, members: {members}; four outcomes, two of them month by month, "
        f"mean and limits, {row_count(table):,} rows, all distinct, one by one"
    )
    score = assessing(load_bundle(default_folder()), members, ANALYSES[model])
    return peer.reported().row(what, score, table)


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
    for way in (survival_functions, cox_survival):
        refuse_apart("scikit-survival", cox, way(fitted.cox_peers(), arms, months))
    forest = score_table(table, forest_points(fitted.own_forests(), _MONTHS))
    hazards = forest_hazard(fitted.forest_peers(), arms, months)
    refuse_apart("scikit-survival's trees", forest, np.exp(-hazards))


def check_talker(peer: Talker, folder: Path, lists: Lists, way: str) -> None:
    """Refuse to time other figures than scikit-survival's.

    Parameters
    ----------
    way : str
        How the peer is asked: ``points`` or ``arrays``.
    """
    peer.ask(f"figures {way} {_CHECKED}")
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
