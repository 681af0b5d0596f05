"""Figures that were computed lately, so that the same profile is not scored again and again.

Figures depend on nothing but the covariates, the bundle and what is asked. A page that is
opened again, a chart whose hooks fire at each view and a list whose patients share profiles
all ask for the same ones. Only figures are kept, under a keyed digest that cannot be turned
back into covariates, and only in the memory of the process.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from threading import Lock

from models.analyses import Analysis
from models.intervals import Estimates

Figures = Mapping[Analysis, Estimates]


#: What a kept profile needs beside its numbers: keys, objects, the arrays' own heads (measured).
_OVERHEAD = 2_500


class Memory:
    """Figures of profiles, those longest not asked for forgotten first.

    Threads may share one.

    Parameters
    ----------
    most : int
        Bytes that may be held, about; 0 keeps nothing.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._secret = secrets.token_bytes(32)
        self._figures: OrderedDict[bytes, Figures] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        """Return how many profiles are kept."""
        return len(self._figures)

    @property
    def held(self) -> int:
        """Bytes that are held, about."""
        return self._held

    def key(self, profile: bytes, asked: bytes) -> bytes:
        """Return the name under which figures are kept.

        Parameters
        ----------
        profile : bytes
            What figures depend on of the covariates (`models.design_matrix.profile_of`).
        asked : bytes
            Whatever else figures depend on.
        """
        return blake2b(asked + profile, key=self._secret, digest_size=16).digest()

    def find(self, key: bytes) -> Figures | None:
        """Return the figures kept under a key, or ``None``."""
        with self._lock:
            found = self._figures.get(key)
            if found is not None:
                self._figures.move_to_end(key)
            return found

    def keep(self, key: bytes, figures: Figures) -> None:
        """Keep figures under a key; the same key always has the same figures."""
        with self._lock:
            if key in self._figures:
                return
            self._figures[key] = figures
            self._held += _size(figures)
            while self._held > self._most:
                _, forgotten = self._figures.popitem(last=False)
                self._held -= _size(forgotten)


def _size(figures: Figures) -> int:
    numbers = sum(
        each.estimate.nbytes + each.lower.nbytes + each.upper.nbytes for each in figures.values()
    )
    return numbers + _OVERHEAD
