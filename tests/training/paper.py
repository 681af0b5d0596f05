"""Figures transcribed by hand from the printed paper, apart from the files of the evidence."""

SYSTEMIC, SURGERY = "systemic_therapy", "ptr_plus_systemic_therapy"
ARM_SIZES = {SYSTEMIC: 205, SURGERY: 202}

#: Table 1, by arm: what is printed for each value of a covariate.
COUNTS = {
    SYSTEMIC: {
        "clinical_t": {"T1": 8, "T2": 102, "T3": 26, "T4": 69},
        "clinical_n": {"N0": 26, "N1": 92, "N2": 28, "N3": 59},
        "menopausal_status": {"pre": 68, "post": 137},
        "ecog_ps": {0: 181, 1: 24},
        "er_status": {"positive": 149, "negative": 56},
        "her2_status": {"positive": 62, "negative": 143},
        "triple_negative": {True: 17, False: 188},
        "metastatic_organs": {"1": 123, "2+": 82},
        "liver_metastasis": {True: 49, False: 156},
        "bone_only_metastasis": {True: 63, False: 142},
    },
    SURGERY: {
        "clinical_t": {"T1": 17, "T2": 82, "T3": 22, "T4": 81},
        "clinical_n": {"N0": 22, "N1": 83, "N2": 31, "N3": 66},
        "menopausal_status": {"pre": 66, "post": 136},
        "ecog_ps": {0: 179, 1: 23},
        "er_status": {"positive": 145, "negative": 57},
        "her2_status": {"positive": 59, "negative": 143},
        "triple_negative": {True: 20, False: 182},
        "metastatic_organs": {"1": 123, "2+": 79},
        "liver_metastasis": {True: 44, False: 158},
        "bone_only_metastasis": {True: 54, False: 148},
    },
}

#: Table 1: lower quartile, median, upper quartile of age in years.
AGES = {SYSTEMIC: (49, 57, 65), SURGERY: (49, 59, 66)}

#: ER x HER2 cells (ER, HER2): the triple-negative patients and what then remains.
RECEPTORS = {
    SYSTEMIC: {
        ("negative", "negative"): 17,
        ("negative", "positive"): 39,
        ("positive", "negative"): 126,
        ("positive", "positive"): 23,
    },
    SURGERY: {
        ("negative", "negative"): 20,
        ("negative", "positive"): 37,
        ("positive", "negative"): 123,
        ("positive", "positive"): 22,
    },
}

#: One-organ disease, both arms: 47.6, 21.5, 16.3 and 13.8% of 246, and the two left.
ONE_ORGAN_SITES = {"bone": 117, "lung": 53, "liver": 40, "soft_tissue": 34, "other": 2}

#: Fig. 2, Fig. 3 (overall), Fig. 4, Results. By arm: systemic therapy, surgery.
OS_HAZARD_RATIO = 0.873
OS_MEDIANS = (68.7, 74.9)
DEATHS = (115, 106)
LRFS_HAZARD_RATIO = 0.42
LRFS_MEDIANS = (20.0, 63.0)
ULCERATION = (51 / 205, 21 / 202)
BLEEDING = (55 / 205, 29 / 202)
FOLLOW_UP_QUARTILES = (37.0, 60.0, 80.0)

#: Fig. 3: (deaths in both arms, hazard ratio) of the first and second subgroup of each pair.
#: The row "not only bone" is unreadable: deaths by subtraction, ratio from the rest.
SUBGROUPS = (
    ("ER negative, positive", (57, 1.009), (164, 0.826)),
    ("HER2 negative, positive", (176, 0.773), (45, 1.282)),
    ("triple negative, not", (32, 0.852), (189, 0.861)),
    ("pre-, postmenopausal", (71, 0.538), (150, 1.082)),
    ("PS 0, 1 or 2", (191, 0.870), (30, 0.900)),
    ("one organ, more", (124, 0.708), (97, 1.174)),
    ("no liver, liver", (173, 0.784), (48, 1.209)),
    ("bone only, not", (63, 0.758), (158, 0.92)),
)
