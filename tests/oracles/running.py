"""Writing data for the oracles, running them and reading what they print."""

import csv
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent


def write_csv(path, columns):
    """Write columns of equal length by name; numbers keep every digit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow([cell if isinstance(cell, str) else repr(float(cell)) for cell in row])
    return path


def write_cox_csv(path, names, columns, months, event):
    """Write the data of one Cox model: months, event and a design matrix."""
    design = dict(zip(names, np.asarray(columns).T, strict=True))
    return write_csv(path, {"months": months, "event": event, **design})


def coefficients(fit):
    """Return the coefficients of one of our fits, the arm's last."""
    return np.array([*fit.coefficients, fit.arm])


class Found:
    """What an R script printed, by source and quantity."""

    def __init__(self, rows):
        self.rows = {}
        for row in rows:
            of_name = self.rows.setdefault((row["source"], row["quantity"]), {})
            value = float("nan") if row["value"] == "" else float(row["value"])
            of_name.setdefault(row["name"], []).append(value)

    def values(self, source, quantity, name=None):
        """Return the values of one name, or of all names in their order, as one array."""
        by_name = self.rows[source, quantity]
        return (
            np.concatenate([*by_name.values()]) if name is None else np.array(by_name[str(name)])
        )

    def value(self, source, quantity, name=""):
        """Return the only value of a name."""
        (value,) = self.rows[source, quantity][name]
        return value


def run_r(script, *arguments):
    """Run a script of this folder with Rscript and return what it found."""
    done = _run(["Rscript", "--vanilla", HERE / script, *arguments])
    versions, table = done.split("\n", 1)
    print(versions)
    return Found(csv.DictReader(table.splitlines()))


def run_lifelines(folder):
    """Run the script of lifelines with its own Python and return its answer."""
    python = os.environ.get("LIFELINES_PYTHON")
    if not python:
        pytest.fail("LIFELINES_PYTHON is not set: `make test` makes the environment and sets it.")
    answer = json.loads(_run([python, "-W", "ignore", HERE / "second_opinion.py", folder]))
    print(answer["versions"])
    return answer


def _run(command):
    try:
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    except FileNotFoundError:
        pytest.fail(f"{command[0]} is missing: `make test` installs it or says how.")
    assert done.returncode == 0, done.stderr
    return done.stdout
