"""What is read from a card's tables is what training and the studies wrote, or nothing."""

from __future__ import annotations

import re

import numpy as np
import pytest

from models.evidence import figure
from models.outcomes import ARM_LABELS, ARMS, OUTCOMES
from service.page.measured import (
    COVERAGE,
    DIFFERING,
    FOREST,
    LAYERS,
    NOT_COMPARED,
    PUBLISHED,
    SHIFTED,
    JudgedRow,
    Rate,
    Setting,
    read_coverage,
    read_held,
    read_layers,
    read_public_from,
    read_published,
    says,
)
from service.page.sure import CARD_WORDS, LAYER_MEANINGS, SETTING_WORDS
from studies import __main__ as command
from studies.coverage import Replicate
from studies.coverage_table import (
    TOGETHER,
    WANTED_OF_AVERAGE,
    WANTED_OF_PROFILES,
    lines,
    markdown,
)
from studies.ensembles import HORIZONS, PROFILES, SUBJECTS
from studies.layers import LAYERS as LAYER_NAMES
from tests.support.bundles import default_bundle

READERS = {PUBLISHED: read_published, COVERAGE: read_coverage, LAYERS: read_layers}
SHAPE = (len(SUBJECTS), len(OUTCOMES), len(ARM_LABELS), len(HORIZONS))
readers = pytest.mark.parametrize("section", READERS)


@pytest.fixture(scope="module")
def card():
    return default_bundle().card


def section_of(card, heading):
    """Return the text of a section."""
    return card.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def damaged(card, section, old, new):
    """Return a card with something changed in a section."""
    text = section_of(card, section)
    assert old in text, old
    return card.replace(text, text.replace(old, new))


# The shipped card


def test_published_figures_are_those_of_the_evidence(card):
    rows = {(row.outcome, row.arm): row for row in read_published(card).rows}
    stems = ("os.median", "lrfs.median", "ulceration", "bleeding")
    for outcome, stem in zip(OUTCOMES, stems, strict=True):
        for arm in ARMS:
            row, published = rows.pop((outcome.label, ARM_LABELS[arm])), figure(f"{stem}.{arm}")
            style = ".1f" if row.month is None else ".1%"
            assert row.published == f"{published.estimate:{style}}"
            printed = published.interval
            assert row.published_limits == (
                printed and tuple(f"{limit:{style}}" for limit in printed)
            )
            assert row.month == (published.horizon_months and str(published.horizon_months))
    assert not rows


def test_served_figures_are_those_of_the_card(card):
    for row in read_published(card).rows:
        between = f"{row.limits[0]} to {row.limits[1]}"
        assert re.search(rf"\| {row.outcome}, {row.arm}: .* \| {row.served} \| {between} \|", card)
    assert read_published(card).level == "95%"


def test_the_coverage_study_is_read_whole(card):
    study = read_coverage(card)
    text = section_of(card, COVERAGE)
    titles = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert [setting.title for setting in study.settings] == titles
    judged, *shown = study.settings
    assert len(judged.judged) == text.count("| yes |") + text.count("| no |")
    assert len(judged.missed) == text.count("| no |")
    assert not [setting for setting in shown if setting.judged]
    for setting in study.settings:
        rate = setting.together
        assert f"horizons): {rate.share} ({rate.lower} to {rate.upper})." in text
    low, high = WANTED_OF_AVERAGE
    assert study.aim == (f"{low:.0%}", f"{high:.0%}", f"{WANTED_OF_PROFILES:.0%}")
    assert study.level == "95%"


def test_the_power_of_the_study_is_read(card):
    judged, *shown = read_coverage(card).settings
    power = judged.power
    assert (
        f"with {power.trials} of them a true rate of {power.rate} would meet the average's aim in "
        f"{power.passed} of such studies, one of {power.profile_rate} a profile's in "
        f"{power.profile_passed}."
    ) in card
    assert int(power.trials) == judged.trials
    assert [setting.power for setting in shown] == [None] * len(shown)
    unsaid = damaged(card, COVERAGE, "a true rate of", "a rate of")
    assert read_coverage(unsaid).settings[0].power is None


def test_the_rows_of_an_outcome_and_an_arm_are_found(card):
    (judged, *_shown) = read_coverage(card).settings
    rows = judged.judged_of("Alive", "difference")
    assert [row.who for row in rows] == [TOGETHER, *SUBJECTS]
    assert judged.judged_of("Alive", "nobody") == ()


def test_a_setting_is_found_by_its_title(card):
    coverage = read_coverage(card)
    assert coverage.setting(SHIFTED).title == SHIFTED
    assert coverage.setting("another") is None
    assert {SHIFTED, DIFFERING} <= set(command._WORDS.values())


def test_how_often_both_models_held_the_truth_is_read(card):
    held = read_held(card)
    text = " ".join(section_of(card, FOREST).split())
    assert f"at {held.month} months) a patient's {held.level} interval holds {held.cox} by" in text
    assert f"and {held.forest} by the forest" in text
    assert read_held(damaged(card, FOREST, "interval holds", "interval has")) is None
    assert read_held("# A card") is None


def test_the_layers_are_read_whole(card):
    layers = read_layers(card)
    assert layers.names == LAYER_NAMES
    text = section_of(card, LAYERS).split("### ")[1]
    rows = [line for line in text.splitlines() if line.endswith("% |")]
    assert len(layers.rows) == len(rows)
    for row, line in zip(layers.rows, rows, strict=True):
        assert line == f"| {row.who} | {row.outcome} | {row.arm} | {' | '.join(row.shares)} |"


def test_the_year_and_the_sentence_are_read(card):
    year = read_public_from(card)
    assert f"individual patient data of the trial are public before {year}." in card
    assert says(card, NOT_COMPARED)


# Words that the page explains or translates


def test_every_layer_and_setting_of_the_studies_has_its_meaning():
    assert tuple(LAYER_MEANINGS) == LAYER_NAMES
    assert list(SETTING_WORDS) == list(command._WORDS.values())
    assert set(CARD_WORDS) == {*LAYER_NAMES, *SUBJECTS, TOGETHER}


# What the study writes


def replicate(held=True):
    truth = np.full(SHAPE, 0.5)
    upper = truth + (0.1 if held else -0.1)
    return Replicate("", truth, truth - 0.2, upper, redrawn=1)


def card_of(replicates, *, judged=True):
    head = command._HEAD.format(seed=1, members=200)
    title = command._WORDS["same" if judged else "shifted"]
    text = f"{head}\n## {title}\n\n{markdown(replicates, judged)}"
    return "# A card\n\n" + re.sub("^#", "##", text, flags=re.MULTILINE)


def words(estimate):
    return Rate(f"{estimate.share:.0%}", f"{estimate.lower:.0%}", f"{estimate.upper:.0%}")


@pytest.mark.parametrize("missed", [0, 6, 40])
def test_what_the_study_writes_is_read(missed):
    nothing = np.zeros(0)
    failed = Replicate("a median is not reached", nothing, nothing, nothing)
    replicates = [replicate()] * 40 + [replicate(held=False)] * missed
    (setting,) = read_coverage(card_of([*replicates, failed])).settings
    expected = lines(replicates)
    assert setting.trials == len(replicates)
    assert [row.meets for row in setting.judged] == [line.judged for line in expected]
    for row, line in zip(setting.judged, expected, strict=True):
        assert (row.who, row.outcome, row.arm) == (line.subject, line.outcome, line.arm)
        rates = zip(HORIZONS, line.rates, strict=True)
        assert row.rates == tuple((str(month), words(each)) for month, each in rates)
    assert {row.who for row in setting.judged} == {TOGETHER, *SUBJECTS} >= set(PROFILES)


def test_a_setting_that_is_only_shown_has_no_judged_rows():
    (setting,) = read_coverage(card_of([replicate()] * 3, judged=False)).settings
    assert setting.judged == setting.missed == ()


@pytest.mark.parametrize(
    ("lower", "upper", "beside"),
    [("93%", "95%", 0), ("75%", "80%", -1), ("96%", "99%", 1), ("95%", "95%", 0)],
)
def test_a_rate_is_beside_its_level_when_its_interval_is(lower, upper, beside):
    assert Setting("", 9, Rate("94%", lower, upper), ()).beside("95%") == beside


def test_missed_rows_are_those_that_do_not_meet_the_aim():
    rows = tuple(JudgedRow("a", "b", "c", (), meets) for meets in (True, False, True))
    assert Setting("", 9, Rate("1%", "1%", "1%"), rows).missed == (rows[1],)


# What is not read


@readers
@pytest.mark.parametrize("card", ["", "# A small bundle\n", "no heading\n| a |\n| --- |\n| b |"])
def test_without_the_section_there_is_nothing(section, card):
    assert READERS[section](card) is None


@readers
def test_sections_of_a_parent_are_not_meant(card, section):
    demoted = re.sub("^#", "##", card, flags=re.MULTILINE)
    assert READERS[section](f"# Card\n\n## Own\n\n# The parent's card\n\n{demoted}") is None
    # Nor if a parent's headings stand as high as its own.
    assert READERS[section](f"# Card\n\n## Own\n\n# The parent's card\n\n{card}") is None


def test_what_a_parent_says_is_not_meant(card):
    later = f"# Card\n\n## Own\n\n# The parent's card\n\n{card}"
    assert read_public_from(later) is None
    assert not says(later, NOT_COMPARED)


DAMAGE = {
    "another head": (PUBLISHED, "| figure |", "| what |"),
    "no quantiles": (PUBLISHED, "Limits are", "Limits may be"),
    "a word for a figure": (PUBLISHED, "| 68.7 |", "| many |"),
    "a word for limits": (PUBLISHED, "| 55.7 to 81.1 |", "| wide |"),
    "a name of another kind": (PUBLISHED, "surgery: median |", "surgery |"),
    "a longer row": (PUBLISHED, "| 68.7 |", "| 68.7 | 1 |"),
    "no level": (COVERAGE, "how often the 95%", "how often the"),
    "no setting": (COVERAGE, "All together", "Together"),
    "other subjects": (COVERAGE, "| who |", "| whom |"),
    "shares in words": (LAYERS, "| 97% |", "| most |"),
    "no month": (LAYERS, "at 60 months. Ensembles", ". Ensembles"),
    "no subsection": (LAYERS, "### Shares of an interval", "### Shares"),
}


@pytest.mark.parametrize(("section", "old", "new"), DAMAGE.values(), ids=DAMAGE.keys())
def test_a_table_that_is_written_otherwise_gives_nothing(card, section, old, new):
    assert READERS[section](damaged(card, section, old, new)) is None


#: A rate of the trial's average, which no setting with other replicates has.
RATE = re.compile(r"average of the trial's patients \| .* \| (\d+% \(\d+% to \d+%\)) \|")


@pytest.mark.parametrize("what", ["verdict", "rate"])
def test_a_judged_setting_that_cannot_be_read_is_left_out(card, what):
    rate = RATE.search(card)[1]
    old, new = {"verdict": ("| yes |", "| well |"), "rate": (rate, rate.split()[0])}[what]
    before, after = (
        [s.title for s in read_coverage(each).settings]
        for each in (card, damaged(card, COVERAGE, old, new))
    )
    assert after == before[1:]


def test_without_the_sentence_there_is_no_aim(card):
    assert read_coverage(damaged(card, COVERAGE, "Aimed at", "Hoped for")).aim is not None
    changed = damaged(card, COVERAGE, "93 to 97%", "much")
    assert read_coverage(changed).aim is None
