"""Cox models, medians and incidences by lifelines, run with the Python that has it.

Usage: python second_opinion.py FOLDER, where FOLDER has
cox/*.csv (months, event, columns of a design matrix), medians/*.csv (arm, months, event) and
incidence/*.csv (arm, months, event: 0 censored, 1 event, 2 death first). Prints JSON.
"""

import json
import platform
import sys
from pathlib import Path

import lifelines
import pandas as pd

HORIZONS = [12.0, 48.0, 60.0]
PRECISE = {"precision": 1e-10, "r_precision": 1e-13}


def cox(data):
    fitter = lifelines.CoxPHFitter()  # Efron's ties, no penalty
    fitter.fit(data, duration_col="months", event_col="event", fit_options=PRECISE)
    return {name: float(value) for name, value in fitter.params_.items()}


def medians(data):
    return {
        arm: float(
            lifelines.KaplanMeierFitter().fit(own["months"], own["event"]).median_survival_time_
        )
        for arm, own in data.groupby("arm")
    }


def incidence(data):
    found = {}
    for arm, own in data.groupby("arm"):
        fitter = lifelines.AalenJohansenFitter(calculate_variance=False)
        fitter.fit(own["months"], own["event"], event_of_interest=1)
        found[arm] = [float(value) for value in fitter.predict(HORIZONS)]
    return found


def main(folder):
    answer = {
        "versions": f"Python {platform.python_version()} | lifelines {lifelines.__version__}"
        f" | pandas {pd.__version__}"
    }
    for kind in (cox, medians, incidence):
        files = sorted((folder / kind.__name__).glob("*.csv"))
        answer[kind.__name__] = {file.stem: kind(pd.read_csv(file)) for file in files}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
