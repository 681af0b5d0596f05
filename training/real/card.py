"""The model card of a bundle from a real cohort, and the report of its tests."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib import resources

import numpy as np

from models.bundle import Bundle
from models.covariates import FIELDS
from models.design_matrix import TERMS
from models.evidence import figure
from models.outcomes import ARM_LABELS, ARMS, HAZARDS
from models.texts import ARMS_ARE_POLICIES, COHORT_INTERVAL_MEANING, INTENDED_USE, TIME_ORIGIN
from training.real.cohort import STILL_OBSERVED
from training.real.effects import (
    PROGRESSION,
    SHARE_OF_COHORTS,
    cohorts_progression,
    published_effects,
    shipped_bundle,
)
from training.real.findings import MOST_SERVED, Findings
from training.real.proportionality import Proportionality
from training.real.resampling import FEWEST_DONORS
from training.real.terms import (
    EVENTS_PER_PARAMETER,
    FEWEST_EVENTS_A_SIDE,
    FEWEST_PATIENTS_A_SIDE,
    SURGERY,
    HazardTerms,
)
from training.reporting.checklists import source_attribute_section
from training.svg import COLOURS, Plot, page

#: A test below this is named on the card; a tenth of the usual level, because there are many.
SMALL_P = 0.005
#: The printed ratio of overall survival, which is not given covariates.
_PRINTED_RATIO = "os.hr.stratified.three_digits"

_TEMPLATE = """# Model card: {id} {version}

{intended_use}

**Training data: a local cohort of {patients} patients** (data file {digest}). The bundle holds
no patient row. {left_out}

## What it predicts

Overall survival, local relapse-free survival (alive without local progression), and the
cumulative incidence of ulceration and of bleeding of the primary site with death competing, with
and without resection of the primary tumour, up to {last_month} months: until then at least
{still_observed} patients of the cohort were observed for every outcome. Later months are refused.
Half of the cohort was observed for less than {median:.0f} months. {time_origin} {arms}

## How it was made

{members} bootstrap resamples of the patients{by_arm}, each fitted with Cox models (Efron's ties,
Breslow's baseline): death; local progression and death without it; ulceration and bleeding, each
with death without it. All effects of the covariates are estimated; none is assumed. The arms'
difference is estimated beside them, so that a baseline is that of patients not offered surgery.
{draws} resamples were drawn; those without a finite maximum were drawn anew.

{effect}

| hazard | events | parameters | events each | surgery's ratio | 95% limits | expected slope |
| --- | --- | --- | --- | --- | --- | --- |
{hazards}

Ratios are those served, limits quantiles over members. The arms' difference counts as a
parameter; "events each" are those per parameter. The expected slope is the bootstrap's estimate of
the calibration slope in other patients of the same kind (mean slope of each resample's prognostic
index in all patients): below 1, predictions lie that much too far apart. Nothing is shrunk for it.
{alone}{forced}
## Observed beside served

Observed is Kaplan-Meier's estimate, or Aalen-Johansen's where death competes; served is the mean
of what the bundle answers for the same patients in their own arm (at most {most_served} of an arm,
gaps filled once). Risks: of a survival, of its end.

| outcome | arm | {compared_header} |
| --- | --- | {compared_rule} |
{compared}

{selection}

## What an interval means

{interval_meaning}

## Values that are not known

{gaps}

## Terms that were not estimated

A term is held at zero, the same as no effect, when fewer than {few_patients} patients or fewer
than {few_events} events stand on one of its sides or at a level that it is compared with, or when
its values follow from the other terms'.

{dropped}

## Balance of the arms

Standardised differences of the terms between the arms (surgery minus none, in SDs), gaps filled
once. {balance}

| term | standardised difference |
| --- | --- |
{imbalance}

## Are the hazards proportional?

p-values of the score test of Schoenfeld residuals (Grambsch and Therneau; time as 1 -
Kaplan-Meier), gaps filled once. With {tests} tests about {by_chance:.0f} are below 0.05 by chance
alone. A small p says that an effect changes over time; the model gives its average.

| term | {test_header} |
| --- | {test_rule} |
{test_rows}

{small}

## Assumptions

- Patients without observation to the end are like those with it, given the covariates.
- Values are missing at random given the other values of their block, the outcome's class and
  the arm.
- Where a patient's values are not known, predictions average over the trial's population, not the
  cohort's.
- Hazards are proportional; effects on the log scale are additive; the effect of age is linear.
{arm_assumption}- Months count from the decision, and the arm is what was offered then. Where
  only operations are recorded, patients who died or worsened before one stand among those without
  it, and nobody operated on could die before: this immortal time is not mended.
- Given the covariates, the effect of surgery is one ratio for all patients on each hazard.
- The cohort's patients are those whom the model is used for, and were recorded as the contract of
  the columns says.

## Not done

The model was not compared with patients other than its own: `equipoise evaluate` does that.
TRIPOD+AI and PROBAST+AI are about a study, and their answers are for whoever made this one.

{source_attributes}"""

_FROM_COHORT = (
    "**The effect of surgery is estimated from this cohort**, because it was declared to be "
    "randomised. Nothing here confirms that it was."
)
_FROM_TRIAL = (
    "**The effect of surgery is the trial's, not this cohort's**: who was operated on was not "
    "left to chance, so the arms differ by more than surgery. The arms' difference is estimated "
    "as a nuisance and not served. In its place every member takes the ratios of one member of "
    "the bundle {bundle} ({digest}), all together. They are conditional: given the covariates "
    "of the models, like those that are served. The printed ratio of overall survival, "
    "{printed:.3f}, is not given covariates and is not used; ratios of local progression before "
    "death, of ulceration and of bleeding are not printed. Ratios (SD of the logarithm): "
    "{ratios}. That of local progression is an assumption. The bundle alone has {own:.2f}, "
    "which rests on local progression and death being independent given the covariates; the "
    "{cohorts} shipped matched cohorts, which show the same printed figures, have {low:.2f} to "
    "{high:.2f}, the reference cohort {reference:.2f}. So {share:.0%} of the members draw it "
    "from these cohorts."
)

_ARM_ASSUMPTION = (
    "- Given the covariates, patients who were not offered surgery are those whom the baseline is "
    "meant\n  for. Had those who were offered it gone without, their risks may have been others: "
    "nothing here tells.\n"
)

_SELECTION = (
    "Where the arms were not randomised, the baseline is fitted to patients who were not offered "
    "surgery, so that in this arm served and observed agree but for chance, gaps and the average "
    "over members. In the arm that was offered surgery they differ where its patients were chosen "
    "in ways that no column tells, or where surgery has another effect here than in the trial. "
    "Which of the two it is cannot be told from these data."
)
_NO_SELECTION = "The arms were declared randomised: both are fitted, and differ by chance only."


def cohort_card(bundle: Bundle, found: Findings) -> str:
    """Return the card of a bundle trained on a cohort, Markdown."""
    cohort, plan = bundle.manifest["cohort"], found.plan
    tested = {name: test for name, test in found.tests.items() if test is not None}
    tests = sum(len(test.p_values) for test in tested.values())
    return _TEMPLATE.format(
        id=bundle.id,
        version=bundle.version,
        intended_use=INTENDED_USE,
        patients=cohort["patients"],
        digest=cohort["data_digest"],
        left_out=left_out_words(found.cohort.left_out),
        last_month=cohort["last_month"],
        still_observed=STILL_OBSERVED,
        median=cohort["median_follow_up"],
        time_origin=TIME_ORIGIN,
        arms=ARMS_ARE_POLICIES,
        members=bundle.manifest["members"],
        by_arm=" within each arm" if plan.randomised else "",
        draws=found.draws,
        effect=_FROM_COHORT if plan.randomised else _effect_of_trial(),
        hazards="\n".join(_hazard_row(bundle, found, name) for name in HAZARDS),
        alone="".join(f"\n{line}\n" for line in alone_lines(found.terms)),
        most_served=MOST_SERVED,
        **_compared_words(found),
        selection=_NO_SELECTION if plan.randomised else _SELECTION,
        arm_assumption="" if plan.randomised else _ARM_ASSUMPTION,
        forced=_forced_words(found),
        interval_meaning=COHORT_INTERVAL_MEANING,
        gaps=gap_section(found.gaps, found.cohort.size),
        few_patients=FEWEST_PATIENTS_A_SIDE,
        few_events=FEWEST_EVENTS_A_SIDE,
        dropped="\n".join(dropped_lines(found.terms)) or "All terms were estimated.",
        balance=_balance_words(plan.randomised),
        imbalance="\n".join(
            f"| {term.label} | {gap:+.2f} |"
            for term, gap in zip(TERMS, found.imbalance, strict=True)
        ),
        tests=tests,
        by_chance=tests / 20,
        test_header=" | ".join(_words(name) for name in HAZARDS),
        test_rule=" | ".join("---" for _ in HAZARDS),
        test_rows="\n".join(_test_rows(found)),
        small=small_words(found),
        source_attributes=source_attribute_section(bundle),
    )


def left_out_words(left_out: Mapping[str, int]) -> str:
    """Return how many rows of the file were not used, and why."""
    if not left_out:
        return "All rows of the file were used."
    said = "; ".join(f"{count} ({reason})" for reason, count in left_out.items())
    return f"Rows of the file that were not used: {said}."


def gap_words(found: dict[str, int], patients: int) -> str:
    """Return what is done about gaps in the covariates, and how many there are."""
    if not found:
        return "Every covariate of the models is known of every patient."
    said = "; ".join(
        f"{FIELDS[name].label} {count} ({count / patients:.0%})" for name, count in found.items()
    )
    return (
        f"Not known: {said}. Inside each resample, and for each hazard by itself, a gap takes the "
        "value of another patient of the resample, drawn at random among those with the same "
        "known values of its block of covariates and in the same class: this hazard's event or "
        "none, third of its cumulative hazard, and arm; with fewer than "
        f"{FEWEST_DONORS} such patients, in a wider class. The stronger the other covariates and "
        "the more gaps, the more of an effect is lost, and the intervals do not tell that."
    )


def gap_section(found: dict[str, int], patients: int) -> str:
    """Return `gap_words` and, where there are gaps, what a simulation lost by filling them."""
    if not found:
        return gap_words(found, patients)
    measured = resources.files("training").joinpath("measured", "gaps.md").read_text("utf-8")
    return f"{gap_words(found, patients)}\n\n{measured.rstrip()}"


def alone_lines(terms: dict[str, HazardTerms]) -> list[str]:
    """Return a line for each hazard that is fitted to one arm alone."""
    return [
        f"{_words(name).capitalize()} is fitted to patients who were not offered surgery alone: "
        f"fewer than {FEWEST_EVENTS_A_SIDE} of the others had it."
        for name, found in terms.items()
        if not found.arm
    ]


def dropped_lines(terms: dict[str, HazardTerms]) -> list[str]:
    """Return a line for each term that a hazard does without."""
    return [
        f"- {_words(name)}: {label} ({reason})."
        for name, found in terms.items()
        for label, reason in found.dropped.items()
    ]


def small_words(found: Findings) -> str:
    """Return which tests of proportionality are small."""
    small = [
        f"{_words(name)}: {label} (p {p:.1g})"
        for name, test in found.tests.items()
        if test is not None
        for label, p in zip(tested_labels(found, name), test.p_values, strict=True)
        if p < SMALL_P
    ]
    if not small:
        return f"No test is below {SMALL_P}."
    return f"Below {SMALL_P}, so not proportional by this test: {'; '.join(small)}."


def tested_labels(found: Findings, hazard: str) -> list[str]:
    """Return the labels of the terms that a hazard's tests are about."""
    kept = found.terms[hazard].kept
    labels = [term.label for term, stays in zip(TERMS, kept, strict=True) if stays]
    return [*labels, SURGERY] if found.terms[hazard].arm else labels


def proportionality_report(bundle: Bundle, found: Findings) -> str:
    """Return an HTML page with the plots of scaled Schoenfeld residuals."""
    parts = [
        f"<h1>Are the hazards proportional? {escape(bundle.id)} {escape(bundle.version)}</h1>",
        f"<p>{escape(INTENDED_USE)}</p>",
        "<p>Each point is an event: its scaled Schoenfeld residual plus the estimated log hazard "
        "ratio. The line is their average in tenths of the events. When the hazards are "
        "proportional it stays near the dashed line, the estimate.</p>",
        f"<p>{escape(small_words(found))}</p>",
    ]
    for name, test in found.tests.items():
        parts.append(f"<h2>{escape(_words(name))}</h2>")
        if test is None:
            parts.append("<p>The whole cohort has no finite fit of this hazard.</p>")
            continue
        labels = tested_labels(found, name)
        parts += [_residual_figure(test, place, label) for place, label in enumerate(labels)]
    return page(f"Proportional hazards: {bundle.id} {bundle.version}", "\n".join(parts))


def _residual_figure(test: Proportionality, place: int, label: str) -> str:
    order = np.argsort(test.months, kind="stable")
    months, values = test.months[order], test.residuals[order, place]
    tenths = [part for part in np.array_split(np.arange(len(months)), 10) if len(part)]
    middles = np.array([months[part].mean() for part in tenths])
    means = np.array([values[part].mean() for part in tenths])
    low, high = np.quantile(values, [0.02, 0.98])
    low, high = min(low, means.min()), max(high, means.max())
    edge = max(high - low, 0.1) * 0.05
    plot = Plot(
        f"Scaled Schoenfeld residuals of {label}",
        "months after the decision",
        "log hazard ratio",
        (0.0, float(months[-1])),
        (float(low - edge), float(high + edge)),
    )
    shown = np.linspace(0, len(months) - 1, min(len(months), 300)).astype(int)
    plot.points(months[shown], values[shown], COLOURS[3], 1.5)
    flat = np.full(2, test.coefficients[place])
    plot.line(np.array([0.0, months[-1]]), flat, COLOURS[1], "estimate", "5 4")
    plot.line(middles, means, COLOURS[0], "average by time")
    p_value = f"p {test.p_values[place]:.2g}"
    return (
        f"<figure>{plot.render()}<figcaption>{escape(label)}: chi-squared "
        f"{test.statistics[place]:.2f}, {p_value}.</figcaption></figure>"
    )


def _words(hazard: str) -> str:
    return hazard.replace("_", " ")


def _effect_of_trial() -> str:
    rows = [
        f"{_words(name)} {np.exp(effect.mean):.3f} ({effect.standard_error:.3f})"
        for name, effect in published_effects().items()
    ]
    shipped = shipped_bundle()
    ratios = np.exp(cohorts_progression()[0])
    return _FROM_TRIAL.format(
        bundle=f"{shipped.id} {shipped.version}",
        digest=shipped.digest,
        printed=figure(_PRINTED_RATIO).estimate,
        ratios="; ".join(rows),
        own=np.exp(shipped.hazards[PROGRESSION].arm.mean()),
        cohorts=len(ratios),
        low=ratios.min(),
        high=ratios.max(),
        reference=ratios[0],
        share=SHARE_OF_COHORTS,
    )


def _compared_words(found: Findings) -> dict[str, str]:
    """Return the table of observed beside served risks, by outcome and arm."""
    cells = {(risk.outcome, risk.arm, risk.month): risk for risk in found.risks}
    months = sorted({month for _, _, month in cells})
    rows = []
    for outcome, arm in dict.fromkeys((risk.outcome, risk.arm) for risk in found.risks):
        risks = [cells[outcome, arm, month] for month in months]
        said = " | ".join(f"{risk.observed:.1%} / {risk.served:.1%}" for risk in risks)
        rows.append(f"| {_words(outcome)} | {ARM_LABELS[ARMS[arm]]} | {said} |")
    return {
        "compared_header": " | ".join(f"month {month}: observed / served" for month in months),
        "compared_rule": " | ".join("---" for _ in months),
        "compared": "\n".join(sorted(rows)),
    }


def _slope_words(slope: float) -> str:
    return f"{slope:.2f}" if np.isfinite(slope) else "none"


def _hazard_row(bundle: Bundle, found: Findings, name: str) -> str:
    terms = found.terms[name]
    ratios = np.exp(bundle.hazards[name].arm)
    low, high = np.quantile(ratios, [0.025, 0.975])
    middle = np.exp(bundle.hazards[name].arm.mean())
    return (
        f"| {_words(name)} | {terms.events} | {terms.parameters} | {terms.ratio:.1f} "
        f"| {middle:.2f} | {low:.2f} to {high:.2f} | {_slope_words(found.slopes[name])} |"
    )


def _forced_words(found: Findings) -> str:
    few = [_words(n) for n in HAZARDS if found.terms[n].ratio < EVENTS_PER_PARAMETER]
    if not few:
        return ""
    return (
        f"\n**Trained by force.** Fewer than {EVENTS_PER_PARAMETER} events per parameter: "
        f"{', '.join(few)}. Their effects are unsure and probably too large.\n"
    )


def _balance_words(randomised: bool) -> str:
    if randomised:
        return "After randomisation they are chance; differences beyond 0.1 to 0.2 ask why."
    return "They are why the effect of surgery is not taken from this cohort."


def _test_rows(found: Findings) -> list[str]:
    labels = [*(term.label for term in TERMS), SURGERY]
    columns = {}
    for name, test in found.tests.items():
        values = [] if test is None else list(test.p_values)
        columns[name] = dict(zip(tested_labels(found, name), values, strict=bool(values)))
    return [
        f"| {label} | " + " | ".join(_p_words(columns[name].get(label)) for name in HAZARDS) + " |"
        for label in labels
    ]


def _p_words(p_value: float | None) -> str:
    return "not tested" if p_value is None else f"{p_value:.3f}"
