"""The figures against a second transcription of the paper, made from its text alone."""

import csv
import math
from dataclasses import fields, replace
from pathlib import Path

import pytest
from scipy.stats import beta, fisher_exact

from models.evidence import (
    evidence,
    figure,
    figures,
    pairs,
    sources,
    table_1,
    targets_digest,
    trials,
)
from models.evidence.figures import SETTINGS, SURGERY_TO_NO_SURGERY, Figure

HERE = Path(__file__).parent


def rows_of(name):
    """Return the rows of a transcription, typed from the paper's text and the abstracts."""
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text):
    return float(text) if text else None


TRANSCRIBED = {row["id"]: row for row in rows_of("transcription.csv")}
FIG_3_ROWS = {row["code"]: row for row in rows_of("transcription_fig_3.csv")}
TRIALS = {row["name"]: row for row in rows_of("transcription_trials.csv")}
FIG_3 = {
    code: (
        *(int(row[name]) for name in ("deaths_a", "n_a", "deaths_b", "n_b")),
        *(float(row[name]) for name in ("estimate", "lower", "upper")),
    )
    for code, row in FIG_3_ROWS.items()
}


def printed(row):
    """Return estimate and limits as the evidence should hold them."""
    values = [number(row[name]) for name in ("estimate", "lower", "upper")]
    if row["as"] == "counts":
        return [int(row["events"]) / int(row["n"]), None, None]
    if row["as"] == "percent":
        return [None if each is None else each / 100 for each in values]
    if row["as"] == "percent without":
        without, lower, upper = values
        return [(100 - each) / 100 for each in (without, upper, lower)]
    if row["as"] == "inverted ratio":
        ratio, lower, upper = values
        return [1 / ratio, 1 / upper, 1 / lower]
    return values


#: How far what is held may be from what is printed: half a digit where it had to be computed.
TOLERANCE = {"counts": 0.0005001, "inverted ratio": 0.005001}
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

SUBGROUPS = {group.code: group for pair in pairs() for group in pair.subgroups}
STATUSES = {"seen", "derived", "secondary", "assumption"}


def test_every_figure_was_transcribed_twice():
    assert set(evidence()) == set(TRANSCRIBED)


def test_every_row_of_fig_3_was_transcribed_twice():
    assert list(SUBGROUPS) == list(FIG_3)


def test_every_trial_was_transcribed_twice():
    assert list(trials()) == list(TRIALS)


@pytest.mark.parametrize("name", TRANSCRIBED)
def test_figure_is_the_printed_one(name):
    row, typed = figure(name), TRANSCRIBED[name]
    limits = row.interval or row.range or (None, None)
    near = TOLERANCE.get(typed["as"], 1e-9)
    for found, expected in zip((row.estimate, *limits), printed(typed), strict=True):
        assert found == (None if expected is None else pytest.approx(expected, abs=near))


@pytest.mark.parametrize("name", TRANSCRIBED)
def test_level_p_and_counts_are_the_printed_ones(name):
    row, typed = figure(name), TRANSCRIBED[name]
    level = number(typed["level"])
    assert row.level == (None if level is None else level / 100)
    assert row.p == number(typed["p"])
    assert (row.events, row.n) == (number(typed["events"]), number(typed["n"]))


@pytest.mark.parametrize("name", TRANSCRIBED)
def test_what_was_turned_is_marked_and_keeps_what_was_printed(name):
    row, typed = figure(name), TRANSCRIBED[name]
    assert row.inverted == (typed["as"] == "inverted ratio")
    as_printed = "{estimate} ({lower}-{upper})".format_map(typed)
    assert row.printed == (as_printed if row.inverted else "")


@pytest.mark.parametrize("name", TRIALS)
def test_trial_is_as_reported(name):
    trial, typed = trials()[name], TRIALS[name]
    for each in ("n", "n_surgery", "n_no_surgery", "median_follow_up_months"):
        assert getattr(trial, each) == number(typed[each]), each
    first_word = typed["surgery"].split()[0]
    settings = {
        "after": "after_response",
        "upfront": "surgery_first",
        "of": "both",
        "not": "not_stated",
    }
    assert trial.setting == settings[first_word]


@pytest.mark.parametrize("trial", trials().values(), ids=trials())
def test_arms_of_a_trial_are_its_patients(trial):
    assert trial.n_surgery is None or trial.n_surgery + trial.n_no_surgery == trial.n


def test_the_four_earlier_trials_are_the_pools_patients():
    earlier = ("tata", "mf07_01", "e2108", "abcsg_28")
    assert sum(trials()[name].n for name in earlier) == trials()["meta_2021"].n == 970


@pytest.mark.parametrize("trial", trials().values(), ids=trials())
def test_trial_has_source_place_status_and_an_overall_ratio(trial):
    assert trial.source in sources()
    assert trial.place
    assert trial.status in STATUSES
    assert trial.setting in SETTINGS
    assert figure(trial.overall).kind == "hazard_ratio"


def test_every_figure_belongs_to_a_trial():
    assert {row.trial for row in evidence().values()} == set(trials())


def test_what_is_not_randomised_is_said_to_be_unused():
    assert "not used" in figure("observational.os.hr").label
    assert "enters no figure" in trials()["observational"].note


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
    names = [n for n in evidence() if n.startswith(name)]
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


def test_what_was_only_reported_is_called_secondary():
    secondary = {row.id for row in evidence().values() if row.status == "secondary"}
    assert secondary == {
        *(name for name in evidence() if name.startswith("tata.")),
        *("e2108.age_under_40", "e2108.triple_negative"),
    }


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


RATIOS = [row.id for row in evidence().values() if row.kind == "hazard_ratio"]
MEDIANS = [row.id for row in evidence().values() if row.kind == "median_months"]


@pytest.mark.parametrize("name", RATIOS)
def test_ratio_says_its_direction(name):
    expected = (
        "positive margins / negative margins" if name == "margins.os_hr" else SURGERY_TO_NO_SURGERY
    )
    assert figure(name).direction == expected


@pytest.mark.parametrize("name", [*RATIOS, *MEDIANS])
def test_effect_is_said_to_be_prespecified_or_not(name):
    assert figure(name).prespecified is not None


def test_what_other_trials_say_speaks_to_a_row_of_fig_3():
    spoken_to = {code for row in evidence().values() for code in row.speaks_to}
    assert spoken_to <= set(FIG_3)


@pytest.mark.parametrize("source", sources().values(), ids=sources())
def test_source_is_cited(source):
    assert {"title", "citation", "link", "licence", "seen"} == set(source)


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


@pytest.mark.parametrize(
    ("name", "changes", "moves"),
    [
        ("os.hr.unstratified", {"estimate": 0.874}, True),
        ("ulceration.systemic_therapy", {"events": 52}, True),
        ("os.hr.unstratified", {"note": "another word", "place": "elsewhere"}, False),
        ("tata.os.hr", {"estimate": 1.05}, False),
    ],
)
def test_digest_covers_the_trials_own_numbers_alone(monkeypatch, name, changes, moves):
    before = targets_digest()
    changed = {**evidence(), name: replace(figure(name), **changes)}
    monkeypatch.setattr(figures, "evidence", lambda: changed)
    assert (targets_digest() != before) is moves
