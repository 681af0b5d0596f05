"""The figures against a second transcription of the paper, made from its text alone."""

import math
from dataclasses import fields

import pytest
from scipy.stats import beta, fisher_exact

from models.evidence import evidence, figure, pairs, sources, table_1, targets_digest
from models.evidence.figures import SURGERY_TO_NO_SURGERY, Figure

#: id: (estimate, lower, upper, level). Abstract and Results of the paper.
RATIOS = {
    "os.hr.stratified": (0.86, 0.69, 1.07, 0.90),
    "os.hr.stratified.three_digits": (0.858, 0.686, 1.073, 0.90),
    "os.hr.unstratified": (0.873, 0.670, 1.137, 0.95),
    "lrfs.hr": (0.42, 0.33, 0.53, 0.95),
    "margins.os_hr": (1.97, 1.161, 3.347, 0.95),
}

#: id: (months, lower, upper); the limits of the local medians are not printed.
MEDIANS = {
    "os.median.systemic_therapy": (68.7, 55.7, 81.1),
    "os.median.ptr_plus_systemic_therapy": (74.9, 65.7, 95.4),
    "os.median.premenopausal": (76.8, None, None),
    "os.median.premenopausal.systemic_therapy": (65.2, None, None),
    "os.median.premenopausal.ptr_plus_systemic_therapy": (92.6, None, None),
    "os.median.postmenopausal": (68.7, None, None),
    "os.median.postmenopausal.systemic_therapy": (71.6, None, None),
    "os.median.postmenopausal.ptr_plus_systemic_therapy": (68.6, None, None),
    "os.median.one_organ": (84.2, None, None),
    "os.median.one_organ.systemic_therapy": (76.8, None, None),
    "os.median.one_organ.ptr_plus_systemic_therapy": (95.4, None, None),
    "os.median.two_or_more_organs": (61.6, None, None),
    "os.median.two_or_more_organs.systemic_therapy": (65.1, None, None),
    "os.median.two_or_more_organs.ptr_plus_systemic_therapy": (60.1, None, None),
    "lrfs.median.systemic_therapy": (20, None, None),
    "lrfs.median.ptr_plus_systemic_therapy": (63, None, None),
}

#: id: (events, patients, percent, lower, upper); printed percent, complements computed here.
PROPORTIONS = {
    "ulceration.systemic_therapy": (51, 205, 24.9, 19.1, 31.4),
    "ulceration.ptr_plus_systemic_therapy": (21, 202, 10.4, 6.6, 15.5),
    "bleeding.systemic_therapy": (55, 205, 26.8, 20.9, 33.5),
    "bleeding.ptr_plus_systemic_therapy": (29, 202, 14.4, 9.8, 20.0),
    "early_distant_progression.systemic_therapy": (
        *(38, 205),
        *(100 - 81.5, 100 - 86.5, 100 - 75.5),
    ),
    "early_distant_progression.ptr_plus_systemic_therapy": (
        *(66, 202),
        *(100 - 67.3, 100 - 73.7, 100 - 60.4),
    ),
    "complications.grade_2_or_more": (11, 173, 6.4, None, None),
    "complications.grade_3_or_more": (2, 173, 1.2, None, None),
    "surgery.declined": (29, 202, 14.4, None, None),
    "surgery.later": (40, 205, 100 * 40 / 205, None, None),
    "margins.positive": (22, 173, 100 * 22 / 173, None, None),
    "os.events.systemic_therapy": (115, 205, 100 * 115 / 205, None, None),
    "os.events.ptr_plus_systemic_therapy": (106, 202, 100 * 106 / 202, None, None),
}

#: Fig. 3: code: (deaths A, patients A, deaths B, patients B, ratio, lower, upper).
FIG_3 = {
    "er_negative": (29, 56, 28, 57, 1.009, 0.600, 1.697),
    "er_positive": (86, 149, 78, 145, 0.826, 0.607, 1.123),
    "her2_negative": (95, 143, 81, 143, 0.773, 0.574, 1.041),
    "her2_positive": (20, 62, 25, 59, 1.282, 0.711, 2.310),
    "triple_negative": (16, 17, 16, 20, 0.852, 0.425, 1.704),
    "not_triple_negative": (99, 188, 90, 182, 0.861, 0.647, 1.147),
    "premenopausal": (42, 68, 29, 66, 0.538, 0.334, 0.868),
    "postmenopausal": (73, 137, 77, 136, 1.082, 0.785, 1.491),
    "ps_0": (99, 181, 92, 179, 0.870, 0.654, 1.157),
    "ps_1_or_2": (16, 24, 14, 23, 0.900, 0.439, 1.848),
    "one_organ": (70, 123, 54, 123, 0.708, 0.496, 1.010),
    "two_or_more_organs": (45, 82, 52, 79, 1.174, 0.786, 1.751),
    "no_liver": (91, 156, 82, 158, 0.784, 0.581, 1.058),
    "liver": (24, 49, 24, 44, 1.209, 0.683, 2.143),
    "bone_only": (37, 63, 26, 54, 0.758, 0.458, 1.252),
    # Unreadable: counts are all patients less those with bone only, the ratio is derived.
    "not_bone_only": (115 - 37, 205 - 63, 106 - 26, 202 - 54, 0.92, 0.68, 1.26),
}

#: Table 1: covariate: (arm A, arm B), in the order of the table.
TABLE_1 = {
    "clinical_t": ([8, 102, 26, 69], [17, 82, 22, 81]),
    "clinical_n": ([26, 92, 28, 59], [22, 83, 31, 66]),
    "menopausal_status": ([68, 137], [66, 136]),
    "ecog_ps": ([181, 24], [179, 23]),
    "er_status": ([149, 56], [145, 57]),
    "her2_status": ([62, 143], [59, 143]),
    "triple_negative": ([17, 188], [20, 182]),
    "metastatic_organs": ([123, 82], [123, 79]),
    "liver_metastasis": ([49, 156], [44, 158]),
    "bone_only_metastasis": ([63, 142], [54, 148]),
}
ARMS = {"systemic_therapy": 205, "ptr_plus_systemic_therapy": 202}
FIRST_VALUES = {
    "clinical_t": "T1",
    "clinical_n": "N0",
    "menopausal_status": "pre",
    "ecog_ps": "0",
    "er_status": "positive",
    "her2_status": "positive",
    "triple_negative": "true",
    "metastatic_organs": "1",
    "liver_metastasis": "true",
    "bone_only_metastasis": "true",
}

#: Other trials, surgery / no surgery: id: (ratio, lower, upper, level, p).
OTHER_TRIALS = {
    "meta_2021.os.hr": (0.97, 0.72, 1.29, 0.95, 0.81),
    "tata.os.hr": (1.04, 0.81, 1.34, 0.95, 0.79),
    "mf07_01.os.hr": (0.66, 0.49, 0.88, 0.95, 0.005),
    "e2108.os.hr": (1.11, 0.82, 1.52, 0.90, 0.57),
    # Printed upside down: 0.691 (0.358-1.333).
    "abcsg_28.os.hr": (1 / 0.691, 1 / 1.333, 1 / 0.358, 0.95, 0.267),
    "mf07_01.age_under_55": (0.57, 0.38, 0.86, 0.95, None),
    "e2108.age_under_40": (1.72, None, None, None, None),
    "e2108.triple_negative": (3.33, None, None, None, None),
    "mf07_01.er_or_pgr_positive": (0.64, 0.46, 0.91, 0.95, None),
    "mf07_01.her2_negative": (0.64, 0.45, 0.91, 0.95, None),
    "mf07_01.solitary_bone": (0.47, 0.23, 0.98, 0.95, None),
    "meta_2021.hormone_receptor_positive": (0.96, 0.65, 1.43, 0.95, None),
    "meta_2021.triple_negative": (1.40, 0.50, 3.91, 0.95, None),
    "meta_2021.her2_positive": (0.93, 0.68, 1.28, 0.95, None),
    "meta_2021.bone_only": (0.97, 0.58, 1.62, 0.95, None),
}

MONTHS = {"follow_up.median": 60, "follow_up.minimum": 48}

SUBGROUPS = {group.code: group for pair in pairs() for group in pair.subgroups}
STATUSES = {"seen", "derived", "secondary", "assumption"}


def test_every_figure_was_transcribed_twice():
    transcribed = {*RATIOS, *MEDIANS, *PROPORTIONS, *OTHER_TRIALS, *MONTHS}
    assert set(evidence()) == transcribed


def test_every_row_of_fig_3_was_transcribed_twice():
    assert list(SUBGROUPS) == list(FIG_3)


@pytest.mark.parametrize("name", RATIOS)
def test_ratio_is_the_printed_one(name):
    row = figure(name)
    assert (row.estimate, *row.interval, row.level) == RATIOS[name]


@pytest.mark.parametrize("name", MEDIANS)
def test_median_is_the_printed_one(name):
    row = figure(name)
    assert (row.estimate, *(row.interval or (None, None))) == MEDIANS[name]


@pytest.mark.parametrize("name", PROPORTIONS)
def test_counts_are_the_printed_ones(name):
    row = figure(name)
    assert (row.events, row.n) == PROPORTIONS[name][:2]


@pytest.mark.parametrize("name", PROPORTIONS)
def test_proportion_is_the_printed_one(name):
    assert 100 * figure(name).estimate == pytest.approx(PROPORTIONS[name][2], abs=0.05001)


@pytest.mark.parametrize("name", [n for n, row in PROPORTIONS.items() if row[3] is not None])
def test_limits_of_the_proportion_are_the_printed_ones(name):
    printed = [share / 100 for share in PROPORTIONS[name][3:]]
    assert figure(name).interval == pytest.approx(printed, abs=1e-9)


@pytest.mark.parametrize("name", MONTHS)
def test_months_are_the_printed_ones(name):
    assert figure(name).estimate == MONTHS[name]


def test_follow_up_has_its_quartiles():
    assert figure("follow_up.median").range == (37, 80)


def test_primary_analysis_has_a_one_sided_p():
    row = figure("os.hr.stratified")
    assert (row.p, row.p_sides) == (0.13, 1)


@pytest.mark.parametrize("name", ["ulceration", "bleeding"])
@pytest.mark.parametrize("arm", ARMS)
def test_local_complications_are_given_at_four_years(name, arm):
    assert figure(f"{name}.{arm}").horizon_months == 48


@pytest.mark.parametrize("code", FIG_3)
def test_row_of_fig_3_is_the_printed_one(code):
    group = SUBGROUPS[code]
    counts = (group.deaths[0], group.n[0], group.deaths[1], group.n[1])
    assert (*counts, group.estimate, *group.interval) == FIG_3[code]


@pytest.mark.parametrize("code", FIG_3)
def test_row_of_fig_3_is_at_95_percent(code):
    assert SUBGROUPS[code].level == 0.95


def test_the_unreadable_row_is_called_derived():
    derived = [code for code, group in SUBGROUPS.items() if group.status != "seen"]
    assert derived == ["not_bone_only"]


def test_the_derived_ratio_follows_from_the_other_two():
    def parts(row):
        ratio, lower, upper = row
        error = math.log(upper / lower) / (2 * 1.959964)
        return math.log(ratio), 1 / error**2

    overall, all_weight = parts((0.873, 0.670, 1.137))
    bone_only, bone_weight = parts(FIG_3["bone_only"][4:])
    weight = all_weight - bone_weight
    centre = (overall * all_weight - bone_only * bone_weight) / weight
    reach = 1.959964 / math.sqrt(weight)
    found = [math.exp(centre + side * reach) for side in (0, -1, 1)]
    assert found == pytest.approx(FIG_3["not_bone_only"][4:], abs=0.01)


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.id)
def test_two_subgroups_are_all_patients(pair):
    first, second = pair.subgroups
    assert tuple(map(sum, zip(first.n, second.n, strict=True))) == (205, 202)


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair.id)
def test_two_subgroups_have_all_deaths(pair):
    first, second = pair.subgroups
    assert tuple(map(sum, zip(first.deaths, second.deaths, strict=True))) == (115, 106)


@pytest.mark.parametrize("arm", ARMS)
def test_arms_have_their_size(arm):
    assert table_1()["arms"][arm] == ARMS[arm]


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", TABLE_1)
def test_counts_of_table_1_are_the_printed_ones(name, place):
    counts = table_1()["counts"][list(ARMS)[place]][name]
    assert list(counts.values()) == TABLE_1[name][place]


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("name", TABLE_1)
def test_counts_of_table_1_start_with_the_right_value(name, arm):
    assert next(iter(table_1()["counts"][arm][name])) == FIRST_VALUES[name]


@pytest.mark.parametrize("arm", ARMS)
@pytest.mark.parametrize("name", TABLE_1)
def test_counts_of_table_1_add_up_to_the_arm(name, arm):
    assert sum(table_1()["counts"][arm][name].values()) == ARMS[arm]


def test_table_1_has_no_other_covariate():
    assert all(set(counts) == set(TABLE_1) for counts in table_1()["counts"].values())


@pytest.mark.parametrize(
    ("arm", "quartiles"),
    [("systemic_therapy", (49, 57, 65)), ("ptr_plus_systemic_therapy", (49, 59, 66))],
)
def test_ages_are_the_printed_ones(arm, quartiles):
    assert tuple(table_1()["age"][arm].values()) == quartiles


@pytest.mark.parametrize(
    ("site", "percent"), [("bone", 47.6), ("lung", 21.5), ("liver", 16.3), ("soft_tissue", 13.8)]
)
def test_sites_of_one_organ_disease_are_the_printed_ones(site, percent):
    assert round(100 * table_1()["one_organ_sites"][site] / 246, 1) == percent


def test_sites_of_one_organ_disease_add_up():
    assert sum(table_1()["one_organ_sites"].values()) == 123 + 123


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("premenopausal", "menopausal_status", "pre"),
        ("er_negative", "er_status", "negative"),
        ("her2_positive", "her2_status", "positive"),
        ("triple_negative", "triple_negative", "true"),
        ("ps_0", "ecog_ps", "0"),
        ("one_organ", "metastatic_organs", "1"),
        ("liver", "liver_metastasis", "true"),
        ("bone_only", "bone_only_metastasis", "true"),
    ],
)
def test_fig_3_and_table_1_count_the_same_patients(code, name, value):
    assert SUBGROUPS[code].n == tuple(table_1()["counts"][arm][name][value] for arm in ARMS)


def clopper_pearson(events, n, level):
    tail = (1 - level) / 2
    return beta.ppf(tail, events, n - events + 1), beta.ppf(1 - tail, events + 1, n - events)


_WITH_LIMITS = [
    row for row in evidence().values() if row.kind == "proportion" and row.interval is not None
]


@pytest.mark.parametrize("row", _WITH_LIMITS, ids=lambda row: row.id)
def test_limits_of_a_proportion_are_those_of_clopper_and_pearson(row):
    exact = clopper_pearson(row.events, row.n, row.level)
    rounded = [round(limit, 3) for limit in exact]
    if row.id == "bleeding.systemic_therapy":
        rounded[1] = 0.335  # the paper prints 33.5 where 33.446 is exact
    assert list(row.interval) == rounded


@pytest.mark.parametrize(
    ("name", "p"), [("ulceration", 0.0001), ("bleeding", 0.0021), ("early_distant", 0.0014)]
)
def test_counts_give_the_printed_p(name, p):
    names = [n for n in PROPORTIONS if n.startswith(name)]
    table = [[figure(n).events, figure(n).n - figure(n).events] for n in names]
    assert round(fisher_exact(table).pvalue, 4) == p


def ratios_with_limits():
    """Return (name, ratio, interval, half of the last printed digit)."""
    for row in evidence().values():
        if row.kind == "hazard_ratio" and row.interval is not None:
            yield row.id, row.estimate, row.interval, 0.005
    for code, group in SUBGROUPS.items():
        half = 0.005 if code == "not_bone_only" else 0.0005
        yield code, group.estimate, group.interval, half


_RATIOS_WITH_LIMITS = list(ratios_with_limits())


@pytest.mark.parametrize(("_name", "ratio", "interval", "_half"), _RATIOS_WITH_LIMITS)
def test_ratio_lies_in_its_interval(_name, ratio, interval, _half):
    assert interval[0] < ratio < interval[1]


@pytest.mark.parametrize(("_name", "ratio", "interval", "half"), _RATIOS_WITH_LIMITS)
def test_interval_is_symmetric_on_the_log_scale(_name, ratio, interval, half):
    lowest, highest = (
        math.sqrt((interval[0] + side * half) * (interval[1] + side * half)) for side in (-1, 1)
    )
    assert lowest - half <= ratio <= highest + half


@pytest.mark.parametrize("name", OTHER_TRIALS)
def test_other_trial_is_the_printed_one(name):
    row = figure(name)
    ratio, lower, upper, level, p = OTHER_TRIALS[name]
    found = (row.estimate, *(row.interval or (None, None)), row.level, row.p)
    rounded = [None if value is None else round(value, 2) for value in (ratio, lower, upper)]
    assert found == (*rounded, level, p)


def test_the_inverted_ratio_says_so():
    assert "Inverted" in figure("abcsg_28.os.hr").note
    assert figure("abcsg_28.os.hr").status == "derived"


def test_what_was_only_reported_is_called_secondary():
    secondary = {row.id for row in evidence().values() if row.status == "secondary"}
    assert secondary == {"tata.os.hr", "e2108.age_under_40", "e2108.triple_negative"}


@pytest.mark.parametrize("row", evidence().values(), ids=lambda row: row.id)
def test_figure_has_source_place_and_status(row):
    assert row.source in sources()
    assert row.place
    assert row.status in STATUSES


@pytest.mark.parametrize("row", evidence().values(), ids=lambda row: row.id)
def test_what_was_not_printed_has_a_note(row):
    assert row.status == "seen" or row.note or row.source != "jcog1017"


@pytest.mark.parametrize("row", evidence().values(), ids=lambda row: row.id)
def test_level_stands_beside_an_interval(row):
    assert (row.interval is None) == (row.level is None)


@pytest.mark.parametrize("name", [*RATIOS, *OTHER_TRIALS])
def test_ratio_says_its_direction(name):
    expected = (
        "positive margins / negative margins" if name == "margins.os_hr" else SURGERY_TO_NO_SURGERY
    )
    assert figure(name).direction == expected


@pytest.mark.parametrize("name", [*RATIOS, *MEDIANS, *OTHER_TRIALS])
def test_effect_is_said_to_be_prespecified_or_not(name):
    assert figure(name).prespecified is not None


def test_what_other_trials_say_speaks_to_a_row_of_fig_3():
    spoken_to = {code for row in evidence().values() for code in row.speaks_to}
    assert spoken_to <= set(FIG_3)


@pytest.mark.parametrize("source", sources().values(), ids=sources())
def test_source_is_cited(source):
    assert {"citation", "link", "licence", "seen"} <= set(source)


def test_unknown_figure_is_an_error():
    with pytest.raises(KeyError):
        figure("os.hr.wishful")


def test_figures_cannot_be_changed():
    with pytest.raises(AttributeError):
        figure("os.hr.stratified").estimate = 0.5


def test_a_figure_is_a_value():
    row = figure("lrfs.hr")
    assert Figure(**{field.name: getattr(row, field.name) for field in fields(row)}) == row


def test_digest_of_the_targets_is_stable():
    assert targets_digest() == targets_digest()
    assert targets_digest().startswith("sha256:")
