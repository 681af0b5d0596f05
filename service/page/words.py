"""What several pages say: figures with their intervals, counts, times, and codes."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from models.bundle import Bundle
from models.caveats import caveat_texts
from models.language import N_, _, joined
from models.rounding import percent

#: What a bundle was trained on.
TRAINING_DATA = {"synthetic": N_("synthetic"), "cohort": N_("cohort")}

#: Estimate, lower and upper limit of one outcome in one arm, by horizon.
Band = Mapping[str, list[float]]

_KINDS = ("estimate", "lower", "upper")

#: The horizons of the page in words.
_TIMES: Mapping[int, str] = {
    12: N_("one year"),
    24: N_("two years"),
    36: N_("three years"),
    48: N_("four years"),
    60: N_("five years"),
}


def always_said(bundle: Bundle) -> str:
    """Return what is said with and without figures; beside figures the caveats say more."""
    synthetic = bundle.training_data == "synthetic"
    return joined(
        _(caveat_texts()["synthetic_training_data"]["text"]) if synthetic else "",
        _("The trial's primary endpoint was not met."),
    )


def time_words(month: int) -> str:
    """Return a horizon in words: in years where it is one of the page's own."""
    if month not in _TIMES:
        return _("{month} months").format(month=month)
    return _(_TIMES[month])


def percents(band: Band, place: int) -> tuple[int, int, int]:
    """Return estimate, lower and upper limit at a horizon in whole percent."""
    estimate, lower, upper = (percent(band[kind][place]) for kind in _KINDS)
    return estimate, lower, upper


def band_words(band: Band, place: int, *, signed: bool) -> str:
    """Return a figure with its interval; a difference has its sign and is in points."""
    whole = points if signed else str
    estimate, lower, upper = map(whole, percents(band, place))
    words = (
        _("{estimate}% ({lower} to {upper})")
        if not signed
        else _("{estimate} point ({lower} to {upper})")
        if estimate[-2:] in ("+1", "−1")
        else _("{estimate} points ({lower} to {upper})")
    )
    return words.format(estimate=estimate, lower=lower, upper=upper)


def count_words(band: Band, place: int) -> str:
    """Return how many of one hundred women, with the interval."""
    estimate, lower, upper = percents(band, place)
    words = _("about {estimate} ({lower} to {upper})")
    return words.format(estimate=estimate, lower=lower, upper=upper)


def points(value: int) -> str:
    """Return whole percentage points with their sign."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{abs(value)}"


def capitalised(label: str) -> str:
    """Return a label as a heading begins."""
    return label[:1].upper() + label[1:]


def breakable(code: str) -> Markup:
    """Return a code as HTML that may go on in the next line behind each of its words."""
    return escape(code).replace("_", Markup("_<wbr>")).replace(".", Markup(".<wbr>"))


def with_codes(text: str) -> Markup:
    """Return a text as HTML, what stands in backticks as code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(breakable(part)) if place % 2 else escape(part)
        for place, part in enumerate(text.split("`"))
    )
