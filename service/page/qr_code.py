"""A link as a QR code: markup to stand inside a page, without styles."""

from __future__ import annotations

import segno
from markupsafe import Markup

#: A longer link would need modules too small to be scanned from paper, and much markup.
LONGEST_LINK = 500
#: Any of the eight masks can be read. Looking for the most even one takes most of the time.
_MASK = 3


def qr_code(link: str) -> Markup:
    """Return a link as an SVG element, or nothing when it is too long to be scanned."""
    if len(link.encode()) > LONGEST_LINK:
        return Markup("")
    code = segno.make_qr(link, error="l", mask=_MASK)
    drawn = code.svg_inline(omitsize=True, svgclass=None, lineclass=None)
    return Markup(drawn)  # noqa: S704 - numbers alone: the link's text does not stand in it
