"""The usual service of a model: ``python -m benchmarks.peers.usual FOLDER PORT``.

Work: ``POST /cox`` makes a pandas data frame of the request, codes its columns, and asks Cox
models that ``joblib.load`` read at the start: the same curves as the lean peer, no checks. It is
fair because it is what tutorials show, with the same Flask, gunicorn and settings as ours.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from flask import Flask, Response, jsonify, request

from service.server import Server

ARMS = ("systemic_therapy", "ptr_plus_systemic_therapy")


def coded(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that the models were fitted on, without the arm."""
    er, her2 = frame["er_status"] == "positive", frame["her2_status"] == "positive"
    columns = {
        "age_per_decade": (frame["age"] - 57.0) / 10.0,
        "postmenopausal": frame["menopausal_status"] == "post",
        "ps_1_or_more": frame["ecog_ps"] >= 1,
        "t3_or_more": frame["clinical_t"].isin(["T3", "T4"]),
        "t4": frame["clinical_t"] == "T4",
        "n1_or_more": frame["clinical_n"] != "N0",
        "n2_or_more": frame["clinical_n"].isin(["N2", "N3"]),
        "er_positive": er,
        "her2_positive": her2,
        "er_and_her2_positive": er & her2,
        "organs_2_or_more": frame["metastatic_organs"] == "2+",
        "liver": frame["liver_metastasis"],
        "bone_only": frame["bone_only_metastasis"],
    }
    return pd.DataFrame(columns).astype(float)


def app(folder: Path) -> Flask:
    """Return the application with the models of a folder."""
    usual = Flask("usual")
    models = joblib.load(folder / "cox.joblib")

    @usual.post("/cox")
    def answer() -> Response:
        asked = request.get_json()
        months = np.array(asked["horizons_months"], dtype=float)
        design = coded(pd.DataFrame([asked["patient"]]))
        return jsonify(curves=curves(models, design, months))

    return usual


def curves(models: dict[str, Any], design: pd.DataFrame, months: Any) -> dict[str, Any]:
    """Return the survival curves of a patient by hazard and arm."""
    return {
        name: {
            arm: model.predict_survival_function(design.assign(arm=float(number)))[0](
                months
            ).tolist()
            for number, arm in enumerate(ARMS)
        }
        for name, model in models.items()
    }


if __name__ == "__main__":
    place, port = sys.argv[1:]
    Server(app(Path(place)), f"127.0.0.1:{port}", workers=1).run()
