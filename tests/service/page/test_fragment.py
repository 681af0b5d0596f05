"""The link's fragment: short, made of values of the specification, and read back as it was."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from werkzeug.datastructures import MultiDict

from models.covariates import FIELDS
from models.fields import NumberField
from models.language import JAPANESE, speaking
from models.options import Options
from models.outcomes import COX, FOREST, MODELS
from models.patient import read_patient
from service.page.form import MODEL, read_form
from service.page.fragment import fragment_of, short_choice, short_name
from tests.service.helpers import README_PATIENT, with_values
from tests.support.examples import examples
from tests.support.patients import any_messages, complete_messages, incomplete_messages

#: What a fragment may hold: signs that no address has to escape, and that no markup knows.
SIGNS = re.compile(r"[A-Za-z0-9=&,.+-]+")


def fragment(message, model=COX):
    return fragment_of(read_patient(message), Options(model=model))


def values_of(name):
    """Return the values that a field offers."""
    if name == MODEL:
        return list(MODELS)
    choices = getattr(FIELDS[name], "choices", None)
    return [True, False] if choices is None else [choice.value for choice in choices]


def choices_of(name):
    """Return what a form sends for each value by what the link calls it."""
    return {
        short_choice(value): str(value).lower()
        if value in (True, False) and isinstance(value, bool)
        else str(value)
        for value in values_of(name)
    }


def form_from(text):
    """Return the form as a reader of the fragment fills it in."""
    names = {short_name(name): name for name in (*FIELDS, MODEL)}
    form = MultiDict()
    for pair in text.split("&"):
        short, _, values = pair.partition("=")
        name = names[short]
        if isinstance(FIELDS.get(name), NumberField):
            form.add(name, unquote(values))
            continue
        for value in unquote(values).split(","):
            form.add(name, choices_of(name)[value])
    return form


def test_no_two_fields_share_a_short_name():
    names = [short_name(name) for name in (*FIELDS, MODEL)]
    assert len(set(names)) == len(names)
    assert not set(names) & {*FIELDS, MODEL}


@pytest.mark.parametrize(
    "name", [n for n, field in FIELDS.items() if not isinstance(field, NumberField)] + [MODEL]
)
def test_no_two_choices_begin_alike(name):
    """A value that only begins as another one does would open the form with the other."""
    sent = list(choices_of(name).values())
    assert len(sent) == len(values_of(name))
    for short, value in choices_of(name).items():
        assert value in sent
        begun = [each for each in sent if each.startswith(short)]
        assert begun == [value] or short == value


def test_the_readme_patient():
    assert fragment(README_PATIENT, FOREST) == (
        "ag=47&mest=pr&ecps=0&clt=T4&cln=N1&erst=po&hest=ne&mesi=bo&pronsyth=f&prre=t&mo=fo"
    )


def test_what_follows_from_others_and_what_is_not_known_is_left_out():
    text = fragment(with_values(clinical_n=None))
    assert "trne=" not in text
    assert "cln=" not in text
    assert "cln=N1" in fragment(README_PATIENT)


def test_what_was_entered_although_it_follows_is_kept():
    assert "boonme=" not in fragment(README_PATIENT)
    assert "boonme=t" in fragment(with_values(bone_only_metastasis=True))


def test_a_site_stands_behind_the_other():
    assert "mesi=bo,li" in fragment(with_values(metastatic_sites=["liver", "bone"]))


def test_two_or_more_organs_keep_their_sign():
    message = with_values(metastatic_organs="2+", metastatic_sites=None)
    assert "meor=2+&" in fragment(message)


def test_the_language_changes_nothing():
    patient = read_patient(README_PATIENT)
    with speaking(JAPANESE):
        assert fragment_of(patient, Options()) == fragment(README_PATIENT)


@pytest.mark.property
@examples(100)
@given(message=any_messages() | incomplete_messages() | complete_messages())
@pytest.mark.parametrize("model", MODELS)
def test_a_fragment_is_read_back_as_it_was(message, model):
    patient = read_patient(message)
    text = fragment_of(patient, Options(model=model))
    assert SIGNS.fullmatch(text)
    again = read_form(form_from(text))
    assert again.patient == patient
    assert again.options.model == model
