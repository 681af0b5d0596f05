"""The forest plot of the evidence as SVG: black on white, so that it is as legible in grey."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from models.evidence import Figure, Pair, Subgroup, evidence, figure, interactions, pairs
from models.evidence.credibility import RATING_LABELS, assessment_of
from models.language import N_, _

#: Every randomised comparison of overall survival, then the pools.
WHOLE_TRIALS: tuple[tuple[str, str], ...] = (
    ("os.hr.stratified", N_("JCOG1017, stratified (primary analysis)")),
    ("os.hr.unstratified", N_("JCOG1017, unstratified")),
    ("tata.os.hr", N_("Tata Memorial")),
    ("mf07_01.os.hr", N_("MF07-01, first report (surgery first)")),
    ("mf07_01_10_years.os.hr", N_("MF07-01, 10 years (surgery first)")),
    ("e2108.os.hr", N_("E2108")),
    ("abcsg_28.os.hr", N_("ABCSG-28 (surgery first; inverted by us)")),
    ("meta_2021.os.hr", N_("The four earlier trials together")),
    ("observational.os.hr", N_("Observational studies: not used")),
)
_POOL_NAME = "meta_2021"
_POOL, _NOT_USED = "meta_2021.os.hr", "observational.os.hr"

_TITLE = N_("Overall survival with and without surgery: hazard ratios of the evidence")
_NOTES = (
    N_("Hazard ratio of death, surgery / no surgery, on a log scale; a ratio is no forecast."),
    N_("Each line has the level printed on its row: dashed lines are at 90%, the others at 95%."),
    N_("Filled: randomised. Hollow: derived, or not randomised. Diamond: pooled trials."),
    N_("Interactions are computed from Fig. 3; eight pairs, by Holm in brackets."),
    N_("MF07-01's two reports and the four trials together share patients."),
    N_("Cross without a line: a report that gives no interval."),
)

_WIDTH, _ROW, _TOP, _MARGIN = 1150, 21, 58, 12
_COUNTS, _LEFT, _RIGHT, _FIGURES, _INTERACTION, _RATING = 385, 400, 720, 738, 948, 1058
_LEAST, _MOST = 0.2, 5.0
_TICKS = (0.2, 0.5, 1.0, 2.0, 5.0)
_INK, _FAINT, _SHADE = "#111", "#666", "#f2f2f2"
_HALF = 4.5


@dataclass(frozen=True)
class PlotRow:
    """One row: a heading, or a figure with what stands beside it.

    Attributes
    ----------
    mark : str
        ``square``, ``hollow``, ``diamond`` or ``cross``.
    interaction, rating : str
        Of the pair, on its first row.
    """

    label: str
    row: Figure | Subgroup | None = None
    count: str = ""
    mark: str = "square"
    interaction: str = ""
    rating: str = ""
    shaded: bool = False


def forest_plot() -> str:
    """Return the plot as one ``svg`` element that needs no other file."""
    rows = list(_rows())
    floor = _TOP + _ROW * len(rows)
    height = floor + 62 + 17 * len(_NOTES)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f"<title>{escape(_(_TITLE))}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        _words(_MARGIN, 20, _(_TITLE), weight="bold", size=14),
        *_headings(),
        *(_shade(_TOP + _ROW * place) for place, row in enumerate(rows) if row.shaded),
        *_axis(floor),
        *(part for place, row in enumerate(rows) for part in _drawn(row, _TOP + _ROW * place)),
        *(
            _words(_MARGIN, floor + 64 + 17 * place, _(note), colour=_FAINT)
            for place, note in enumerate(_NOTES)
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _rows() -> Iterator[PlotRow]:
    yield PlotRow(_("Whole trials and pools"))
    yield from (_whole(name, label) for name, label in WHOLE_TRIALS)
    yield PlotRow(_("JCOG1017 by subgroup (Fig. 3)"))
    for place, pair in enumerate(pairs()):
        yield from _pair_rows(pair, shaded=place % 2 == 0)
    yield PlotRow(_("Other trials by subgroup"))
    yield from (_other(row) for row in evidence().values() if row.speaks_to)


def _whole(name: str, label: str) -> PlotRow:
    row = figure(name)
    mark = "diamond" if name == _POOL else "hollow" if _is_hollow(row) else "square"
    return PlotRow(_(label), row, "" if row.n is None else str(row.n), mark)


def _is_hollow(row: Figure | Subgroup) -> bool:
    return row.status == "derived" or row.name == _NOT_USED


def _pair_rows(pair: Pair, *, shaded: bool) -> Iterator[PlotRow]:
    found = interactions()[pair.id]
    beside = (
        f"{found.p:.2g} ({found.p_holm:.2g})",
        _(RATING_LABELS[assessment_of(pair.id).rating]),
    )
    for group, words in zip(pair.subgroups, (beside, ("", "")), strict=True):
        mark = "hollow" if _is_hollow(group) else "square"
        yield PlotRow(_(group.label), group, str(group.size), mark, *words, shaded=shaded)


def _other(row: Figure) -> PlotRow:
    mark = "cross" if row.interval is None else "square"
    return PlotRow(_(row.label), row, mark="diamond" if row.trial == _POOL_NAME else mark)


def _drawn(row: PlotRow, top: float) -> Iterator[str]:
    base = top + 15
    if row.row is None:
        yield _words(_MARGIN, base, row.label, weight="bold")
        return
    middle = top + _ROW / 2
    yield _words(_MARGIN + 12, base, row.label)
    yield _words(_COUNTS, base, row.count, anchor="end")
    yield from _line(row.row, middle)
    yield _mark(row.row.estimate or math.nan, middle, row.mark)
    yield _words(_FIGURES, base, _figures(row.row))
    yield _words(_INTERACTION, base, row.interaction)
    yield _words(_RATING, base, row.rating)


def _shade(top: float) -> str:
    return f'<rect x="0" y="{top}" width="{_WIDTH}" height="{_ROW}" fill="{_SHADE}"/>'


def _figures(row: Figure | Subgroup) -> str:
    if row.interval is None or row.level is None:
        return _("{estimate:.2f} (no interval was seen)").format(estimate=row.estimate)
    lower, upper = row.interval
    words = _("{estimate:.2f} ({lower:.2f} to {upper:.2f}), {level:.0%}")
    return words.format(estimate=row.estimate, lower=lower, upper=upper, level=row.level)


def _line(row: Figure | Subgroup, y: float) -> Iterator[str]:
    if row.interval is None or row.level is None:
        return
    lower, upper = map(_x, row.interval)
    dashed = "" if row.level == 0.95 else ' stroke-dasharray="5 3"'
    yield (
        f'<path d="M{lower:.1f} {y}H{upper:.1f}" stroke="{_INK}" stroke-width="1.6"{dashed}/>'
        f'<path d="M{lower:.1f} {y - 3}v6M{upper:.1f} {y - 3}v6" stroke="{_INK}"/>'
    )


def _mark(estimate: float, y: float, mark: str) -> str:
    x = _x(estimate)
    if mark == "diamond":
        points = [(x - 6, y), (x, y - 6), (x + 6, y), (x, y + 6)]
        corners = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        return f'<polygon points="{corners}" fill="{_INK}"/>'
    if mark == "cross":
        return f'<path d="M{x - 4:.1f} {y - 4}l8 8m0 -8l-8 8" stroke="{_INK}" stroke-width="1.5"/>'
    fill = "#fff" if mark == "hollow" else _INK
    return (
        f'<rect x="{x - _HALF:.1f}" y="{y - _HALF:.1f}" width="{2 * _HALF:g}" '
        f'height="{2 * _HALF:g}" fill="{fill}" stroke="{_INK}" stroke-width="1.5"/>'
    )


def _headings() -> Iterator[str]:
    base = _TOP - 10
    yield _words(_COUNTS, base, _("Patients"), anchor="end", weight="bold")
    yield _words(_FIGURES, base, _("Hazard ratio (interval), level"), weight="bold")
    yield _words(_INTERACTION, base - 14, _("Interaction p"), weight="bold")
    yield _words(_INTERACTION, base, _("(by Holm)"), weight="bold")
    yield _words(_RATING, base - 14, _("Credibility"), weight="bold")
    yield _words(_RATING, base, _("(our view)"), weight="bold")


def _axis(floor: float) -> Iterable[str]:
    one = _x(1.0)
    yield f'<path d="M{one:.1f} {_TOP}V{floor}" stroke="{_FAINT}"/>'
    yield f'<path d="M{_LEFT} {floor}H{_RIGHT}" stroke="{_INK}"/>'
    for tick in _TICKS:
        x = _x(tick)
        yield f'<path d="M{x:.1f} {floor}v5" stroke="{_INK}"/>'
        yield _words(x, floor + 18, f"{tick:g}", anchor="middle")
    base = floor + 36
    yield _words(one - 8, base, "\u2190 " + _("favours surgery"), anchor="end")
    yield _words(one + 8, base, _("favours no surgery") + " \u2192")


def _x(ratio: float) -> float:
    share = (math.log(ratio) - math.log(_LEAST)) / (math.log(_MOST) - math.log(_LEAST))
    return _LEFT + share * (_RIGHT - _LEFT)


def _words(  # noqa: PLR0913 - one text has that many ways to stand
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    weight: str = "normal",
    size: int = 12,
    colour: str = _INK,
) -> str:
    if not text:
        return ""
    return (
        f'<text x="{x:.1f}" y="{y:g}" text-anchor="{anchor}" font-weight="{weight}" '
        f'font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )
