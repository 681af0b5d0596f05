"""What the owner of a list wants to know of it: counts of codes, and means of figures.

Sums are of whole numbers, so that they do not depend on the order of the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.lists.results import WITHHELD, Result

#: The column of caveats' codes.
CAVEATS = "caveats"


@dataclass
class Tally:
    """Counts over rows.

    Attributes
    ----------
    codes : mapping of str to counter
        How often each code stands in each column; unknown covariates where there are figures.
    wordings : mapping of str to counter
        How often each caveat was told in which words.
    sums : array of int, or None
        Sums of the figures of a whole wide list, in units of the last digit.
    counted : array of int, or None
        How many rows each sum is of.
    """

    codes: dict[str, Counter[str]] = field(default_factory=dict)
    wordings: dict[str, Counter[str]] = field(default_factory=dict)
    sums: NDArray[np.int64] | None = None
    counted: NDArray[np.int64] | None = None

    def add(self, results: Sequence[Result]) -> None:
        """Count the rows of a block."""
        distinct = {id(result): result for result in results}
        for key, times in Counter(map(id, results)).items():
            tallied = distinct[key].tallied
            if tallied is None:
                continue
            for column, codes in tallied.codes.items():
                counter = self.codes.setdefault(column, Counter())
                for code in codes:
                    counter[code] += times
            for code, words in zip(tallied.codes[CAVEATS], tallied.caveats, strict=True):
                self.wordings.setdefault(code, Counter())[words] += times
            if tallied.figures is not None:
                self._add_figures(tallied.figures, times)

    def _add_figures(self, figures: NDArray[np.int64], times: int) -> None:
        there = figures != WITHHELD
        if self.sums is None or self.counted is None:
            self.sums, self.counted = np.zeros_like(figures), np.zeros_like(figures)
        self.sums += np.where(there, figures, 0) * times
        self.counted += there * times

    def join(self, other: Tally) -> None:
        """Add what another part of the list counted."""
        for mine, theirs in ((self.codes, other.codes), (self.wordings, other.wordings)):
            for name, counter in theirs.items():
                mine.setdefault(name, Counter()).update(counter)
        if other.sums is None or other.counted is None:
            return
        if self.sums is None or self.counted is None:
            self.sums, self.counted = np.zeros_like(other.sums), np.zeros_like(other.counted)
        self.sums += other.sums
        self.counted += other.counted

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "codes": {column: dict(counter) for column, counter in self.codes.items()},
            "wordings": {code: dict(counter) for code, counter in self.wordings.items()},
            "sums": None if self.sums is None else self.sums.tolist(),
            "counted": None if self.counted is None else self.counted.tolist(),
        }

    @classmethod
    def from_dict(cls, noted: Mapping[str, Any]) -> Tally:
        """Return what `as_dict` gave."""
        sums, counted = (
            None if noted[name] is None else np.array(noted[name], dtype=np.int64)
            for name in ("sums", "counted")
        )
        codes, wordings = (
            {name: Counter(counts) for name, counts in noted[part].items()}
            for part in ("codes", "wordings")
        )
        return cls(codes, wordings, sums, counted)
