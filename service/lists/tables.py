"""Scored rows as CSV: one row a patient, and the rejects beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.analyses import Analysis
from models.bundle import TRAINING_DATA, Bundle
from models.language import N_, _, joined
from models.options import Options
from models.outcomes import (
    ALL_EFFECTS,
    DIFFERENCE,
    EXPLORATORY_EFFECTS,
    FOREST,
    MODELS,
    OUTCOMES,
    OVERALL_EFFECT,
    SHOWN_ARMS,
    SHOWN_EFFECTS,
)
from models.texts import INTENDED_USE
from service.answers import disagreement_part, outcomes_part, pooled_part
from service.lists.scoring import ScoredRow


def _listed(values: Iterable[str]) -> str:
    """Return codes in backticks, as alternatives in the language of the context."""
    return _(" or ").join(f"`{value}`" for value in values)


@dataclass(frozen=True)
class Column:
    """A column that every scored list has, and what it says.

    Attributes
    ----------
    text : str
        What it says, with places for codes; marked where the page on columns shows it.
    codes : mapping of str to sequence of str
        What fills each place, as alternatives.
    """

    name: str
    text: str
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def meaning(self) -> str:
        """What it says, in the language of the context; codes stand in backticks."""
        places = {name: _listed(codes) for name, codes in self.codes.items()}
        return _(self.text).format(**places)


_LIMITS = N_("`_lower` and `_upper` behind it name the interval's limits.")


@dataclass(frozen=True)
class FigureColumns:
    """Columns of figures, one or more a horizon, named by a pattern.

    Attributes
    ----------
    pattern : str
        The name, with outcome, arm, month, model and effect in braces.
    text : str
        What the figures are; marked where the page on columns shows it.
    present : str
        When the list has them.
    has_limits : bool
        Whether ``_lower`` and ``_upper`` follow each.
    """

    pattern: str
    text: str
    present: str
    has_limits: bool = True

    @property
    def meaning(self) -> str:
        """What the figures are, and how their limits are named, in the context's language."""
        return joined(_(self.text), _(_LIMITS) if self.has_limits else "")

    @property
    def always_present(self) -> bool:
        """Whether every scored list has them."""
        return self.present == _ALWAYS

    def names(self, horizons: Iterable[int], **places: str) -> list[str]:
        """Return the names at some horizons; `places` are outcome, arm, model and effect."""
        suffixes = [suffix for _kind, suffix in _KINDS] if self.has_limits else [""]
        return [
            self.pattern.format(month=month, **places) + suffix
            for month in horizons
            for suffix in suffixes
        ]

    def names_by_arm(self, horizons: Iterable[int], **places: str) -> list[str]:
        """Return the names of all outcomes and arms, in their order."""
        months = tuple(horizons)
        return [
            name
            for outcome in OUTCOMES
            for arm in SHOWN_ARMS
            for name in self.names(months, outcome=outcome.name, arm=arm, **places)
        ]


_KINDS = (("estimate", ""), ("lower", "_lower"), ("upper", "_upper"))

_START_COLUMNS = (
    Column("row_id", N_("What the sender named the row, as it came; empty without one.")),
    Column("status", N_("`ok`, `out_of_scope` (no figures, `reasons`) or `rejected` (`errors`).")),
    Column("model", N_("The bundle: `id@version`.")),
)
_CODE_COLUMNS = (
    Column("caveats", N_("Codes of the caveats that must be read with the figures.")),
    Column("subgroups", N_("Codes of the subgroups that she belongs to.")),
    Column("assumed", N_("Covariates that are not known; averaged over where there are figures.")),
    Column("reasons", N_("Codes of why she is out of scope.")),
    Column("errors", N_("Codes of what is wrong with a rejected row.")),
    Column(
        "applicability",
        N_("Codes of how well the trial speaks about her, and of why figures are withheld."),
    ),
)
#: What must never be apart from the figures, on every row.
_STATEMENT_COLUMNS = (
    Column(
        "error_messages", N_("What is wrong with a rejected row and what is accepted, in words.")
    ),
    Column(
        "model_kind",
        N_("The model behind the figures without a suffix: {models}."),
        {"models": MODELS},
    ),
    Column(
        "effect",
        N_(
            "The effect of surgery behind the figures without a suffix: {effects}; {overall} "
            "when {exploratory} was asked for."
        ),
        {
            "effects": SHOWN_EFFECTS,
            "overall": (OVERALL_EFFECT,),
            "exploratory": (*EXPLORATORY_EFFECTS, ALL_EFFECTS),
        },
    ),
    Column("interval_level", N_("The level of all intervals.")),
    Column(
        "training_data",
        N_("What the bundle was fitted to: {kinds}."),
        {"kinds": TRAINING_DATA},
    ),
    Column("intended_use", N_("What the figures may be used for.")),
)
_ALWAYS = "always"
_SHOWN = FigureColumns(
    "{outcome}_{arm}_{month}",
    N_("The figures of the analysis that was asked for: that of `model_kind` and `effect`."),
    _ALWAYS,
)
_POOLED = FigureColumns(
    f"{OUTCOMES[0].name}_{DIFFERENCE}_pooled_{{month}}",
    N_(
        "Difference in survival under the pooled effect of the four earlier randomised trials, by "
        "the model of `model_kind`."
    ),
    _ALWAYS,
)
_FURTHER = FigureColumns(
    "{outcome}_{arm}_{model}_{effect}_{month}",
    "The figures of another analysis beside the one that was asked for.",
    "when another model or effect than the default was asked for",
)
_EXPLORATORY = FigureColumns(
    "{outcome}_{arm}_{model}_{effect}_exploratory_{month}",
    "The figures of an exploratory analysis: a hypothesis, never to be used alone. They stand "
    "behind those of all other analyses.",
    f"with effect {_listed((*EXPLORATORY_EFFECTS, ALL_EFFECTS))}",
)
_DISAGREEMENT = FigureColumns(
    "{outcome}_{arm}_forest_minus_cox_{month}",
    "The forest's estimate minus the Cox model's, both under the whole trial's effect.",
    "when both models' figures are listed",
    has_limits=False,
)

#: Every column of a scored list, in order; a list has those figures that its options call for.
SCORED_COLUMNS: tuple[Column | FigureColumns, ...] = (
    *_START_COLUMNS,
    _SHOWN,
    *_CODE_COLUMNS,
    *_STATEMENT_COLUMNS,
    _POOLED,
    _FURTHER,
    _EXPLORATORY,
    _DISAGREEMENT,
)
#: The columns of the table of rejects, one row a problem.
REJECTS: tuple[Column, ...] = (
    Column("line", "Where the row stands in the input, counted from 1, the header included."),
    Column("row_id", "What the sender named the row."),
    Column("field", "The field that is wrong; empty when the whole row is meant."),
    Column("code", "The code of the problem."),
    Column("message", "What is wrong, in words, with the value that was sent."),
    Column("accepted", "What would be accepted."),
)
REJECT_COLUMNS: tuple[str, ...] = tuple(column.name for column in REJECTS)
_CODES = tuple(column.name for column in _CODE_COLUMNS)


def csv_header(bundle: Bundle, options: Options) -> list[str]:
    """Return the columns of a scored list; those of further analyses stand last."""
    months = options.horizons_months
    further = [
        name
        for analysis in _further(bundle, options)
        for name in _columns_of(analysis).names_by_arm(
            months, model=analysis.model, effect=analysis.effect
        )
    ]
    return [
        *_names(_START_COLUMNS),
        *_SHOWN.names_by_arm(months),
        *_CODES,
        *_names(_STATEMENT_COLUMNS),
        *_POOLED.names(months),
        *further,
        *(_DISAGREEMENT.names_by_arm(months) if _has_both(bundle, options) else ()),
    ]


def _names(columns: Iterable[Column]) -> list[str]:
    return [column.name for column in columns]


def _columns_of(analysis: Analysis) -> FigureColumns:
    return _EXPLORATORY if analysis.exploratory else _FURTHER


def _has_both(bundle: Bundle, options: Options) -> bool:
    """Return whether the figures of both models are listed."""
    return any(analysis.model == FOREST for analysis in options.listed(bundle.held))


def _further(bundle: Bundle, options: Options) -> list[Analysis]:
    """Return the analyses that stand behind the one that is shown."""
    return [each for each in options.listed(bundle.held) if each != options.shown]


def csv_lines(scored: Iterable[ScoredRow], bundle: Bundle, options: Options) -> Iterator[str]:
    """Yield the header and one line a row; figures have four decimals."""
    yield csv_line(csv_header(bundle, options))
    for each in scored:
        yield csv_line(_csv_cells(each, bundle, options))


def reject_lines(scored: Iterable[ScoredRow]) -> Iterator[str]:
    """Yield one line a problem of the rejected rows, without a header."""
    for each in scored:
        for problem in each.row.problems:
            start = [str(each.row.line), each.row.row_id]
            yield csv_line([*start, *problem.as_dict().values()])


def csv_line(cells: Iterable[str]) -> str:
    """Return one line of CSV, ended by a line feed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _csv_cells(scored: ScoredRow, bundle: Bundle, options: Options) -> list[str]:
    prediction = scored.prediction
    start = [scored.row.row_id, scored.status, f"{bundle.id}@{bundle.version}"]
    codes = _codes(scored)
    further = _further(bundle, options)
    outcomes: dict[str, Any] = {}
    pooled: dict[str, Any] = {}
    disagreement: dict[str, Any] = {}
    beside: list[dict[str, Any]] = [{} for _ in further]
    if prediction is not None and prediction.in_scope:
        outcomes = outcomes_part(prediction)
        pooled = pooled_part(prediction)
        disagreement = disagreement_part(prediction)
        beside = [outcomes_part(prediction, analysis) for analysis in further]
    return [
        *start,
        *_figure_cells(outcomes, options),
        *(";".join(codes[column]) for column in _CODES),
        *_statements(scored, bundle, options),
        *_band_cells(pooled.get(DIFFERENCE), options),
        *(cell for part in beside for cell in _figure_cells(part, options)),
        *_disagreement_cells(disagreement, bundle, options),
    ]


def _disagreement_cells(part: dict[str, Any], bundle: Bundle, options: Options) -> Iterator[str]:
    """Yield a cell for each column of the disagreement, empty where there is no figure."""
    if not _has_both(bundle, options):
        return
    for outcome in OUTCOMES:
        by_arm = part.get(outcome.name, {})
        for arm in SHOWN_ARMS:
            for place in range(len(options.horizons_months)):
                yield f"{by_arm[arm][place]:.4f}" if by_arm else ""


def _statements(scored: ScoredRow, bundle: Bundle, options: Options) -> tuple[str, ...]:
    return (
        joined(
            *(
                _("{message} Accepted: {accepted}.").format(
                    message=problem.message, accepted=problem.accepted
                )
                for problem in scored.row.problems
            )
        ),
        options.shown.model,
        options.shown.effect,
        f"{options.interval_level:g}",
        bundle.training_data,
        _(INTENDED_USE),
    )


def _figure_cells(outcomes: dict[str, Any], options: Options) -> Iterator[str]:
    for outcome in OUTCOMES:
        by_arm = outcomes.get(outcome.name, {})
        for arm in SHOWN_ARMS:
            yield from _band_cells(by_arm.get(arm), options)


def _band_cells(band: dict[str, list[float]] | None, options: Options) -> Iterator[str]:
    for place in range(len(options.horizons_months)):
        for kind, _suffix in _KINDS:
            yield "" if band is None else f"{band[kind][place]:.4f}"


def _codes(scored: ScoredRow) -> dict[str, list[str]]:
    codes: dict[str, list[str]] = {column: [] for column in _CODES}
    codes["errors"] = list(dict.fromkeys(problem.code for problem in scored.row.problems))
    prediction = scored.prediction
    if prediction is None:
        return codes
    verdict = prediction.eligibility
    withheld = [] if verdict.ulceration_withheld is None else [verdict.ulceration_withheld]
    codes["caveats"] = [caveat.code for caveat in prediction.caveats]
    codes["subgroups"] = [row.subgroup.code for row in prediction.subgroups]
    codes["assumed"] = list(prediction.patient.unknown_covariates)
    codes["reasons"] = [note.code for note in verdict.reasons]
    codes["applicability"] = [note.code for note in (*verdict.applicability, *withheld)]
    return codes
