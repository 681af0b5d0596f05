"""Plain figures as SVG: axes, lines, points and bands, without scripts and without other files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from models.table import FloatArray

#: Colours that stay apart for the colour-blind and in grey (Okabe and Ito's blue and orange).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#555555")
_LEFT, _RIGHT, _EDGE, _BOTTOM = 56, 14, 14, 46
_LEGEND_LINE = 16
_MORE_THAN_TICKS = 5


@dataclass
class Plot:
    """One figure.

    Parameters
    ----------
    title : str
        What it shows, for those who cannot see it.
    x_label, y_label : str
    x_range, y_range : tuple of float
    """

    title: str
    x_label: str
    y_label: str
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    width: int = 400
    height: int = 300
    parts: list[str] = field(default_factory=list)
    legend: list[tuple[str, str, str]] = field(default_factory=list)

    def line(
        self, x: FloatArray, y: FloatArray, colour: str, name: str = "", dash: str = ""
    ) -> None:
        """Add a line, and its name to the legend."""
        points = " ".join(f"{self._x(a):.1f},{self._y(b):.1f}" for a, b in zip(x, y, strict=True))
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>'
        )
        if name:
            self.legend.append((name, colour, dashed))

    def band(self, x: FloatArray, limits: FloatArray, colour: str) -> None:
        """Add a band between two curves, the rows of the limits."""
        lower, upper = limits
        corners = [*zip(x, lower, strict=True), *zip(x[::-1], upper[::-1], strict=True)]
        points = " ".join(f"{self._x(a):.1f},{self._y(b):.1f}" for a, b in corners)
        self.parts.append(f'<polygon points="{points}" fill="{colour}" fill-opacity="0.18"/>')

    def points(self, x: FloatArray, y: FloatArray, colour: str, radius: float = 3.0) -> None:
        """Add points."""
        self.parts += [
            f'<circle cx="{self._x(a):.1f}" cy="{self._y(b):.1f}" r="{radius}" fill="{colour}" '
            'fill-opacity="0.6"/>'
            for a, b in zip(x, y, strict=True)
        ]

    def render(self) -> str:
        """Return the figure as an ``svg`` element."""
        inner = f"{self.width - _LEFT - _RIGHT}", f"{self.height - _EDGE - _BOTTOM}"
        name = "c" + "".join(f"{ord(sign):x}" for sign in self.title)[:80]
        whole = self.height + self._above
        return "".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{self.width}" '
                f'height="{whole}" viewBox="0 0 {self.width} {whole}" '
                'font-family="sans-serif" font-size="12">',
                f"<title>{escape(self.title)}</title>",
                f'<clipPath id="{name}"><rect x="{_LEFT}" y="{_EDGE}" width="{inner[0]}" '
                f'height="{inner[1]}"/></clipPath>',
                self._legend(),
                f'<g transform="translate(0 {self._above})">',
                self._axes(),
                f'<g clip-path="url(#{name})">',
                *self.parts,
                "</g></g></svg>",
            ]
        )

    @property
    def _above(self) -> int:
        """Height of the legend, which stands above the axes, so that it hides no line."""
        return _LEGEND_LINE * len(self.legend)

    def _x(self, value: float) -> float:
        low, high = self.x_range
        return _LEFT + (value - low) / (high - low) * (self.width - _LEFT - _RIGHT)

    def _y(self, value: float) -> float:
        low, high = self.y_range
        return (
            self.height - _BOTTOM - (value - low) / (high - low) * (self.height - _EDGE - _BOTTOM)
        )

    def _axes(self) -> str:
        floor, right = self.height - _BOTTOM, self.width - _RIGHT
        parts = [
            f'<path d="M{_LEFT} {_EDGE}V{floor}H{right}" fill="none" stroke="#444"/>',
            f'<text x="{(_LEFT + right) / 2}" y="{self.height - 8}" text-anchor="middle">'
            f"{escape(self.x_label)}</text>",
            f'<text transform="translate(14 {(_EDGE + floor) / 2}) rotate(-90)" '
            f'text-anchor="middle">{escape(self.y_label)}</text>',
        ]
        for tick in ticks(*self.x_range):
            x = f"{self._x(tick):.1f}"
            parts.append(
                f'<path d="M{x} {floor}v4" stroke="#444"/><text x="{x}" y="{floor + 17}" '
                f'text-anchor="middle">{tick:g}</text>'
            )
        for tick in ticks(*self.y_range):
            y = self._y(tick)
            parts.append(
                f'<path d="M{_LEFT} {y:.1f}h-4" stroke="#444"/><text x="{_LEFT - 7}" '
                f'y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
            )
        return "".join(parts)

    def _legend(self) -> str:
        parts = []
        for place, (name, colour, dashed) in enumerate(self.legend):
            y = _EDGE + _LEGEND_LINE * place
            parts.append(
                f'<path d="M{_LEFT} {y}h22" stroke="{colour}" stroke-width="2"{dashed}/>'
                f'<text x="{_LEFT + 28}" y="{y + 4}">{escape(name)}</text>'
            )
        return "".join(parts)


def ticks(low: float, high: float) -> Sequence[float]:
    """Return round numbers between two limits, at most about five."""
    raw = (high - low) / _MORE_THAN_TICKS
    power = 10.0 ** len(f"{raw:.0f}") if raw >= 1 else 1.0
    while power > raw:
        power /= 10
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first = -(-low // step)
    count = int((high - first * step) / step + 1e-9) + 1
    return [round((first + place) * step, 10) for place in range(count)]


def page(title: str, body: str) -> str:
    """Return a page that needs nothing else: no script, no other file, no other host."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{body}\n</main>\n</body>\n</html>\n"
    )


_STYLE = (
    "body{font:16px/1.5 sans-serif;color:#111;margin:0}main{max-width:70rem;margin:0 auto;"
    "padding:1rem}table{border-collapse:collapse;margin:.5rem 0 1.5rem}caption{text-align:left;"
    "font-weight:bold;padding:.3rem 0}th,td{border:1px solid #bbb;padding:.25rem .5rem;"
    "text-align:right;vertical-align:top}th:first-child,td:first-child,td.text{text-align:left}"
    "thead th{background:#eee}"
    "figure{display:inline-block;margin:0 1rem 1rem 0;vertical-align:top;max-width:25rem}"
    "figcaption{font-size:.875rem}.notice{border-left:.3rem solid #b45309;padding:.3rem .8rem;"
    "background:#fff7ed}.scroll{overflow-x:auto}"
)
