"""lifelines: survival of many patients under both arms, four hazards, five months.

Usage: ``python lifelines_points.py FOLDER`` with the Python that has lifelines, then a command a
line on standard input: ``version``, ``points ROWS`` or ``arrays ROWS`` (answer seconds), ``figures
points ROWS`` or ``figures arrays ROWS`` (write figures.bin, answer "written"). FOLDER is that of
survival.R.

Work: ``CoxPHFitter.predict_survival_function(frame, times=...)``; for arrays
exp(-``predict_partial_hazard`` H0), whose baseline lies ready. It is fair because the models
are given (the same coefficients and baseline), frames are made before the clock starts, and all
patients of an arm are asked at once. lifelines draws straight lines between the steps of the
baseline, so it is asked at the last step up to each month (steps.csv).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import lifelines
import numpy as np
import pandas as pd


class Points:
    """The fitted models and the patients of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._steps = pd.read_csv(folder / "steps.csv")
        coefficients = pd.read_csv(folder / "coefficients.csv")
        self._patients = pd.read_csv(folder / "patients.csv")
        self._fits = {name: self._fit(name, coefficients[name]) for name in coefficients}
        self._baselines = {name: self._baseline(name) for name in coefficients}
        self.ways = {"points": self.survival, "arrays": self.survival_arrays}

    def _fit(self, name: str, coefficients: pd.Series[Any]) -> Any:
        """Return a fitter that holds the given coefficients and Breslow's baseline for them."""
        data = pd.read_csv(self._folder / f"{name}.csv")
        fitter = lifelines.CoxPHFitter()
        fitter.fit(data, duration_col="months", event_col="event")
        own = fitter._model
        own.params_[:] = coefficients.to_numpy()
        baseline = pd.read_csv(self._folder / f"{name}-baseline.csv")
        times = own.baseline_cumulative_hazard_.index.to_numpy()
        place = np.searchsorted(baseline["months"], times, side="right")
        steps = np.concatenate([[0.0], baseline["hazard"]])[place]
        # Its baseline stands at the mean of the covariates.
        centre = np.exp(own._norm_mean.to_numpy() @ own.params_.to_numpy())
        own.baseline_cumulative_hazard_.iloc[:, 0] = steps * centre
        return fitter

    def _baseline(self, name: str) -> Any:
        """Return the cumulative baseline hazard at the steps."""
        whole = self._fits[name].baseline_cumulative_hazard_.iloc[:, 0]
        return whole.loc[self._steps[name]].to_numpy()

    def frames(self, rows: int) -> list[pd.DataFrame]:
        """Return the first patients under each arm."""
        return [self._patients.iloc[:rows].assign(arm=arm) for arm in (0.0, 1.0)]

    def survival(self, frames: list[pd.DataFrame]) -> list[Any]:
        """Return survival by hazard and arm, months x rows."""
        return [
            fit.predict_survival_function(frame, times=self._steps[name].to_numpy())
            for name, fit in self._fits.items()
            for frame in frames
        ]

    def survival_arrays(self, frames: list[pd.DataFrame]) -> list[Any]:
        """Return survival by hazard and arm, months x rows, without the function for it."""
        return [
            np.exp(-np.outer(self._baselines[name], fit.predict_partial_hazard(frame).to_numpy()))
            for name, fit in self._fits.items()
            for frame in frames
        ]


def main(folder: Path) -> None:
    """Answer commands until there are no more."""
    points = Points(folder)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "version":
            print(f"lifelines {lifelines.__version__}, pandas {pd.__version__}", flush=True)
            continue
        way = rest[0] if word == "figures" else word
        frames = points.frames(int(rest[-1]))
        start = time.perf_counter()
        found = points.ways[way](frames)
        taken = time.perf_counter() - start
        if word == "figures":
            np.stack([np.asarray(each) for each in found]).tofile(folder / "figures.bin")
        print("written" if word == "figures" else taken, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
