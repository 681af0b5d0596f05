"""How figures are rounded: four decimals for machines, whole percent for people."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

import numpy as np

from models.table import FloatArray

MACHINE_DECIMALS = 4


def for_machines(values: FloatArray) -> FloatArray:
    """Return probabilities rounded to four decimals, without negative zeros."""
    return values.round(MACHINE_DECIMALS) + 0.0


@lru_cache(maxsize=4096)
def percent(probability: float) -> int:
    """Return whole percent, half to even, from the probability's four decimals."""
    served = float(for_machines(np.asarray(probability)))
    exact = Decimal(f"{served:.{MACHINE_DECIMALS}f}") * 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
