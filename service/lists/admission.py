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
from service.lists.blocks import Block
from service.lists.contents import Reader
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


def admitted_blocks(
    blocks: Iterator[Block], reader: Reader, bundle: Bundle, options: Options, settings: Settings
) -> list[Block]:
    """Return the blocks of a list that may be scored, all of them or none, as `admitted` does.

    Each distinct content is read once to be counted, and let go.
    """
    taken = _limited_blocks(blocks, settings.max_rows)
    refuse_lacking(bundle, options)
    distinct = {content for block in taken for content in block.contents}
    rows = (reader.read(content) for content in distinct if isinstance(content, bytes))
    patients = [row.patient for row in rows if row.patient is not None]
    refuse_too_much(patients, bundle, options, settings.max_combinations)
    return taken


def _limited(rows: Iterator[Row], most: int) -> list[Row]:
    taken = list(islice(rows, most + 1))
    if len(taken) > most:
        raise _too_many(most)
    if not taken:
        raise _empty()
    return taken


def _limited_blocks(blocks: Iterator[Block], most: int) -> list[Block]:
    taken, count = [], 0
    for block in blocks:
        taken.append(block)
        count += len(block.names)
        if count > most:
            raise _too_many(most)
    if not taken:
        raise _empty()
    return taken


def _too_many(most: int) -> TooLargeInput:
    message = _("The list has more than {most} rows; use equipoise score.")
    accepted = _("at most {most} rows").format(most=most)
    return TooLargeInput([Problem("", "too_large", message.format(most=most), accepted)])


def _empty() -> InvalidInput:
    return InvalidInput(
        [Problem("", "empty_list", _("The list holds no patient."), _("at least one patient"))]
    )
