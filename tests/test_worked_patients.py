"""The page of worked patients is what the command says, and has what a reader needs."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from models.eligibility import check_eligibility
from models.patient import read_patient
from models.subgroups import subgroups_of
from service.cli import main

ROOT = Path(__file__).parents[1]


def load_script():
    path = ROOT / "scripts" / "worked_patients.py"
    spec = importlib.util.spec_from_file_location("worked_patients", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


worked = load_script()
PAGE = worked.PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_script_writes():
    assert worked.page() == PAGE, "run `make docs`"


def test_there_are_twelve_patients_and_no_two_alike():
    messages = {json.dumps(each.message, sort_keys=True) for each in worked.PATIENTS}
    assert len(worked.PATIENTS) == len(messages) == 12


def test_they_cover_both_sides_of_every_pair_and_those_out_of_scope():
    patients = [read_patient(each.message) for each in worked.PATIENTS]
    codes = {
        row.subgroup.code
        for patient in patients
        if check_eligibility(patient).in_scope
        for row in subgroups_of(patient)
    }
    assert len(codes) == 16
    assert sum(not check_eligibility(patient).in_scope for patient in patients) == 2


@pytest.mark.parametrize("each", worked.PATIENTS, ids=lambda each: each.title)
def test_the_command_says_what_stands_on_the_page(each, tmp_path):
    file = tmp_path / "patient.json"
    file.write_text(json.dumps(each.message))
    result = CliRunner().invoke(main, ["evidence", "--patient", str(file)])
    assert result.exit_code == 0, result.output
    assert f"```text\n{result.stdout}```" in PAGE


def test_no_word_promises_anything():
    assert "benefit" not in PAGE.lower()
