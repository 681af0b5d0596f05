"""A scored list summed up: the numbers as JSON, or a page of its own that needs no other file.

What is averaged are the figures of the analysis that was asked for, and the difference in survival
under the earlier trials' effect beside it; exploratory figures never are. The interval of a mean
is the mean of the patients' limits: what it would be if all their errors moved together, as those
of the effect of surgery do. That is about the widest that the interval of the mean can be.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from models.caveats import STOP, caveat_texts
from models.covariates import FIELDS
from models.errors import PROBLEM_CODES
from models.language import N_, _, current_language, joined
from models.outcomes import (
    ARM_LABELS,
    ARMS,
    DIFFERENCE,
    MODEL_LABELS,
    OUTCOMES,
    POOLED_EFFECT,
    SHOWN_ARMS,
    Outcome,
)
from service.answers import common_part
from service.lists.columns import POOLED, SHOWN
from service.lists.progress import Progress
from service.lists.results import ASSUMED, Task
from service.lists.tally import Tally
from service.page.interval_figure import Interval, Panel, draw_arms, draw_differences
from service.page.list_tally import caveat_row, unmet, urgency
from service.page.words import TRAINING_DATA, always_said, band_words, breakable, capitalised

PAGE, NUMBERS = ".html", ".json"
ENDINGS = (PAGE, NUMBERS)

_TEMPLATE, _STYLE = "summary.html", "style.css"

#: What the limits of a mean are.
MEANING = N_(
    "Each figure is the mean of the patients' own figures, and each limit the mean of their "
    "limits. So the interval is as wide as if all errors moved together, which is about the "
    "widest that it can be."
)


@dataclass(frozen=True)
class Mean:
    """A mean figure with its limits.

    Attributes
    ----------
    effect : str
        One of `models.outcomes.SHOWN_EFFECTS`.
    rows : int
        How many patients it is of: those in scope, without those whose figure is withheld.
    mean, lower, upper : float
        Probabilities or differences of two, to as many decimals as the figures.
    """

    outcome: str
    arm: str
    effect: str
    month: int
    rows: int
    mean: float
    lower: float
    upper: float

    @property
    def words(self) -> str:
        """The figure with its interval as a person reads it."""
        band = {"estimate": [self.mean], "lower": [self.lower], "upper": [self.upper]}
        return band_words(band, 0, signed=self.arm == DIFFERENCE)


@dataclass(frozen=True)
class MonthRow:
    """One month of a table: a cell for each shown arm, and one for the pooled effect."""

    month: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class OutcomeView:
    """One outcome as the page shows it; no rows where its figures are withheld for all."""

    label: str
    remark: str
    patients: int
    rows: tuple[MonthRow, ...]
    has_pooled: bool
    arms: Panel | None = None
    differences: Panel | None = None


def summary_text(name: str, task: Task, progress: Progress, about: Mapping[str, Any]) -> str:
    """Return what is written to a place of a name that ends as one of `ENDINGS`.

    Parameters
    ----------
    about : mapping
        What the results are, as beside them.
    """
    document = summary_document(task, progress, about)
    if name.endswith(PAGE):
        return summary_page(document, task, progress)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def summary_document(task: Task, progress: Progress, about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers with what must not be apart from them."""
    tally = progress.tally or Tally()
    return {
        **common_part(task.bundle, task.options),
        "means": _(MEANING),
        "always": always_said(task.bundle),
        "software": about["software"],
        "input": about["input"],
        "counts": progress.counts,
        "reasons": [
            {"code": each.code, "text": each.text, "rows": each.count}
            for each in unmet(_codes(tally, "reasons"))
        ],
        "errors": [
            {"code": code, "text": _(PROBLEM_CODES[code]), "rows": count}
            for code, count in _most_first(_codes(tally, "errors"))
        ],
        "assumed": [
            {"code": name, "text": _(FIELDS[name].label), "rows": count}
            for name, count in _most_first(_codes(tally, ASSUMED))
        ],
        "caveats": list(_caveats(tally)),
        "figures": [vars(mean) for mean in means(task, tally)],
    }


def means(task: Task, tally: Tally) -> list[Mean]:
    """Return the mean figures by outcome, arm and month, the pooled difference behind them."""
    if tally.sums is None or tally.counted is None:
        return []
    names = [name for name, kind in task.summary_layout.columns if kind == "figure"]
    sums = dict(zip(names, tally.sums.tolist(), strict=True))
    counts = dict(zip(names, tally.counted.tolist(), strict=True))
    digits = task.summary_layout.digits
    found = []
    for outcome, arm, effect, month, sides in _sides(task):
        rows = counts[sides[0]]
        if rows:
            limits = [round(sums[side] / (rows * 10**digits), digits) + 0.0 for side in sides]
            found.append(Mean(outcome, arm, effect, month, rows, *limits))
    return found


def summary_page(document: Mapping[str, Any], task: Task, progress: Progress) -> str:
    """Return the page; it has its style in it, and neither scripts nor links to other files."""
    tally = progress.tally or Tally()
    folder = Path(str(resources.files("service")))
    environment = Environment(
        loader=FileSystemLoader(folder / "templates"), autoescape=True, undefined=StrictUndefined
    )
    environment.globals.update(_=_, joined=joined)
    style = (folder / "static" / _STYLE).read_text("utf-8")
    kind = document["model"]["kind"]
    return environment.get_template(_TEMPLATE).render(
        language=current_language(),
        style=Markup(style),  # noqa: S704 (our own style sheet)
        it=document,
        outcomes=list(_outcome_views(means(task, tally), task)),
        arms=[capitalised(_(ARM_LABELS[arm])) for arm in SHOWN_ARMS],
        level=f"{100 * task.options.interval_level:g}%",
        model=_(MODEL_LABELS[kind]),
        training_data=_(TRAINING_DATA[task.bundle.training_data]),
        code=breakable,
        stop=STOP,
        exploratory=any(each.exploratory for each in task.options.listed(task.bundle.held)),
        count=_count,
    )


def _sides(task: Task) -> Iterator[tuple[str, str, str, int, list[str]]]:
    """Yield outcome, arm, effect, month and the columns of estimate and limits."""
    months, shown = task.options.horizons_months, task.options.shown
    for outcome in OUTCOMES:
        for arm in SHOWN_ARMS:
            for month in months:
                names = SHOWN.names((month,), outcome=outcome.name, arm=arm)
                yield outcome.name, arm, shown.effect, month, names
    if shown.effect != POOLED_EFFECT:
        for month in months:
            yield OUTCOMES[0].name, DIFFERENCE, POOLED_EFFECT, month, POOLED.names((month,))


def _codes(tally: Tally, column: str) -> Counter[str]:
    return tally.codes.get(column, Counter())


def _most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return codes and counts, the most frequent first, equally frequent ones by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _caveats(tally: Tally) -> Iterator[dict[str, Any]]:
    """Yield the caveats, most pressing first, each in its most frequent words."""

    def place(code: str) -> tuple[int, int, int]:
        return urgency(code, tally.wordings[code].total())

    for code in sorted(tally.wordings, key=place):
        wordings = tally.wordings[code]
        (text, most), *others = _most_first(wordings)
        yield {
            "code": code,
            "severity": caveat_texts()[caveat_row(code)]["severity"],
            "text": text,
            "varies": bool(others),
            "is_most_frequent": all(count < most for _text, count in others),
            "rows": wordings.total(),
        }


def _outcome_views(found: Sequence[Mean], task: Task) -> Iterator[OutcomeView]:
    for outcome in OUTCOMES:
        own = [each for each in found if each.outcome == outcome.name]
        yield _outcome_view(outcome, own, task)


def _outcome_view(outcome: Outcome, own: Sequence[Mean], task: Task) -> OutcomeView:
    label, remark = _(outcome.label), _(outcome.remark)
    if not own:
        return OutcomeView(label, remark, 0, (), has_pooled=False)
    by_place = {(each.arm, each.effect, each.month): each for each in own}
    shown = [(arm, task.options.shown.effect) for arm in SHOWN_ARMS]
    pooled = [(arm, effect) for arm, effect, _month in by_place if (arm, effect) not in shown][:1]
    months = task.options.horizons_months
    rows = tuple(
        MonthRow(month, tuple(by_place[(*place, month)].words for place in (*shown, *pooled)))
        for month in months
    )
    arms, differences = (
        [_interval(by_place[(*place, month)]) for month in sorted(months) for place in places]
        for places in (
            [place for place in shown if place[0] in ARMS],
            [place for place in (*shown, *pooled) if place[0] == DIFFERENCE],
        )
    )
    return OutcomeView(
        label,
        remark,
        own[0].rows,
        rows,
        bool(pooled),
        draw_arms(arms),
        draw_differences(differences),
    )


def _interval(each: Mean) -> Interval:
    label = _("{month} months") if each.arm == DIFFERENCE else _("{month} months, {name}")
    if each.arm == DIFFERENCE and each.effect == POOLED_EFFECT:
        label = _("{month} months, earlier trials")
    words = label.format(month=each.month, name=_(ARM_LABELS[each.arm]))
    return Interval(words, each.words, each.mean, each.lower, each.upper)


def _count(number: int) -> str:
    return f"{number:,}"
