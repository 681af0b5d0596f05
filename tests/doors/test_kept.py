"""The printed sheet, the page, the API and the CSV agree on random patients, after rounding."""

from __future__ import annotations

import csv
import io
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.outcomes import DIFFERENCE, MODELS, OUTCOMES, PTR, SHOWN_ARMS, SYSTEMIC_THERAPY
from service.app import create_app
from tests.statements.doors import read_answer, read_table
from tests.statements.page import read_page
from tests.statements.reading import POOLED, SHOWN
from tests.statements.sheet import read_plain_text, read_sheet, sheet_of_page
from tests.support.examples import FACTOR, examples
from tests.support.forms import csv_cells, form_texts
from tests.support.patients import any_messages, complete_messages, incomplete_messages

#: Patients in all in a usual run.
PATIENTS = 50
HORIZONS = (12, 24, 36, 48, 60)
SIDES = ("estimate", "lower", "upper")
KEYS = [
    *((SHOWN, o.name, arm, month) for o in OUTCOMES for arm in SHOWN_ARMS for month in HORIZONS),
    *((POOLED, OUTCOMES[0].name, DIFFERENCE, month) for month in HORIZONS),
]
READERS = {
    "sheet": lambda asked: read_sheet(asked.page),
    "plain text": lambda asked: read_plain_text(asked.text),
    "page": lambda asked: read_page(asked.page),
}


class Asked:
    """One patient and model at every door."""

    def __init__(self, client, message, model):
        body = {"patient": message, "model": model}
        self.answer = client.post("/v1/predict", json=body).text
        form = {**form_texts(message), "model": model}
        self.page = client.post("/", data=form).text
        self.text = client.post("/", data={**form, "text": "1"}).text
        cells = csv_cells(message)
        text = io.StringIO()
        csv.writer(text).writerows([cells.keys(), cells.values()])
        self.row = client.post(
            f"/v1/predict/batch?model={model}", data=text.getvalue(), content_type="text/csv"
        ).text


@pytest.fixture(scope="module")
def asked():
    """Ask for random patients once; the models take turns."""
    client, found = create_app().test_client(), []
    messages = complete_messages() | incomplete_messages() | any_messages()

    @examples(PATIENTS)
    @given(messages, st.sampled_from(MODELS))
    def ask(message, model):
        found.append(Asked(client, message, model))

    ask()
    return found


def bands_of(reading):
    """Return the figures of a door by what they are and side, those that every door has."""
    return {
        (*key, side): getattr(reading.bands[key], side)
        for key in KEYS
        if key in reading.bands
        for side in SIDES
    }


def in_percent(value):
    """Return whole percent, half to even, of a probability with four decimals."""
    exact = Decimal(repr(value)) * 100
    assert exact * 100 == int(exact * 100), "four decimals"
    return float(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def test_enough_patients_in_scope_and_out_were_asked_for(asked):
    assert len(asked) >= FACTOR * PATIENTS
    in_scope = [read_answer(each.answer).in_scope for each in asked]
    assert in_scope.count(True) >= PATIENTS / 2
    assert in_scope.count(False) >= 3


def test_api_and_csv_have_the_same_four_decimals(asked):
    for each in asked:
        assert bands_of(read_table(each.row)) == bands_of(read_answer(each.answer))


@pytest.mark.parametrize("door", READERS)
def test_people_see_the_same_in_whole_percent(asked, door):
    compared = 0
    for each in asked:
        meant = {key: in_percent(v) for key, v in bands_of(read_answer(each.answer)).items()}
        assert bands_of(READERS[door](each)) == meant
        compared += len(meant)
    assert compared > 50 * PATIENTS


@pytest.mark.parametrize("door", READERS)
def test_a_difference_is_rounded_from_the_unrounded_one(asked, door):
    """Where it is not the difference of the figures beside it, it is still the API's."""
    found = 0
    for each in asked:
        shown, served = READERS[door](each).bands, read_answer(each.answer).bands
        for outcome, month in apart(shown):
            key = (SHOWN, outcome, DIFFERENCE, month)
            assert shown[key].estimate == in_percent(served[key].estimate)
            found += 1
    assert found > 0, "some do not add up"


def test_what_does_not_add_up_is_marked_on_the_sheet(asked):
    for each in asked:
        cells = sheet_of_page(each.page).every("td")
        marked = [cell for cell in cells if cell.words.endswith("*")]
        assert len(marked) == len(list(apart(read_sheet(each.page).bands)))


def apart(bands):
    """Yield outcome and month where a difference is not that of the figures beside it."""
    for outcome, month in ((o.name, m) for o in OUTCOMES for m in HORIZONS):
        keys = [(SHOWN, outcome, arm, month) for arm in (SYSTEMIC_THERAPY, PTR, DIFFERENCE)]
        if keys[0] not in bands:
            continue
        none, surgery, difference = (bands[key].estimate for key in keys)
        if surgery - none != difference:
            yield outcome, month
