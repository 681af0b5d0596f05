"""The figures by which a model card measures its bundle's intervals, read from the card's tables.

The card is the one place where they are kept; it is written when the bundle is made, and the
bundle's digest holds it. A table that is not there, or is written in another way, gives nothing.
Only sections of the second level are read: those of a parent that the card of a recalibrated
bundle quotes stand lower, and are about the parent alone. Figures are kept as they are printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from models.language import N_

#: The sections that are read.
PUBLISHED = "Published and served"
COVERAGE = "How often the intervals hold the truth"
LAYERS = "What the intervals are made of"
FOREST = "The forest"
#: The setting of the coverage study in which every assumed effect is off, and how far.
SHIFTED = "Truths from priors whose means are all moved by one SD (shown, not judged)"
#: The one in which the effect of surgery differs between women.
DIFFERING = (
    "Truths in which each difference between subgroups that Fig. 3 prints is real "
    "(shown, not judged)"
)
#: A sentence of the card that pages say, too, where the card does.
NOT_COMPARED = N_(
    "The model has not been compared with any patient of the trial or of another cohort."
)
_SHARES = "Shares of an interval"

_PUBLISHED_HEAD = ("figure", "published", "limits", "Cox", "limits")
_SUBJECT_HEAD = ("who", "outcome", "arm")
_VERDICT = "meets the aim"

_FIGURE = re.compile(r"(?P<outcome>[^,:]+), (?P<arm>[^,:]+): (?:median|by (?P<month>\d+) months)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?%?")
_LIMITS = re.compile(rf"({_NUMBER.pattern}) to ({_NUMBER.pattern})")
_RATE = re.compile(r"(\d+%) \((\d+%) to (\d+%)\)")
_QUANTILES = re.compile(r"Limits are (\d+(?:\.\d+)?)% and (\d+(?:\.\d+)?)% quantiles")
_TOGETHER = re.compile(
    rf"All together \([^)]*\): {_RATE.pattern}\. (\d+) replicates, of which (\d+) gave no figures"
)
_LEVEL = re.compile(r"how often the (\d+%) intervals")
_AIM = re.compile(r"meet (\d+) to (\d+)% for .* reach (\d+)% for each single profile")
_MONTH = re.compile(r"(\d+) months")
_VARIANCE_AT = re.compile(r"Variance over members of the Cox models at (\d+) months")
_POWER = re.compile(
    r"with (\d+) of them a true rate of (\d+%) would meet the average's aim in (\d+%) of such "
    r"studies, one of (\d+%) a profile's in (\d+%)\."
)
_HELD = re.compile(
    r"\(survival without surgery at (\d+) months\) a patient's (\d+%) interval holds (\d+%) by "
    r"the Cox model and (\d+%) by the forest"
)
_PUBLIC_FROM = re.compile(r"individual patient data of the trial are public before (\d{4})")

Limits = tuple[str, str]

#: Of so many cards what every result asks for is kept.
_KEPT = 16


@dataclass(frozen=True)
class PublishedRow:
    """One published figure beside the served one.

    Attributes
    ----------
    outcome, arm : str
        As the card labels them.
    month : str or None
        Of an incidence; ``None`` where the median is meant, which is in months.
    published_limits : tuple of str or None
        ``None`` where the paper prints none.
    """

    outcome: str
    arm: str
    month: str | None
    published: str
    published_limits: Limits | None
    served: str
    limits: Limits

    @property
    def is_narrower(self) -> bool:
        """Whether the served limits are closer to each other than the printed ones."""
        if self.published_limits is None:
            return False
        return _width(self.limits) < _width(self.published_limits)


@dataclass(frozen=True)
class Published:
    """Published and served figures; `level` is that of the served limits, in percent."""

    level: str
    rows: tuple[PublishedRow, ...]


@dataclass(frozen=True)
class Rate:
    """How often intervals held the truth, with its Monte Carlo interval."""

    share: str
    lower: str
    upper: str


@dataclass(frozen=True)
class JudgedRow:
    """A row that was held to the aim: whose interval of what, and its rates by month."""

    who: str
    outcome: str
    arm: str
    rates: tuple[tuple[str, Rate], ...]
    meets: bool


@dataclass(frozen=True)
class Power:
    """How often so few trials would pass rates that are too low.

    Attributes
    ----------
    rate, passed : str
        A true rate of an average, and how often it would meet the aim.
    profile_rate, profile_passed : str
        The same of a single profile.
    """

    trials: str
    rate: str
    passed: str
    profile_rate: str
    profile_passed: str


@dataclass(frozen=True)
class Setting:
    """One setting of the coverage study.

    Attributes
    ----------
    trials : int
        Simulated trials that gave figures.
    together : Rate
        Over profiles, outcomes, arms and months.
    judged : tuple of JudgedRow
        Empty where the setting is only shown.
    power : Power or None
        Told where the setting is judged.
    """

    title: str
    trials: int
    together: Rate
    judged: tuple[JudgedRow, ...]
    power: Power | None = None

    def judged_of(self, outcome: str, arm: str) -> tuple[JudgedRow, ...]:
        """Return the rows of an outcome and an arm, as the card labels them."""
        return tuple(row for row in self.judged if (row.outcome, row.arm) == (outcome, arm))

    def beside(self, level: str) -> int:
        """Return whether the rate is clearly below a level (-1), above it (1), or neither (0).

        Clearly: its whole Monte Carlo interval is.
        """
        lower, wanted, upper = (
            _percent(e) for e in (self.together.lower, level, self.together.upper)
        )
        return int(lower > wanted) - int(upper < wanted)

    @property
    def missed(self) -> tuple[JudgedRow, ...]:
        """The rows that do not meet the aim."""
        return tuple(row for row in self.judged if not row.meets)


@dataclass(frozen=True)
class Coverage:
    """The coverage study.

    Attributes
    ----------
    level : str
        Of the intervals that were looked at, such as ``95%``.
    aim : tuple of str or None
        Lowest and highest rate that an average's Monte Carlo interval has to meet, and the one
        that a single profile's has to reach, each in percent.
    """

    level: str
    aim: tuple[str, str, str] | None
    settings: tuple[Setting, ...]

    def setting(self, title: str) -> Setting | None:
        """Return a setting by its title on the card, or ``None``."""
        return next((each for each in self.settings if each.title == title), None)


@dataclass(frozen=True)
class Held:
    """How often both models' intervals of a patient held the truths they were fitted to.

    Of survival without surgery at one month; the truths hold differences between subgroups.
    """

    month: str
    level: str
    cox: str
    forest: str


@dataclass(frozen=True)
class LayerRow:
    """The shares of one interval's layers, in the order of `Layers.names`."""

    who: str
    outcome: str
    arm: str
    shares: tuple[str, ...]

    @property
    def largest(self) -> int:
        """The place of the largest share."""
        values = [_percent(share) for share in self.shares]
        return values.index(max(values))


@dataclass(frozen=True)
class Layers:
    """What the intervals are made of, by layer, at one month."""

    month: str
    names: tuple[str, ...]
    rows: tuple[LayerRow, ...]


def read_published(card: str) -> Published | None:
    """Return the table of published and served figures."""
    lines = _sections(card).get(PUBLISHED, [])
    quantiles = _QUANTILES.search(" ".join(lines))
    head, body = _table(lines)
    rows = [_published_row(cells) for cells in body]
    known = [row for row in rows if row is not None]
    if quantiles is None or head[:5] != _PUBLISHED_HEAD or not rows or len(known) < len(rows):
        return None
    low, high = (float(each) for each in quantiles.groups())
    return Published(f"{high - low:g}%", tuple(known))


@lru_cache(_KEPT)
def read_coverage(card: str) -> Coverage | None:
    """Return the coverage study; settings that cannot be read are left out."""
    lines = _sections(card).get(COVERAGE, [])
    parts = _parts(lines, "### ")
    told = " ".join(parts.pop("", []))
    level, aim = _LEVEL.search(told), _AIM.search(told)
    settings = [_setting(title, part) for title, part in parts.items()]
    known = tuple(setting for setting in settings if setting is not None)
    if level is None or not known:
        return None
    wanted = None if aim is None else (f"{aim[1]}%", f"{aim[2]}%", f"{aim[3]}%")
    return Coverage(level[1], wanted, known)


@lru_cache(_KEPT)
def read_held(card: str) -> Held | None:
    """Return how often both models' intervals held the truths of the simulated trials."""
    found = _HELD.search(" ".join(_sections(card).get(FOREST, [])))
    return None if found is None else Held(*found.groups())


def read_layers(card: str) -> Layers | None:
    """Return the shares of the intervals' layers."""
    lines = _parts(_sections(card).get(LAYERS, []), "### ").get(_SHARES, [])
    month = _VARIANCE_AT.search(" ".join(lines))
    head, body = _table(lines)
    shares = re.compile(r"-?\d+%")
    sound = body and all(shares.fullmatch(cell) for cells in body for cell in cells[3:])
    if month is None or head[:3] != _SUBJECT_HEAD or len(head) < 4 or not sound:
        return None
    rows = (LayerRow(cells[0], cells[1], cells[2], cells[3:]) for cells in body)
    return Layers(month[1], head[3:], tuple(rows))


def read_public_from(card: str) -> str | None:
    """Return the year before which no data of the trial's patients are public."""
    found = _PUBLIC_FROM.search(" ".join(_parts(card.splitlines(), "## ")[""]))
    return None if found is None else found[1]


@lru_cache(_KEPT)
def says(card: str, sentence: str) -> bool:
    """Return whether a card's own sections say a sentence, whatever its lines."""
    return any(sentence in " ".join(lines) for lines in _sections(card).values())


def _sections(card: str) -> dict[str, list[str]]:
    """Return the lines of each section of the second level, up to the first of a parent's card."""
    titles = [place for place, line in enumerate(card.splitlines()) if line.startswith("# ")]
    end = titles[1] if len(titles) > 1 else None
    return _parts(card.splitlines()[:end], "## ")


def _parts(lines: Sequence[str], mark: str) -> dict[str, list[str]]:
    """Return the lines by heading; those before the first one under no words."""
    parts: dict[str, list[str]] = {"": []}
    heading = ""
    for line in lines:
        if line.startswith(mark):
            heading = line.removeprefix(mark).strip()
            parts.setdefault(heading, [])
        else:
            parts[heading].append(line)
    return parts


def _table(lines: Sequence[str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return the head and the rows of the first table; no rows where one has another length."""
    rows = list(_rows(lines))
    if len(rows) < 3 or any(len(row) != len(rows[0]) for row in rows):
        return (), []
    return rows[0], rows[2:]


def _rows(lines: Sequence[str]) -> Iterator[tuple[str, ...]]:
    begun = False
    for line in lines:
        if line.startswith("|"):
            begun = True
            yield tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
        elif begun:
            return


def _published_row(cells: tuple[str, ...]) -> PublishedRow | None:
    name, published, printed, served, limits = cells[:5]
    figure, between = _FIGURE.fullmatch(name), _LIMITS.fullmatch(limits)
    paper = _LIMITS.fullmatch(printed)
    numbers = all(_NUMBER.fullmatch(each) for each in (published, served))
    if figure is None or between is None or not numbers:
        return None
    if paper is None and printed != "not printed":
        return None
    return PublishedRow(
        figure["outcome"],
        figure["arm"],
        figure["month"],
        published,
        None if paper is None else (paper[1], paper[2]),
        served,
        (between[1], between[2]),
    )


def _width(limits: Limits) -> float:
    low, high = map(_percent, limits)
    return high - low


def _percent(figure: str) -> float:
    return float(figure.rstrip("%"))


def _setting(title: str, lines: Sequence[str]) -> Setting | None:
    found = _TOGETHER.search(" ".join(lines))
    head, body = _table(lines)
    if found is None or head[:3] != _SUBJECT_HEAD:
        return None
    judged: tuple[JudgedRow, ...] = ()
    if head[-1] == _VERDICT:
        rows = [_judged_row(dict(zip(head, cells, strict=True))) for cells in body]
        judged = tuple(row for row in rows if row is not None)
        if len(judged) < len(rows):
            return None
    trials = int(found[4]) - int(found[5])
    power = _POWER.search(" ".join(lines)) if judged else None
    return Setting(
        title,
        trials,
        Rate(found[1], found[2], found[3]),
        judged,
        None if power is None else Power(*power.groups()),
    )


def _judged_row(cells: Mapping[str, str]) -> JudgedRow | None:
    months = {name: month[1] for name in cells if (month := _MONTH.fullmatch(name))}
    rates = {month: _RATE.fullmatch(cells[name]) for name, month in months.items()}
    read = tuple((month, Rate(*rate.groups())) for month, rate in rates.items() if rate)
    if not read or len(read) < len(rates) or cells[_VERDICT] not in ("yes", "no"):
        return None
    return JudgedRow(cells["who"], cells["outcome"], cells["arm"], read, cells[_VERDICT] == "yes")
