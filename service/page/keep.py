"""What is kept of a result: the sheet to print, the same as text, and a link to the form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import url_for
from markupsafe import Markup

from models.prediction import Prediction
from service.languages import asked_language
from service.page.fragment import fragment_of
from service.page.plain_text import plain_text
from service.page.qr_code import qr_code
from service.page.sheet import Origin, Sheet, sheet_of


@dataclass(frozen=True)
class Keep:
    """What the result page needs for the notes.

    Attributes
    ----------
    place : str
        The link without its host, for this page.
    code : Markup
        The whole link as a QR code, or nothing when it is too long.
    """

    sheet: Sheet
    place: str
    code: Markup


def keep_view(prediction: Prediction, effect: str, data: str, second: str) -> Keep:
    """Return what the page of a prediction offers for the notes, dated by this machine.

    Parameters
    ----------
    effect, data, second : str
        As `service.page.sheet.Origin`.
    """
    sheet = sheet_of(prediction, Origin(today(), effect, data, second))
    code = qr_code(_link(prediction, external=True))
    return Keep(sheet, _link(prediction, external=False), code)


def kept_text(prediction: Prediction, effect: str, data: str, second: str) -> str:
    """Return the same as plain text, the link included.

    Parameters
    ----------
    effect, data, second : str
        As `service.page.sheet.Origin`.
    """
    sheet = sheet_of(prediction, Origin(today(), effect, data, second))
    return plain_text(sheet, _link(prediction, external=True))


def today() -> date:
    """Return the day of this machine's clock, where it stands."""
    return date.today()


def _link(prediction: Prediction, *, external: bool) -> str:
    """Return the form's address with the values in its fragment.

    The sign before that tells it apart from the address of a result: on that page a browser would
    take a link that differs in its fragment alone for a place in the same page.
    """
    address = url_for("pages.show_form", lang=asked_language(), _external=external)
    sign = "&" if "?" in address else "?"
    return f"{address}{sign}#{fragment_of(prediction.patient, prediction.options)}"
