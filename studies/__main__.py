"""``python -m studies``: what takes longer than a test, as tables.

Examples::

    python -m studies coverage --step 25   # go on for 25 minutes, then write what there is
    python -m studies coverage --scheduler tcp://host:8786
    python -m studies layers
    python -m studies gaps
    python -m studies matched --seeds 10
    python -m studies errors
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from studies.coverage import Setting
from studies.coverage_table import markdown
from studies.errors import errors_toml, measure_errors
from studies.gaps import gaps_table, measure_gaps
from studies.layers import layers_table, measure_layers, measure_moves, moves_table
from studies.matched import effects_table, make_missing, measure_cohorts, nearness_table
from studies.runner import SEED, Study, load_replicates, run_pending

#: The settings that are run, by name, in this order; only the first is judged.
SETTINGS: dict[str, Setting] = {
    "same": Setting(),
    "shifted": Setting(shift=1.0),
    "subgroups": Setting(interactions=1.0),
}
JUDGED = "same"

_WORDS = {
    "same": "Truths from the ensemble's own priors, one effect of surgery for all (judged)",
    "shifted": "Truths from priors whose means are all moved by one SD (shown, not judged)",
    "subgroups": "Truths in which each difference between subgroups that Fig. 3 prints is real "
    "(shown, not judged)",
}


#: What an option is put on.
Command = TypeVar("Command", bound=Callable[..., Any])


def _out_option(default: str, said: str = "Where the tables go.") -> Callable[[Command], Command]:
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("--out", default=default, show_default=True, type=kind, help=said)


def _work_option(default: str, said: str) -> Callable[[Command], Command]:
    kind = click.Path(file_okay=False, path_type=Path)
    return click.option("--work", default=default, show_default=True, type=kind, help=said)


@click.group()
def main() -> None:
    """Run a study and write its tables."""


@main.command()
@click.option("--replicates", default=100, show_default=True, help="Of the judged setting.")
@click.option("--shown", default=25, show_default=True, help="Of each other setting.")
@_work_option("artefacts/coverage", "Where replicates are kept; a run goes on from what is there.")
@_out_option("training/measured/coverage.md")
@click.option("--step", default=25.0, show_default=True, help="Minutes; none is begun later.")
@click.option("--scheduler", help="Address of a Dask scheduler; by default this machine's cores.")
def coverage(
    replicates: int, shown: int, work: Path, out: Path, step: float, scheduler: str | None
) -> None:
    """Ask a step further how often the intervals hold the truth.

    Exit code 1: replicates are missing; run it again.
    """
    studies = {
        name: Study(work / name, setting, replicates if name == JUDGED else shown)
        for name, setting in SETTINGS.items()
    }
    end = time.monotonic() + 60 * step
    for study in studies.values():
        run_pending(study, minutes=(end - time.monotonic()) / 60, scheduler=scheduler)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(document(studies), encoding="utf-8")
    missing = sum(len(study.pending) for study in studies.values())
    if missing:
        click.echo(f"{missing} replicates are missing: run it again.", err=True)
        sys.exit(1)


@main.command()
@click.option("--members", default=200, show_default=True, help="Of the ensembles of the shares.")
@click.option("--moved", default=60, show_default=True, help="Members where priors are moved.")
@_out_option("training/measured/layers.md")
def layers(members: int, moved: int, out: Path) -> None:
    """Ask what the intervals are made of, and what the priors move."""
    shares = layers_table(measure_layers(SEED, members))
    moves = moves_table(measure_moves(SEED, moved))
    out.parent.mkdir(parents=True, exist_ok=True)
    text = _LAYERS.format(seed=SEED, members=members, moved=moved, shares=shares, moves=moves)
    out.write_text(text, encoding="utf-8")


@main.command()
@click.option("--trials", default=400, show_default=True, help="Virtual trials.")
@_out_option(
    "training/measured/effect_errors.toml", "The covariance, with which bundles are made."
)
def errors(trials: int, out: Path) -> None:
    """Ask how far a trial's deaths by subgroup are from the truth."""
    out.write_text(errors_toml(measure_errors(SEED, trials), SEED), encoding="utf-8")


@main.command()
@click.option("--cohorts", default=40, show_default=True, help="Simulated cohorts.")
@click.option("--patients", default=8000, show_default=True, help="Of each.")
@_out_option("training/measured/gaps.md", "Where the table goes.")
def gaps(cohorts: int, patients: int, out: Path) -> None:
    """Ask what filling gaps in the covariates of a cohort loses of their effects."""
    table = gaps_table(measure_gaps(SEED, cohorts, patients))
    out.parent.mkdir(parents=True, exist_ok=True)
    text = _GAPS.format(seed=SEED, cohorts=cohorts, patients=patients, table=table)
    out.write_text(text, encoding="utf-8")


@main.command()
@click.option("--seeds", default=10, show_default=True, help="Cohorts of seeds 1 to this one.")
@_work_option("artefacts/matched", "Where cohorts are kept; a run goes on from what is there.")
@_out_option("docs/studies/matched-cohorts.md")
def matched(seeds: int, work: Path, out: Path) -> None:
    """Ask how near matched cohorts come, and what the publication leaves open."""
    wanted = range(1, seeds + 1)
    make_missing(work, wanted, lambda _: None)
    cohorts = measure_cohorts(work, wanted)
    out.parent.mkdir(parents=True, exist_ok=True)
    text = _MATCHED.format(
        seeds=seeds, nearness=nearness_table(cohorts), effects=effects_table(cohorts)
    )
    out.write_text(text, encoding="utf-8")


def document(studies: dict[str, Study]) -> str:
    """Return the tables of all studies, Markdown."""
    parts = [_HEAD.format(seed=SEED, members=SETTINGS[JUDGED].members)]
    for name, study in studies.items():
        replicates = load_replicates(study)
        if replicates:
            parts.append(f"## {_WORDS[name]}\n\n{markdown(replicates, name == JUDGED)}")
    return "\n".join(parts)


_HEAD = """# How often the intervals hold the truth

Written by `make coverage` (`python -m studies coverage`, seed {seed}, fixed before it was first
run; again as often as needed, it goes on where it was). A truth is drawn, its trial simulated, its
figures published with the paper's rounding, and an ensemble of {members} members made from those
figures alone, exactly as the default bundle is from the paper's. The rates tell how often the 95%
intervals of the Cox models hold what the truth says, with their Monte Carlo intervals in brackets:
Clopper and Pearson's, for the profiles together with as many replicates as would have the same
standard error if profiles of one trial were independent. Aimed at with truths from the ensemble's
own priors: Monte Carlo intervals that meet 93 to 97% for the profiles together and for the average
of the trial's patients, and that reach 90% for each single profile. The truths are smooth hazards
of the model's own form: how it fares where hazards cross or bend otherwise is not asked. The
effects on local outcomes, of which the paper says nothing, are drawn alike for truths and members.
"""

_LAYERS = """# What the intervals are made of

Written by `python -m studies layers` (seed {seed}).

## Shares of an interval

Variance over members of the Cox models at 60 months. Ensembles of the same {members} virtual
trials, seed by seed, hold one layer after the other at its mean; what the variance loses is that
layer's share. The shares add up to one; each has an error of ten to twenty points, so that a small
one can come out negative. They depend on the order in which layers are taken out, from left to
right. The width goes with the root of the variance.

{shares}
## What the priors move

Survival of the usual patient (the second of the table above) at 60 months, in percentage points,
when the mean of one prior of death is moved up by its SD: {moved} members, the same trials.

{moves}"""

_GAPS = """Measured in {cohorts} simulated cohorts of {patients:,} patients, T taken from half of
them at random (`python -m studies gaps`, seed {seed}): how much is left of the log hazard ratios
of T3 and T4 that every value would give. Truths are drawn from the ensemble's priors, as they are
and with all effects of the covariates doubled. With fewer gaps, less is lost.

{table}"""

_MATCHED = """# Matched cohorts

Written by `python -m studies matched --seeds {seeds}`: the shipped reference cohort (seed
20250704) and the cohorts of seeds 1 to {seeds}, each as `equipoise simulate --seed` makes it
(decision 0014).

## How near they come

Deviations are from the printed digits, before rounding: one that is identical in print can be off
by half a printed step, 0.0005 of a ratio and 0.05 of a month. Ratios are those of Fig. 3 and of
the stratified analysis. Quartiles of follow-up, printed in whole months, may be 0.1 month beyond
their rounding. Seconds are processor seconds of one core; the first cohort of a process
has those of compiling in them.

{nearness}
## What the publication leaves open

All these cohorts show the same counts and nearly the same figures; what differs is what these
leave open. Log hazard ratios of the covariates on death, fitted together with the arm, over the
cohorts, beside the priors of the ensemble (`training/priors.toml`) and what its members have after
these were held to the trial's deaths by subgroup. Where the last column says "no", an SD like the
prior's would say that the publication does not narrow the effect. A member's effects are what is
believed of the truth, a cohort's what one fit to 407 patients shows: its SD holds the chance of a
fit, too. Members lie where the cohorts do; for liver metastasis the prior, from registries, draws
them somewhat above.

The last column tells how the search was kept from choosing for itself: "no", the effect is what
the printed figures and the search make of it; a number, the effect is drawn by the seed from its
prior (held to the deaths by subgroup where these speak) and the search is to end within about half
that number of it. Of these, the spread is that of the draws and not a finding. The reference
cohort's are at the means. A search that starts hot pulls what nothing holds towards no effect, so
the SDs of the others are, if anything, too small.

{effects}"""

if __name__ == "__main__":
    main()
