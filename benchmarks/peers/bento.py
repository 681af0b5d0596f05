"""A BentoML service of the same Cox models, run with the Python of requirements-bentoml.txt.

Usage: ``python bento.py FOLDER PORT``.

Work: ``POST /cox`` codes a patient in plain Python and answers the curves of the lean peer. It is
fair because the models are unpickled once, there is one worker as on our side, requests are not
logged, and its own checking of types is all that is done beside the arithmetic.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import bentoml
import numpy as np

# Started as a file and loaded by BentoML from its folder: the repository is put on the path.
sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.peers.coding import design_row

ARMS = ("systemic_therapy", "ptr_plus_systemic_therapy")
_FOLDER = "BENCHMARK_MODELS"


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Survival:
    """Survival curves of four hazards under both arms."""

    def __init__(self) -> None:
        data = Path(os.environ[_FOLDER], "cox.pickle").read_bytes()
        self._models = pickle.loads(data)

    @bentoml.api(route="/cox")
    def cox(self, patient: dict[str, Any], horizons_months: list[int]) -> dict[str, Any]:
        """Return the survival curves of a patient by hazard and arm."""
        months = np.array(horizons_months, dtype=float)
        rows = np.array([design_row(patient, arm) for arm in (0.0, 1.0)])
        return {
            name: {
                arm: curve(months).tolist()
                for arm, curve in zip(ARMS, model.predict_survival_function(rows), strict=True)
            }
            for name, model in self._models.items()
        }


def main(folder: str, port: str) -> None:
    """Become a BentoML server in production mode."""
    os.environ[_FOLDER] = folder
    os.environ["BENTOML_DO_NOT_TRACK"] = "True"
    # It keeps a store of models, of which none is used here.
    os.environ["BENTOML_HOME"] = folder
    here = Path(__file__)
    arguments = ["serve", f"{here.stem}:Survival", "--working-dir", str(here.parent)]
    arguments += ["--host", "127.0.0.1", "--port", port]
    os.execv(sys.executable, [sys.executable, "-m", "bentoml", *arguments])  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
