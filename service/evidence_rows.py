"""The evidence as flat rows, for the API and the command line alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from models.evidence import Figure, Trial, evidence, interactions, pairs, sources, trials
from models.evidence.consistency import consistency_text
from models.evidence.credibility import assessment_of
from models.evidence.figures import SURGERY_TO_NO_SURGERY
from models.language import _, joined
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
    "inverted",
    "printed",
    "events",
    "n",
    "events_surgery",
    "n_surgery",
    "events_no_surgery",
    "n_no_surgery",
    "p",
    "p_sides",
    "interaction_ratio",
    "interaction_lower",
    "interaction_upper",
    "interaction_level",
    "interaction_p",
    "interaction_p_bonferroni",
    "interaction_p_holm",
    "credibility",
    "horizon_months",
    "median_follow_up_months",
    "setting",
    "prespecified",
    "trial",
    "source",
    "place",
    "licence",
    "status",
    "note",
)
_TRIAL = "jcog1017"
_DIGITS = 4
_TOLD_OF_TRIALS = ("name", "design", "note", "caution")


def evidence_rows() -> list[dict[str, Any]]:
    """Return every figure of the evidence, then the sixteen subgroups of Fig. 3."""
    figures = [_figure_row(figure) for figure in evidence().values()]
    return figures + [_subgroup_row(row) for row in all_subgroups()]


def source_rows() -> dict[str, dict[str, str]]:
    """Return the sources by name; titles, citations and links stand as published."""
    told = ("licence", "seen")
    return {
        name: {**row, **{word: _(row[word]) for word in told}} for name, row in sources().items()
    }


def trial_rows() -> dict[str, dict[str, Any]]:
    """Return the trials, and pools of studies, by name."""
    return {
        name: {**asdict(row), **{word: _(getattr(row, word)) for word in _TOLD_OF_TRIALS}}
        for name, row in trials().items()
    }


def interaction_rows(assumptions: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Return the eight pairs of Fig. 3: interaction, rating with its answers, consistency.

    Parameters
    ----------
    assumptions : mapping, optional
        A reader's answers in place of ours, as `models.evidence.credibility.read_assumptions`.
    """
    rows = []
    for pair in pairs():
        found = interactions()[pair.id]
        rows.append(
            {
                "pair": pair.id,
                "label": _(pair.label),
                "first": pair.subgroups[0].code,
                "second": pair.subgroups[1].code,
                "ratio": round(found.ratio, _DIGITS),
                "interval": [round(limit, _DIGITS) for limit in found.interval],
                "interval_level": found.level,
                "p": round(found.p, _DIGITS),
                "p_bonferroni": round(found.p_bonferroni, _DIGITS),
                "p_holm": round(found.p_holm, _DIGITS),
                "rated": assessment_of(pair.id, assumptions).with_answers(),
                "consistency": consistency_text(pair),
            }
        )
    return rows


def evidence_document(assumptions: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return all of the evidence as ``/v1/evidence`` gives it.

    Parameters
    ----------
    assumptions : mapping, optional
        As `interaction_rows`.
    """
    return {
        "evidence": evidence_rows(),
        "interactions": interaction_rows(assumptions),
        "trials": trial_rows(),
        "sources": source_rows(),
    }


def _figure_row(figure: Figure) -> dict[str, Any]:
    row = asdict(figure)
    limits = row["interval"] or row["range"] or (None, None)
    trial = trials()[figure.trial]
    texts = {name: _(row[name]) for name in ("label", "note")}
    counts = {
        name: getattr(trial, name)
        if row["kind"] == "hazard_ratio" and _is_whole(figure, trial)
        else None
        for name in ("n_surgery", "n_no_surgery")
    }
    return _complete(
        {**row, **texts, **counts, "lower": limits[0], "upper": limits[1], **_facts(figure.trial)},
        figure.source,
    )


def _is_whole(figure: Figure, trial: Trial) -> bool:
    """Whether a figure is about all patients of its trial."""
    return figure.n is not None and figure.n == trial.n


def _facts(name: str) -> dict[str, Any]:
    """Return what a trial lends to each of its rows."""
    trial = trials()[name]
    return {"setting": trial.setting, "median_follow_up_months": trial.median_follow_up_months}


def _subgroup_row(row: SubgroupEvidence) -> dict[str, Any]:
    subgroup, found = row.subgroup, row.interaction
    (without_events, events), (without_n, n) = subgroup.deaths, subgroup.n
    return _complete(
        {
            "id": subgroup.code,
            "label": _(subgroup.label),
            "kind": subgroup.kind,
            "outcome": "overall_survival",
            "estimate": subgroup.estimate,
            "lower": subgroup.interval[0],
            "upper": subgroup.interval[1],
            "level": subgroup.level,
            "direction": SURGERY_TO_NO_SURGERY,
            "inverted": subgroup.inverted,
            "printed": subgroup.printed,
            "events": subgroup.events,
            "n": subgroup.size,
            "events_surgery": events,
            "n_surgery": n,
            "events_no_surgery": without_events,
            "n_no_surgery": without_n,
            "interaction_ratio": round(found.ratio, _DIGITS),
            "interaction_lower": round(found.interval[0], _DIGITS),
            "interaction_upper": round(found.interval[1], _DIGITS),
            "interaction_level": found.level,
            "interaction_p": round(found.p, _DIGITS),
            "interaction_p_bonferroni": round(found.p_bonferroni, _DIGITS),
            "interaction_p_holm": round(found.p_holm, _DIGITS),
            "credibility": row.assessment.rating,
            "prespecified": True,
            "trial": _TRIAL,
            "source": subgroup.source,
            "place": f"{subgroup.place}, {row.pair.label}",
            "status": subgroup.status,
            "note": joined(_(subgroup.note), row.assessment.advice),
            **_facts(_TRIAL),
        },
        subgroup.source,
    )


def _complete(row: dict[str, Any], source: str) -> dict[str, Any]:
    whole = {**row, "licence": _(sources()[source]["licence"])}
    return {name: whole.get(name) for name in EVIDENCE_COLUMNS}
