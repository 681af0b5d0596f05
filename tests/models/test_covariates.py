"""The specification of the fields against the published contract."""

import pytest

from models.covariates import COVARIATES, ELIGIBILITY_FACTS, FIELDS, TABLE_COVARIATES
from models.fields import ChoiceField, FlagField, NumberField, SetField

CHOICES = {
    "menopausal_status": ("pre", "post"),
    "ecog_ps": (0, 1, 2, 3, 4),
    "clinical_t": ("T0", "T1", "T2", "T3", "T4"),
    "clinical_n": ("N0", "N1", "N2", "N3"),
    "er_status": ("positive", "negative"),
    "her2_status": ("positive", "negative"),
    "metastatic_organs": ("1", "2+"),
    "metastatic_sites": (
        *("bone", "liver", "lung", "soft_tissue", "distant_nodes", "pleura", "brain", "other"),
    ),
}
FLAGS = ("triple_negative", "liver_metastasis", "bone_only_metastasis")
FACTS = (
    "female",
    "histologically_proven",
    "de_novo_stage_iv",
    "progression_on_systemic_therapy",
    "months_of_systemic_therapy",
    "primary_resectable",
    "primary_bleeding",
    "primary_ulcerated",
    "bilateral_or_contralateral",
    "brain_metastasis",
    "measurable_metastasis",
    "prior_chemotherapy_or_breast_radiotherapy",
    "treated_for_other_malignancy_within_5_years",
    "prior_invasive_breast_cancer",
    "adequate_organ_function",
    "ps2_due_to_bone_metastases",
)


def test_covariates_are_those_of_the_contract():
    assert {field.name for field in COVARIATES} == {"age", *CHOICES, *FLAGS}


def test_facts_are_those_of_the_contract():
    assert [field.name for field in ELIGIBILITY_FACTS] == [f"eligibility.{name}" for name in FACTS]


def test_names_are_distinct():
    assert len(FIELDS) == len(COVARIATES) + len(ELIGIBILITY_FACTS)


@pytest.mark.parametrize(("name", "values"), CHOICES.items(), ids=CHOICES)
def test_values_are_those_of_the_contract(name, values):
    assert FIELDS[name].values == values


@pytest.mark.parametrize("name", FLAGS)
def test_flag_is_a_flag(name):
    assert isinstance(FIELDS[name], FlagField)


def test_age_reaches_from_0_to_120():
    assert (FIELDS["age"].minimum, FIELDS["age"].maximum) == (0, 120)


def test_every_fact_but_the_months_is_a_flag():
    others = {f.name for f in ELIGIBILITY_FACTS if not isinstance(f, FlagField)}
    assert others == {"eligibility.months_of_systemic_therapy"}


def test_table_holds_every_covariate_but_the_sites():
    assert set(TABLE_COVARIATES) == {"age", *CHOICES, *FLAGS} - {"metastatic_sites"}


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_field_is_of_a_known_kind(field):
    assert isinstance(field, NumberField | ChoiceField | FlagField | SetField)


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_field_says_what_it_means(field):
    assert field.label
    assert field.help.endswith(".")
