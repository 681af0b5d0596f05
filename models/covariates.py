"""The covariates (the paper's Table 1) and the facts of eligibility: one frozen specification.

The marshmallow schema, the check of lists, the form, the JSON Schema, the CSV columns and the
design matrix are all derived from `COVARIATES` and `ELIGIBILITY_FACTS`.
"""

from __future__ import annotations

from models.fields import Choice, ChoiceField, Field, FlagField, NumberField, SetField
from models.language import N_

ELIGIBILITY_PREFIX = "eligibility."


def _receptor(name: str, label: str, help_: str) -> ChoiceField:
    choices = (Choice("positive", N_("positive")), Choice("negative", N_("negative")))
    return ChoiceField(name, label, help_, choices)


#: The covariates in the order in which a clinician knows them.
COVARIATES: tuple[Field, ...] = (
    NumberField(
        "age",
        N_("Age"),
        N_("Age in years; completed years are used. The trial took women from 20 to 80."),
        minimum=0,
        maximum=120,
        unit=N_("years"),
    ),
    ChoiceField(
        "menopausal_status",
        N_("Menopausal status"),
        N_(
            "Before systemic therapy. Amenorrhoea after goserelin or chemotherapy is not "
            "postmenopause; when perimenopausal, leave it not known."
        ),
        (Choice("pre", N_("premenopausal")), Choice("post", N_("postmenopausal"))),
    ),
    ChoiceField(
        "ecog_ps",
        N_("ECOG performance status"),
        N_("As it is now. The trial took 0 and 1, and 2 only when caused by bone metastases."),
        tuple(Choice(grade, f"PS {grade}") for grade in range(5)),
    ),
    ChoiceField(
        "clinical_t",
        N_("Clinical T"),
        N_("Before systemic therapy; TX is not known."),
        tuple(Choice(f"T{stage}", f"T{stage}") for stage in range(5)),
        hint=N_(" (TX is null)"),
    ),
    ChoiceField(
        "clinical_n",
        N_("Clinical N"),
        N_("Before systemic therapy; NX is not known."),
        tuple(Choice(f"N{stage}", f"N{stage}") for stage in range(4)),
        hint=N_(" (NX is null)"),
    ),
    _receptor(
        "er_status",
        N_("ER status"),
        N_("ER status of the primary tumour before systemic therapy; equivocal is not known."),
    ),
    _receptor(
        "her2_status",
        N_("HER2 status"),
        N_("HER2 status of the primary tumour before systemic therapy; equivocal is not known."),
    ),
    FlagField(
        "triple_negative",
        N_("Triple negative"),
        N_(
            "Optional; follows from ER and HER2. False when both are negative but the "
            "progesterone receptor is positive."
        ),
    ),
    ChoiceField(
        "metastatic_organs",
        N_("Organs with metastases"),
        N_("How many organs hold distant metastases, before systemic therapy."),
        (Choice("1", N_("one organ")), Choice("2+", N_("two or more organs"))),
    ),
    FlagField("liver_metastasis", N_("Liver metastasis"), N_("Before systemic therapy.")),
    FlagField(
        "bone_only_metastasis",
        N_("Bone-only metastasis"),
        N_("Distant metastases in bone and nowhere else, before systemic therapy."),
    ),
    SetField(
        "metastatic_sites",
        N_("Sites of metastases"),
        N_(
            "Optional: all organs with distant metastases. The number of organs, liver and bone "
            "only follow from it."
        ),
        (
            Choice("bone", N_("bone")),
            Choice("liver", N_("liver")),
            Choice("lung", N_("lung")),
            Choice("soft_tissue", N_("soft tissue")),
            Choice("distant_nodes", N_("distant lymph nodes")),
            Choice("pleura", N_("pleura")),
            Choice("brain", N_("brain")),
            Choice("other", N_("other")),
        ),
    ),
)


def _fact(name: str, label: str, help_: str) -> FlagField:
    return FlagField(ELIGIBILITY_PREFIX + name, label, help_)


#: The facts that decide whether the trial speaks about this patient.
ELIGIBILITY_FACTS: tuple[Field, ...] = (
    _fact("female", N_("Female"), N_("The trial's patients all have a menopausal status.")),
    _fact(
        "histologically_proven",
        N_("Invasive cancer proven by histology"),
        N_("Histologically proven invasive breast cancer."),
    ),
    _fact(
        "de_novo_stage_iv",
        N_("Stage IV at first diagnosis"),
        N_("Distant metastases were there when the cancer was first found."),
    ),
    _fact(
        "progression_on_systemic_therapy",
        N_("Progression on systemic therapy"),
        N_(
            "10% more in diameter (not RECIST's 20%), clear progression of other lesions, or a "
            "new lesion, after three months."
        ),
    ),
    NumberField(
        ELIGIBILITY_PREFIX + "months_of_systemic_therapy",
        N_("Months of systemic therapy so far"),
        N_("The trial decided after three months."),
        minimum=0,
        maximum=600,
        unit=N_("months"),
    ),
    _fact(
        "primary_resectable",
        N_("Primary tumour can be completely resected"),
        N_("Judged after three months of systemic therapy."),
    ),
    _fact(
        "primary_bleeding",
        N_("Primary tumour bleeds now"),
        N_("Such patients were not randomised."),
    ),
    _fact(
        "primary_ulcerated",
        N_("Primary tumour is ulcerated now"),
        N_("Then no figures for ulceration are shown."),
    ),
    _fact(
        "bilateral_or_contralateral",
        N_("Bilateral, or extends to the other breast"),
        N_("Such patients were not enrolled."),
    ),
    _fact("brain_metastasis", N_("Brain metastasis"), N_("Such patients were not enrolled.")),
    _fact(
        "measurable_metastasis",
        N_("A measurable metastasis"),
        N_("Outside the breast and the axilla."),
    ),
    _fact(
        "prior_chemotherapy_or_breast_radiotherapy",
        N_("Chemotherapy or radiotherapy of this breast before this systemic therapy"),
        N_("Such patients were not enrolled."),
    ),
    _fact(
        "treated_for_other_malignancy_within_5_years",
        N_("Treated for another malignancy within 5 years"),
        N_("Surgery, chemotherapy or radiotherapy."),
    ),
    _fact(
        "prior_invasive_breast_cancer",
        N_("Earlier invasive breast cancer"),
        N_("Such patients were not enrolled."),
    ),
    _fact(
        "adequate_organ_function", N_("Adequate organ function"), N_("As needed for the therapy.")
    ),
    _fact(
        "ps2_due_to_bone_metastases",
        N_("Performance status 2 is due to bone metastases"),
        N_("Only asked when the performance status is 2."),
    ),
)

FIELDS: dict[str, Field] = {field.name: field for field in (*COVARIATES, *ELIGIBILITY_FACTS)}

#: Covariates that a table of columns holds as numbers; the sites are read into the others.
TABLE_COVARIATES: tuple[str, ...] = tuple(
    field.name for field in COVARIATES if field.name != "metastatic_sites"
)
