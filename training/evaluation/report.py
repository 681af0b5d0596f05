"""The evaluation as files: metrics.json, metrics.csv and one page that needs nothing else."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import Any

import numpy as np

from models.bundle import Bundle
from models.outcomes import ARM_LABELS, ARMS, OUTCOMES, Outcome
from models.texts import ARMS_ARE_POLICIES, INTENDED_USE, TIME_ORIGIN
from training.evaluation.decisions import THRESHOLDS
from training.evaluation.evaluate import (
    EVERYBODY,
    FEWEST_PATIENTS,
    LEVEL,
    METRICS,
    Curves,
    Evaluation,
    Metric,
)
from training.real.card import left_out_words
from training.real.cohort import LocalCohort
from training.svg import COLOURS, Plot, page

METRICS_JSON, METRICS_CSV, REPORT = "metrics.json", "metrics.csv", "report.html"
FILES = (METRICS_JSON, METRICS_CSV, REPORT)

_LABELS = {
    "observed_risk": "Observed share",
    "predicted_risk": "Mean predicted risk",
    "auc": "AUC",
    "brier": "Brier score",
    "brier_without_model": "Brier score without a model",
    "calibration_intercept": "Calibration intercept",
    "calibration_slope": "Calibration slope",
    "ici": "ICI",
    "uno_c": "Uno's C",
    "integrated_brier": "Integrated Brier score",
    "d_calibration_p": "D-calibration, p",
}
_IN_SUBGROUPS = (
    *("observed_risk", "predicted_risk", "auc", "brier"),
    *("calibration_intercept", "calibration_slope", "ici", "uno_c"),
)
_EVENT = {
    "overall_survival": "death",
    "local_relapse_free_survival": "local progression or death",
    "local_ulceration": "ulceration of the primary site",
    "local_bleeding": "bleeding from the primary site",
}
_NOT_GIVEN = "not given"


@dataclass(frozen=True)
class Subject:
    """What was evaluated on whom."""

    bundle: Bundle
    cohort: LocalCohort

    @property
    def seen_before(self) -> str:
        """Return what must be said when the bundle, or one it comes from, knows these patients.

        All rows must be the same, in whatever order; single patients are not looked for.
        """
        if self.cohort.rows_digest not in self.bundle.rows_digests:
            return ""
        return (
            "The bundle, or one that it comes from, was fitted to these very patients. The "
            "figures are better than they would be for others: do not take them for an evaluation."
        )


def metrics_json(subject: Subject, found: Evaluation) -> str:
    """Return the figures as JSON."""
    settings = found.settings
    message = {
        "intended_use": INTENDED_USE,
        "bundle": _bundle_words(subject.bundle),
        "data": {
            "digest": subject.cohort.digest,
            "patients": subject.cohort.size,
            "left_out": dict(subject.cohort.left_out),
        },
        "remark": subject.seen_before,
        "interval_level": LEVEL,
        "resamples": settings.resamples,
        "seed": settings.seed,
        "months": list(settings.months),
        "main_month": settings.main,
        "subgroups_too_small": found.small_groups,
        "meaning": METRICS,
        "metrics": [_rounded(row) for row in found.metrics],
    }
    return json.dumps(message, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def metrics_csv(found: Evaluation) -> str:
    """Return the figures as CSV, one a line; what cannot be computed is empty and has a note."""
    buffer = io.StringIO()
    names = [field.name for field in fields(Metric)]
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_rounded(row) for row in found.metrics)
    return buffer.getvalue()


def _bundle_words(bundle: Bundle) -> dict[str, str]:
    return {
        "id": bundle.id,
        "version": bundle.version,
        "digest": bundle.digest,
        "training_data": bundle.training_data,
    }


def _rounded(row: Metric) -> dict[str, Any]:
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(row).items()}


def report_html(subject: Subject, found: Evaluation) -> str:
    """Return the report."""
    bundle = subject.bundle
    parts = [
        f"<h1>Evaluation of {escape(bundle.id)} {escape(bundle.version)}</h1>",
        f"<p>{escape(INTENDED_USE)}</p>",
        _facts(subject, found),
        _how_to_read(found),
        *(_outcome(outcome, found) for outcome in OUTCOMES),
        _subgroups(found),
        _assumptions(),
    ]
    return page(f"Evaluation of {bundle.id} {bundle.version}", "\n".join(parts))


def _facts(subject: Subject, found: Evaluation) -> str:
    bundle, cohort = subject.bundle, subject.cohort
    by_arm = ", ".join(
        f"{int((cohort.arm == value).sum())} {ARM_LABELS[arm]}" for value, arm in enumerate(ARMS)
    )
    warned = f'<p class="notice">{escape(subject.seen_before)}</p>' if subject.seen_before else ""
    return (
        f"{warned}<p>{cohort.size} patients ({by_arm}); data file {escape(cohort.digest)}. "
        f"{escape(left_out_words(cohort.left_out))} Bundle digest {escape(bundle.digest)}; its "
        f"training data: {escape(bundle.training_data)}. Each patient is predicted in her own "
        "arm. "
        f"{escape(TIME_ORIGIN)} {escape(ARMS_ARE_POLICIES)}</p>"
        f"<p>Intervals of {LEVEL:.0%}: quantiles over {found.settings.resamples} bootstrap "
        "resamples of the patients, predictions kept. They are about which patients these "
        "happened to be.</p>"
    )


def _how_to_read(found: Evaluation) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(_LABELS[name])}</th><td class="text">{escape(meaning)}</td>'
        "</tr>"
        for name, meaning in METRICS.items()
    )
    return (
        "<h2>What the figures mean</h2><table><caption>Risk is the probability of the event by "
        "the month: for a survival, of its end. The curves and the subgroups are at month "
        f"{found.settings.main}.</caption><tbody>{rows}</tbody></table>"
    )


def _outcome(outcome: Outcome, found: Evaluation) -> str:
    rows = [m for m in found.metrics if m.outcome == outcome.name and m.group == EVERYBODY]
    curves, main = found.curves[outcome.name], found.settings.main
    event = _EVENT[outcome.name]
    death = (
        "Death before the event competes: those who died first are free of it."
        if outcome.competing_hazard
        else ""
    )
    return (
        f"<h2>{escape(_title(outcome))}</h2><p>Event: {escape(event)}. {escape(death)}</p>"
        + _by_month(rows, found.settings.months)
        + _whole_time(rows)
        + _calibration_figure(curves, main, event)
        + _arm_figure(curves, event)
        + _decision_figure(curves, main, event)
    )


def _title(outcome: Outcome) -> str:
    return outcome.name.replace("_", " ").replace("relapse free", "relapse-free").capitalize()


def _by_month(rows: Sequence[Metric], months: tuple[int, ...]) -> str:
    cells = {(row.name, row.month): row for row in rows}
    head = "".join(f'<th scope="col">{month} months</th>' for month in months)
    names = list(dict.fromkeys(row.name for row in rows if row.month is not None))
    events = "".join(f"<td>{cells[names[0], month].events}</td>" for month in months)
    body = "".join(
        f'<tr><th scope="row">{escape(_LABELS[name])}</th>'
        + "".join(f"<td>{_words(cells[name, month])}</td>" for month in months)
        + "</tr>"
        for name in names
    )
    return (
        f'<div class="scroll"><table><caption>All patients: estimate and {LEVEL:.0%} interval, by '
        f'months after the decision</caption><thead><tr><th scope="col">Figure</th>{head}</tr>'
        f'</thead><tbody><tr><th scope="row">Events by then</th>{events}</tr>{body}</tbody>'
        "</table></div>"
    )


def _whole_time(rows: Sequence[Metric]) -> str:
    said = [f"{_LABELS[row.name]}: {_words(row)}" for row in rows if row.month is None]
    return f"<p>Over the whole time. {'; '.join(said)}.</p>" if said else ""


def _words(row: Metric) -> str:
    """Return a figure with its interval, or why it is not there."""
    if row.estimate is None:
        return escape(f"{_NOT_GIVEN}: {row.note}")
    if row.name == "d_calibration_p":
        return "below 0.001" if row.estimate < 0.001 else f"{row.estimate:.3f}"
    style = ".1%" if row.name in ("observed_risk", "predicted_risk", "ici") else ".3f"
    if row.name.startswith("calibration"):
        style = ".2f"
    if row.lower is None or row.upper is None:
        return f"{row.estimate:{style}} ({escape(row.note)})"
    return f"{row.estimate:{style}} ({row.lower:{style}} to {row.upper:{style}})"


def _calibration_figure(curves: Curves, main: int, event: str) -> str:
    groups = curves.groups
    top = _round_up(float(max(groups.predicted.max(), groups.observed.max(), curves.risk[-1])))
    plot = Plot(
        f"Calibration at {main} months: {event}",
        "predicted risk",
        "observed risk",
        (0.0, top),
        (0.0, top),
    )
    if curves.smooth_limits.size:
        plot.band(curves.risk, curves.smooth_limits, COLOURS[0])
    plot.line(np.array([0.0, top]), np.array([0.0, top]), COLOURS[3], "perfect", "5 4")
    if len(curves.smooth):
        plot.line(curves.risk, curves.smooth, COLOURS[0], "observed, smoothed")
    plot.points(groups.predicted, groups.observed, COLOURS[1], 4)
    return _figure(
        plot,
        f"Calibration at {main} months. Points: tenths of the patients by predicted risk. Above "
        f"the dashed line more had the event ({event}) than predicted. The smoothed line goes "
        "from the 1st to the 99th percentile of the predictions.",
    )


def _arm_figure(curves: Curves, event: str) -> str:
    months = np.arange(1.0, 1 + max(len(seen) for seen, _ in curves.by_arm.values()))
    top = _round_up(max(float(max(a.max(), b.max())) for a, b in curves.by_arm.values()))
    plot = Plot(
        f"Observed and predicted by arm: {event}",
        "months after the decision",
        "probability of the event",
        (0.0, float(months[-1])),
        (0.0, top),
    )
    for value, (seen, mean) in curves.by_arm.items():
        label = ARM_LABELS[ARMS[value]]
        plot.line(months, seen, COLOURS[value], f"{label}, observed")
        plot.line(months, mean, COLOURS[value], f"{label}, predicted", "5 4")
    return _figure(
        plot,
        f"Observed share with {event} and mean predicted risk of each arm. Where arms were not "
        "randomised the gap between them is not an effect of surgery.",
    )


def _decision_figure(curves: Curves, main: int, event: str) -> str:
    if curves.decision is None:
        return "<p>Decision curve: not given, because nobody was observed so long.</p>"
    decision = curves.decision
    top = _round_up(float(max(decision.model.max(), decision.everybody.max(), 0.05)))
    plot = Plot(
        f"Decision curve at {main} months: {event}",
        "threshold of predicted risk",
        "net true positives per patient",
        (0.0, 1.0),
        (-0.25 * top, top),
    )
    if curves.decision_limits.size:
        plot.band(THRESHOLDS, curves.decision_limits, COLOURS[0])
    plot.line(THRESHOLDS, decision.everybody, COLOURS[3], "pick everybody", "5 4")
    plot.line(np.array([0.0, 1.0]), np.zeros(2), COLOURS[3], "pick nobody", "2 3")
    plot.line(THRESHOLDS, decision.model, COLOURS[0], "pick by the model")
    return _figure(
        plot,
        f"Decision curve at {main} months: how well a threshold picks out those who will have the "
        f"event ({event}): true positives minus false ones times the odds of the threshold. "
        "The model is worth using where its line is above both others. It says nothing about "
        "surgery.",
    )


def _figure(plot: Plot, caption: str) -> str:
    return f"<figure>{plot.render()}<figcaption>{escape(caption)}</figcaption></figure>"


def _round_up(value: float) -> float:
    return float(min(1.0, np.ceil(value * 10 + 0.2) / 10))


def _subgroups(found: Evaluation) -> str:
    if not found.settings.subgroups:
        return ""
    parts = [
        f"<h2>Subgroups at {found.settings.main} months</h2>",
        "<p>The subgroups of the trial's Fig. 3. They overlap, many are compared, and no interval "
        "allows for that: a subgroup out of line is a question, not an answer.</p>",
    ]
    if found.small_groups:
        small = escape("; ".join(found.small_groups))
        parts.append(f"<p>Fewer than {FEWEST_PATIENTS} patients, not evaluated: {small}.</p>")
    for outcome in OUTCOMES:
        rows = [m for m in found.metrics if m.outcome == outcome.name and m.group != EVERYBODY]
        if rows:
            parts.append(_subgroup_table(outcome, rows))
    return "".join(parts)


def _subgroup_table(outcome: Outcome, rows: Sequence[Metric]) -> str:
    present = {row.name for row in rows}
    names = [name for name in _IN_SUBGROUPS if name in present]
    head = "".join(f'<th scope="col">{escape(_LABELS[name])}</th>' for name in names)
    body = []
    for group in dict.fromkeys(row.group for row in rows):
        own = {row.name: row for row in rows if row.group == group}
        first = next(iter(own.values()))
        cells = "".join(
            f"<td>{_words(own[name]) if name in own else _NOT_GIVEN}</td>" for name in names
        )
        body.append(
            f'<tr><th scope="row">{escape(group)}</th><td>{first.patients}</td>'
            f"<td>{first.events}</td>{cells}</tr>"
        )
    return (
        f'<div class="scroll"><table><caption>{escape(_title(outcome))}</caption><thead><tr>'
        '<th scope="col">Subgroup</th><th scope="col">Patients</th><th scope="col">Events</th>'
        f"{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _assumptions() -> str:
    return (
        "<h2>What this stands on</h2><ul>"
        "<li>Observation ends independently of prognosis; the weights for it are the same for all "
        "patients.</li>"
        "<li>Predictions are point estimates: means over the bundle's members. How often the "
        "bundle's own intervals hold is not looked at.</li>"
        "<li>Whether the bundle was fitted to the same patients is told when all rows are the "
        "same, in whatever order. A few patients in common are not noticed.</li>"
        "<li>Values that are not known are averaged over as in an answer of the service.</li>"
        "<li>That predictions are right on average in both arms does not show that the effect of "
        "surgery is right, unless the arms were randomised.</li></ul>"
    )
