"""Patients for tests: one typical message, and strategies for others that can exist."""

from hypothesis import strategies as st

from models.covariates import ELIGIBILITY_FACTS, ELIGIBILITY_PREFIX
from models.patient import read_patient
from models.table import table_of
from tests.support.readme import README_PATIENT

TYPICAL = README_PATIENT

#: Every fact confirmed as the trial's criteria ask.
CONFIRMED = {
    "female": True,
    "histologically_proven": True,
    "de_novo_stage_iv": True,
    "progression_on_systemic_therapy": False,
    "months_of_systemic_therapy": 3,
    "primary_resectable": True,
    "primary_bleeding": False,
    "primary_ulcerated": False,
    "bilateral_or_contralateral": False,
    "brain_metastasis": False,
    "measurable_metastasis": True,
    "prior_chemotherapy_or_breast_radiotherapy": False,
    "treated_for_other_malignancy_within_5_years": False,
    "prior_invasive_breast_cancer": False,
    "adequate_organ_function": True,
    "ps2_due_to_bone_metastases": False,
}

#: (organs, liver, bone only): all that can be.
SPREADS = (
    ("1", False, True),
    ("1", True, False),
    ("1", False, False),
    ("2+", True, False),
    ("2+", False, False),
)

_OTHERS = (
    "ecog_ps",
    "clinical_t",
    "clinical_n",
    "er_status",
    "her2_status",
    "metastatic_organs",
    "liver_metastasis",
    "bone_only_metastasis",
)


def message_of(**changes):
    """Return the typical message with some fields changed."""
    return {**TYPICAL, **changes}


def patient_of(**changes):
    """Return the typical patient with some fields changed."""
    return read_patient(message_of(**changes))


def patient_with_facts(**facts):
    """Return the typical patient, all facts confirmed but the changed ones."""
    return patient_of(eligibility={**CONFIRMED, **facts})


def table_from(messages):
    """Return the table of some messages."""
    return table_of([read_patient(message) for message in messages])


@st.composite
def complete_messages(draw):
    """Draw a message of a woman in the trial's scope, every covariate known."""
    organs, liver, bone_only = draw(st.sampled_from(SPREADS))
    return {
        "age": draw(st.integers(20, 80) | st.floats(20, 80.99).map(lambda age: round(age, 2))),
        "menopausal_status": draw(st.sampled_from(["pre", "post"])),
        "ecog_ps": draw(st.sampled_from([0, 1, 2])),
        "clinical_t": draw(st.sampled_from(["T1", "T2", "T3", "T4"])),
        "clinical_n": draw(st.sampled_from(["N0", "N1", "N2", "N3"])),
        "er_status": draw(st.sampled_from(["positive", "negative"])),
        "her2_status": draw(st.sampled_from(["positive", "negative"])),
        "metastatic_organs": organs,
        "liver_metastasis": liver,
        "bone_only_metastasis": bone_only,
    }


@st.composite
def incomplete_messages(draw, most_unknown=3):
    """Draw a message with one or more unknown covariates, enough known to be read."""
    message = draw(complete_messages())
    anchor = draw(st.sampled_from(["age", "menopausal_status"]))
    kept = draw(st.permutations(_OTHERS))[:2]
    droppable = sorted(set(message) - {anchor, *kept})
    dropped = draw(
        st.lists(st.sampled_from(droppable), min_size=1, max_size=most_unknown, unique=True)
    )
    return {name: value for name, value in message.items() if name not in dropped}


_SITES = ("bone", "liver", "lung", "soft_tissue", "distant_nodes", "pleura", "other")


def _fact_values(field):
    if field.name.endswith("months_of_systemic_therapy"):
        return st.none() | st.integers(0, 24) | st.sampled_from([2.5, 2.7, 6.1])
    return st.sampled_from([True, False, None])


@st.composite
def any_messages(draw):
    """Draw a message that `read_patient` accepts, in scope or not, with sites and facts."""
    message = draw(complete_messages())
    message["age"] = draw(st.integers(0, 120) | st.sampled_from([19.5, 80.5]))
    message["ecog_ps"] = draw(st.sampled_from([0, 1, 2, 3, 4, None]))
    message["clinical_t"] = draw(st.sampled_from(["T0", "T1", "T2", "T3", "T4", None]))
    if draw(st.booleans()):
        sites = draw(st.lists(st.sampled_from(_SITES), min_size=1, max_size=4, unique=True))
        for name in ("metastatic_organs", "liver_metastasis", "bone_only_metastasis"):
            del message[name]
        message["metastatic_sites"] = sites
    facts = {
        field.name.removeprefix(ELIGIBILITY_PREFIX): draw(_fact_values(field))
        for field in ELIGIBILITY_FACTS
        if field.name != "eligibility.brain_metastasis"
    }
    if message["ecog_ps"] == 2 and "bone" not in message.get("metastatic_sites", ["bone"]):
        # Without a site in bone the grade cannot come from one: such a patient is refused.
        facts["ps2_due_to_bone_metastases"] = draw(st.sampled_from([False, None]))
    message["eligibility"] = draw(st.sampled_from([facts, {}, None]))
    return message


def text_of(value):
    """Return a JSON value as it is written in a CSV cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(value)
    return str(value)


def row_of(message):
    """Return a message as a row of texts."""
    row = {name: text_of(value) for name, value in message.items() if name != "eligibility"}
    for name, value in (message.get("eligibility") or {}).items():
        row[ELIGIBILITY_PREFIX + name] = text_of(value)
    return row
