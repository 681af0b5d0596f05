"""Form, API and list give the same patient the same figures, and the same refusal."""

from __future__ import annotations

import csv
import io
import json
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
KINDS = {"estimate": "", "lower": "_lower", "upper": "_upper"}

#: What can be asked of every door that has options, beside the default.
ASKED = (
    {"effect": "pooled"},
    {"effect": "subgroup"},
    {"effect": "all"},
    {"model": "forest"},
    {"model": "forest", "effect": "subgroup"},
    {"model": "forest", "effect": "pooled"},
    {"model": "forest", "effect": "learned"},
    {"model": "forest", "effect": "all"},
)
#: What the form asks for with the forest.
OF_THE_FORM = {"model": "forest", "effect": "all"}
PATIENTS = {
    "known": README_PATIENT,
    "partly known": {**README_PATIENT, "ecog_ps": None, "clinical_n": None},
    "ulcerated": {**README_PATIENT, "eligibility": {"primary_ulcerated": True}},
}
each_choice = pytest.mark.parametrize("asked", ASKED, ids=lambda a: " ".join(a.values()))
each_patient = pytest.mark.parametrize("patient", PATIENTS.values(), ids=PATIENTS)


@pytest.fixture(scope="module")
def client():
    return create_app().test_client()


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Return a function that scores one patient by ``equipoise score``."""
    folder = tmp_path_factory.mktemp("lists")

    def score_one(patient, *arguments):
        source = folder / "patients.csv"
        source.write_text(csv_text(patient))
        result = CliRunner().invoke(score, [str(source), *arguments])
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


def ask(client, patient, **options):
    answer = client.post("/v1/predict", json={"patient": patient, **options})
    assert answer.status_code == 200, answer.text
    return answer.json


def send_list(client, kind, body, asked):
    path = "/v1/predict/batch"
    return client.post(path, data=body, content_type=kind, query_string=asked)


def csv_text(patient):
    cells = csv_cells(patient)
    buffer = io.StringIO()
    csv.writer(buffer).writerows([cells.keys(), cells.values()])
    return buffer.getvalue()


def columns_of(answer):
    """Return the figures of a JSON answer by the columns that a list has for them."""
    shown_here = (answer["model"]["kind"], answer["model"]["effect"])
    found = band_columns("", answer["outcomes"])
    for analysis in answer.get("analyses", []):
        exploratory = "_exploratory" if analysis["exploratory"] else ""
        name = f"_{analysis['model']}_{analysis['effect']}{exploratory}"
        if (analysis["model"], analysis["effect"]) != shown_here:
            found |= band_columns(name, analysis["outcomes"])
    for outcome, part in answer.get("forest_minus_cox", {}).items():
        for arm, values in part.items():
            for month, value in zip(answer["horizons_months"], values, strict=True):
                found[f"{outcome}_{arm}_forest_minus_cox_{month}"] = value
    pooled = {"overall_survival": {"difference": answer["pooled_survival"]["difference"]}}
    return found | band_columns("_pooled", pooled)


def band_columns(name, outcomes):
    return {
        f"{outcome}_{arm}{name}_{month}{suffix}": band[kind][place]
        for outcome, part in outcomes.items()
        for arm, band in part.items()
        if arm in SHOWN_ARMS
        for kind, suffix in KINDS.items()
        for place, month in enumerate(HORIZONS)
    }


def figures_of(row):
    """Return the figures of a CSV row by column, without those left empty."""
    return {name: float(cell) for name, cell in row.items() if re.search(r"_\d+", name) and cell}


@each_patient
@each_choice
def test_a_csv_list_has_every_figure_of_the_api(client, patient, asked):
    answer = ask(client, patient, **asked)
    (row,) = csv.DictReader(
        io.StringIO(send_list(client, "text/csv", csv_text(patient), asked).text)
    )
    assert figures_of(row) == columns_of(answer)
    assert (row["model_kind"], row["effect"]) == (
        answer["model"]["kind"],
        answer["model"]["effect"],
    )


@each_patient
@each_choice
def test_equipoise_score_has_every_figure_of_the_api(client, scored, patient, asked):
    options = [part for name, value in asked.items() for part in (f"--{name}", value)]
    assert figures_of(scored(patient, *options)) == columns_of(ask(client, patient, **asked))


@each_patient
@each_choice
def test_a_json_list_has_every_figure_of_the_api(client, patient, asked):
    answer = ask(client, patient, **asked)
    found = client.post("/v1/predict/batch", json={"patients": [patient], **asked}).json
    assert found["model"] == answer["model"]
    for name in ("outcomes", "pooled_survival", "analyses", "forest_minus_cox"):
        assert found["results"][0].get(name) == answer.get(name), name


@each_patient
@each_choice
def test_an_ndjson_list_has_the_whole_answer_of_the_api(client, patient, asked):
    answer = ask(client, patient, **asked)
    found = send_list(client, "application/x-ndjson", json.dumps(patient), asked)
    assert json.loads(found.text) == {"line": 1, **answer}


@each_patient
def test_the_form_of_the_forest_shows_the_api_figures_in_whole_percent(client, patient):
    answer = ask(client, patient, **OF_THE_FORM)
    page = client.post("/", data={**form_texts(patient), "model": "forest"}).text
    served = [o.name for o in OUTCOMES if "withheld" not in answer["outcomes"][o.name]]
    assert table_cells(page) == [
        shown(answer["outcomes"][outcome][arm], place, signed=arm == "difference")
        for outcome in served
        for place in range(len(HORIZONS))
        for arm in SHOWN_ARMS
    ]
    assert compared_cells(page) == [
        cell for outcome in served for cell in cells_beside(answer, outcome)
    ]


def cells_beside(answer, outcome):
    """Return the cells of the tables under an outcome as they must read."""
    cox, by_cox, by_forest, learned = (
        next(each for each in answer["analyses"] if (each["model"], each["effect"]) == wanted)
        for wanted in (
            *(("cox", "overall"), ("cox", "subgroup")),
            *(("forest", "subgroup"), ("forest", "learned")),
        )
    )
    by_subgroups = [by_cox, by_forest] if outcome == OUTCOMES[0].name else []
    exploratory = [(part, ("difference",)) for part in (*by_subgroups, learned)]
    return [
        shown(part["outcomes"][outcome][arm], place, signed=arm == "difference")
        for part, arms in ((cox, SHOWN_ARMS), *exploratory)
        for place in range(len(HORIZONS))
        for arm in arms
    ]


@each_patient
@each_choice
def test_the_exploratory_effect_is_listed_last_and_never_shown(client, patient, asked):
    answer = ask(client, patient, **asked)
    analyses = answer["analyses"]
    stamped = [each["exploratory"] for each in analyses]
    assert stamped == [each["effect"] in ("subgroup", "learned") for each in analyses]
    assert stamped == sorted(stamped)
    assert answer["model"]["effect"] in ("overall", "pooled")
    for each in analyses:
        if each["effect"] == "learned":
            for outcome, part in each["outcomes"].items():
                shown_part = answer["outcomes"][outcome]
                assert "withheld" in part or part["difference"] != shown_part["difference"]


@each_choice
def test_exploratory_columns_stand_behind_all_others_and_say_so(client, asked):
    answer = send_list(client, "text/csv", csv_text(README_PATIENT), asked)
    header = next(csv.reader(io.StringIO(answer.text)))
    plain = next(
        csv.reader(io.StringIO(send_list(client, "text/csv", csv_text(README_PATIENT), {}).text))
    )
    assert header[: len(plain)] == plain
    kinds = [
        next((kind for kind in ("minus", "subgroup", "learned") if f"_{kind}_" in name), "other")
        for name in header
    ]
    assert kinds == sorted(kinds, key=["other", "subgroup", "learned", "minus"].index)
    assert all("_subgroup_exploratory_" in name for name in header if "_subgroup_" in name)
    assert all("_forest_learned_exploratory_" in name for name in header if "learned" in name)
    learned = [name for name in header if "learned" in name]
    bands = len(OUTCOMES) * len(SHOWN_ARMS) * len(HORIZONS) * len(KINDS)
    assert len(learned) == (bands if {"learned", "all"} & set(asked.values()) else 0)


@each_choice
def test_what_is_withheld_is_withheld_in_every_analysis(client, asked):
    answer = ask(client, PATIENTS["ulcerated"], **asked)
    for part in (answer["outcomes"], *(each["outcomes"] for each in answer["analyses"])):
        assert part["local_ulceration"]["withheld"]["code"] == "already_ulcerated"
        assert not set(SHOWN_ARMS) & set(part["local_ulceration"])
    assert "local_ulceration" not in answer.get("forest_minus_cox", {})
    row = send_list(client, "text/csv", csv_text(PATIENTS["ulcerated"]), asked)
    (row,) = csv.DictReader(io.StringIO(row.text))
    assert not [name for name in figures_of(row) if name.startswith("local_ulceration")]


@pytest.mark.parametrize(("change", "reason"), OUT_OF_SCOPE.values(), ids=OUT_OF_SCOPE)
@each_choice
def test_out_of_scope_no_analysis_has_figures(client, scored, asked, change, reason):
    patient = {**README_PATIENT, **change}
    answer = ask(client, patient, **asked)
    assert [note["code"] for note in answer["reasons"]] == [reason]
    assert not {"outcomes", "pooled_survival", "analyses", "forest_minus_cox"} & set(answer)
    options = [part for name, value in asked.items() for part in (f"--{name}", value)]
    assert figures_of(scored(patient, *options)) == {}


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


def in_points(difference):
    """Return a difference between the models as the page must say it."""
    whole = percent(difference)
    sign = "+" if whole > 0 else "−" if whole < 0 else ""
    return f"{sign}{abs(whole)} {'point' if abs(whole) == 1 else 'points'}"


def compared_cells(page):
    """Return the cells of the tables beside the outcomes' own, footnote marks left out."""
    return re.findall(r'<td class="compared">([^<]*)</td>', page.replace("<sup>*</sup>", ""))


def table_cells(page):
    """Return the cells of the outcome tables, footnote marks and the printed sheet left out."""
    plain = page.partition('<section class="sheet">')[0].replace("<sup>*</sup>", "")
    return re.findall(r"<td>([^<]*(?:%|points?) \([^<]*)</td>", plain)
