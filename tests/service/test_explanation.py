"""``equipoise evidence --patient`` and ``--assume``: why each tag is there, and its worth."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from models.evidence.credibility import questions
from models.language import speaking
from models.patient import read_patient
from models.subgroups import subgroups_of
from service.cli import main
from service.evidence_rows import evidence_document
from service.explanation import explained, explanation
from tests.support.bundles import default_bundle, small_bundle, without_subgroup_effects

from .helpers import OUT_OF_SCOPE, README_PATIENT, with_values


def run(*arguments, sent=None):
    return CliRunner().invoke(main, ["evidence", *arguments], input=sent)


def of(message, *arguments):
    result = run("--patient", "-", *arguments, sent=json.dumps(message))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_subgroup_of_the_patient_is_explained(client):
    document = json.loads(of(README_PATIENT, "--format", "json"))
    answer = client.post("/v1/predict", json={"patient": README_PATIENT}).get_json()
    codes = [row["code"] for row in document["subgroups"]]
    assert codes == [row["code"] for row in answer["subgroups"]]
    assert len(codes) == 8
    assert document["status"] == "ok"
    for own, served in zip(document["subgroups"], answer["subgroups"], strict=True):
        same = set(served) - {"rated"}
        assert {name: own[name] for name in same} == {name: served[name] for name in same}
        assert served["rated"].items() <= own["rated"].items()


def test_text_has_every_figure_with_its_level():
    text = " ".join(of(README_PATIENT).split())
    for row in subgroups_of(read_patient(README_PATIENT)):
        lower, upper = row.subgroup.interval
        assert f"{row.subgroup.estimate:.2f} (95% interval {lower:.2f} to {upper:.2f})" in text
        assert f"p {row.interaction.p:.2g}; over the eight pairs" in text
        assert f"{row.interaction.p_holm:.2g} by Holm" in text
        shrunken = row.shrunken(default_bundle())
        assert f"{shrunken.raw:.2f} as printed; {shrunken.ratio:.2f} shrunken" in text
    assert "0.86 (90% interval 0.69 to 1.07) in the primary analysis" in text
    assert "must not be multiplied" in text


def test_rated_pairs_have_their_five_answers_and_others_none():
    document = json.loads(of(README_PATIENT, "--format", "json"))
    answers = {row["code"]: row["rated"]["answers"] for row in document["subgroups"]}
    assert {code for code, each in answers.items() if each} == {"premenopausal", "one_organ"}
    text = " ".join(of(README_PATIENT).split())
    for question in questions().values():
        assert text.count(question["text"]) == 2


def test_text_says_why_she_belongs():
    text = of(README_PATIENT)
    assert "premenopausal [Menopausal status: premenopausal]" in text
    assert "one organ with metastases [Organs with metastases: one organ] (follows" in text


def test_other_trials_that_agree_and_conflict_are_told():
    text = " ".join(of(README_PATIENT).split())
    assert "MF07-01, age under 55 (not prespecified): 0.57 (95% interval 0.38 to 0.86)" in text
    assert "points the other way" in text


def test_the_derived_row_says_that_it_is():
    text = " ".join(of(with_values(metastatic_sites=["lung"])).split())
    assert "not only bone [" in text
    assert "The printed row is unreadable in the text" in text


def test_what_is_not_known_is_told_and_gives_no_tag():
    message = with_values(menopausal_status=None)
    assert "counted to neither side: Menopausal status." in of(message)
    document = json.loads(of(message, "--format", "json"))
    assert document["not_known"] == ["menopause"]
    assert len(document["subgroups"]) == 7


def test_out_of_scope_gives_reasons_and_no_subgroup():
    document = json.loads(of(OUT_OF_SCOPE, "--format", "json"))
    assert (document["status"], document["subgroups"]) == ("out_of_scope", [])
    text = of(OUT_OF_SCOPE)
    for reason in document["reasons"]:
        assert reason["text"] in " ".join(text.split())
    assert "hazard" not in text
    assert "Interaction" not in text


def test_a_bundle_without_effects_by_subgroups_gives_no_shrunken_ratio():
    patient = read_patient(README_PATIENT)
    for bundle in (None, without_subgroup_effects(small_bundle())):
        assert "shrunken" not in explanation(patient, bundle)
        rows = explained(patient, bundle)["subgroups"]
        assert all(row["shrunken"] is None for row in rows)


def test_an_assumed_answer_changes_the_rating_and_is_told():
    text = " ".join(of(README_PATIENT, "--assume", "prespecified_direction=yes").split())
    assert "with the answers assumed: low (our assessment: very low" in text
    assert "Assumed by the reader in place of our answer." in text
    document = json.loads(
        of(README_PATIENT, "--format", "json", "--assume", "menopause.prespecified_direction=yes")
    )
    ratings = {row["code"]: row["credibility"] for row in document["subgroups"]}
    assert (ratings["premenopausal"], ratings["one_organ"]) == ("low", "very_low")


def test_assuming_without_a_patient_shows_both_rated_pairs():
    result = run("--assume", "prespecified_direction=yes")
    assert result.exit_code == 0
    assert result.stdout.count("Credibility with the answers assumed") == 2
    document = json.loads(run("--assume", "chance=yes", "--format", "json").stdout)
    assert document != evidence_document()
    changed = [row["pair"] for row in document["interactions"] if row["rated"]["answers"]]
    assert changed == ["menopause", "organs"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--assume", "luck=yes"], "names no question"),
        (["--assume", "chance=perhaps"], "names no answer"),
        (["--format", "svg", "--assume", "chance=yes"], "neither --patient nor --assume"),
        (["--format", "csv", "--patient", "-"], "neither --patient nor --assume"),
        (["--patient", "nowhere.json"], "nowhere.json"),
    ],
)
def test_what_cannot_be_is_refused(arguments, words):
    result = run(*arguments, sent="{}")
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("not json", "this is not JSON"),
        ('{"age": 200}', "age:"),
        ("[]", "must be an object"),
        ('{"age": 50}', "Accepted: age or menopausal_status"),
    ],
)
def test_a_patient_that_cannot_be_read_is_told(sent, words):
    result = run("--patient", "-", sent=sent)
    assert result.exit_code == 2
    assert words in result.output
    assert "Traceback" not in result.output


def test_a_file_that_is_not_text_is_told(tmp_path):
    file = tmp_path / "patient.json"
    file.write_bytes(b"\xff\xfe\x00")
    result = run("--patient", str(file))
    assert result.exit_code == 2
    assert "this is not JSON" in result.output


def test_another_language_is_no_other_answer_in_figures():
    patient = read_patient(README_PATIENT)
    with speaking("ja"):
        other = explained(patient, None)
    own = explained(patient, None)
    for one, two in zip(own["subgroups"], other["subgroups"], strict=True):
        assert one["interaction"] == two["interaction"]
