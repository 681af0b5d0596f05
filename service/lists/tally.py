"""What the owner of a list wants to know of it: counts of codes, and of whom means are.

All of it are counts, so it does not depend on the order of the rows, or on who counted them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from service.lists.results import Result, Tallied

#: The columns of codes that are told in words.
CAVEATS, APPLICABILITY = "caveats", "applicability"


@dataclass
class Tally:
    """Counts over rows.

    Attributes
    ----------
    codes : mapping of str to counter
        How often each code stands in each column; unknown covariates where there are figures.
    wordings, notes : mapping of str to counter
        How often each caveat, and each note on applicability where there are figures, was told
        in which words.
    profiles : mapping of str to counter
        How many patients with figures there are of each profile (`service.lists.results`), by
        the outcomes that are withheld of them. There are as many profiles as the models tell
        patients apart, however long the list is.
    """

    codes: dict[str, Counter[str]] = field(default_factory=dict)
    wordings: dict[str, Counter[str]] = field(default_factory=dict)
    notes: dict[str, Counter[str]] = field(default_factory=dict)
    profiles: dict[str, Counter[str]] = field(default_factory=dict)

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
            if tallied.profile:
                self._add_told(tallied, times)

    def _add_told(self, tallied: Tallied, times: int) -> None:
        """Count what is told of patients who have figures."""
        codes = tallied.codes
        for code, words in zip(codes[CAVEATS], tallied.caveats, strict=True):
            self.wordings.setdefault(code, Counter())[words] += times
        for code, words in zip(codes[APPLICABILITY], tallied.notes, strict=True):
            self.notes.setdefault(code, Counter())[words] += times
        self.profiles.setdefault(tallied.withheld, Counter())[tallied.profile] += times

    def join(self, other: Tally) -> None:
        """Add what another part of the list counted."""
        for name in _COUNTED:
            mine: dict[str, Counter[str]] = getattr(self, name)
            for key, counter in getattr(other, name).items():
                mine.setdefault(key, Counter()).update(counter)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            name: {key: dict(counter) for key, counter in getattr(self, name).items()}
            for name in _COUNTED
        }

    @classmethod
    def from_dict(cls, noted: Mapping[str, Any]) -> Tally:
        """Return what `as_dict` gave."""
        return cls(
            *({key: Counter(counts) for key, counts in noted[name].items()} for name in _COUNTED)
        )


_COUNTED = tuple(each.name for each in fields(Tally))
