"""Scored rows as JSON: one answer for a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from models.bundle import Bundle
from models.options import Options
from service.answers import list_entries
from service.fragments import caveat_parts, common_parts, harms_part, subgroup_parts
from service.lists.scoring import ScoredRow


def json_document(scored: Iterable[ScoredRow], bundle: Bundle, options: Options) -> dict[str, Any]:
    """Return one answer for a list.

    What is the same for many patients stands once: the rows name caveats and subgroups by
    code, and each distinct text is listed beside them. There are no harms where nobody is in
    scope.
    """
    rows = list(scored)
    predictions = [each.prediction for each in rows if each.prediction is not None]
    entries = list_entries(predictions)
    caveats = {(c.code, c.text): c for found in predictions for c in found.caveats}
    subgroups = dict.fromkeys(s.subgroup.code for found in predictions for s in found.subgroups)
    evidence = subgroup_parts()
    return {
        **common_parts(bundle, options),
        "results": [
            {**_place(each), **(_rejection(each) if each.prediction is None else next(entries))}
            for each in rows
        ],
        "caveats": caveat_parts(tuple(caveats.values())),
        "subgroups": [evidence[code] for code in subgroups],
        "harms": harms_part() if any(found.in_scope for found in predictions) else [],
    }


def _place(scored: ScoredRow) -> dict[str, Any]:
    named = {"row_id": scored.row.row_id} if scored.row.row_id else {}
    return {"line": scored.row.line, **named}


def _rejection(scored: ScoredRow) -> dict[str, Any]:
    return {
        "status": "rejected",
        "errors": [problem.as_dict() for problem in scored.row.problems],
    }
