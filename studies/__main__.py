"""``python -m studies``: how often the intervals hold the truth, as a table.

Examples::

    python -m studies --step 25            # go on for 25 minutes, then print what there is
    python -m studies --scheduler tcp://host:8786
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from studies.coverage import Setting
from studies.coverage_table import markdown
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


@click.command()
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
def main(replicates: int, work: Path, out: Path, step: float, scheduler: str | None) -> None:
    """Run the coverage study a step further and write its tables.

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

if __name__ == "__main__":
    main()
