"""Scored rows as JSON: one answer for a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from models.bundle import Bundle
from models.harms import HARMS
from models.options import Options
from service.answers import common_part, list_entry
from service.lists.scoring import ScoredRow


def json_document(scored: Iterable[ScoredRow], bundle: Bundle, options: Options) -> dict[str, Any]:
    """Return one answer for a list.

    What is the same for many patients stands once: the rows name caveats and subgroups by
    code, and each distinct text is listed beside them. There are no harms where nobody is in
    scope.
    """
    rows = list(scored)
    in_scope = any(each.status == "ok" for each in rows)
    caveats: dict[tuple[str, str], dict[str, Any]] = {}
    subgroups: dict[str, dict[str, Any]] = {}
    for each in rows:
        if each.prediction is None:
            continue
        caveats |= {(c.code, c.text): c.as_dict() for c in each.prediction.caveats}
        subgroups |= {s.subgroup.code: s.as_dict() for s in each.prediction.subgroups}
    return {
        **common_part(bundle, options),
        "results": [_entry(each) for each in rows],
        "caveats": list(caveats.values()),
        "subgroups": list(subgroups.values()),
        "harms": [harm.as_dict() for harm in HARMS if in_scope],
    }


def _entry(scored: ScoredRow) -> dict[str, Any]:
    if scored.prediction is None:
        return {**_place(scored), "status": "rejected", **_errors(scored)}
    return {**_place(scored), **list_entry(scored.prediction)}


def _place(scored: ScoredRow) -> dict[str, Any]:
    named = {"row_id": scored.row.row_id} if scored.row.row_id else {}
    return {"line": scored.row.line, **named}


def _errors(scored: ScoredRow) -> dict[str, Any]:
    return {"errors": [problem.as_dict() for problem in scored.row.problems]}
