"""``python -m studies``: what takes longer than a test, as tables.

Examples::

    python -m studies coverage --step 25   # go on for 25 minutes, then write what there is
    python -m studies coverage --scheduler tcp://host:8786
    python -m studies layers
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from studies.coverage import Setting
from studies.coverage_table import markdown
from studies.layers import layers_table, measure_layers, measure_moves, moves_table
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


@click.group()
def main() -> None:
    """Run a study and write its tables."""


@main.command()
@click.option("--replicates", default=100, show_default=True, help="Of each setting.")
@click.option(
    "--work",
    default="artefacts/coverage",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where replicates are kept; a run goes on from what is there.",
)
@click.option(
    "--out",
    default="docs/studies/coverage.md",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the tables go.",
)
@click.option("--step", default=25.0, show_default=True, help="Minutes; none is begun later.")
@click.option("--scheduler", help="Address of a Dask scheduler; by default this machine's cores.")
def coverage(replicates: int, work: Path, out: Path, step: float, scheduler: str | None) -> None:
    """Ask a step further how often the intervals hold the truth.

    Exit code 1: replicates are missing; run it again.
    """
    studies = {name: Study(work / name, each, replicates) for name, each in SETTINGS.items()}
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
@click.option(
    "--out",
    default="docs/studies/layers.md",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the tables go.",
)
def layers(members: int, moved: int, out: Path) -> None:
    """Ask what the intervals are made of, and what the priors move."""
    shares = layers_table(measure_layers(SEED, members))
    moves = moves_table(measure_moves(SEED, moved))
    out.parent.mkdir(parents=True, exist_ok=True)
    text = _LAYERS.format(seed=SEED, members=members, moved=moved, shares=shares, moves=moves)
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

Written by `make coverage` (seed {seed}, fixed before it was first run). A truth is drawn, its
trial simulated, its figures published with the paper's rounding, and an ensemble of {members}
members made from those figures alone, exactly as the default bundle is from the paper's. The
rates tell how often the 95% intervals hold what the truth says, with Clopper and Pearson's
intervals in brackets. Wanted of truths from the ensemble's own priors: rates of the average whose
Monte Carlo intervals meet 93 to 97%, rates of single profiles that reach 90%.
"""

_LAYERS = """# What the intervals are made of

Written by `python -m studies layers` (seed {seed}).

## Shares of an interval

Variance over members of the Cox models at 60 months. Ensembles of the same {members} virtual
trials, seed by seed, hold one layer after the other at its mean; what the variance loses is that
layer's share. The shares add up to one; each has an error of some ten points, so that a small one
can come out negative. The width goes with the root of the variance.

{shares}
## What the priors move

Survival of the usual patient (the second of the table above) at 60 months, in percentage points,
when the mean of one prior of death is moved up by its SD: {moved} members, the same trials.

{moves}"""

if __name__ == "__main__":
    main()
