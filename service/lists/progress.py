"""How far a run has come, what it has counted, and by what its input is known again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from operator import attrgetter
from typing import Any

from service.lists.blocks import Block
from service.lists.results import Result
from service.lists.tally import Tally

_status = attrgetter("status")

STATUSES = ("ok", "out_of_scope", "rejected")


@dataclass
class Progress:
    """What was done of a list.

    Attributes
    ----------
    rows : int
        Rows done.
    statuses : counter of str
        How many there were of each.
    fingerprint : str
        A digest of the rows done.
    tally : Tally or None
        What a summary counts.
    """

    rows: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    fingerprint: str = ""
    tally: Tally | None = None

    def add(self, block: Block, results: Sequence[Result]) -> None:
        """Count a block that was written."""
        self.pass_by(block)
        self.statuses.update(map(_status, results))
        if self.tally is not None:
            self.tally.add(results)

    def pass_by(self, block: Block) -> None:
        """Take a block that was written before."""
        self.rows += len(block.names)
        self.fingerprint = sha256(self.fingerprint.encode() + block.fingerprint).hexdigest()

    def join(self, other: Progress) -> None:
        """Count what another part of the list counted, which has no fingerprint of its own."""
        self.rows += other.rows
        self.statuses.update(other.statuses)
        if self.tally is not None and other.tally is not None:
            self.tally.join(other.tally)

    @property
    def counts(self) -> dict[str, int]:
        """Rows in all and by status."""
        return {"rows": self.rows, **{name: self.statuses[name] for name in STATUSES}}

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "rows": self.rows,
            "statuses": dict(self.statuses),
            "fingerprint": self.fingerprint,
            "tally": None if self.tally is None else self.tally.as_dict(),
        }

    @classmethod
    def from_dict(cls, noted: Mapping[str, Any]) -> Progress:
        """Return what `as_dict` gave."""
        tally = noted["tally"]
        return cls(
            noted["rows"],
            Counter(noted["statuses"]),
            noted["fingerprint"],
            None if tally is None else Tally.from_dict(tally),
        )
