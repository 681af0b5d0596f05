"""The model card of a bundle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from models.analyses import DEFAULT_ANALYSIS, FOREST_ANALYSIS, Analysis
from models.bundle import Bundle
from models.design_matrix import TERMS
from models.evidence import figure, pairs
from models.forest import KNOTS
from models.outcomes import ARM_LABELS, ARMS, COX, FOREST, LAST_HORIZON, MODEL_LABELS
from models.table import FloatArray
from models.texts import ARMS_ARE_POLICIES, CREDIT, INTENDED_USE, INTERVAL_MEANING, TIME_ORIGIN
from training.calibration import (
    BEYOND_96,
    DEATH_KNOTS,
    DEATH_SLOPE_SD,
    FREE_SLOPE_SD,
    PROGRESSION_KNOTS,
    PROGRESSION_SLOPE_SD,
    FreeSlopes,
)
from training.forest import FEATURE_SHARE, SMALLEST_LEAF, TREES
from training.population_average import (
    AverageFigure,
    ModelComparison,
    SamePatients,
    average_figures,
    capped_share,
    compared_models,
    model_gaps,
    same_patients,
    truths_held,
)
from training.priors import AGE_MENOPAUSE_CORRELATION, priors
from training.reporting.checklists import reporting_sections
from training.subgroup_effects import SPREAD_SCALE
from training.targets import published_targets
from training.truth import HazardTruth, Patients

#: Months after the decision at which the card compares the models.
COMPARED_MONTH = 60
#: Months at which it says how often local relapse-free survival is capped.
CAPPED_MONTHS = (COMPARED_MONTH, LAST_HORIZON)

_HAZARD_LABELS = {
    "death": "Death",
    "progression": "Local progression before death",
    "complication": "Ulceration and bleeding before death (drawn apart)",
}

_RATIO_LABELS = {
    "death": "death",
    "local_progression": "local progression",
    "ulceration": "ulceration",
    "bleeding": "bleeding",
}

_TEMPLATE = """# Model card: {id} {version}

{intended_use}

**Training data: synthetic.** No individual patient data of the trial are public before 2029.
The model was made from {members} virtual trials of 407 patients that show the published
figures on average. {credit}

## What it predicts

Overall survival, local relapse-free survival (alive without local progression: our reading;
the definition is in an appendix that was not seen), and the cumulative incidence of
ulceration and of bleeding of the primary site with death competing, up to {last_horizon}
months, with and without resection of the primary tumour (PTR). {time_origin}
{arms}

## How it was made

A member of the ensemble is one virtual trial. Prognostic effects are drawn from the priors
below; those that the trial's deaths by subgroup (Fig. 3) speak of are updated with them, with
the sampling error that such deaths have in a trial of this size. The
baseline, the effect of surgery, its modification by Fig. 3's eight covariates and the
follow-up are solved so that the published medians, hazard ratios, deaths, follow-up and
four-year proportions are what the trial shows on average. One trial of 205 + 202 patients
with Table 1's counts is drawn from it. What was done with the paper is then done with this trial:
its figures are rounded as the paper prints them, and proportional hazards of death, local
progression, ulceration and bleeding are solved so that they show these figures, with one effect
of surgery each. So the spread over members is that of a reader who has the printed figures and not
the patients. The drawn prognostic effects are kept: the draw already holds what the paper's deaths
leave possible, their sampling error included.

The effect of surgery is one ratio for all patients on the hazard scale of each model, given
the covariates: {hazard_ratios} (geometric means over members). For death it is a conditional
ratio, further from one than the marginal {marginal} of Fig. 3, which is what the virtual
trials show on average. Part of the distance is adjustment: in the trial the arm offered surgery
had by chance the somewhat worse covariates, among them T and N, whose effects are assumed. The
rest is that hazard ratios do not collapse. So the difference that is served, of the same patients
under either policy, is larger than the one printed: see below. No subgroup effect drives a
figure, exploratory ones aside.

## The forest

Beside the Cox models stand random survival forests (scikit-survival), asked for with
`model=forest`: {trees} trees for each virtual trial and hazard, leaves of at least {leaf}
patients, {feature_share:.0%} of the covariates looked at in each split, the arm among the
covariates, a competing event as censoring. The leaves' cumulative hazards (Nelson-Aalen) are kept
in 16 bits at {knots} times, with straight lines between.

Trees that look at half of the covariates in each split and stop at {leaf} patients blend the arms'
hazards. Each member's hazards are therefore scaled so that the events expected in each arm of
its trial are those observed. Under the whole trial's effect the hazard without surgery is
multiplied by the same member's ratio of the Cox model. What the forest itself finds
(`effect=learned`) is each arm's own hazard, and exploratory.

The spread over members holds the trials' chance and that of growing few trees. The second part
was estimated by halving each member's trees and taken out: every member's deviation from the
members' mean is multiplied by {kept}. Averages over many patients hardly contain that chance, so
their spread comes out somewhat too small.

**What its intervals are worth.** The forest pulls every patient towards the average, and unlike
the Cox model it carries the assumed prognostic effects only as far as it finds them again in 407
patients. Its limits are the spread over virtual trials after that pull, and narrower than the
uncertainty. Of the risks that were true in the virtual trials (survival without surgery at
{compared_month} months) a patient's 95% interval holds {held_cox:.0%} by the Cox model and
{held_forest:.0%} by the forest, on average over patients: a comparison with the truths that both
were fitted to, whose form is the Cox model's, and no study of coverage. For local outcomes the
Cox models keep the assumed effects of the covariates while the forest has to find them, so there
the gap between the models tells nothing about patients. The truths hold Fig. 3's differences
between subgroups and the Cox model does not; that is why it misses some of them.

Averaged over the covariates of the reference cohort, at {compared_month} months:

| figure | Cox | forest | forest minus Cox | what the forest itself finds |
| --- | --- | --- | --- | --- |
{comparisons}

The averages agree; single patients do not. At {compared_month} months the two models' survival is
at most {gap_half:.0f} points apart in half of the cohort, at most {gap_most:.0f} in nine of ten,
and {gap_all:.0f} at the worst: mostly the forest's pull to the average. Averages agree largely by
construction, because each arm is scaled to its trial and the ratio is shared.

## The effect by subgroups

With `effect=subgroup` the log hazard ratio of surgery on death is the whole trial's plus a shift
for each patient: a sum over the eight pairs of Fig. 3, estimated together because the subgroups
overlap, and drawn towards no difference. Each member has its own draw of the interactions, which
has nothing to do with its virtual trial. No patient's ratio is further from the overall one than
the most extreme single subgroup's, in each member and on average over members. Exploratory:
listed behind the others, never the figures of an answer. Local outcomes keep the whole trial's
effect; local relapse-free survival is capped by overall survival.

Ratio to the overall effect, averaged over members, with 2.5% and 97.5% quantiles. Printed is the
subgroup's hazard ratio over that of all patients; it is marginal, the other one is given the
covariates.

| subgroup | printed | by the joint model | limits |
| --- | --- | --- | --- |
{subgroups}

How far interactions are drawn towards none depends on their spread; its prior is half-normal with
scale {spread_scale:g} (an assumption).

## What an interval means

{interval_meaning}

## Published and served

The served curves averaged over the covariates of each arm's own patients in the reference
cohort, as the published figures are. Limits are 2.5% and 97.5% quantiles over members.

| figure | published | limits | Cox | limits | forest |
| --- | --- | --- | --- | --- | --- |
{figures}

**Of the same patients.** The published arms hold different patients. Averaged over all of them
under either policy, as every answer is, the survival medians are {all_none:.1f} and {all_ptr:.1f}
months, and survival at {compared_month} months differs by {all_difference:+.1f} points; averaged
over each arm's own patients, as the published curves are, by {own_difference:+.1f}.

The limits of the survival medians are narrower than the printed ones. Those are of each arm by
itself; a model of both arms borrows from one for the other, and the two medians together with the
hazard ratio ask for a hazard of death that rises steeply between them, of which the model follows
only a part. The months at which that hazard may bend and how steep it is thought to be beforehand
were chosen with the printed limits in view, so these do not confirm the model.

## Assumptions that the paper does not support

- The joint distribution of the covariates beyond Table 1's counts: the receptor cells and the
  sites of one-organ disease follow from printed figures, menopause follows age as in public
  cohorts, everything else is independent.
- Given the covariates, death, local progression, ulceration and bleeding are independent; death
  without one of these has the hazard of death.
- The course of local complications over time and their dependence on covariates. Only the
  proportions by 48 months are published; the slope of each hazard on log-log axes is drawn for
  each virtual trial (mean {complication_slope}, SD {slope_sd}).
- The course of death before {early_death:.0f} months and of local progression before
  {early_progression:.0f}: no figure is published there. Its slope on log-log axes is drawn for
  each virtual trial (1 is a constant hazard; means {death_slope} and {progression_slope}, SD
  {slope_sd}). After that slopes are solved, pulled to values that are drawn for each virtual trial
  (the same means, SD {death_slope_sd} and {progression_slope_sd}).
- Prior effects of age and menopause are correlated by {age_menopause}, because they share what
  they explain.
- {beyond_96:.0%} of the patients could still be observed after 96 months.
- Proportional hazards of surgery within each model.
- Prognosis follows the trial's own deaths by subgroup where it has them, also where they surprise:
  of the women with liver metastasis {liver_deaths} died, of those without {no_liver_deaths}. Such
  cells are small: do not compare two patients by the figures.
- Unknown covariates are averaged over the trial's population, taken as independent blocks.
- Local relapse-free survival is capped by overall survival, member by member. {capped}

{capped_table}

## Priors

Log hazard ratio a step; normal. `assumption` means that no source was found. "Held" is the SD
with which the trial's deaths by subgroup hold an effect.
{priors}

{coverage}
{layers}
{reporting}
## Not done yet

The model has not been compared with any patient of the trial or of another cohort.
"""


@dataclass(frozen=True)
class Averages:
    """What a card says of the reference cohort.

    Attributes
    ----------
    figures, forest_figures : list of AverageFigure
        Published and served figures, of the Cox model and of the forest.
    capped : dict of arrays, each of shape (arms, months)
        By analysis, as `training.population_average.capped_share`.
    comparisons : list of ModelComparison
        The models beside each other at `COMPARED_MONTH`.
    gaps : array, shape (3,)
        Half, nine in ten and all of the patients have no larger gap between the models'
        survival then.
    held : dict
        As `training.population_average.truths_held`.
    same_patients : SamePatients
        Survival of all patients under either policy.
    """

    figures: list[AverageFigure]
    forest_figures: list[AverageFigure]
    capped: dict[Analysis, FloatArray]
    comparisons: list[ModelComparison]
    gaps: FloatArray
    held: dict[str, float]
    same_patients: SamePatients


def averages(bundle: Bundle, patients: Patients, truths: Sequence[HazardTruth]) -> Averages:
    """Return what the card of a bundle says of a cohort's covariates."""
    table = patients.table
    return Averages(
        average_figures(bundle, table, patients.arm),
        average_figures(bundle, table, patients.arm, FOREST_ANALYSIS),
        {each: capped_share(bundle, table, each) for each in bundle.held},
        compared_models(bundle, table, COMPARED_MONTH),
        model_gaps(bundle, table, COMPARED_MONTH),
        truths_held(bundle, table, truths, COMPARED_MONTH),
        same_patients(bundle, table, patients.arm, COMPARED_MONTH),
    )


def model_card(bundle: Bundle, shown: Averages) -> str:
    """Return the card of a synthetic bundle, Markdown; the same inputs give the same text.

    Parameters
    ----------
    bundle : Bundle
        The bundle, but for the card.
    shown : Averages
        Of the reference cohort.
    """
    manifest = bundle.manifest
    return _TEMPLATE.format(
        id=manifest["id"],
        version=manifest["version"],
        members=manifest["members"],
        intended_use=INTENDED_USE,
        credit=CREDIT,
        last_horizon=LAST_HORIZON,
        time_origin=TIME_ORIGIN,
        arms=ARMS_ARE_POLICIES,
        interval_meaning=INTERVAL_MEANING,
        figures="\n".join(
            _figure_row(row, forest)
            for row, forest in zip(shown.figures, shown.forest_figures, strict=True)
        ),
        beyond_96=BEYOND_96,
        early_death=DEATH_KNOTS[0],
        early_progression=PROGRESSION_KNOTS[0],
        death_slope=FreeSlopes().death,
        progression_slope=FreeSlopes().progression,
        complication_slope=FreeSlopes().ulceration,
        slope_sd=FREE_SLOPE_SD,
        death_slope_sd=DEATH_SLOPE_SD,
        progression_slope_sd=PROGRESSION_SLOPE_SD,
        age_menopause=AGE_MENOPAUSE_CORRELATION,
        all_none=shown.same_patients.medians[0],
        all_ptr=shown.same_patients.medians[1],
        all_difference=100 * shown.same_patients.difference,
        own_difference=100 * shown.same_patients.own_difference,
        hazard_ratios=", ".join(
            f"{label} {np.exp(bundle.hazards[name].arm.mean()):.2f}"
            for name, label in _RATIO_LABELS.items()
        ),
        marginal=figure("os.hr.unstratified").estimate,
        liver_deaths=_deaths("liver"),
        no_liver_deaths=_deaths("no_liver"),
        capped=_capped_words(shown.capped[DEFAULT_ANALYSIS]),
        capped_table="\n".join(_capped_lines(shown.capped)),
        trees=TREES,
        leaf=SMALLEST_LEAF,
        feature_share=FEATURE_SHARE,
        knots=len(KNOTS),
        kept=_kept_words(bundle),
        compared_month=COMPARED_MONTH,
        held_cox=shown.held[COX],
        held_forest=shown.held[FOREST],
        gap_half=100 * shown.gaps[0],
        gap_most=100 * shown.gaps[1],
        gap_all=100 * shown.gaps[2],
        comparisons="\n".join(_comparison_row(row) for row in shown.comparisons),
        subgroups="\n".join(_subgroup_lines(bundle)),
        spread_scale=SPREAD_SCALE,
        priors="\n".join(_prior_table(hazard) for hazard in _HAZARD_LABELS),
        coverage=_measured("coverage.md"),
        layers=_measured("layers.md"),
        reporting=reporting_sections(bundle),
    )


def _subgroup_lines(bundle: Bundle) -> Iterator[str]:
    if bundle.subgroup_effects is None:
        raise ValueError("the bundle holds no effect by subgroups")
    overall = published_targets().os_log_hr
    groups = [group for pair in pairs() for group in pair.subgroups]
    for group, shifts in zip(groups, bundle.subgroup_effects.of_subgroups, strict=True):
        lower, upper = np.exp(np.quantile(shifts, [0.025, 0.975]))
        printed = group.estimate / np.exp(overall)
        yield (
            f"| {group.label} | {printed:.2f} | {np.exp(shifts.mean()):.2f} "
            f"| {lower:.2f} to {upper:.2f} |"
        )


def _measured(name: str) -> str:
    """Return the tables of a study, with its headings one level down."""
    text = resources.files("training").joinpath("measured", name).read_text(encoding="utf-8")
    return re.sub("^#", "##", text, flags=re.MULTILINE)


def _deaths(code: str) -> str:
    (group,) = [group for pair in pairs() for group in pair.subgroups if group.code == code]
    return f"{sum(group.deaths)} of {sum(group.n)}"


def _figure_row(row: AverageFigure, forest: AverageFigure) -> str:
    style = ".1f" if row.unit == "months" else ".1%"

    def between(limits: tuple[float, float] | None) -> str:
        return "not printed" if limits is None else f"{limits[0]:{style}} to {limits[1]:{style}}"

    return (
        f"| {row.name} | {row.published:{style}} | {between(row.published_limits)} "
        f"| {row.served:{style}} | {between(row.limits)} | {forest.served:{style}} |"
    )


def _capped_words(share: FloatArray) -> str:
    """Return how often the default analysis needs the cap, in any arm and month."""
    if share.max() > 0:
        often = f"need it in at most {share.max():.1%} of patients and members in any month"
    else:
        often = "never need it"
    return (
        f"In the reference cohort the Cox models under the whole trial's effect {often}: their "
        "death without local progression has the hazard of death. Other analyses do, because "
        "their hazards of death are moved or grown apart from it; shares of patients and members:"
    )


def _capped_lines(capped: Mapping[Analysis, FloatArray]) -> Iterator[str]:
    places = [(arm, month) for month in CAPPED_MONTHS for arm in range(len(ARMS))]
    heads = [f"{ARM_LABELS[ARMS[arm]]}, {month} months" for arm, month in places]
    yield f"| analysis | {' | '.join(heads)} |"
    yield "| --- |" + " --- |" * len(heads)
    for analysis, share in capped.items():
        if analysis != DEFAULT_ANALYSIS:
            cells = [f"{share[arm, month - 1]:.0%}" for arm, month in places]
            name = f"{MODEL_LABELS[analysis.model]}, effect `{analysis.effect}`"
            yield f"| {name} | {' | '.join(cells)} |"


def _kept_words(bundle: Bundle) -> str:
    shares = sorted(forest.kept for forest in bundle.forests.values())
    return f"{shares[0]:.2f} to {shares[-1]:.2f}, one factor a hazard"


def _comparison_row(row: ModelComparison) -> str:
    return (
        f"| {row.name} | {row.cox:.1%} | {row.forest:.1%} | {100 * (row.forest - row.cox):+.1f} "
        f"| {row.learned:.1%} |"
    )


def _prior_table(hazard: str) -> str:
    prior = priors()[hazard]
    lines = [
        f"\n### {_HAZARD_LABELS[hazard]}\n",
        "| covariate | mean | SD | error of the trial's deaths (SD) | source |",
        "| --- | --- | --- | --- | --- |",
    ]
    errors = np.sqrt(np.diag(prior.error))
    columns = (TERMS, prior.mean, prior.sd, errors, prior.sources)
    for term, mean, sd, error, source in zip(*columns, strict=True):
        held = f"{error:.2f}" if np.isfinite(error) else ""
        lines.append(f"| {term.label} | {mean:+.2f} | {sd:.2f} | {held} | {source} |")
    return "\n".join(lines)
