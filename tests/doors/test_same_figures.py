"""Form, API and list give the same patient the same figures, and the same refusal."""

from __future__ import annotations

import csv
import io
import re

import pytest
from click.testing import CliRunner

from models.outcomes import OUTCOMES, SHOWN_ARMS
from models.rounding import percent
from service.app import create_app
from service.commands.score import score
from tests.support.forms import csv_cells, form_texts
from tests.support.readme import OUT_OF_SCOPE, README_PATIENT

HORIZONS = (12, 24, 36, 48, 60)


@pytest.fixture(scope="module")
def client():
    return create_app().test_client()


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Return a function that scores one patient by ``equipoise score``."""
    folder = tmp_path_factory.mktemp("lists")

    def score_one(patient):
        cells = csv_cells(patient)
        buffer = io.StringIO()
        csv.writer(buffer).writerows([cells.keys(), cells.values()])
        source = folder / "patients.csv"
        source.write_text(buffer.getvalue())
        result = CliRunner().invoke(score, [str(source)])
        assert result.exit_code == 0, result.output
        (row,) = csv.DictReader(io.StringIO(result.stdout))
        return row

    return score_one


def test_list_and_api_agree_to_four_decimals(client, scored):
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).json
    row = scored(README_PATIENT)
    for outcome in OUTCOMES:
        for arm in SHOWN_ARMS:
            band = answer["outcomes"][outcome.name][arm]
            for place, months in enumerate(HORIZONS):
                column = f"{outcome.name}_{arm}_{months}"
                assert float(row[column]) == band["estimate"][place]
                assert float(row[f"{column}_lower"]) == band["lower"][place]
                assert float(row[f"{column}_upper"]) == band["upper"][place]


def test_list_and_api_name_the_same_caveats_and_subgroups(client, scored):
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).json
    row = scored(README_PATIENT)
    assert row["caveats"].split(";") == [caveat["code"] for caveat in answer["caveats"]]
    assert row["subgroups"].split(";") == [group["code"] for group in answer["subgroups"]]


def test_form_shows_the_api_figures_in_whole_percent(client):
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).json
    cells = table_cells(client.post("/", data=form_texts(README_PATIENT)).text)
    assert cells == [
        shown(answer["outcomes"][outcome.name][arm], place, signed=arm == "difference")
        for outcome in OUTCOMES
        for place in range(len(HORIZONS))
        for arm in SHOWN_ARMS
    ]


@pytest.mark.parametrize(("change", "reason"), OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
def test_out_of_scope_gets_reasons_and_no_figures_by_the_api(client, change, reason):
    answer = client.post("/v1/predict", json={"patient": {**README_PATIENT, **change}}).json
    assert answer["status"] == "out_of_scope"
    assert [note["code"] for note in answer["reasons"]] == [reason]
    assert "outcomes" not in answer


@pytest.mark.parametrize(("change", "reason"), OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
def test_out_of_scope_gets_reasons_and_no_figures_by_a_list(scored, change, reason):
    row = scored({**README_PATIENT, **change})
    assert row["status"] == "out_of_scope"
    assert row["reasons"] == reason
    assert not [name for name, cell in row.items() if re.search(r"_\d+", name) and cell]


@pytest.mark.parametrize(("change", "reason"), OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
def test_out_of_scope_gets_reasons_and_no_figures_by_the_form(client, change, reason):
    patient = {**README_PATIENT, **change}
    page = client.post("/", data=form_texts(patient))
    texts = [
        n["text"] for n in client.post("/v1/predict", json={"patient": patient}).json["reasons"]
    ]
    assert page.status_code == 200
    assert all(text in page.text for text in texts)
    assert "%" not in page.text
    assert table_cells(page.text) == []


def shown(band, place, *, signed):
    """Return a cell of the page as it must read."""
    words = [percent(band[kind][place]) for kind in ("estimate", "lower", "upper")]
    if not signed:
        return f"{words[0]}% ({words[1]} to {words[2]})"
    signs = [f"{'+' if w > 0 else '−' if w < 0 else ''}{abs(w)}" for w in words]
    unit = "point" if abs(words[0]) == 1 else "points"
    return f"{signs[0]} {unit} ({signs[1]} to {signs[2]})"


def table_cells(page):
    """Return the cells of the outcome tables, footnote marks left out."""
    plain = page.replace("<sup>*</sup>", "")
    return re.findall(r"<td>([^<]*(?:%|points?) \([^<]*)</td>", plain)
