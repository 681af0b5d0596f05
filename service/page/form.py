"""The form: its groups, derived from the specification, and how it is read.

Nothing is preselected. What is left open is not known, as what is ticked so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from models.covariates import ELIGIBILITY_FACTS, FIELDS
from models.errors import InvalidInput, Problem
from models.fields import Choice, ChoiceField, Field, FlagField, NumberField, SetField, echo
from models.language import N_, _
from models.options import Options, read_options_text
from models.outcomes import ALL_EFFECTS, DEFAULT_HORIZONS, FOREST, MODEL_LABELS
from models.patient import Patient, read_patient_text
from models.refused import refuse_name

#: The options of the page: which model predicts, the month that sentences and counts speak of, and
#: whether other analyses stand beside.
MODEL, AT, COMPARE = "model", "at", "compare"
_OPTIONS = (MODEL, AT, COMPARE)

#: What takes the other analyses away again.
ALONE = "0"

#: The month spoken of unless another is chosen: the one at which the paper gives local outcomes.
USUAL_MONTH = 48
#: What a control sends for "not known": an empty text, as an empty cell of a list.
NOT_KNOWN = ""

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
    not_known : bool
        Whether "not known" was ticked: nothing is, on a form that was not sent.
    messages : tuple of str
        What is wrong with it.
    """

    field: Field
    kind: str
    choices: tuple[Choice, ...]
    chosen: tuple[str, ...]
    not_known: bool
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
    """What a form asks for.

    Attributes
    ----------
    month : int
        The horizon that sentences and counts speak of, one of the options' own.
    """

    patient: Patient
    options: Options
    month: int = USUAL_MONTH


def read_form(form: MultiDict[str, str]) -> Submitted:
    """Return the patient and the options of a submitted form; what is left open is not known.

    Raises
    ------
    InvalidInput
        With every problem found, refused names included.
    """
    known = (*FIELDS, *_OPTIONS)
    problems = [refuse_name(name, known) for name in form if name not in known]
    problems += [_repeated(name) for name in form if name in known and _is_repeated(name, form)]
    problems += [_both_known_and_not(name) for name in form if _is_both(name, form)]
    texts = {name: ";".join(filter(None, form.getlist(name))) for name in form if name in FIELDS}
    patient = options = None
    try:
        patient = read_patient_text(texts)
    except InvalidInput as error:
        problems.extend(error.problems)
    try:
        options = _read_options(form)
    except InvalidInput as error:
        problems.extend(error.problems)
    if problems or patient is None or options is None:
        raise InvalidInput(problems)
    return Submitted(patient, options, _read_month(form))


def _read_options(form: MultiDict[str, str]) -> Options:
    """Return the options; all effects stand beside the forest, and where it is asked for.

    Raises
    ------
    InvalidInput
        For a model that is none, or a month that is no column of the page.
    """
    _read_month(form)
    options = read_options_text({MODEL: form[MODEL]} if MODEL in form else {})
    if options.model == FOREST or is_compared(form):
        return replace(options, effect=ALL_EFFECTS)
    return options


def is_compared(form: MultiDict[str, str]) -> bool:
    """Return whether the reader set the other analyses beside, and not aside again."""
    return form.get(COMPARE, ALONE) != ALONE


def _read_month(form: MultiDict[str, str]) -> int:
    """Return the month that is chosen; a button comes before what was chosen earlier."""
    text = form.get(AT, str(USUAL_MONTH))
    months = {str(month): month for month in DEFAULT_HORIZONS}
    if text not in months:
        message = _("The page has no month {value}.").format(value=echo(text))
        accepted = _("one of {values}").format(values=", ".join(months))
        raise InvalidInput([Problem(AT, "not_accepted", message, accepted)])
    return months[text]


def typed_values(form: MultiDict[str, str]) -> list[tuple[str, str]]:
    """Return what was typed, to be sent again; of the options the chosen one, once."""
    values = [(name, text) for name, text in form.items(multi=True) if name not in _OPTIONS]
    return values + [(name, form[name]) for name in _OPTIONS if name in form]


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
    sent = form.getlist(field.name)
    typed = tuple(text for text in sent if text)
    told = tuple(Choice(choice.value, _(choice.label)) for choice in choices)
    # The text of a number is always sent, so that its second, empty one is the tick.
    not_known = sent.count(NOT_KNOWN) > (1 if kind == "number" and not typed else 0)
    return FormField(field, kind, told, typed, not_known, tuple(messages.get(field.name, ())))


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
    values = list(filter(None, form.getlist(name)))
    return (
        name not in (AT, COMPARE)
        and not isinstance(FIELDS.get(name), SetField)
        and len(values) > 1
    )


def _is_both(name: str, form: MultiDict[str, str]) -> bool:
    values = form.getlist(name)
    return name in FIELDS and NOT_KNOWN in values and any(values)


def _both_known_and_not(name: str) -> Problem:
    message = _("{label}: a value is given, and “not known” is ticked, too.")
    words = message.format(label=_(FIELDS[name].label))
    return Problem(name, "contradiction", words, _("a value, or “not known”"))


def _repeated(name: str) -> Problem:
    label = _(FIELDS[name].label) if name in FIELDS else name
    message = _("{label} is given twice.").format(label=label)
    return Problem(name, "duplicate_field", message, _("once"))


def accepted_words(problem: Problem) -> str:
    """Return what is accepted in the form, where nobody can send null."""
    field = FIELDS.get(problem.field)
    of_field = field is not None and problem.accepted == field.accepted
    return field.accepted_on_screen if field is not None and of_field else problem.accepted
