"""What a person must not conclude: each statement is a check of what a door said.

A statement returns at how many places it looked, so that a test can see that it looked at all,
and raises `AssertionError` where the answer breaks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

from models.caveats import SEVERITIES, caveat_texts
from models.covariates import FIELDS
from models.evidence import figure
from models.evidence.credibility import RATING_LABELS
from models.language import _, speaking
from models.patient import read_patient
from models.subgroups import SubgroupEvidence, all_subgroups, worth_text
from tests.statements.doors import Heard
from tests.statements.reading import POOLED, SHOWN, Block, Told
from tests.statements.wording import parts, patterns, said, unhedged

Statement = Callable[[Heard], int]

SYNTHETIC = "synthetic"

#: The names of numbers that an answer may hold, beside what was entered: figures and their
#: intervals, published counts and ratios, tests of interaction. None is a probability of benefit.
_NUMBERS = frozenset(
    {
        *("horizons_months", "interval_level", "line"),
        *("estimate", "lower", "upper", "interval", "hazard_ratio", "events", "deaths", "n"),
        *("ratio", "median", "range"),
        *("interaction_p", "interaction_p_bonferroni", "interaction_p_holm"),
        *("raw_to_whole_trial", "shrunken_to_whole_trial"),
        *("systemic_therapy", "ptr_plus_systemic_therapy", "difference"),  # of forest_minus_cox
    }
)
#: Where else a number may stand: what was entered.
_ENTERED = frozenset({"inputs", "because", "row_id"})
#: What an answer out of scope may still hold: what was asked.
_ASKED = frozenset({"horizons_months", "interval_level", "line"})


def no_ratio_of_a_subgroup_stands_alone(heard: Heard) -> int:
    """A subgroup's hazard ratio has its interval, level, interaction's p and rating beside it."""
    for ratio in heard.reading.ratios:
        limits = ratio.interval or ()
        assert len(limits) == 2, f"{ratio.code}: no interval"
        assert ratio.level, f"{ratio.code}: no level"
        assert ratio.interaction_p is not None, f"{ratio.code}: no interaction's p"
        assert ratio.rating, f"{ratio.code}: no rating"
    return len(heard.reading.ratios) + _told_ratios(heard)


def _told_ratios(heard: Heard) -> int:
    """Hold every block of words to the same and return how many tell a subgroup's ratio."""
    found = 0
    told = _ratios_in_words(heard.case.language)
    limits = patterns("intervals", heard.case.language)
    for block in heard.reading.blocks:
        # The limits of another trial's interval may be the same number as a ratio of this one.
        text = limits.sub("", block.text).lower()
        for words in told:
            if words.ratio in text and words.are_in(text):
                words.check(block)
                found += 1
    return found


@cache
def _ratios_in_words(language: str) -> list[_RatioInWords]:
    with speaking(language):
        return [_RatioInWords(row) for row in all_subgroups()]


class _RatioInWords:
    """How a subgroup's ratio, and what must stand beside it, is told in a language."""

    def __init__(self, row: SubgroupEvidence) -> None:
        group = row.subgroup
        self.label = _(group.label)
        self.ratio = f"{group.estimate:.2f}"
        self.beside = {
            "lower limit": f"{group.interval[0]:.2f}",
            "upper limit": f"{group.interval[1]:.2f}",
            "interaction's p": f"{row.interaction.p:.2g}",
        }
        self.level = f"{group.level:.0%}"
        rating = row.assessment.rating
        self.ratings = (_(RATING_LABELS[rating]), worth_text(row.assessment))

    def are_in(self, text: str) -> bool:
        """Return whether the ratio is the first number of its kind behind the subgroup's name."""
        behind = text.split(self.label.lower())[1:]
        return any(re.findall(r"(?<![\d.])\d\.\d\d(?!\d)", b)[:1] == [self.ratio] for b in behind)

    def check(self, block: Block) -> None:
        numbers = _numbers(block.text)
        for name, number in self.beside.items():
            assert number in numbers, f"{self.label} {self.ratio}: no {name} in {block.text}"
        assert self.level in block.text, f"{self.label} {self.ratio}: no level in {block.text}"
        rated = any(words.lower() in block.text.lower() for words in self.ratings)
        assert rated, f"{self.label} {self.ratio}: no rating in {block.text}"


def _numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text)


def nobody_is_promised_to_be_helped(heard: Heard) -> int:
    """No words say that a patient benefits, or will be helped."""
    return _unsaid("promises", heard)


def _unsaid(kind: str, heard: Heard) -> int:
    language = heard.case.language
    for block in heard.reading.blocks:
        found = said(kind, language, unhedged(block.text, language))
        assert found is None, f"{found!r} in {block.text}"
    return len(heard.reading.blocks)


def every_difference_has_an_interval_and_the_pooled_one(heard: Heard) -> int:
    """A difference has its interval; the trial's has the earlier trials' in the same answer."""
    reading = heard.reading
    differences = [key for key in reading.bands if key[2] == "difference"]
    for key in differences:
        band = reading.bands[key]
        assert band.lower is not None, f"{key}: no lower limit"
        assert band.upper is not None, f"{key}: no upper limit"
        assert band.lower <= band.estimate <= band.upper, f"{key}: outside its interval"
        _analysis, outcome, arm, month = key
        if outcome == "overall_survival":
            assert (POOLED, outcome, arm, month) in reading.bands, f"{key}: no pooled one"
    _unsaid("points", heard)
    return len(differences)


def no_probability_of_benefit_is_given(heard: Heard) -> int:
    """No probability that surgery helps: in no words, under no name, and no p turned round."""
    reading = heard.reading
    turned = f"{1 - (figure('os.hr.stratified').p or 0):.0%}"
    for path, number in reading.numbers:
        known = path[-1] in _NUMBERS or _ENTERED & set(path) or _is_column(path[-1])
        assert known, f"an unknown claim: {'.'.join(path)} {number}"
    for block in reading.blocks:
        found = not block.is_figure and re.search(rf"(?<![\d.]){turned}", block.text)
        assert not found, f"one minus the trial's p: {block.text}"
    return len(reading.numbers) + _unsaid("chances", heard)


def _is_column(name: str) -> bool:
    """Whether a column of a scored table holds a figure of an outcome and an arm."""
    outcome = "overall_survival|local_relapse_free_survival|local_ulceration|local_bleeding"
    arm = "systemic_therapy|ptr_plus_systemic_therapy|difference"
    analysis = r"(?:_(?:cox|forest))?(?:_(?:overall|pooled|subgroup|learned|minus_cox))?"
    pattern = rf"(?:{outcome})_(?:{arm}){analysis}(?:_exploratory)?_\d+(?:_lower|_upper)?"
    return re.fullmatch(pattern, name) is not None


def out_of_scope_there_are_no_numbers(heard: Heard) -> int:
    """A patient out of scope gets reasons and no figures, harms or ratios."""
    reading = heard.reading
    assert reading.in_scope == heard.reference.in_scope
    if reading.in_scope:
        return 0
    assert not reading.bands, f"figures: {list(reading.bands)[:3]}"
    assert not reading.ratios, f"ratios: {reading.ratios[:3]}"
    assert not reading.caveats, f"caveats: {reading.caveats}"
    for path, number in reading.numbers:
        asked = path[-1] in _ASKED or _ENTERED & set(path)
        assert asked, f"a number: {'.'.join(path)} {number}"
    for block in reading.blocks:
        told = re.search(r"\d\s*[%％]|(?<![\d./])\d\.\d\d(?!\d*\.\d)", block.text)
        assert told is None, f"a figure: {block.text}"
    return 1


def simulated_patients_are_never_left_unsaid(heard: Heard) -> int:
    """While the bundle is synthetic, whatever shows its figures says so."""
    reading = heard.reading
    if heard.reference.training_data != SYNTHETIC or not reading.of_bundle:
        return 0
    assert reading.training_data in (None, SYNTHETIC), reading.training_data
    told = {caveat.code: caveat for caveat in heard.reference.caveats or ()}
    assert "synthetic_training_data" in told, "the API does not say it"
    caveat = told["synthetic_training_data"]
    by_code = caveat.code in [each.code for each in reading.caveats or ()]
    # Wrapped lines: where words have no spaces between them a line's end adds one.
    in_words = "".join((caveat.text or "").split()) in "".join(reading.text.split())
    assert by_code or in_words, "nothing says that the patients were simulated"
    return 1


def no_interval_stands_without_its_level(heard: Heard) -> int:
    """Every interval has its level beside it, as a value and in words."""
    reading, language = heard.reading, heard.case.language
    asked = heard.case.options.get("interval_level", 0.95)
    for key, band in reading.bands.items():
        assert band.level == asked, f"{key}: level {band.level}, asked was {asked}"
    for place, level in reading.intervals:
        assert level, f"{place}: no level"
    told = [
        (part, block.over)
        for block in reading.blocks
        for part in parts(block.text)
        if said("intervals", language, part)
    ]
    for part, over in told:
        assert said("levels", language, f"{part} {over}"), f"no level: {part}"
    return len(reading.bands) + len(reading.intervals) + len(told)


def no_caveat_is_lost(heard: Heard) -> int:
    """Every door has all caveats, or the first seven and how many more; no more are seen first."""
    reading = heard.reading
    if reading.caveats is None or not reading.in_scope:
        return 0
    expected = heard.reference.caveats or ()
    shown = len(reading.caveats)
    assert shown + reading.elsewhere == len(expected), "another number of caveats"
    assert shown >= min(7, len(expected)), f"only {shown} caveats"
    for told, meant in zip(reading.caveats, expected[:shown], strict=True):
        assert told.code in (None, meant.code), f"{told.code} for {meant.code}"
        assert told.severity in (None, meant.severity), f"{meant.code}: {told.severity}"
        assert told.text in (None, meant.text), f"{meant.code}: {told.text}"
    if reading.first_sight is not None:
        seen = reading.first_sight
        assert seen <= 7, f"{seen} at first sight"
        assert seen == min(7, len(expected)), f"{seen} of {len(expected)} at first sight"
    return len(expected)


def order_is_kept_and_unknown_values_are_named(heard: Heard) -> int:
    """The most pressing caveat stands first, in one order; what is not known is named."""
    reading = heard.reading
    if reading.caveats is None or not reading.in_scope:
        return 0
    order = [_rank(told) for told in _with_codes(heard) if told.code]
    assert order == sorted(order), f"another order: {reading.caveats}"
    unknown = read_patient(heard.case.message).unknown_covariates
    if reading.unknown is not None:
        assert set(reading.unknown) == set(unknown), f"{reading.unknown}, not {unknown}"
    for name in unknown:
        assert _is_named(name, heard), f"{name} is not known, and not named"
    return len(order)


def _with_codes(heard: Heard) -> Iterator[Told]:
    """Yield a door's caveats with the codes that the API has for their words, if any."""
    codes = {told.text: told.code for told in heard.reference.caveats or ()}
    for told in heard.reading.caveats or ():
        yield told if told.code else Told(codes.get(told.text), told.severity, told.text)


def _rank(told: Told) -> tuple[int, int]:
    """Return where a caveat belongs: by severity, then by the place of its row."""
    rows = list(caveat_texts())
    mine = max((row for row in rows if f"{told.code}_".startswith(f"{row}_")), key=len)
    severity = caveat_texts()[mine]["severity"]
    assert told.severity in (None, severity), f"{told.code} is no {told.severity}"
    return SEVERITIES.index(severity), rows.index(mine)


def _is_named(name: str, heard: Heard) -> bool:
    """Return whether a door names a value as not known, by code or in the caveat's words."""
    if name in (heard.reading.unknown or ()):
        return True
    with speaking(heard.case.language):
        label = _(FIELDS[name].label)
    told = [each.text or "" for each in _with_codes(heard) if each.code == "unknown_values"]
    return any(label in text for text in told)


def all_doors_show_the_same_figures(heard: Heard) -> int:
    """The figures are the API's, rounded as the door rounds."""
    door, reading, reference = heard.door, heard.reading, heard.reference
    if door.decimals is None or not reference.in_scope:
        assert not reading.bands
        return 0
    needed = [key for key in reference.bands if key[0] == SHOWN]
    needed += [key for key in reference.bands if key[0] == POOLED and key[2] == "difference"]
    missing = [key for key in needed if key not in reading.bands]
    assert not missing, f"not shown: {missing[:3]}"
    for key, band in reading.bands.items():
        meant = reference.bands[key]
        for side in ("estimate", "lower", "upper"):
            shown, exact = getattr(band, side), getattr(meant, side)
            assert shown == _rounded(exact, door.decimals), f"{key} {side}: {shown}, not {exact}"
    return len(reading.bands)


def _rounded(value: float, decimals: int) -> float:
    """Return a probability as it is served, or half to even in whole percent."""
    if decimals == 4:
        return value
    percent = Decimal(f"{value:.4f}") * 100
    return float(percent.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


STATEMENTS: tuple[Statement, ...] = (
    no_ratio_of_a_subgroup_stands_alone,
    nobody_is_promised_to_be_helped,
    every_difference_has_an_interval_and_the_pooled_one,
    no_probability_of_benefit_is_given,
    out_of_scope_there_are_no_numbers,
    simulated_patients_are_never_left_unsaid,
    no_interval_stands_without_its_level,
    no_caveat_is_lost,
    order_is_kept_and_unknown_values_are_named,
    all_doors_show_the_same_figures,
)
