"""The evidence as flat rows, for the API and the command line alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from models.evidence import evidence, sources
from models.evidence.figures import SURGERY_TO_NO_SURGERY
from models.subgroups import SubgroupEvidence, all_subgroups

#: The columns of a row, in order.
EVIDENCE_COLUMNS: tuple[str, ...] = (
    "id",
    "label",
    "kind",
    "outcome",
    "estimate",
    "lower",
    "upper",
    "level",
    "direction",
    "events",
    "n",
    "p",
    "p_sides",
    "interaction_p",
    "credibility",
    "horizon_months",
    "prespecified",
    "source",
    "place",
    "status",
    "note",
)


def evidence_rows() -> list[dict[str, Any]]:
    """Return every figure of the evidence, then the sixteen subgroups of Fig. 3."""
    figures = []
    for figure in evidence().values():
        row = asdict(figure)
        limits = row["interval"] or row["range"] or (None, None)
        figures.append(_complete({**row, "lower": limits[0], "upper": limits[1]}))
    return figures + [_subgroup_row(row) for row in all_subgroups()]


def source_rows() -> dict[str, dict[str, str]]:
    """Return the sources by name."""
    return sources()


def _subgroup_row(row: SubgroupEvidence) -> dict[str, Any]:
    subgroup = row.subgroup
    return _complete(
        {
            "id": subgroup.code,
            "label": subgroup.label,
            "kind": "hazard_ratio",
            "outcome": "overall_survival",
            "estimate": subgroup.estimate,
            "lower": subgroup.interval[0],
            "upper": subgroup.interval[1],
            "level": subgroup.level,
            "direction": SURGERY_TO_NO_SURGERY,
            "events": sum(subgroup.deaths),
            "n": sum(subgroup.n),
            "interaction_p": round(row.interaction.p, 4),
            "credibility": row.interaction.credibility,
            "prespecified": True,
            "source": "jcog1017",
            "place": f"Fig. 3, {row.pair.label}",
            "status": subgroup.status,
            "note": " ".join(filter(None, (subgroup.note, row.interaction.note))),
        }
    )


def _complete(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in EVIDENCE_COLUMNS}
