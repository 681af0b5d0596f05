"""What a scored row says as lines of texts and figures: one line, or a line a figure.

A layout knows nothing of files. Writers put the row's own name before each line and write it as
text or as columns; so every format says the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Literal, Protocol

import numpy as np

from models.analyses import Analysis
from models.bundle import Bundle
from models.eligibility import Note
from models.intervals import Estimates
from models.language import _, joined
from models.options import Options
from models.outcomes import COX, DIFFERENCE, FOREST, OUTCOMES, POOLED_EFFECT, SHOWN_ARMS
from models.prediction import Prediction
from models.rounding import for_machines
from models.table import FloatArray
from models.texts import INTENDED_USE
from service.answers import is_withheld
from service.lists.columns import (
    CODE_COLUMNS,
    CODES,
    DISAGREEMENT,
    EXPLORATORY,
    FOREST_MINUS_COX,
    FURTHER,
    LONG_FIGURE_COLUMNS,
    POOLED,
    SHOWN,
    START_COLUMNS,
    STATEMENT_COLUMNS,
    Chosen,
    Column,
)
from service.lists.scoring import ScoredRow

WIDE, LONG = "wide", "long"
SHAPES = (WIDE, LONG)

#: What a column holds.
Kind = Literal["text", "whole", "figure"]

#: Estimate, lower and upper limit.
_SIDES = 3

_ROW_ID = START_COLUMNS[0].name


@dataclass(frozen=True)
class Line:
    """One line of a scored row, without the row's own name.

    Attributes
    ----------
    texts : tuple of str
        Of the columns that are no figures, in their order.
    figures : array, shape (figure columns,)
        Rounded; NaN where there is none.
    """

    texts: tuple[str, ...]
    figures: FloatArray


class Layout(Hashable, Protocol):
    """How a list is laid out.

    Attributes
    ----------
    columns : tuple of (name, kind)
        Behind the row's own name, in order.
    runs : tuple of (whether they are figures, slice)
        Runs of columns that are figures, and of those that are not, in order; which of a line's
        figures, or of its texts, stand in each.
    digits : int
        Decimals of a figure.
    """

    @property
    def columns(self) -> tuple[tuple[str, Kind], ...]: ...  # noqa: D102

    @property
    def runs(self) -> tuple[tuple[bool, slice], ...]: ...  # noqa: D102

    @property
    def digits(self) -> int: ...  # noqa: D102

    def lines(self, scored: ScoredRow) -> list[Line]:
        """Return the lines of a row, at least one."""
        ...


def layout_of(shape: str, bundle: Bundle, options: Options, chosen: Chosen) -> Layout:
    """Return a layout by its name, one of `SHAPES`."""
    return (Long if shape == LONG else Wide)(bundle, options, chosen)


@dataclass(frozen=True)
class _Asked(ABC):
    """What a layout is for."""

    bundle: Bundle
    options: Options
    chosen: Chosen

    @property
    def digits(self) -> int:
        """Decimals of a figure."""
        return self.chosen.digits

    @property
    @abstractmethod
    def columns(self) -> tuple[tuple[str, Kind], ...]:
        """Names and kinds behind the row's own name."""

    @cached_property
    def runs(self) -> tuple[tuple[bool, slice], ...]:
        """Runs of columns that are figures, and of those that are not, in order."""
        runs, done = [], {True: 0, False: 0}
        for are_figures, columns in groupby(
            self.columns, key=lambda column: column[1] == "figure"
        ):
            start = done[are_figures]
            done[are_figures] = start + len(list(columns))
            runs.append((are_figures, slice(start, done[are_figures])))
        return tuple(runs)

    @cached_property
    def has_both(self) -> bool:
        """Whether the figures of both models are listed."""
        kinds = {analysis.model for analysis in self.options.listed(self.bundle.held)}
        return {FOREST, COX} <= kinds

    def statements(self, scored: ScoredRow, shown: Analysis) -> tuple[str, ...]:
        """Return what must never be apart from an analysis' figures."""
        return _statements(scored, self.bundle, self.options, shown)


class Wide(_Asked):
    """One line a row: all figures beside each other."""

    @cached_property
    def columns(self) -> tuple[tuple[str, Kind], ...]:
        """Names and kinds behind the row's own name."""
        shown, further = self._figure_names
        return (
            *_texts(START_COLUMNS[1:]),
            *_figures(shown),
            *_texts(CODE_COLUMNS),
            *_texts(STATEMENT_COLUMNS),
            *_figures(further),
        )

    def lines(self, scored: ScoredRow) -> list[Line]:
        """Return the one line of a row."""
        statements = self.statements(scored, self.options.shown)
        texts = (*_start(scored, self.bundle), *_codes(scored), *statements)
        return [Line(texts, self._row_figures(scored.prediction))]

    @cached_property
    def _further(self) -> tuple[Analysis, ...]:
        """The analyses behind the one that is shown."""
        listed = self.options.listed(self.bundle.held)
        return tuple(each for each in listed if each != self.options.shown)

    @cached_property
    def _figure_names(self) -> tuple[list[str], list[str]]:
        """Names of the figures that are shown, and of those behind the statements."""
        months, chosen = self.options.horizons_months, self.chosen
        further = POOLED.names(months) if chosen.has_pooled else []
        for each in self._further:
            columns = EXPLORATORY if each.exploratory else FURTHER
            places = {"model": each.model, "effect": each.effect}
            further += columns.names_by_arm(months, chosen, **places)
        if self.has_both:
            further += DISAGREEMENT.names_by_arm(months, chosen)
        return SHOWN.names_by_arm(months, chosen), further

    def _row_figures(self, prediction: Prediction | None) -> FloatArray:
        if prediction is None or not prediction.in_scope:
            return np.full(sum(map(len, self._figure_names)), np.nan)
        return rounded(np.concatenate(list(self._parts(prediction))), self.digits)

    def _parts(self, prediction: Prediction) -> Iterator[FloatArray]:
        yield _bands(prediction, prediction.shown, self.chosen).ravel()
        if self.chosen.has_pooled:
            yield _pooled_band(prediction).ravel()
        for analysis in self._further:
            yield _bands(prediction, prediction.analyses[analysis], self.chosen).ravel()
        if self.has_both:
            yield _disagreement(prediction, self.chosen).ravel()


class Long(_Asked):
    """One line a figure with its limits; one line without figures where there is none."""

    @cached_property
    def columns(self) -> tuple[tuple[str, Kind], ...]:
        """Names and kinds behind the row's own name."""
        outcome, arm, month, *sides, exploratory = (each.name for each in LONG_FIGURE_COLUMNS)
        return (
            *_texts(START_COLUMNS[1:]),
            (outcome, "text"),
            (arm, "text"),
            (month, "whole"),
            *_figures(sides),
            (exploratory, "text"),
            *_texts(CODE_COLUMNS),
            *_texts(STATEMENT_COLUMNS),
        )

    def lines(self, scored: ScoredRow) -> list[Line]:
        """Return the lines of a row: the shown analysis first, exploratory ones last."""
        prediction = scored.prediction
        start, codes = _start(scored, self.bundle), _codes(scored)
        if prediction is None or not prediction.in_scope:
            end = self.statements(scored, self.options.shown)
            texts = (*start, "", "", "", "", *codes, *end)
            return [Line(texts, np.full(_SIDES, np.nan))]
        found = []
        for (kind, effect, exploratory), bands in self._parts(prediction):
            end = self.statements(scored, Analysis(kind, effect))
            for outcome, arm, month, band in self._cells(bands):
                own = (outcome, arm, str(month), "true" if exploratory else "false")
                texts = (*start, *own, *codes, *end)
                found.append(Line(texts, band))
        return found

    def _parts(self, prediction: Prediction) -> Iterator[tuple[tuple[str, str, bool], FloatArray]]:
        """Yield what each part is and its bands, (outcomes, arms, months, sides), NaN if none."""
        shown, chosen = self.options.shown, self.chosen
        listed = self.options.listed(self.bundle.held)
        pooled = Analysis(self.options.model, POOLED_EFFECT)
        yield _named(shown), self._rounded(_bands(prediction, prediction.shown, chosen))
        if chosen.has_pooled and pooled not in (shown, *listed):
            bands = np.full_like(_bands(prediction, prediction.shown, chosen), np.nan)
            place = chosen.outcomes.index(OUTCOMES[0].name), chosen.arms.index(DIFFERENCE)
            bands[place] = _pooled_band(prediction)
            yield _named(pooled), self._rounded(bands)
        yield from self._further(prediction, exploratory=False)
        if self.has_both:
            alone = _disagreement(prediction, chosen)
            empty = np.full_like(alone, np.nan)
            bands = np.stack([alone, empty, empty], axis=-1)
            yield (FOREST_MINUS_COX, shown.effect, False), self._rounded(bands)
        yield from self._further(prediction, exploratory=True)

    def _further(
        self, prediction: Prediction, *, exploratory: bool
    ) -> Iterator[tuple[tuple[str, str, bool], FloatArray]]:
        """Yield the analyses beside the one that is shown: the exploratory ones, or the others."""
        for analysis in self.options.listed(self.bundle.held):
            if analysis != self.options.shown and analysis.exploratory == exploratory:
                bands = _bands(prediction, prediction.analyses[analysis], self.chosen)
                yield _named(analysis), self._rounded(bands)

    def _rounded(self, bands: FloatArray) -> FloatArray:
        return rounded(bands, self.digits)

    def _cells(self, bands: FloatArray) -> Iterator[tuple[str, str, int, FloatArray]]:
        for outcome, by_arm in zip(self.chosen.outcomes, bands, strict=True):
            for arm, by_month in zip(self.chosen.arms, by_arm, strict=True):
                for month, band in zip(self.options.horizons_months, by_month, strict=True):
                    if not np.isnan(band[0]):
                        yield outcome, arm, month, band


def rounded(figures: FloatArray, digits: int) -> FloatArray:
    """Return figures rounded as all doors round them, without negative zeros; NaN stays."""
    return for_machines(figures).round(digits) + 0.0


def _named(analysis: Analysis) -> tuple[str, str, bool]:
    return analysis.model, analysis.effect, analysis.exploratory


def _bands(prediction: Prediction, estimates: Estimates, chosen: Chosen) -> FloatArray:
    """Return bands of shape (outcomes, arms, months, sides), NaN where they are withheld.

    Raises
    ------
    ValueError
        If a figure is not finite, which no sound bundle gives.
    """
    sides = np.stack([estimates.estimate, estimates.lower, estimates.upper], axis=-1)
    if not np.isfinite(sides).all():
        raise ValueError("a figure is not finite")
    return _chosen(prediction, sides, chosen)


def _disagreement(prediction: Prediction, chosen: Chosen) -> FloatArray:
    """Return forest minus Cox, shape (outcomes, arms, months), NaN where it is withheld."""
    found = prediction.disagreement
    if found is None:
        raise ValueError("both models' figures are needed")
    return _chosen(prediction, found, chosen)


def _chosen(prediction: Prediction, figures: FloatArray, chosen: Chosen) -> FloatArray:
    outcomes = [place for place, each in enumerate(OUTCOMES) if each.name in chosen.outcomes]
    arms = [place for place, arm in enumerate(SHOWN_ARMS) if arm in chosen.arms]
    found = figures[outcomes][:, arms]
    for place, number in enumerate(outcomes):
        if is_withheld(prediction, OUTCOMES[number]):
            found[place] = np.nan
    return found


def _pooled_band(prediction: Prediction) -> FloatArray:
    """Return the difference under the pooled effect, shape (months, sides)."""
    pooled, place = prediction.pooled_survival, SHOWN_ARMS.index(DIFFERENCE)
    return np.stack([pooled.estimate[place], pooled.lower[place], pooled.upper[place]], axis=-1)


def _texts(columns: Iterable[Column]) -> Iterator[tuple[str, Kind]]:
    for column in columns:
        yield column.name, "text"


def _figures(names: Iterable[str]) -> Iterator[tuple[str, Kind]]:
    for name in names:
        yield name, "figure"


def _start(scored: ScoredRow, bundle: Bundle) -> tuple[str, ...]:
    return scored.status, f"{bundle.id}@{bundle.version}"


def _codes(scored: ScoredRow) -> tuple[str, ...]:
    codes = codes_of(scored)
    return tuple(";".join(codes[column]) for column in CODES)


def codes_of(scored: ScoredRow) -> dict[str, Sequence[str]]:
    """Return what stands in each column of codes."""
    codes: dict[str, Sequence[str]] = dict.fromkeys(CODES, ())
    codes["errors"] = list(dict.fromkeys(problem.code for problem in scored.row.problems))
    prediction = scored.prediction
    if prediction is None:
        return codes
    return codes | {
        "caveats": [caveat.code for caveat in prediction.caveats],
        "subgroups": [row.subgroup.code for row in prediction.subgroups],
        "assumed": list(prediction.patient.unknown_covariates),
        "reasons": [note.code for note in prediction.eligibility.reasons],
        "applicability": [note.code for note in applicability_of(prediction)],
    }


def applicability_of(prediction: Prediction) -> list[Note]:
    """Return what bears on whether the trial speaks about a patient, and on what is withheld."""
    verdict = prediction.eligibility
    withheld = [] if verdict.ulceration_withheld is None else [verdict.ulceration_withheld]
    return [*verdict.applicability, *withheld]


def _statements(
    scored: ScoredRow, bundle: Bundle, options: Options, shown: Analysis
) -> tuple[str, ...]:
    told = (
        _("{message} Accepted: {accepted}.").format(
            message=problem.message, accepted=problem.accepted
        )
        for problem in scored.row.problems
    )
    return (
        joined(*told),
        shown.model,
        shown.effect,
        f"{options.interval_level:g}",
        bundle.training_data,
        _(INTENDED_USE),
    )
