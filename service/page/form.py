"""The form: its groups, derived from the specification, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from models.covariates import ELIGIBILITY_FACTS, FIELDS
from models.errors import InvalidInput, Problem
from models.fields import Choice, ChoiceField, Field, FlagField, NumberField, SetField
from models.language import N_, _
from models.options import Options, read_options_text
from models.outcomes import ALL_EFFECTS, FOREST, MODEL_LABELS
from models.patient import Patient, read_patient_text
from models.refused import refuse_name

#: The one option that the form has.
MODEL = "model"

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("Patient"), ("age", "menopausal_status", "ecog_ps")),
    (N_("Tumour"), ("clinical_t", "clinical_n", "er_status", "her2_status", "triple_negative")),
    (
        N_("Spread"),
        ("metastatic_sites", "metastatic_organs", "liver_metastasis", "bone_only_metastasis"),
    ),
    (N_("Does the trial speak about her?"), tuple(field.name for field in ELIGIBILITY_FACTS)),
)
_FLAG_CHOICES = (Choice("true", N_("yes")), Choice("false", N_("no")))


@dataclass(frozen=True)
class FormField:
    """One field as the template shows it.

    Attributes
    ----------
    kind : str
        ``number``, ``choice`` or ``set``.
    chosen : tuple of str
        What was typed or ticked.
    messages : tuple of str
        What is wrong with it.
    """

    field: Field
    kind: str
    choices: tuple[Choice, ...]
    chosen: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def label(self) -> str:
        """The field's label, in the language of the context."""
        return _(self.field.label)

    @property
    def help(self) -> str:
        """The field's help, in the language of the context."""
        return _(self.field.help)


@dataclass(frozen=True)
class Submitted:
    """What a form asks for."""

    patient: Patient
    options: Options


def read_form(form: MultiDict[str, str]) -> Submitted:
    """Return the patient and the options of a submitted form; what is left open is not known.

    Raises
    ------
    InvalidInput
        With every problem found, refused names included.
    """
    known = (*FIELDS, MODEL)
    problems = [refuse_name(name, known) for name in form if name not in known]
    problems += [_repeated(name) for name in form if name in known and _is_repeated(name, form)]
    texts = {name: ";".join(form.getlist(name)) for name in form if name in FIELDS}
    patient = options = None
    try:
        patient = read_patient_text(texts)
    except InvalidInput as error:
        problems.extend(error.problems)
    try:
        options = _read_options(form.get(MODEL))
    except InvalidInput as error:
        problems.extend(error.problems)
    if problems or patient is None or options is None:
        raise InvalidInput(problems)
    return Submitted(patient, options)


def _read_options(model: str | None) -> Options:
    """Return the options; with the forest, all effects stand beside, exploratory ones folded."""
    options = read_options_text({} if model is None else {MODEL: model})
    if options.model == FOREST:
        return replace(options, effect=ALL_EFFECTS)
    return options


def model_choices(kinds: tuple[str, ...]) -> list[Choice]:
    """Return the models that can be chosen, the default first."""
    return [Choice(kind, _(MODEL_LABELS[kind])) for kind in kinds]


def form_groups(
    form: MultiDict[str, str], problems: tuple[Problem, ...] = ()
) -> list[tuple[str, list[FormField]]]:
    """Return the groups of the form with what was typed and what is wrong with it."""
    messages: dict[str, list[str]] = {}
    for problem in problems:
        messages.setdefault(problem.field, []).append(problem.message)
    return [
        (_(title), [_form_field(FIELDS[name], form, messages) for name in names])
        for title, names in _GROUPS
    ]


def _form_field(
    field: Field, form: MultiDict[str, str], messages: Mapping[str, list[str]]
) -> FormField:
    kind, choices = _kind(field)
    typed = tuple(text for text in form.getlist(field.name) if text)
    told = tuple(Choice(choice.value, _(choice.label)) for choice in choices)
    return FormField(field, kind, told, typed, tuple(messages.get(field.name, ())))


def _kind(field: Field) -> tuple[str, tuple[Choice, ...]]:
    if isinstance(field, NumberField):
        return "number", ()
    if isinstance(field, SetField):
        return "set", field.choices
    if isinstance(field, ChoiceField):
        return "choice", field.choices
    if isinstance(field, FlagField):
        return "choice", _FLAG_CHOICES
    raise TypeError(f"no form control for {type(field).__name__}")


def _is_repeated(name: str, form: MultiDict[str, str]) -> bool:
    return not isinstance(FIELDS.get(name), SetField) and len(form.getlist(name)) > 1


def _repeated(name: str) -> Problem:
    label = _(FIELDS[name].label) if name in FIELDS else name
    message = _("{label} is given twice.").format(label=label)
    return Problem(name, "duplicate_field", message, _("once"))


def accepted_words(problem: Problem) -> str:
    """Return what is accepted in the form, where nobody can send null."""
    field = FIELDS.get(problem.field)
    of_field = field is not None and problem.accepted == field.accepted
    return field.accepted_on_screen if field is not None and of_field else problem.accepted
