"""Scored rows as CSV: one row a patient, and the rejects beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from models.analyses import Analysis
from models.bundle import Bundle
from models.options import Options
from models.outcomes import DIFFERENCE, FOREST, OUTCOMES, SHOWN_ARMS
from models.texts import INTENDED_USE
from service.answers import disagreement_part, outcomes_part, pooled_part
from service.lists.scoring import ScoredRow

_KINDS = (("estimate", ""), ("lower", "_lower"), ("upper", "_upper"))
_CODE_COLUMNS = ("caveats", "subgroups", "assumed", "reasons", "errors", "applicability")

#: What must never be apart from the figures, on every row.
_STATEMENT_COLUMNS = (
    "error_messages",
    "model_kind",
    "effect",
    "interval_level",
    "training_data",
    "intended_use",
)
REJECT_COLUMNS = ("line", "row_id", "field", "code", "message", "accepted")


def csv_header(bundle: Bundle, options: Options) -> list[str]:
    """Return the columns of a scored list; those of further analyses stand last."""
    start = ["row_id", "status", "model"]
    pooled = _band_columns(f"{OUTCOMES[0].name}_difference_pooled", options)
    further = [
        column
        for analysis in _further(bundle, options)
        for column in _figure_columns(options, f"_{_name_of(analysis)}")
    ]
    return [
        *start,
        *_figure_columns(options),
        *_CODE_COLUMNS,
        *_STATEMENT_COLUMNS,
        *pooled,
        *further,
        *_disagreement_columns(bundle, options),
    ]


def _figure_columns(options: Options, analysis: str = "") -> list[str]:
    return [
        column
        for outcome in OUTCOMES
        for arm in SHOWN_ARMS
        for column in _band_columns(f"{outcome.name}_{arm}{analysis}", options)
    ]


def _band_columns(stem: str, options: Options) -> list[str]:
    return [f"{stem}_{month}{suffix}" for month in options.horizons_months for _, suffix in _KINDS]


def _disagreement_columns(bundle: Bundle, options: Options) -> list[str]:
    if not any(analysis.model == FOREST for analysis in options.listed(bundle.kinds)):
        return []
    return [
        f"{outcome.name}_{arm}_forest_minus_cox_{month}"
        for outcome in OUTCOMES
        for arm in SHOWN_ARMS
        for month in options.horizons_months
    ]


def _further(bundle: Bundle, options: Options) -> list[Analysis]:
    """Return the analyses that stand behind the one that is shown."""
    return [each for each in options.listed(bundle.kinds) if each != options.shown]


def _name_of(analysis: Analysis) -> str:
    exploratory = "_exploratory" if analysis.exploratory else ""
    return f"{analysis.model}_{analysis.effect}{exploratory}"


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
        *(";".join(codes[column]) for column in _CODE_COLUMNS),
        *_statements(scored, bundle, options),
        *_band_cells(pooled.get(DIFFERENCE), options),
        *(cell for part in beside for cell in _figure_cells(part, options)),
        *_disagreement_cells(disagreement, bundle, options),
    ]


def _disagreement_cells(part: dict[str, Any], bundle: Bundle, options: Options) -> Iterator[str]:
    """Yield a cell for each of `_disagreement_columns`, empty where there is no figure."""
    if not _disagreement_columns(bundle, options):
        return
    for outcome in OUTCOMES:
        by_arm = part.get(outcome.name, {})
        for arm in SHOWN_ARMS:
            for place in range(len(options.horizons_months)):
                yield f"{by_arm[arm][place]:.4f}" if by_arm else ""


def _statements(scored: ScoredRow, bundle: Bundle, options: Options) -> tuple[str, ...]:
    return (
        " ".join(
            f"{problem.message} Accepted: {problem.accepted}." for problem in scored.row.problems
        ),
        options.shown.model,
        options.shown.effect,
        f"{options.interval_level:g}",
        bundle.training_data,
        INTENDED_USE,
    )


def _figure_cells(outcomes: dict[str, Any], options: Options) -> Iterator[str]:
    for outcome in OUTCOMES:
        by_arm = outcomes.get(outcome.name, {})
        for arm in SHOWN_ARMS:
            yield from _band_cells(by_arm.get(arm), options)


def _band_cells(band: dict[str, list[float]] | None, options: Options) -> Iterator[str]:
    for place in range(len(options.horizons_months)):
        for kind, _ in _KINDS:
            yield "" if band is None else f"{band[kind][place]:.4f}"


def _codes(scored: ScoredRow) -> dict[str, list[str]]:
    codes: dict[str, list[str]] = {column: [] for column in _CODE_COLUMNS}
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
