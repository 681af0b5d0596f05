"""Scoring the rows of a list, a block at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from models.bundle import Bundle
from models.memory import Memory
from models.options import Options
from models.prediction import Prediction, predict
from service.lists.rows import Row

#: Rows that are scored together.
BLOCK = 256

#: Bytes of figures that are kept, of about 25,000 profiles at five horizons.
_REMEMBERED = 128 * 2**20


@dataclass(frozen=True)
class ScoredRow:
    """A row and what is said about it; no prediction when it is rejected."""

    row: Row
    prediction: Prediction | None

    @property
    def status(self) -> str:
        """``ok``, ``out_of_scope`` or ``rejected``."""
        return "rejected" if self.prediction is None else self.prediction.status


def score_rows(
    rows: Iterable[Row], bundle: Bundle, options: Options, block_size: int = BLOCK
) -> Iterator[ScoredRow]:
    """Yield one scored row for each row, in order; a row's result is its own alone.

    Profiles that come again are not scored again, as long as not too many others have come
    between.

    Parameters
    ----------
    block_size : int
        How many rows are scored together: nothing of a block is yielded before all of it is
        scored.
    """
    memory = Memory(_REMEMBERED)
    source = iter(rows)
    while block := list(islice(source, block_size)):
        patients = [row.patient for row in block if row.patient is not None]
        predictions = iter(predict(patients, bundle, options, memory))
        for row in block:
            yield ScoredRow(row, None if row.patient is None else next(predictions))
