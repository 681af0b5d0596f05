"""How long a list over HTTP may be, and how much work it may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from models.bundle import Bundle
from models.errors import InvalidInput, Problem, TooLargeInput
from models.language import _
from models.options import Options
from models.prediction import refuse_lacking
from service.cost import refuse_too_much
from service.lists.rows import Row
from service.settings import Settings


def admitted(
    rows: Iterator[Row], bundle: Bundle, options: Options, settings: Settings
) -> list[Row]:
    """Return the rows of a list that may be scored, all of them or none.

    Raises
    ------
    TooLargeInput
        If there are too many rows, or if so little is known of them that it would take long.
    InvalidInput
        If there is no row, or the bundle lacks what the options ask for.
    """
    taken = _limited(rows, settings.max_rows)
    refuse_lacking(bundle, options)
    patients = [row.patient for row in taken if row.patient is not None]
    refuse_too_much(patients, bundle, options, settings.max_combinations)
    return taken


def _limited(rows: Iterator[Row], most: int) -> list[Row]:
    taken = list(islice(rows, most + 1))
    if len(taken) > most:
        message = _("The list has more than {most} rows; use equipoise score.")
        accepted = _("at most {most} rows").format(most=most)
        raise TooLargeInput([Problem("", "too_large", message.format(most=most), accepted)])
    if not taken:
        raise InvalidInput(
            [Problem("", "empty_list", _("The list holds no patient."), _("at least one patient"))]
        )
    return taken
