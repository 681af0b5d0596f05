"""A scored list summed up: the numbers as JSON, or a page of its own that needs no other file.

What is averaged are the figures of the analysis that was asked for, and the difference in survival
under the other effect beside it, the earlier trials' or this trial's; exploratory figures never
are. Patients are averaged within each member of the model, so that the interval of a mean is that
of the mean (`models.means`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from models.analyses import Analysis
from models.caveats import STOP, caveat_texts
from models.covariates import FIELDS
from models.errors import PROBLEM_CODES
from models.intervals import Estimates
from models.language import N_, _, current_language, joined
from models.means import Profile, mean_estimates
from models.outcomes import (
    ARM_LABELS,
    ARMS,
    DIFFERENCE,
    MODEL_LABELS,
    OUTCOMES,
    OVERALL_EFFECT,
    POOLED_EFFECT,
    SHOWN_ARMS,
    SURVIVALS,
    Outcome,
)
from models.rounding import for_machines, percent
from models.table import FloatArray
from service.answers import common_part
from service.lists.progress import Progress
from service.lists.results import ASSUMED, Task, profile_from
from service.lists.tally import Tally
from service.page.interval_figure import Interval, Panel, draw_arms, draw_differences
from service.page.list_tally import caveat_row, unmet, urgency
from service.page.words import TRAINING_DATA, always_said, band_words, breakable, capitalised

PAGE, NUMBERS = ".html", ".json"
ENDINGS = (PAGE, NUMBERS)

_TEMPLATE, _STYLE = "summary.html", "style.css"

#: What the limits of a mean are.
MEANING = N_(
    "Each figure is the mean over these patients, and its interval is that of the mean. It says "
    "how sure the mean is: patients are averaged first, in each version of the model. How much "
    "patients differ, and what chance does to few of them, is not in it."
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
        Probabilities or differences of two, as all doors round them.
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
class Head:
    """The head of a column; `pooled` where its figures are the earlier trials'."""

    label: str
    pooled: bool


@dataclass(frozen=True)
class MonthRow:
    """One month of a table: a cell for each shown arm, and one for the other effect.

    `adds_up` tells whether the difference is that of the rounded figures beside it.
    """

    month: int
    cells: tuple[str, ...]
    adds_up: bool


@dataclass(frozen=True)
class OutcomeView:
    """One outcome as the page shows it; no rows where its figures are withheld for all."""

    label: str
    remark: str
    patients: int
    rows: tuple[MonthRow, ...]
    heads: tuple[Head, ...] = ()
    arms: Panel | None = None
    differences: Panel | None = None

    @property
    def adds_up(self) -> bool:
        """Whether all rows add up after rounding."""
        return all(row.adds_up for row in self.rows)


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
        "applicability": list(_worded(tally.notes)),
        "caveats": list(_caveats(tally)),
        "figures": [vars(mean) for mean in means(task, tally)],
    }


def means(task: Task, tally: Tally) -> list[Mean]:
    """Return the mean figures by outcome, arm and month, the other effect's difference last."""
    counts = _counts(tally)
    if not counts:
        return []
    shown = task.options.shown
    own, pooled = mean_estimates(
        counts, task.bundle, task.options.question, Analysis(shown.model, OVERALL_EFFECT)
    )
    by_effect = {OVERALL_EFFECT: own, POOLED_EFFECT: pooled}
    rows = np.array(list(counts.values())).sum(axis=0).astype(int).tolist()
    found: list[Mean] = []
    for place, outcome in enumerate(OUTCOMES):
        # The pooled effect is survival's.
        estimates = by_effect[shown.effect] if outcome in SURVIVALS else own
        for arm, bands in _bands(estimates, place).items():
            told = partial(Mean, outcome.name, arm, shown.effect)
            found += [told(month, rows[place], *band) for month, band in _by_month(task, bands)]
    other = other_effect(shown.effect)
    bands = _bands(by_effect[other], 0)[DIFFERENCE]
    told = partial(Mean, OUTCOMES[0].name, DIFFERENCE, other)
    found += [told(month, rows[0], *band) for month, band in _by_month(task, bands)]
    return [mean for mean in found if mean.rows]


def _by_month(task: Task, bands: list[list[float]]) -> Iterator[tuple[int, list[float]]]:
    return zip(task.options.horizons_months, bands, strict=True)


def _bands(estimates: Estimates, place: int) -> dict[str, list[list[float]]]:
    """Return an outcome's mean, lower and upper limit of each month, by arm."""
    sides = np.stack([estimates.estimate, estimates.lower, estimates.upper], axis=-1)[place]
    return dict(zip(SHOWN_ARMS, for_machines(sides).tolist(), strict=True))


def other_effect(effect: str) -> str:
    """Return the effect of surgery on survival that stands beside one: every reader sees both."""
    return OVERALL_EFFECT if effect == POOLED_EFFECT else POOLED_EFFECT


def _counts(tally: Tally) -> dict[Profile, FloatArray]:
    """Return how many patients of each profile have figures of each outcome."""
    counts: dict[Profile, FloatArray] = {}
    for withheld, profiles in tally.profiles.items():
        has = np.array([outcome.name not in withheld.split(",") for outcome in OUTCOMES])
        for text, patients in profiles.items():
            profile = profile_from(text)
            counts[profile] = counts.get(profile, 0) + has * float(patients)
    return counts


def summary_page(document: Mapping[str, Any], task: Task, progress: Progress) -> str:
    """Return the page; it has its style in it, and neither scripts nor links to other files."""
    # Only here, because most lists are scored without a page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

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
        pooled=task.options.shown.effect == POOLED_EFFECT,
        level=f"{100 * task.options.interval_level:g}%",
        model=_(MODEL_LABELS[kind]),
        training_data=_(TRAINING_DATA[task.bundle.training_data]),
        code=breakable,
        stop=STOP,
        exploratory=any(each.exploratory for each in task.options.listed(task.bundle.held)),
        count=_count,
    )


def _codes(tally: Tally, column: str) -> Counter[str]:
    return tally.codes.get(column, Counter())


def _most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return codes and counts, the most frequent first, equally frequent ones by name."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _caveats(tally: Tally) -> Iterator[dict[str, Any]]:
    """Yield the caveats, most pressing first, each in its most frequent words."""

    def place(code: str) -> tuple[int, int, int]:
        return urgency(code, tally.wordings[code].total())

    for told in _worded(
        {code: tally.wordings[code] for code in sorted(tally.wordings, key=place)}
    ):
        severity = caveat_texts()[caveat_row(told["code"])]["severity"]
        yield {"code": told["code"], "severity": severity, **told}


def _worded(told: Mapping[str, Counter[str]]) -> Iterator[dict[str, Any]]:
    """Yield each code in its most frequent words, with the patients who were told just these."""
    for code, wordings in told.items():
        (text, most), *others = _most_first(wordings)
        yield {
            "code": code,
            "text": text,
            "rows": wordings.total(),
            "rows_in_these_words": most,
            "other_wordings": len(others),
        }


def _outcome_views(found: Sequence[Mean], task: Task) -> Iterator[OutcomeView]:
    for outcome in OUTCOMES:
        own = [each for each in found if each.outcome == outcome.name]
        yield _outcome_view(outcome, own, task)


def _outcome_view(outcome: Outcome, own: Sequence[Mean], task: Task) -> OutcomeView:
    label, remark = _(outcome.label), _(outcome.remark)
    if not own:
        return OutcomeView(label, remark, 0, ())
    by_place = {(each.arm, each.effect, each.month): each for each in own}
    places = list(dict.fromkeys((each.arm, each.effect) for each in own))
    months = sorted(task.options.horizons_months)
    rows = tuple(
        _month_row(month, [by_place[(*place, month)] for place in places]) for month in months
    )
    arms, differences = (
        [_interval(by_place[(*place, month)]) for month in months for place in chosen]
        for chosen in (
            [place for place in places if place[0] in ARMS],
            [place for place in places if place[0] == DIFFERENCE],
        )
    )
    heads = tuple(
        _head(arm, effect, several=len(differences) > len(months)) for arm, effect in places
    )
    return OutcomeView(
        label, remark, own[0].rows, rows, heads, draw_arms(arms), draw_differences(differences)
    )


def _month_row(month: int, cells: Sequence[Mean]) -> MonthRow:
    none, surgery, difference = (percent(each.mean) for each in cells[: len(SHOWN_ARMS)])
    return MonthRow(month, tuple(each.words for each in cells), surgery - none == difference)


def _head(arm: str, effect: str, *, several: bool) -> Head:
    """Return the head of a column; of several differences each is named by its trials."""
    label = capitalised(_(ARM_LABELS[arm]))
    if arm == DIFFERENCE and several:
        pooled, own = _("Difference by the four earlier trials"), _("Difference by JCOG1017")
        label = pooled if effect == POOLED_EFFECT else own
    return Head(label, arm == DIFFERENCE and effect == POOLED_EFFECT and several)


def _interval(each: Mean) -> Interval:
    label = _("{month} months") if each.arm == DIFFERENCE else _("{month} months, {name}")
    if each.arm == DIFFERENCE and each.effect == POOLED_EFFECT:
        label = _("{month} months, earlier trials")
    words = label.format(month=each.month, name=_(ARM_LABELS[each.arm]))
    return Interval(words, each.words, each.mean, each.lower, each.upper)


def _count(number: int) -> str:
    return f"{number:,}"
