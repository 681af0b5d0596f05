"""Scored rows as CSV: one row a patient, and the rejects beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from models.bundle import Bundle
from models.options import Options
from models.outcomes import DIFFERENCE, OUTCOMES, SHOWN_ARMS
from models.texts import INTENDED_USE
from service.answers import outcomes_part, pooled_part
from service.lists.scoring import ScoredRow

_KINDS = (("estimate", ""), ("lower", "_lower"), ("upper", "_upper"))
_CODE_COLUMNS = ("caveats", "subgroups", "assumed", "reasons", "errors", "applicability")

#: What must never be apart from the figures, on every row.
_STATEMENT_COLUMNS = (
    "error_messages",
    "effect",
    "interval_level",
    "training_data",
    "intended_use",
)
REJECT_COLUMNS = ("line", "row_id", "field", "code", "message", "accepted")


def csv_header(options: Options) -> list[str]:
    """Return the columns of a scored list."""
    figures = [
        f"{outcome.name}_{arm}_{month}{suffix}"
        for outcome in OUTCOMES
        for arm in SHOWN_ARMS
        for month in options.horizons_months
        for _, suffix in _KINDS
    ]
    pooled = [
        f"{OUTCOMES[0].name}_difference_pooled_{month}{suffix}"
        for month in options.horizons_months
        for _, suffix in _KINDS
    ]
    return ["row_id", "status", "model", *figures, *_CODE_COLUMNS, *_STATEMENT_COLUMNS, *pooled]


def csv_lines(scored: Iterable[ScoredRow], bundle: Bundle, options: Options) -> Iterator[str]:
    """Yield the header and one line a row; figures have four decimals."""
    yield csv_line(csv_header(options))
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
    outcomes: dict[str, Any] = {}
    pooled: dict[str, Any] = {}
    if prediction is not None and prediction.estimates is not None:
        outcomes = outcomes_part(prediction, options.effect)
        pooled = pooled_part(prediction)
    return [
        *start,
        *_figure_cells(outcomes, options),
        *(";".join(codes[column]) for column in _CODE_COLUMNS),
        *_statements(scored, bundle, options),
        *_band_cells(pooled.get(DIFFERENCE), options),
    ]


def _statements(scored: ScoredRow, bundle: Bundle, options: Options) -> tuple[str, ...]:
    return (
        " ".join(
            f"{problem.message} Accepted: {problem.accepted}." for problem in scored.row.problems
        ),
        options.effect,
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
