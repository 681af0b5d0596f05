"""The covariates (the paper's Table 1) and the facts of eligibility: one frozen specification.

The marshmallow schema, the check of lists, the form, the JSON Schema, the CSV columns and the
design matrix are all derived from `COVARIATES` and `ELIGIBILITY_FACTS`.
"""

from __future__ import annotations

from models.fields import Choice, ChoiceField, Field, FlagField, NumberField, SetField

ELIGIBILITY_PREFIX = "eligibility."


def _receptor(name: str, label: str) -> ChoiceField:
    return ChoiceField(
        name,
        label,
        f"{label} of the primary tumour before systemic therapy; equivocal is not known.",
        (Choice("positive", "positive"), Choice("negative", "negative")),
    )


#: The covariates in the order in which a clinician knows them.
COVARIATES: tuple[Field, ...] = (
    NumberField(
        "age",
        "Age",
        "Age in years; completed years are used. The trial took women from 20 to 80.",
        minimum=0,
        maximum=120,
        unit="years",
    ),
    ChoiceField(
        "menopausal_status",
        "Menopausal status",
        "Before systemic therapy. Amenorrhoea after goserelin or chemotherapy is not "
        "postmenopause; when perimenopausal, leave it not known.",
        (Choice("pre", "premenopausal"), Choice("post", "postmenopausal")),
    ),
    ChoiceField(
        "ecog_ps",
        "ECOG performance status",
        "As it is now. The trial took 0 and 1, and 2 only when caused by bone metastases.",
        tuple(Choice(grade, f"PS {grade}") for grade in range(5)),
    ),
    ChoiceField(
        "clinical_t",
        "Clinical T",
        "Before systemic therapy; TX is not known.",
        tuple(Choice(f"T{stage}", f"T{stage}") for stage in range(5)),
        hint=" (TX is null)",
    ),
    ChoiceField(
        "clinical_n",
        "Clinical N",
        "Before systemic therapy; NX is not known.",
        tuple(Choice(f"N{stage}", f"N{stage}") for stage in range(4)),
        hint=" (NX is null)",
    ),
    _receptor("er_status", "ER status"),
    _receptor("her2_status", "HER2 status"),
    FlagField(
        "triple_negative",
        "Triple negative",
        "Optional; follows from ER and HER2. False when both are negative but the "
        "progesterone receptor is positive.",
    ),
    ChoiceField(
        "metastatic_organs",
        "Organs with metastases",
        "How many organs hold distant metastases, before systemic therapy.",
        (Choice("1", "one organ"), Choice("2+", "two or more organs")),
    ),
    FlagField("liver_metastasis", "Liver metastasis", "Before systemic therapy."),
    FlagField(
        "bone_only_metastasis",
        "Bone-only metastasis",
        "Distant metastases in bone and nowhere else, before systemic therapy.",
    ),
    SetField(
        "metastatic_sites",
        "Sites of metastases",
        "Optional: all organs with distant metastases. The number of organs, liver and bone "
        "only follow from it.",
        (
            Choice("bone", "bone"),
            Choice("liver", "liver"),
            Choice("lung", "lung"),
            Choice("soft_tissue", "soft tissue"),
            Choice("distant_nodes", "distant lymph nodes"),
            Choice("pleura", "pleura"),
            Choice("brain", "brain"),
            Choice("other", "other"),
        ),
    ),
)


def _fact(name: str, label: str, help_: str) -> FlagField:
    return FlagField(ELIGIBILITY_PREFIX + name, label, help_)


#: The facts that decide whether the trial speaks about this patient.
ELIGIBILITY_FACTS: tuple[Field, ...] = (
    _fact("female", "Female", "The trial's patients all have a menopausal status."),
    _fact(
        "histologically_proven",
        "Invasive cancer proven by histology",
        "Histologically proven invasive breast cancer.",
    ),
    _fact(
        "de_novo_stage_iv",
        "Stage IV at first diagnosis",
        "Distant metastases were there when the cancer was first found.",
    ),
    _fact(
        "progression_on_systemic_therapy",
        "Progression on systemic therapy",
        "10% more in diameter (not RECIST's 20%), clear progression of other lesions, or a "
        "new lesion, after three months.",
    ),
    NumberField(
        ELIGIBILITY_PREFIX + "months_of_systemic_therapy",
        "Months of systemic therapy so far",
        "The trial decided after three months.",
        minimum=0,
        maximum=600,
        unit="months",
    ),
    _fact(
        "primary_resectable",
        "Primary tumour can be completely resected",
        "Judged after three months of systemic therapy.",
    ),
    _fact("primary_bleeding", "Primary tumour bleeds now", "Such patients were not randomised."),
    _fact(
        "primary_ulcerated",
        "Primary tumour is ulcerated now",
        "Then no figures for ulceration are shown.",
    ),
    _fact(
        "bilateral_or_contralateral",
        "Bilateral, or extends to the other breast",
        "Such patients were not enrolled.",
    ),
    _fact("brain_metastasis", "Brain metastasis", "Such patients were not enrolled."),
    _fact(
        "measurable_metastasis",
        "A measurable metastasis",
        "Outside the breast and the axilla.",
    ),
    _fact(
        "prior_chemotherapy_or_breast_radiotherapy",
        "Chemotherapy or radiotherapy of this breast before this systemic therapy",
        "Such patients were not enrolled.",
    ),
    _fact(
        "treated_for_other_malignancy_within_5_years",
        "Treated for another malignancy within 5 years",
        "Surgery, chemotherapy or radiotherapy.",
    ),
    _fact(
        "prior_invasive_breast_cancer",
        "Earlier invasive breast cancer",
        "Such patients were not enrolled.",
    ),
    _fact("adequate_organ_function", "Adequate organ function", "As needed for the therapy."),
    _fact(
        "ps2_due_to_bone_metastases",
        "Performance status 2 is due to bone metastases",
        "Only asked when the performance status is 2.",
    ),
)

FIELDS: dict[str, Field] = {field.name: field for field in (*COVARIATES, *ELIGIBILITY_FACTS)}

#: Covariates that a table of columns holds as numbers; the sites are read into the others.
TABLE_COVARIATES: tuple[str, ...] = tuple(
    field.name for field in COVARIATES if field.name != "metastatic_sites"
)
