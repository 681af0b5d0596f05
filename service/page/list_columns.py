"""What a list is started from: a template, and what each column means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup

from models.covariates import FIELDS
from models.fields import ChoiceField, Field, SetField
from models.language import _, joined
from models.outcomes import ARM_LABELS, DEFAULT_HORIZONS, OUTCOMES
from service.lists.columns import SCORED_COLUMNS, Column
from service.lists.rows import COLUMNS, ROW_ID, accepted_row_id
from service.lists.tables import csv_line
from service.page.words import with_codes

#: The template's patients, invented: one with every cell filled, two as most lists have them.
_EXAMPLES: tuple[Mapping[str, str], ...] = (
    {
        "row_id": "example-1",
        "age": "47",
        "menopausal_status": "pre",
        "ecog_ps": "0",
        "clinical_t": "T4",
        "clinical_n": "N1",
        "er_status": "positive",
        "her2_status": "negative",
        "triple_negative": "false",
        "metastatic_organs": "1",
        "liver_metastasis": "false",
        "bone_only_metastasis": "true",
        "metastatic_sites": "bone",
        "eligibility.female": "true",
        "eligibility.histologically_proven": "true",
        "eligibility.de_novo_stage_iv": "true",
        "eligibility.progression_on_systemic_therapy": "false",
        "eligibility.months_of_systemic_therapy": "3",
        "eligibility.primary_resectable": "true",
        "eligibility.primary_bleeding": "false",
        "eligibility.primary_ulcerated": "false",
        "eligibility.bilateral_or_contralateral": "false",
        "eligibility.brain_metastasis": "false",
        "eligibility.measurable_metastasis": "true",
        "eligibility.prior_chemotherapy_or_breast_radiotherapy": "false",
        "eligibility.treated_for_other_malignancy_within_5_years": "false",
        "eligibility.prior_invasive_breast_cancer": "false",
        "eligibility.adequate_organ_function": "true",
        "eligibility.ps2_due_to_bone_metastases": "false",
    },
    {
        "row_id": "example-2",
        "age": "63",
        "menopausal_status": "post",
        "ecog_ps": "1",
        "clinical_t": "T2",
        "clinical_n": "N0",
        "er_status": "positive",
        "her2_status": "positive",
        "metastatic_sites": "bone;liver",
        "eligibility.progression_on_systemic_therapy": "false",
        "eligibility.primary_resectable": "true",
    },
    {
        "row_id": "example-3",
        "age": "58",
        "menopausal_status": "post",
        "ecog_ps": "0",
        "clinical_t": "T3",
        "er_status": "negative",
        "her2_status": "negative",
        "metastatic_sites": "lung;distant_nodes",
        "eligibility.progression_on_systemic_therapy": "false",
    },
)


@cache
def template_csv() -> str:
    """Return a list to start from: a header of all columns and three invented patients."""
    rows = [[example.get(name, "") for name in COLUMNS] for example in _EXAMPLES]
    return "".join(map(csv_line, [COLUMNS, *rows]))


@dataclass(frozen=True)
class InputColumn:
    """A column that may be sent.

    Attributes
    ----------
    meaning, accepted : str
        In the language of the context.
    values : str
        What each accepted value means, or ``""`` where they are plain words.
    """

    name: str
    meaning: str
    accepted: str
    values: str = ""


def input_columns() -> list[InputColumn]:
    """Return every column of a list, in the order of the template."""
    row_id = InputColumn(
        ROW_ID,
        _("Your own opaque name of the row; it comes back. No names, no record numbers."),
        accepted_row_id(),
    )
    return [row_id, *map(_input_column, FIELDS.values())]


def _input_column(field: Field) -> InputColumn:
    label, help_ = _(field.label), _(field.help)
    named = "" if help_.startswith(label) else _("{label}.").format(label=label)
    return InputColumn(
        field.name, joined(named, help_), field.accepted_values, _meanings_of_values(field)
    )


def _meanings_of_values(field: Field) -> str:
    if not isinstance(field, ChoiceField | SetField):
        return ""
    told = [
        _("{value}: {meaning}").format(value=choice.value, meaning=_(choice.label))
        for choice in field.choices
        if str(choice.value).replace("_", " ") not in _(choice.label)
    ]
    return _("; ").join(told)


@dataclass(frozen=True)
class OutputColumn:
    """A column, or a pattern of columns, of the scored list."""

    name: str
    meaning: Markup


def output_columns() -> list[OutputColumn]:
    """Return the columns that every scored list has, in their order."""
    fixed = (
        (each.name, each.meaning) if isinstance(each, Column) else (each.pattern, each.meaning)
        for each in SCORED_COLUMNS
        if isinstance(each, Column) or each.always_present
    )
    return [OutputColumn(name, with_codes(meaning)) for name, meaning in fixed]


#: What stands in the braces of a pattern.
_OUTCOME, _ARM, _MONTH = "outcome", "arm", "month"


def places() -> list[tuple[str, str, str]]:
    """Return place, code and meaning of everything that a pattern's braces stand for."""
    months = _(", ").join(map(str, DEFAULT_HORIZONS))
    return [
        *((_OUTCOME, outcome.name, _(outcome.label)) for outcome in OUTCOMES),
        *((_ARM, arm, _(label)) for arm, label in ARM_LABELS.items()),
        (_MONTH, months, _("months after the decision")),
    ]
